package gp

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// SGPR is Titsias' collapsed sparse regression: q(u) at inducing inputs Z is
// closed, and kernel, noise and Z are learned by the bound
//
//	F = log N(y; 0, Q + s2 I) - tr(K - Q)/(2 s2),   Q = K_fu K_uu^-1 K_uf.
type SGPR struct {
	Kernel Kernel
	Noise  *param.Param
	Z      *param.Param // M x D numbers, row by row

	cols int
	x    *mat.Dense
	y    []float64
	fit  *sparseFit
}

// NewSGPR makes a model with given inducing inputs (copied).
func NewSGPR(k Kernel, noise float64, Z *mat.Dense) *SGPR {
	_, d := Z.Dims()
	return &SGPR{Kernel: k, Noise: param.Positive("noise", noise), Z: inducing(Z), cols: d}
}

func inducing(Z *mat.Dense) *param.Param {
	n, _ := Z.Dims()
	var flat []float64
	for i := 0; i < n; i++ {
		flat = append(flat, row(Z, i)...)
	}
	return param.Real("Z", flat...)
}

func rowsOf(Z *param.Param, cols int) *mat.Dense {
	return mat.NewDense(Z.Len()/cols, cols, Z.Values())
}

// Params are those of the kernel, the noise and Z.
func (g *SGPR) Params() param.Set { return append(g.Kernel.Params(), g.Noise, g.Z) }

// Condition gives the model its data. On an error it keeps what it had.
func (g *SGPR) Condition(x *mat.Dense, y []float64) error {
	if err := CheckData(x, y); err != nil {
		return fmt.Errorf("gp: %w", err)
	}
	if err := checkAt(x, g.cols); err != nil {
		return err
	}
	f, err := newSparseFit(g.Kernel, rowsOf(g.Z, g.cols), x, y, g.Noise.Value())
	if err != nil {
		return err
	}
	f.points.Done()
	g.x, g.y, g.fit = mat.DenseCopyOf(x), append([]float64(nil), y...), f
	return nil
}

// Bound is F on the data given, with its gradient over all numbers of Params.
func (g *SGPR) Bound() (float64, []float64, error) {
	if g.x == nil {
		return 0, nil, fmt.Errorf("gp: no data yet: call Condition first")
	}
	f, err := newSparseFit(g.Kernel, rowsOf(g.Z, g.cols), g.x, g.y, g.Noise.Value())
	if err != nil {
		return 0, nil, err
	}
	defer f.points.Done()
	grad := make([]float64, 0, g.Params().Len())
	dk, ds2, dZ := f.gradient(g.Kernel)
	grad = append(append(grad, dk...), ds2*g.Noise.Slope(0))
	return f.bound, append(grad, dZ...), nil
}

// Fit learns the trainable parameters by the bound in at most steps iterations.
// When ctx is cancelled nothing changes.
func (g *SGPR) Fit(ctx context.Context, steps int) (param.Fit, error) {
	if g.x == nil {
		return param.Fit{}, fmt.Errorf("gp: no data yet: call Condition first")
	}
	return learn(ctx, g.Params(), g.Bound, steps, func() error { return g.Condition(g.x, g.y) })
}

func (g *SGPR) q() *sparseQ {
	if g.fit == nil {
		return &sparseQ{err: fmt.Errorf("gp: no data yet: call Condition first")}
	}
	return &sparseQ{k: g.Kernel, Z: g.fit.Z, L: g.fit.L, D: g.fit.D, v: g.fit.v}
}

// Predict is the posterior mean and variance of f at the rows of x.
func (g *SGPR) Predict(x *mat.Dense) (mean, variance []float64, err error) { return g.q().predict(x) }

// Posterior is the posterior mean and full covariance of f at the rows of x.
func (g *SGPR) Posterior(x *mat.Dense) (mean []float64, cov *mat.Dense, err error) {
	return g.q().posterior(x)
}

// SampleWith draws joint functions at the rows of x from given standard normal
// numbers, as Exact.SampleWith does. Before Condition these are prior samples.
func (g *SGPR) SampleWith(x, base *mat.Dense) (*mat.Dense, error) {
	if g.fit == nil {
		return (&Exact{Kernel: g.Kernel}).SampleWith(x, base)
	}
	return g.q().sample(x, base)
}

// sparseQ is q(u) of a sparse model: with K_uu = L L' and u = L v,
// q(v) = N(v, D^-1).
type sparseQ struct {
	k    Kernel
	Z    *mat.Dense
	L, D *linalg.CholFactor
	v    []float64
	err  error // why there is none
}

// whiten is W = L^-1 K_uf and D^-1/2 W at the rows of x.
func (q *sparseQ) whiten(x *mat.Dense) (W, H *mat.Dense, err error) {
	if q.err != nil {
		return nil, nil, q.err
	}
	_, d := q.Z.Dims()
	if err := checkAt(x, d); err != nil {
		return nil, nil, err
	}
	W = q.L.Half(q.k.Matrix(q.Z, x))
	return W, q.D.Half(W), nil
}

// predict is w'v and k - w'w + w'D^-1 w.
func (q *sparseQ) predict(x *mat.Dense) (mean, variance []float64, err error) {
	W, H, err := q.whiten(x)
	if err != nil {
		return nil, nil, err
	}
	variance = q.k.Diag(x)
	for i := range q.v {
		w, h := row(W, i), row(H, i)
		for j := range variance {
			variance[j] += h[j]*h[j] - w[j]*w[j]
		}
	}
	return q.mean(W, len(variance)), variance, floorVariance(variance, q.k.Diag(x))
}

// posterior is the same with the whole covariance.
func (q *sparseQ) posterior(x *mat.Dense) (mean []float64, cov *mat.Dense, err error) {
	W, H, err := q.whiten(x)
	if err != nil {
		return nil, nil, err
	}
	cov = q.k.Matrix(x, x)
	n, _ := x.Dims()
	if n > 0 {
		cov.Sub(cov, linalg.SymProduct(W, true))
		cov.Add(cov, linalg.SymProduct(H, true))
	}
	return q.mean(W, n), cov, nil
}

func (q *sparseQ) sample(x, base *mat.Dense) (*mat.Dense, error) {
	mean, cov, err := q.posterior(x)
	if err != nil {
		return nil, err
	}
	return DrawNormal(mean, cov, base)
}

func (q *sparseQ) mean(W *mat.Dense, n int) []float64 {
	out := make([]float64, n)
	for i, v := range q.v {
		for j, w := range row(W, i) {
			out[j] += v * w
		}
	}
	return out
}

// sparseFit is one evaluation of the collapsed bound, whitened: K_uu = L L',
// W = L^-1 K_uf, D = I + W W'/s2, v = D^-1 W y/s2.
type sparseFit struct {
	Z, x   *mat.Dense
	Kuu    *mat.Dense
	points *PointData
	data   *mat.Dense // W W'
	Wy     []float64
	y      []float64
	s2     float64
	L, D   *linalg.CholFactor
	v      []float64
	kff    []float64
	bound  float64
}

// sparseJitter is the policy for K_uu: 1e-8 of the variance, at most 1e-4 of it.
func sparseJitter(k Kernel, Z *mat.Dense) linalg.JitterPolicy {
	top := 0.0
	for _, v := range k.Diag(Z) {
		top = math.Max(top, v)
	}
	return linalg.ScaledJitter(1e-8, top)
}

func newSparseFit(k Kernel, Z, x *mat.Dense, y []float64, s2 float64) (*sparseFit, error) {
	f := &sparseFit{Z: Z, x: x, y: y, s2: s2, kff: k.Diag(x), Kuu: k.Matrix(Z, Z), points: NewPointData(k, Z, x, y)}
	var err error
	if f.L, err = linalg.Chol(f.Kuu, sparseJitter(k, Z)); err != nil {
		return nil, fmt.Errorf("gp: inducing inputs under %s: %w", k, err)
	}
	f.data, f.Wy = f.points.See(f.L)
	D := mat.DenseCopyOf(f.data)
	fitted, total, n := 0.0, 0.0, f.L.N()
	for i := 0; i < n; i++ {
		fitted += D.At(i, i)
	}
	D.Scale(1/s2, D)
	for i := 0; i < n; i++ {
		D.Set(i, i, D.At(i, i)+1)
	}
	if f.D, err = linalg.Chol(D, linalg.JitterPolicy{}); err != nil {
		return nil, err
	}
	eta := make([]float64, n)
	for i, v := range f.Wy {
		eta[i] = v / s2
	}
	f.v = f.D.SolveVec(eta)
	f.bound = -0.5*float64(len(y))*math.Log(2*math.Pi*s2) - 0.5*f.D.LogDet()
	for j, v := range y {
		f.bound -= 0.5 * v * v / s2
		total += f.kff[j]
	}
	for i, v := range f.v {
		f.bound += 0.5 * v * eta[i]
	}
	f.bound -= 0.5 * (total - fitted) / s2
	return f, nil
}

// gradient is dF by the kernel's free numbers, by s2 and by Z.
func (f *sparseFit) gradient(k Kernel) (dk []float64, ds2 float64, dZ []float64) {
	n := f.L.N()
	g := f.D.Inverse() // (I - vv' - D^-1)/2
	for i := 0; i < n; i++ {
		r := row(g, i)
		for j := range r {
			r[j] = -0.5 * (r[j] + f.v[i]*f.v[j])
		}
		r[i] += 0.5
	}
	var uu mat.Dense
	uu.Scale(-0.5/f.s2, f.data)
	uu.Add(&uu, g)
	total, trace := 0.0, 0.0 // trace is tr(g W W')
	for j, y := range f.y {
		total += y*y + f.kff[j]
	}
	for i := 0; i < n; i++ {
		for j, v := range row(f.data, i) {
			trace += g.At(i, j) * v
		}
	}
	ds2 = -0.5*float64(len(f.y))/f.s2 + 0.5*total/(f.s2*f.s2) - trace/(f.s2*f.s2)
	for i, v := range f.Wy {
		ds2 -= f.v[i] * v / (f.s2 * f.s2)
	}
	ff := make([]float64, len(f.y))
	for j := range ff {
		ff[j] = -0.5 / f.s2
	}
	dk = make([]float64, k.Params().Len())
	k.BackwardDiag(f.x, ff, dk)
	f.L.SymHalfTTo(&uu, &uu)
	d := BackwardAll(k, f.Z, f.Z, f.Kuu, &uu, dk)
	d.Scale(2, d) // Z stands on both sides
	// dF/dK_uf = L^-T (2 g W + v y')/s2
	A, u := f.L.HalfT(g), f.L.HalfTVec(f.v)
	A.Scale(2/f.s2, A)
	for i := range u {
		u[i] /= f.s2
	}
	d.Add(d, f.points.Pull(A, u, dk))
	for i := 0; i < n; i++ {
		dZ = append(dZ, row(d, i)...)
	}
	return dk, ds2, dZ
}
