package ohsvgp

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"gonum.org/v1/gonum/mat"
)

// inputs measures x from the origin and refuses what is not a number.
func (m *Model) inputs(x []float64) (*mat.Dense, error) {
	t := make([]float64, len(x))
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("ohsvgp: x[%d] is %v", i, v)
		}
		t[i] = v - m.opt.Origin
	}
	return gp.Column(t), nil
}

// Predict is the posterior mean and variance of the latent f at x, which may
// lie anywhere. Add Noise to the variance for observations.
func (m *Model) Predict(ctx context.Context, x []float64) (mean, variance []float64, err error) {
	X, err := m.inputs(x)
	if err != nil || len(x) == 0 {
		return nil, nil, err
	}
	return m.predict(ctx, X)
}

func (m *Model) predict(ctx context.Context, X *mat.Dense) (mean, variance []float64, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if m.q == nil {
		return nil, nil, fmt.Errorf("ohsvgp: nothing to predict from yet: call Update first")
	}
	W, err := m.q.whitened(X)
	if err != nil {
		return nil, nil, err
	}
	prior := m.q.kernel.Diag(X)
	mean, variance = m.q.marginals(W, prior)
	for i, v := range variance {
		if v < -1e-8*prior[i] {
			return nil, nil, fmt.Errorf("ohsvgp: the variance at input %d came out as %.3g: the covariances are not consistent", i, v)
		}
		variance[i] = math.Max(0, v)
	}
	return mean, variance, nil
}

// whitened is L^-1 K_uf at the rows of X.
func (q *posterior) whitened(X *mat.Dense) (*mat.Dense, error) {
	K, err := q.basis.kuf(q.kernel, X)
	if err != nil {
		return nil, err
	}
	return q.L.Half(K), nil
}

// marginals are w'D^-1 eta and k - w'w + w'D^-1 w for the columns of W.
func (q *posterior) marginals(W *mat.Dense, prior []float64) (mean, variance []float64) {
	mean = make([]float64, len(prior))
	variance = append([]float64(nil), prior...)
	H := q.D.Half(W)
	for i := range q.v {
		w, h := W.RawRowView(i), H.RawRowView(i)
		for j := range mean {
			mean[j] += q.v[i] * w[j]
			variance[j] += h[j]*h[j] - w[j]*w[j]
		}
	}
	return mean, variance
}

// BaseNormals draws the standard normal numbers that n functions at nx inputs
// need: n rows of M + nx numbers. Keep them and give them to SampleWith again
// to see the same functions move when data or parameters change.
func (m *Model) BaseNormals(n, nx int, r *linalg.Rand) *mat.Dense {
	out := mat.NewDense(n, m.opt.M+nx, nil)
	r.FillNormal(out.RawMatrix().Data)
	return out
}

// Sample draws n joint functions at x from the posterior (from the prior before
// the first task): one a row.
func (m *Model) Sample(ctx context.Context, x []float64, n int, r *linalg.Rand) (*mat.Dense, error) {
	if n < 1 || len(x) == 0 {
		return nil, fmt.Errorf("ohsvgp: %d functions at %d inputs asked", n, len(x))
	}
	return m.SampleWith(ctx, x, m.BaseNormals(n, len(x), r))
}

// SampleWith draws joint functions at x from given normals, see BaseNormals.
func (m *Model) SampleWith(ctx context.Context, x []float64, base *mat.Dense) (*mat.Dense, error) {
	X, err := m.inputs(x)
	if err != nil {
		return nil, err
	}
	if m.q == nil {
		return m.PriorWith(ctx, x, base)
	}
	return m.q.draw(ctx, X, base, m.opt.M)
}

// PriorWith draws joint functions at x from the prior with given normals. After
// the first task the same normals give the prior functions that SampleWith
// turns into posterior ones.
func (m *Model) PriorWith(ctx context.Context, x []float64, base *mat.Dense) (*mat.Dense, error) {
	X, err := m.inputs(x)
	if err != nil {
		return nil, err
	}
	if m.kernel == nil {
		return nil, fmt.Errorf("ohsvgp: the prior is not known yet: give Options.Kernel, or call Update")
	}
	if m.q == nil {
		return drawPrior(m.kernel, X, base, m.opt.M)
	}
	p := *m.q
	p.Lam, p.eta = mat.NewDense(len(p.eta), len(p.eta), nil), make([]float64, len(p.eta))
	if err := p.finish(); err != nil {
		return nil, err
	}
	return p.draw(ctx, X, base, m.opt.M)
}

func drawPrior(k gp.Kernel, X, base *mat.Dense, M int) (*mat.Dense, error) {
	n, _ := X.Dims()
	if _, c := base.Dims(); c != M+n {
		return nil, fmt.Errorf("ohsvgp: functions at %d inputs need base normals with %d columns, there are %d", n, M+n, c)
	}
	r, _ := base.Dims()
	return gp.DrawNormal(make([]float64, n), k.Matrix(X, X), mat.DenseCopyOf(base.Slice(0, r, M, M+n)))
}

// draw is W'v + residual, v = D^-1 eta + Ld^-T z: exact joint samples.
func (q *posterior) draw(ctx context.Context, X, base *mat.Dense, M int) (*mat.Dense, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n, _ := X.Dims()
	s, c := base.Dims()
	if c != M+n {
		return nil, fmt.Errorf("ohsvgp: functions at %d inputs need base normals with %d columns, there are %d", n, M+n, c)
	}
	W, err := q.whitened(X)
	if err != nil {
		return nil, err
	}
	cov := q.kernel.Matrix(X, X)
	cov.Sub(cov, linalg.SymProduct(W, true))
	out, err := gp.DrawNormal(make([]float64, n), cov, mat.DenseCopyOf(base.Slice(0, s, M, M+n)))
	if err != nil {
		return nil, err
	}
	size := len(q.v)
	v := q.D.HalfT(mat.DenseCopyOf(base.Slice(0, s, 0, size).T()))
	for i := range q.v {
		r := v.RawRowView(i)
		for j := range r {
			r[j] += q.v[i]
		}
	}
	var f mat.Dense
	f.Mul(v.T(), W)
	out.Add(out, &f)
	return out, nil
}

// Reconstruct is the stream as the memory alone remembers it: mean and variance
// of sum_m u_m g_m(x) under q(u), for x between the origin and the end time.
// The band leaves out what the memory never held, so it is narrower than
// Predict's.
func (m *Model) Reconstruct(x []float64) (mean, variance []float64, err error) {
	if m.q == nil {
		return nil, nil, fmt.Errorf("ohsvgp: nothing to reconstruct yet: call Update first")
	}
	b, ok := m.q.basis.(*legs)
	if !ok {
		return nil, nil, fmt.Errorf("ohsvgp: %s has no polynomial memory to reconstruct from", m.Name())
	}
	t := make([]float64, len(x))
	for i, v := range x {
		t[i] = v - m.opt.Origin
		if !(t[i] >= 0 && t[i] <= b.T) {
			return nil, nil, fmt.Errorf("ohsvgp: x[%d] = %g is outside the remembered [%g, %g]", i, v, m.opt.Origin, m.opt.Origin+b.T)
		}
	}
	mu, S := m.q.moments()
	g := hippo.Basis(t, b.M, b.T)
	mean = times(g, mu)
	variance = make([]float64, len(x))
	for i := range x {
		r := g.RawRowView(i)
		for j, v := range times(S, r) {
			variance[i] += r[j] * v
		}
	}
	return mean, variance, nil
}

// Memory is the mean m and covariance S of the inducing variables under q(u).
func (m *Model) Memory() (mean []float64, cov *mat.Dense, err error) {
	if m.q == nil {
		return nil, nil, fmt.Errorf("ohsvgp: no memory yet: call Update first")
	}
	mean, cov = m.q.moments()
	return mean, cov, nil
}
