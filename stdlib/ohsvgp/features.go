package ohsvgp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"gonum.org/v1/gonum/mat"
)

// features is a basis of projections whose covariances are sums over
// frequencies: k(r) = var sum_i p_i cos(w_i r), and every block is a product of
// overlaps. With base draws the frequencies are random, w = base/ls, drawn once
// and rescaled, so that the bound stays smooth in the length-scale; without,
// they are the trapezoid nodes that reproduce the SE kernel to rounding.
type features struct {
	M    int
	at   span
	base []float64 // frequencies for unit length-scale; nil means trapezoid
}

// drawBase draws n frequencies of the spectral density at unit length-scale:
// normal for SE; for Matern-nu normal times sqrt(2nu/g), g ~ chi^2 with 2nu
// degrees of freedom.
func drawBase(f gp.Family, n int, r *linalg.Rand) ([]float64, error) {
	freedom := map[gp.Family]int{gp.FamilySE: 0, gp.FamilyMatern12: 1, gp.FamilyMatern32: 3, gp.FamilyMatern52: 5}
	d, ok := freedom[f]
	if !ok {
		return nil, fmt.Errorf("ohsvgp: random features exist for SE and Matern kernels, not for %s", f)
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = r.Normal()
		if d > 0 {
			g := 0.0
			for j := 0; j < d; j++ {
				z := r.Normal()
				g += z * z
			}
			out[i] *= math.Sqrt(float64(d) / g)
		}
	}
	return out, nil
}

func (b *features) size() int { return b.M }

func (b *features) check(k gp.Kernel) error {
	r, ok := k.(*gp.Radial)
	if !ok || r.Lengthscale.Len() != 1 || r.Family == gp.FamilyRQ {
		return fmt.Errorf("ohsvgp: features need a single SE or Matern kernel on the line, not %s", k)
	}
	if b.base == nil && r.Family != gp.FamilySE {
		return fmt.Errorf("ohsvgp: the %s measure is exact for the SE kernel only; use Route RandomFeatures for %s", b.at.measure, k)
	}
	if b.base == nil {
		return tooFine(r, b.at.T, b.M)
	}
	return nil
}

// nodes are frequencies and weights that hold for lags up to L. dw is the
// derivative of each frequency by log length-scale, dp that of each weight
// divided by the weight.
type nodes struct{ w, p, dw, dp []float64 }

func (b *features) nodes(ls, L float64) *nodes {
	if b.base == nil {
		step, p := seNodes(ls, L)
		n := &nodes{p: p, w: make([]float64, len(p)), dw: make([]float64, len(p)), dp: make([]float64, len(p))}
		for i := range p {
			n.w[i] = float64(i) * step
			n.dp[i] = 1 - n.w[i]*n.w[i]*ls*ls
		}
		return n
	}
	N := len(b.base)
	n := &nodes{w: make([]float64, N), p: make([]float64, N), dw: make([]float64, N), dp: make([]float64, N)}
	for i, z := range b.base {
		n.w[i] = z / ls
		n.dw[i] = -z / ls
		n.p[i] = 1 / float64(N)
	}
	return n
}

// reach is the largest lag between the points and the supports.
func reach(x []float64, spans ...span) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range x {
		lo, hi = math.Min(lo, v), math.Max(hi, v)
	}
	for _, s := range spans {
		a, b := s.support()
		lo, hi = math.Min(lo, a), math.Max(hi, b)
	}
	return hi - lo
}

// wide is a matrix over frequencies (cosine half, then sine half), with its
// derivative by log length-scale through the frequencies.
type wide struct{ v, d *mat.Dense }

// project is sqrt(p) (Re F | Im F): M rows.
func (s span) project(M int, n *nodes) wide {
	N := len(n.w)
	out := wide{mat.NewDense(M, 2*N, nil), mat.NewDense(M, 2*N, nil)}
	f, df := make([]complex128, M), make([]complex128, M)
	for i, w := range n.w {
		s.overlap(w, f, df)
		r := math.Sqrt(n.p[i])
		for m := range f {
			out.v.Set(m, i, r*real(f[m]))
			out.v.Set(m, N+i, r*imag(f[m]))
			out.d.Set(m, i, r*real(df[m])*n.dw[i])
			out.d.Set(m, N+i, r*imag(df[m])*n.dw[i])
		}
	}
	return out
}

// evaluate is sqrt(p) (cos wx | sin wx): one row for every point.
func evaluate(x []float64, n *nodes) wide {
	N := len(n.w)
	out := wide{mat.NewDense(len(x), 2*N, nil), mat.NewDense(len(x), 2*N, nil)}
	for a, v := range x {
		r, d := out.v.RawRowView(a), out.d.RawRowView(a)
		for i, w := range n.w {
			s, c := math.Sincos(w * v)
			q := math.Sqrt(n.p[i])
			r[i], r[N+i] = q*c, q*s
			d[i], d[N+i] = -q*s*v*n.dw[i], q*c*v*n.dw[i]
		}
	}
	return out
}

// product is var a b', and on request its derivatives by the free log variance
// and length-scale numbers of k.
func product(a, b wide, n *nodes, k *gp.Radial, grad bool) (*mat.Dense, []*mat.Dense) {
	variance, ls := k.Variance.Value(), k.Lengthscale.Value()
	ra, _ := a.v.Dims()
	rb, _ := b.v.Dims()
	K := mat.NewDense(ra, rb, nil)
	K.Mul(a.v, b.v.T())
	K.Scale(variance, K)
	if !grad {
		return K, nil
	}
	N := len(n.w)
	weighed := mat.DenseCopyOf(a.d)
	for m := 0; m < ra; m++ {
		r, v := weighed.RawRowView(m), a.v.RawRowView(m)
		for i, dp := range n.dp {
			r[i] += dp * v[i]
			r[N+i] += dp * v[N+i]
		}
	}
	dl, second := mat.NewDense(ra, rb, nil), mat.NewDense(ra, rb, nil)
	dl.Mul(weighed, b.v.T())
	second.Mul(a.v, b.d.T())
	dl.Add(dl, second)
	dl.Scale(variance*k.Lengthscale.Slope(0)/ls, dl)
	return K, []*mat.Dense{scaled(K, k.Variance.Slope(0)/variance), dl}
}

func (b *features) kuf(k gp.Kernel, x *mat.Dense) (*mat.Dense, error) {
	xs, err := column(x)
	if err != nil || len(xs) == 0 {
		return &mat.Dense{}, err
	}
	if err := b.check(k); err != nil {
		return nil, err
	}
	r := k.(*gp.Radial)
	n := b.nodes(r.Lengthscale.Value(), reach(xs, b.at))
	K, _ := product(b.at.project(b.M, n), evaluate(xs, n), n, r, false)
	return K, nil
}

func (b *features) blocks(k gp.Kernel, x *mat.Dense, old basis) (*blocks, error) {
	out, _, err := b.all(k, x, old, false)
	return out, err
}

func (b *features) backward(k gp.Kernel, x *mat.Dense, old basis, g *blocks, grad []float64) ([]float64, error) {
	_, d, err := b.all(k, x, old, true)
	if err != nil {
		return nil, err
	}
	contract(d, g, grad)
	k.BackwardDiag(x, g.kff, grad)
	return nil, nil
}

// contract adds sum dF/dK dK/dtheta over all blocks.
func contract(d []*blocks, g *blocks, grad []float64) {
	for i, di := range d {
		grad[i] += dot(g.Kbb, di.Kbb) + dot(g.Kbf, di.Kbf)
		if di.Kba != nil {
			grad[i] += dot(g.Kba, di.Kba) + dot(g.Kaa, di.Kaa)
		}
	}
}

func (b *features) all(k gp.Kernel, x *mat.Dense, old basis, grad bool) (*blocks, []*blocks, error) {
	xs, err := column(x)
	if err != nil {
		return nil, nil, err
	}
	if err := b.check(k); err != nil {
		return nil, nil, err
	}
	r := k.(*gp.Radial)
	spans := []span{b.at}
	var a *features
	if old != nil {
		var ok bool
		if a, ok = old.(*features); !ok || a.at.measure != b.at.measure {
			return nil, nil, fmt.Errorf("ohsvgp: the old memory is of another kind (%T)", old)
		}
		spans = append(spans, a.at)
	}
	n := b.nodes(r.Lengthscale.Value(), reach(xs, spans...))
	Fb := b.at.project(b.M, n)
	out := &blocks{kff: k.Diag(x)}
	var dbb, dbf, dba, daa []*mat.Dense
	out.Kbb, dbb = product(Fb, Fb, n, r, grad)
	out.Kbf, dbf = product(Fb, evaluate(xs, n), n, r, grad)
	d := make([]*blocks, len(dbb))
	if a != nil {
		Fa := a.at.project(a.M, n)
		out.Kba, dba = product(Fb, Fa, n, r, grad)
		out.Kaa, daa = product(Fa, Fa, n, r, grad)
	}
	for i := range d {
		d[i] = &blocks{Kbb: dbb[i], Kbf: dbf[i]}
		if a != nil {
			d[i].Kba, d[i].Kaa = dba[i], daa[i]
		}
	}
	return out, d, nil
}

// isLegS tells the measure of the main method from the others.
func isLegS(m hippo.Measure) bool { return m == "" || m == hippo.LegS }
