package ohsvgp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/internal/scratch"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// posterior is q(u) in whitened information form: with K_uu + jitter = L L' and
// u = L v, q(v) = N(D^-1 eta, D^-1), D = I + Lam. Lam is the precision and eta
// the linear term that the data have contributed so far. This is what is
// handed from task to task; it is never changed once made.
type posterior struct {
	basis  basis
	kernel gp.Kernel // the parameters it was made with; a copy of its own
	L      *linalg.CholFactor
	Lam    *mat.Dense
	eta    []float64
	D      *linalg.CholFactor
	v      []float64 // D^-1 eta, the whitened mean

	half *mat.Dense // see byKaa
}

// byKaa is -La^-T Lam_a La^-1/2, the derivative of a later bound by K_aa; the
// same in every step of learning.
func (q *posterior) byKaa() *mat.Dense {
	if q.half == nil {
		q.half = mat.DenseCopyOf(q.Lam)
		q.L.SymHalfTTo(q.half, q.half)
		q.half.Scale(-0.5, q.half)
	}
	return q.half
}

// finish computes what follows from L, Lam and eta.
func (q *posterior) finish() error {
	d := scratch.Copy(q.Lam)
	defer scratch.Release(d)
	top := 0.0
	for i := range q.eta {
		d.Set(i, i, d.At(i, i)+1)
		top = math.Max(top, d.At(i, i))
	}
	// D is at least I but for the rounding of Lam, which counts when the noise
	// is tiny
	c, err := linalg.Chol(d, linalg.JitterPolicy{Max: 1e-12 * top})
	if err != nil {
		return fmt.Errorf("ohsvgp: precision of the memory (entries up to %.2g; is the noise variance too small?): %w", top, err)
	}
	q.D, q.v = c, c.SolveVec(q.eta)
	return nil
}

// moments are the mean m = L D^-1 eta and covariance S = L D^-1 L' of q(u).
func (q *posterior) moments() ([]float64, *mat.Dense) {
	h := q.D.RightHalf(q.L.L()) // L Ld^-T
	return q.L.MulVec(q.v), linalg.SymProduct(h, false)
}

// update is the work of one conjugate update, kept for the gradient.
type update struct {
	b     *blocks
	y     []float64
	s2    float64
	old   *posterior
	new   *posterior
	Wf    *mat.Dense // L^-1 K_bf; nil with a view of the data
	T     *mat.Dense // L^-1 K_ba La^-T; nil in the first task
	data  *mat.Dense // Wf Wf'/s2
	etaf  []float64  // Wf y/s2
	bound float64    // collapsed online bound F
}

// conjugate is the closed-form update for Gaussian noise s2 and its collapsed
// bound. jitter is added to K_bb and K_aa, never to K_ba. The caller sets
// basis and kernel of the result.
func conjugate(b *blocks, y []float64, s2 float64, old *posterior, jitter linalg.JitterPolicy) (*update, error) {
	u := &update{b: b, y: y, s2: s2, old: old, new: &posterior{}}
	L, err := linalg.Chol(b.Kbb, jitter)
	if err != nil {
		return nil, fmt.Errorf("ohsvgp: covariance of the inducing variables: %w", err)
	}
	u.new.L = L
	Lam, eta := u.see()
	fit := trace(Lam) // ||Wf||^2
	Lam.Scale(1/s2, Lam)
	for i := range eta {
		eta[i] /= s2
	}
	u.data, u.etaf = Lam, append([]float64(nil), eta...)
	bound := -0.5*float64(len(y))*math.Log(2*math.Pi*s2) - 0.5*(square(y)+sum(b.kff)-fit)/s2
	if old != nil {
		u.T = half(L, b.Kba)
		solve(blas.Right, blas.Trans, old.L, u.T)
		TL := scratch.Zeros(u.T.Dims())
		accumulate(TL, u.T, old.Lam)
		carried := mat.NewDense(L.N(), L.N(), nil)
		carried.Mul(TL, u.T.T())
		scratch.Release(TL)
		symmetrise(carried)
		bound += u.correction(carried)
		carried.Add(carried, Lam)
		Lam = carried
		for i, v := range times(u.T, old.eta) {
			eta[i] += v
		}
	}
	u.new.Lam, u.new.eta = Lam, eta
	if err := u.new.finish(); err != nil {
		return nil, err
	}
	for i, v := range u.new.v {
		bound += 0.5 * v * eta[i]
	}
	u.bound = bound - 0.5*u.new.D.LogDet()
	if math.IsNaN(u.bound) || math.IsInf(u.bound, 0) {
		return nil, fmt.Errorf("ohsvgp: the bound is %v", u.bound)
	}
	return u, nil
}

// see returns W W' and W y, W = L^-1 K_bf.
func (u *update) see() (*mat.Dense, []float64) {
	if u.b.data != nil {
		return u.b.data.See(u.new.L)
	}
	u.Wf = half(u.new.L, u.b.Kbf)
	return linalg.SymProduct(u.Wf, false), times(u.Wf, u.y)
}

// correction is the part of the bound that concerns the old memory alone:
// 1/2 log|D_a| - 1/2 eta_a' D_a^-1 eta_a - 1/2 tr[Lam_a (La^-1 K_aa La^-T - T'T)],
// where tr[Lam_a T'T] = tr[T Lam_a T'].
func (u *update) correction(carried *mat.Dense) float64 {
	a := u.old
	R := scratch.Copy(u.b.Kaa)
	defer scratch.Release(R)
	for i := range a.eta {
		R.Set(i, i, R.At(i, i)+u.new.L.Jitter())
	}
	a.L.SymHalfTo(R, R)
	c := 0.5*a.D.LogDet() - 0.5*(dot(a.Lam, R)-trace(carried))
	for i, v := range a.v {
		c -= 0.5 * v * a.eta[i]
	}
	return c
}

// gradient is dF by every block and by s2. With b = D^-1 eta and
// g = (I - b b' - D^-1)/2, all in whitened terms:
//
//	dF/dKbb = L^-T (g - Lam/2) L^-1         dF/dKbf = L^-T (2 g Wf + b y')/s2
//	dF/dKba = L^-T (2 g T Lam_a + b eta_a') La^-1    dF/dKaa = -La^-T Lam_a La^-1/2
//
// The only product over the data is (2 L^-T g/s2) Wf; what s2 needs of them is in
// Wf Wf' and Wf y.
func (u *update) gradient() (*blocks, float64) {
	q := u.new
	n := len(q.eta)
	g := scratch.Lease(n, n)
	defer scratch.Release(g)
	q.D.InverseTo(g)
	for i, v := range q.v {
		r := g.RawRowView(i)
		for j, w := range q.v {
			r[j] = -0.5 * (r[j] + v*w)
		}
		r[i] += 0.5
	}
	out := &blocks{kff: make([]float64, len(u.y)), of: u.b}
	for i := range out.kff {
		out.kff[i] = -0.5 / u.s2
	}
	bb, back := scratch.Lease(n, n), scratch.Lease(n, n)
	bb.Scale(-0.5, q.Lam)
	bb.Add(bb, g)
	q.L.SymHalfTTo(bb, bb)
	out.Kbb = bb

	q.L.HalfTTo(back, g)
	back.Scale(2/u.s2, back)
	bv := q.L.HalfTVec(q.v)
	for i := range bv {
		bv[i] /= u.s2
	}
	if u.b.data != nil {
		out.byKbf = &throughData{back, bv}
	} else {
		out.Kbf = outer(bv, u.y, 1)
		accumulate(out.Kbf, back, u.Wf)
		scratch.Release(back)
	}

	ds2 := -0.5*float64(len(u.y))/u.s2 + 0.5*(square(u.y)+sum(u.b.kff))/(u.s2*u.s2) - dot(g, u.data)/u.s2
	for i, v := range u.etaf {
		ds2 -= q.v[i] * v / u.s2
	}
	if a := u.old; a != nil {
		gT := scratch.Zeros(u.T.Dims())
		accumulate(gT, g, u.T)
		ba := outer(q.v, a.eta, 0.5)
		accumulate(ba, gT, a.Lam)
		scratch.Release(gT)
		ba.Scale(2, ba)
		q.L.HalfTTo(ba, ba)
		solve(blas.Right, blas.NoTrans, a.L, ba)
		out.Kba = ba
		out.Kaa = a.byKaa()
	}
	return out, ds2
}

// outer is c a b'.
func outer(a, b []float64, c float64) *mat.Dense {
	out := scratch.Lease(len(a), len(b))
	for i, v := range a {
		r := out.RawRowView(i)
		for j, w := range b {
			r[j] = c * v * w
		}
	}
	return out
}

// accumulate adds a b to dst.
func accumulate(dst, a, b *mat.Dense) {
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, a.RawMatrix(), b.RawMatrix(), 1, dst.RawMatrix())
}

// half is L^-1 a, leased.
func half(c *linalg.CholFactor, a *mat.Dense) *mat.Dense {
	out := scratch.Copy(a)
	solve(blas.Left, blas.NoTrans, c, out)
	return out
}

// solve multiplies a by L^-1, or by its transpose, from one side.
func solve(side blas.Side, t blas.Transpose, c *linalg.CholFactor, a *mat.Dense) {
	if a.IsEmpty() {
		return
	}
	l := c.L().RawMatrix()
	blas64.Trsm(side, t, 1, blas64.Triangular{N: c.N(), Stride: l.Stride, Data: l.Data, Uplo: blas.Lower, Diag: blas.NonUnit}, a.RawMatrix())
}

func times(a *mat.Dense, x []float64) []float64 {
	r, c := a.Dims()
	out := make([]float64, r)
	if c > 0 && r > 0 {
		mat.NewVecDense(r, out).MulVec(a, mat.NewVecDense(c, x))
	}
	return out
}

func addDiagonal(a *mat.Dense, v float64) *mat.Dense {
	out := mat.DenseCopyOf(a)
	n, _ := a.Dims()
	for i := 0; i < n; i++ {
		out.Set(i, i, out.At(i, i)+v)
	}
	return out
}

func symmetrise(a *mat.Dense) {
	n, _ := a.Dims()
	for i := 0; i < n; i++ {
		for j := 0; j < i; j++ {
			v := 0.5 * (a.At(i, j) + a.At(j, i))
			a.Set(i, j, v)
			a.Set(j, i, v)
		}
	}
}

func trace(a *mat.Dense) float64 {
	n, _ := a.Dims()
	s := 0.0
	for i := 0; i < n; i++ {
		s += a.At(i, i)
	}
	return s
}

func square(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v * v
	}
	return s
}

func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}
