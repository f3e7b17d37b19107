package sgpa

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
)

// Kron is the Kronecker-factored curvature of a last layer: the generalised Gauss-Newton matrix as A (x) G with
// A = sum phi phi'/sqrt(N) and G = sum (diag p - p p')/sqrt(N), kept through both eigenbases.
type Kron struct {
	A, G   *mat.Dense // D x D, C x C
	la, lg []float64
	ua, ug *mat.Dense
}

// NewKron adds up the curvature over training features (N x D) and logits (N x C).
func NewKron(features, logits *mat.Dense) (*Kron, error) {
	n, D := features.Dims()
	m, C := logits.Dims()
	if m != n || n == 0 {
		return nil, fmt.Errorf("sgpa: %d rows of features and %d of logits", n, m)
	}
	k := &Kron{A: linalg.SymProduct(features, true), G: mat.NewDense(C, C, nil)}
	k.A.Scale(1/math.Sqrt(float64(n)), k.A)
	P := calib.Softmax(logits)
	for i := 0; i < n; i++ {
		p := P.RawRowView(i)
		for a, pa := range p {
			for b, pb := range p {
				v := -pa * pb
				if a == b {
					v += pa
				}
				k.G.Set(a, b, k.G.At(a, b)+v/math.Sqrt(float64(n)))
			}
		}
	}
	var err error
	if k.la, k.ua, err = eigen(k.A, D); err != nil {
		return nil, err
	}
	k.lg, k.ug, err = eigen(k.G, C)
	return k, err
}

func eigen(m *mat.Dense, n int) ([]float64, *mat.Dense, error) {
	sym := mat.NewSymDense(n, nil)
	for i := 0; i < n; i++ {
		for j := i; j < n; j++ {
			sym.SetSym(i, j, (m.At(i, j)+m.At(j, i))/2)
		}
	}
	var e mat.EigenSym
	if !e.Factorize(sym, true) {
		return nil, nil, fmt.Errorf("sgpa: the eigenvalues of a %d by %d curvature factor were not found", n, n)
	}
	var u mat.Dense
	e.VectorsTo(&u)
	values := e.Values(nil)
	for i, v := range values {
		values[i] = math.Max(v, 0)
	}
	return values, &u, nil
}

// weights are the variances of the logits of one input along the eigenvectors of G, under prior precision tau:
// sum_a (phi . u_a)^2/(l_a l_g + tau).
func (k *Kron) weights(phi []float64, tau float64) []float64 {
	var proj mat.VecDense
	proj.MulVec(k.ua.T(), mat.NewVecDense(len(phi), phi))
	w := make([]float64, len(k.lg))
	for g, lg := range k.lg {
		for a, la := range k.la {
			w[g] += proj.AtVec(a) * proj.AtVec(a) / (la*lg + tau)
		}
	}
	return w
}

// LogitCov is the C x C covariance of the logits of an input with features phi.
func (k *Kron) LogitCov(phi []float64, tau float64) *mat.Dense {
	w := k.weights(phi, tau)
	var scaled, cov mat.Dense
	scaled.Apply(func(_, g int, v float64) float64 { return v * w[g] }, k.ug)
	cov.Mul(&scaled, k.ug.T())
	return &cov
}

// Laplace is a trained network whose last layer has a Kronecker-factored Gaussian posterior.
type Laplace struct {
	Passes
	Tau  float64 // prior precision
	kron *Kron
}

// NewLaplace fits the curvature on the training data and chooses the prior precision, from powers of ten between 1e-2
// and 1e4, by the NLL of validation data.
func NewLaplace(ctx context.Context, m Passes, d, valid *Data) (*Laplace, error) {
	f, err := m.Features(ctx, d.X)
	if err != nil {
		return nil, err
	}
	z, err := m.Logits(ctx, d.X)
	if err != nil {
		return nil, err
	}
	l := &Laplace{Passes: m}
	if l.kron, err = NewKron(f, z); err != nil {
		return nil, err
	}
	best := math.Inf(1)
	tau := 1.0
	for e := -2.0; e <= 4; e++ {
		l.Tau = math.Pow(10, e)
		p, err := l.Predict(ctx, valid.X)
		if err != nil {
			return nil, err
		}
		if nll := nllOf(p, valid.Y); nll < best {
			best, tau = nll, l.Tau
		}
	}
	l.Tau = tau
	return l, nil
}

func nllOf(p *Prediction, y []int) float64 { return calib.NLL(p.Probs(), y) }

// Predict draws logits from their Gaussian, Samples times (ten if that is not set).
func (l *Laplace) Predict(ctx context.Context, in *Inputs) (*Prediction, error) {
	once := l.Passes // the passes agree: one is enough
	once.Samples = 1
	f, err := once.Features(ctx, in)
	if err != nil {
		return nil, err
	}
	z, err := once.Logits(ctx, in)
	if err != nil {
		return nil, err
	}
	S := l.Samples
	if S < 2 {
		S = 10
	}
	n, C := z.Dims()
	out := &Prediction{}
	draws := make([]*mat.Dense, S)
	for s := range draws {
		draws[s] = mat.DenseCopyOf(z)
	}
	r := linalg.NewRand(l.Seed)
	for i := 0; i < n; i++ {
		w := l.kron.weights(f.RawRowView(i), l.Tau)
		for s := range draws {
			row := draws[s].RawRowView(i)
			for g := 0; g < C; g++ {
				e := math.Sqrt(w[g]) * r.Normal()
				for c := range row {
					row[c] += e * l.kron.ug.At(c, g)
				}
			}
		}
	}
	for _, d := range draws {
		out.Samples = append(out.Samples, calib.Softmax(d))
	}
	return out, nil
}
