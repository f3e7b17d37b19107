package sgpa

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

// What the features say is regression with the kernel that their products are, done in the space of the points.
func TestRandomFeatureIsRegression(t *testing.T) {
	r := linalg.NewRand(1)
	q, keys, v, omega := randomDense(r, 4, 3, 0.7), randomDense(r, 6, 3, 0.7), randomDense(r, 6, 2, 1), randomDense(r, 5, 3, 1)
	const noise = 0.6
	for _, kind := range []Kind{ARD, Exponential} {
		k := Kernel{kind, 0.4, []float64{0.1, -0.2, 0.3}}
		mean, cov, err := RandomFeature(k, q, keys, v, omega, noise)
		if err != nil {
			t.Fatal(err)
		}
		gram := func(a, b *mat.Dense) *mat.Dense {
			var K mat.Dense
			K.Mul(features(k, a, omega), features(k, b, omega).T())
			return &K
		}
		Kkk, Kkq := gram(keys, keys), gram(keys, q)
		addDiag(Kkk, noise*noise)
		var inv, weights, wantMean, wantCov mat.Dense
		if err := inv.Inverse(Kkk); err != nil {
			t.Fatal(err)
		}
		weights.Mul(Kkq.T(), &inv)
		wantMean.Mul(&weights, v)
		wantCov.Mul(&weights, Kkq)
		wantCov.Sub(gram(q, q), &wantCov)
		closeTo(t, string(kind)+" mean", raw(mean), raw(&wantMean), 1e-10)
		closeTo(t, string(kind)+" covariance", raw(cov), raw(&wantCov), 1e-10)
	}
}

// Products of features have the kernel for expectation: over many frequencies the mean is within five standard errors.
func TestFeaturesEstimateTheKernel(t *testing.T) {
	r := linalg.NewRand(2)
	const F = 20000
	x, omega := randomDense(r, 4, 2, 0.8), randomDense(r, F, 2, 1)
	for _, kind := range []Kind{ARD, Exponential} {
		k := Kernel{kind, 0.3, []float64{0.2, -0.1}}
		Phi, K := features(k, x, omega), k.Gram(x, x)
		for a := range 4 {
			for b := range 4 {
				var sum, square float64
				for f := range F { // the estimate by frequency f alone
					one := F * (Phi.At(a, f)*Phi.At(b, f) + Phi.At(a, F+f)*Phi.At(b, F+f))
					sum, square = sum+one/F, square+one*one/F
				}
				if se := math.Sqrt(max(square-sum*sum, 0) / F); math.Abs(sum-K.At(a, b)) > 5*se+1e-12 {
					t.Errorf("%s: the features say %v of points %d and %d, the kernel %v; the standard error is %v", kind, sum, a, b, K.At(a, b), se)
				}
			}
		}
	}
}

// A batch with heads, length-scales and padding agrees with the plain version, which sees the real tokens of one sequence only.
func TestRandomFeatureBatchAgreesWithPlainTwin(t *testing.T) {
	const B, H, T, F, d = 2, 3, 9, 6, 4
	lengths := []int{T, 5}
	for _, kind := range []Kind{ARD, Exponential} {
		for _, dt := range []linalg.DType{linalg.F64, linalg.F32} {
			tol := map[linalg.DType]float64{linalg.F64: 1e-9, linalg.F32: 1e-4}[dt]
			r := linalg.NewRand(3)
			draw := func(scale float64, shape ...int) *linalg.Tensor {
				return linalg.Normal(r, linalg.F64, shape...).MulS(scale).To(dt)
			}
			q, v, omega := draw(0.8, B, H, T, d), draw(0.5, B, H, T, d), draw(1, H, F, d)
			logVar, logScale, logNoise := draw(0.2, H), draw(0.2, H, d).AddS(0.3), draw(0.2, H).AddS(-0.5)
			m := make([]float64, B*T)
			for b, n := range lengths {
				for i := range n {
					m[b*T+i] = 1
				}
			}
			mask := linalg.FromFloat64(m, B, T).To(dt)
			v = v.Mul(mask.Unsqueeze(1).Unsqueeze(-1))
			res := randomFeature(kind, q, nil, v, mask, omega, logVar, logScale, logNoise, Full, "twin")
			for h := range H {
				k := Kernel{kind, logVar.At(h), logScale.Select(0, h).Float64s()}
				for b, n := range lengths {
					one := func(x *linalg.Tensor) *linalg.Tensor { return x.Select(0, b).Select(0, h) }
					real := func(x *linalg.Tensor) *mat.Dense { return arrayOf(one(x).Slice(0, 0, n)).dense() }
					mean, cov, err := RandomFeature(k, arrayOf(one(q)).dense(), real(q), real(v), arrayOf(omega.Select(0, h)).dense(), math.Exp(logNoise.At(h)))
					if err != nil {
						t.Fatal(err)
					}
					name := fmt.Sprintf("%s %v, %d of %d tokens", kind, dt, n, T)
					closeTo(t, name+": mean", one(res.Mean).Float64s(), raw(mean), tol)
					closeTo(t, name+": covariance", one(res.Cov).Float64s(), raw(cov), tol)
					for j := range d {
						closeTo(t, name+": variance", one(res.Var).Select(1, j).Float64s(), mat.Col(nil, 0, diagonal(cov)), tol)
					}
				}
			}
		}
	}
}

func diagonal(m *mat.Dense) *mat.Dense {
	n, _ := m.Dims()
	d := mat.NewDense(n, 1, nil)
	for i := range n {
		d.Set(i, 0, m.At(i, i))
	}
	return d
}

// Draws of the features' weights have the covariance that the tokens have.
func TestRandomFeatureJointDraws(t *testing.T) {
	r := linalg.NewRand(4)
	draw := func(shape ...int) *linalg.Tensor { return linalg.Normal(r, linalg.F64, shape...) }
	q, v, omega, zero := draw(1, 1, 3, 2), draw(1, 1, 3, 2), draw(1, 4, 2), linalg.Zeros(linalg.F64, 1)
	post := func(m Mode) *Result {
		return randomFeature(ARD, q, nil, v, nil, omega, zero, linalg.Zeros(linalg.F64, 1, 2), zero, m, "layer")
	}
	checkMoments(t, "random features, joint", post(Joint), post(Full), Joint, r)
}

// The frequencies stay as they were drawn while the rest learns, are saved, and a trained kernel attention starts the rest.
func TestRandomFrequenciesStay(t *testing.T) {
	c := glyphConfig
	c.Method, c.Features = RandomFeatures, 6
	n := New(linalg.NewRand(1), c)
	layer := func(n *Network) *RandomFeatureLayer { return n.Layers[1].Attn.(*RandomFeatureLayer) }
	before, noise := layer(n).Omega.Float64s(), layer(n).LogNoise.Float64s()
	o := glyphTraining
	o.Epochs = 2
	if _, err := Fit(context.Background(), n, glyphs(1, 60, 0.2), nil, Whole, o); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "net")
	if err := n.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, "frequencies after training, saving and loading", layer(again).Omega.Float64s(), before, 0)
	if layer(again).LogNoise.At(0) == noise[0] {
		t.Error("the noise has not learned")
	}
	c.Method = KernelAttention
	kept, err := train.WarmStart(n, New(linalg.NewRand(2), c))
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) != 2*2 {
		t.Errorf("a warm start leaves %v, want noise and frequencies of two layers", kept)
	}
}

func TestRandomFeatureErrors(t *testing.T) {
	l := NewRandomFeatureLayer(linalg.NewRand(1), Config{Width: 4, Heads: 2, Features: 3, Vocabulary: 5, MaxTokens: 4})
	err := linalg.Try(func() {
		l.Attend(Request{X: linalg.Full(linalg.F32, math.NaN(), 1, 2, 4), Pass: nn.Sampling(linalg.NewRand(1), 1), Name: "layer 2"})
	})
	if err == nil || !strings.Contains(err.Error(), "layer 2, sequence 0, head 0, precision of the random features") {
		t.Errorf("a NaN among the tokens gives %v", err)
	}
	l.Mode = Joint
	err = linalg.Try(func() {
		l.Attend(Request{X: linalg.Zeros(linalg.F32, 1, 2, 4), Noise: linalg.Zeros(linalg.F32, 1, 1, 2, 2, 2), Pass: nn.Eval(), Name: "layer 0"})
	})
	if err == nil || !strings.Contains(err.Error(), "leave Noise nil") {
		t.Errorf("noise for joint draws of random features gives %v", err)
	}
	k, x := NewKernel(ARD, 1, 1, 2), mat.NewDense(3, 2, nil)
	for want, call := range map[string]func(){
		"the noise is 0":               func() { RandomFeature(k, x, x, x, x, 0) },
		"the points have 3 dimensions": func() { RandomFeature(k, x, x, x, mat.NewDense(2, 3, nil), 1) },
		"3 keys but 2 values":          func() { RandomFeature(k, x, x, mat.NewDense(2, 1, nil), x, 1) },
	} {
		if err := linalg.Try(call); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
