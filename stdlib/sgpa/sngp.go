package sgpa

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

// FeatureHead is a Gaussian-process output layer by random Fourier features, phi = sqrt(2/F) cos(Omega h + b), with logits
// phi beta and, after FitPrecision, the variance phi' P^-1 phi of each input's logits.
type FeatureHead struct {
	Omega, Phase *linalg.Tensor // [F D], [F], fixed
	Beta         *linalg.Tensor // [C F]
	precision    *linalg.CholFactor
}

// NewFeatureHead draws F features of a unit RBF kernel.
func NewFeatureHead(r *linalg.Rand, dt linalg.DType, width, features, classes int) *FeatureHead {
	return &FeatureHead{Omega: linalg.Param(linalg.Normal(r, dt, features, width)),
		Phase: linalg.Param(linalg.Uniform(r, dt, features).MulS(2 * math.Pi)),
		Beta:  linalg.Param(linalg.Normal(r, dt, classes, features).MulS(0.1))}
}

// Params are the weights beta and the fixed frequencies and phases, which are saved with the model; no gradient reaches
// the latter two.
func (h *FeatureHead) Params() []nn.Param {
	return []nn.Param{{Name: "beta", Value: h.Beta}, {Name: "omega", Value: h.Omega}, {Name: "phase", Value: h.Phase}}
}

func (h *FeatureHead) features(x *linalg.Tensor) *linalg.Tensor {
	F := float64(h.Phase.Len())
	return linalg.Linear(x, linalg.Detach(h.Omega), linalg.Detach(h.Phase)).Cos().MulS(math.Sqrt(2 / F))
}

// Forward gives logits [.. C].
func (h *FeatureHead) Forward(x *linalg.Tensor, _ *nn.Pass) *linalg.Tensor {
	return linalg.Linear(h.features(x), h.Beta, nil)
}

// FitPrecision sets P = ridge I + sum p(1-p) phi phi' over training features (N x D), with p the largest class probability.
func (h *FeatureHead) FitPrecision(features *mat.Dense, ridge float64) error {
	phi, logits := h.dense(features)
	conf := calib.Confidence(calib.Softmax(logits))
	n, F := phi.Dims()
	scaled := mat.NewDense(n, F, nil)
	for i, p := range conf {
		for f := 0; f < F; f++ {
			scaled.Set(i, f, math.Sqrt(p*(1-p))*phi.At(i, f))
		}
	}
	P := linalg.SymProduct(scaled, true)
	addDiag(P, ridge)
	c, err := linalg.Chol(P, linalg.JitterPolicy{})
	if err != nil {
		return fmt.Errorf("sgpa: the precision of the random features: %w", err)
	}
	h.precision = c
	return nil
}

// dense are features and logits in float64.
func (h *FeatureHead) dense(x *mat.Dense) (phi, logits *mat.Dense) {
	linalg.NoGrad(func() {
		t := h.features(linalg.FromDense(x).To(h.Beta.DType()))
		phi, logits = t.To(linalg.F64).Dense(), linalg.Linear(t, h.Beta, nil).To(linalg.F64).Dense()
	})
	return phi, logits
}

// Variance is phi' P^-1 phi and the logits of each row of features.
func (h *FeatureHead) Variance(features *mat.Dense) (variance []float64, logits *mat.Dense, err error) {
	if h.precision == nil {
		return nil, nil, fmt.Errorf("sgpa: call FitPrecision with the training features before asking for variances")
	}
	phi, logits := h.dense(features)
	half := h.precision.Half(mat.DenseCopyOf(phi.T()))
	n, _ := phi.Dims()
	variance = make([]float64, n)
	for i := range variance {
		variance[i] = sumSquares(half.ColView(i))
	}
	return variance, logits, nil
}

// MeanFieldLogits scales logits by 1/sqrt(1 + pi/8 variance), row by row.
func MeanFieldLogits(logits *mat.Dense, variance []float64) *mat.Dense {
	out := new(mat.Dense)
	out.Apply(func(i, _ int, z float64) float64 { return z / math.Sqrt(1+math.Pi/8*variance[i]) }, logits)
	return out
}

// SNGP is a softmax network with spectral normalisation of its feed-forward blocks and a Gaussian-process head.
type SNGP struct {
	Passes
	Cap  float64 // largest spectral norm of a feed-forward weight
	head *FeatureHead
	u    map[*linalg.Tensor]*mat.VecDense
}

// NewSNGP draws one; features is F [1024 in the literature], cap is 0.95 there.
func NewSNGP(r *linalg.Rand, c Config, features int, norm float64) *SNGP {
	if features < 1 || !(norm > 0) {
		fail("NewSNGP", "", "%d features and a norm of %v: both must be positive", features, norm)
	}
	c.Method = Softmax
	n := New(r, c)
	s := &SNGP{Passes: Passes{Net: n}, Cap: norm, u: map[*linalg.Tensor]*mat.VecDense{}}
	s.head = NewFeatureHead(r, n.Config.dtype(), n.Config.Width, features, n.Config.Classes)
	n.Head = s.head
	s.normalise(30)
	return s
}

// normalise brings spectral norms down to the cap, by power iterations that begin where the last call ended.
func (s *SNGP) normalise(iterations int) {
	for _, l := range s.Net.Layers {
		for _, m := range []nn.Mapper{l.Feed.In, l.Feed.Out} {
			W := m.(*nn.Linear).W
			d := W.To(linalg.F64).Dense()
			if norm := s.spectral(W, d, iterations); norm > s.Cap {
				linalg.NoGrad(func() { W.Set(linalg.Detach(W).MulS(s.Cap / norm)) })
			}
		}
	}
}

func (s *SNGP) spectral(key *linalg.Tensor, W *mat.Dense, iterations int) float64 {
	out, in := W.Dims()
	v, u := s.u[key], mat.NewVecDense(out, nil)
	if v == nil {
		v = mat.NewVecDense(in, nil)
		for i := 0; i < in; i++ {
			v.SetVec(i, 1+float64(i%7)/7)
		}
		s.u[key] = v
	}
	norm := 0.0
	for range iterations {
		u.MulVec(W, v)
		u.ScaleVec(1/math.Max(mat.Norm(u, 2), 1e-30), u)
		v.MulVec(W.T(), u)
		norm = mat.Norm(v, 2)
		v.ScaleVec(1/math.Max(norm, 1e-30), v)
	}
	return norm
}

// Fit trains the network, with one power iteration a step, and then fits the precision in one pass over the data.
func (s *SNGP) Fit(ctx context.Context, d, valid *Data, o train.Options) (*train.History, error) {
	after := o.OnStep
	o.OnStep = func(at train.Moment, loss float64) {
		s.normalise(1)
		if after != nil {
			after(at, loss)
		}
	}
	h, err := Fit(ctx, s.Net, d, valid, Whole, o)
	if err != nil {
		return h, err
	}
	f, err := s.Features(ctx, d.X)
	if err != nil {
		return h, err
	}
	return h, s.head.FitPrecision(f, 1)
}

// Predict gives the probabilities of the mean-field logits.
func (s *SNGP) Predict(ctx context.Context, in *Inputs) (*Prediction, error) {
	f, err := s.Features(ctx, in)
	if err != nil {
		return nil, err
	}
	variance, logits, err := s.head.Variance(f)
	if err != nil {
		return nil, err
	}
	return &Prediction{Samples: []*mat.Dense{calib.Softmax(MeanFieldLogits(logits, variance))}}, nil
}

const sngpKind = "sgpa.SNGP"

// sngpConfig is what a saved SNGP needs beside its tensors.
type sngpConfig struct {
	Network  Config
	Features int
	Cap      float64
	Fitted   bool // the precision is there
}

// Save writes the network, the random features and, once they are fitted, the variances.
func (s *SNGP) Save(path string) error {
	c := sngpConfig{s.Net.Config, s.head.Phase.Len(), s.Cap, s.head.precision != nil}
	all := nn.List(s.Net.Params())
	if c.Fitted {
		all = append(all, nn.Param{Name: "precision", Value: linalg.Param(linalg.FromDense(s.head.precision.L()))})
	}
	f, err := train.NewFile(sngpKind, fileVersion, c, all)
	if err != nil {
		return err
	}
	return f.Save(path)
}

// LoadSNGP reads an SNGP that Save wrote.
func LoadSNGP(path string) (s *SNGP, err error) {
	var c sngpConfig
	f, err := open(path, sngpKind, &c)
	if err != nil {
		return nil, err
	}
	if err := linalg.Try(func() { s = NewSNGP(linalg.NewRand(0), c.Network, c.Features, c.Cap) }); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	all := nn.List(s.Net.Params())
	root := linalg.Param(linalg.Zeros(linalg.F64, c.Features, c.Features))
	if c.Fitted {
		all = append(all, nn.Param{Name: "precision", Value: root})
	}
	if err := f.Into(all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if c.Fitted {
		if s.head.precision, err = linalg.FactorFromLower(root.Dense(), 0); err != nil {
			return nil, fmt.Errorf("%s: the precision: %w", path, err)
		}
	}
	s.u = map[*linalg.Tensor]*mat.VecDense{} // those of the weights that were replaced
	return s, nil
}
