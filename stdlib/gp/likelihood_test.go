package gp

import (
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/mat"
)

func everyLikelihood() map[*Likelihood][]float64 {
	return map[*Likelihood][]float64{
		Gaussian(0.3): {0.7, -2}, BernoulliLogit(): {0, 1}, BernoulliProbit(): {0, 1}, Poisson(): {0, 3},
		NegativeBinomial(4): {0, 7}, StudentT(4, 0.5): {0.3, 5},
		CustomLikelihood("Laplace-like", func(y, f float64) float64 { return -math.Sqrt(1 + (y-f)*(y-f)) }): {0.5},
	}
}

// Expectations and their derivatives against a fine sum over f, and against
// differences.
func TestExpectations(t *testing.T) {
	const m, v = 0.4, 0.6
	for l, ys := range everyLikelihood() {
		for _, y := range ys {
			e, dm, dv := l.Expect(y, m, v)
			want := 0.0
			const h = 1e-3
			for z := -9.0; z < 9; z += h {
				want += h * math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) * l.LogProb(y, m+math.Sqrt(v)*z)
			}
			tol := 1e-6
			if strings.HasPrefix(l.Name, "Student") || strings.HasPrefix(l.Name, "Laplace") {
				tol = 1e-4 // Gauss-Hermite converges slowly there
			}
			if math.Abs(e-want) > tol*(1+math.Abs(want)) {
				t.Errorf("%s, y = %g: expectation %.9g, want %.9g", l, y, e, want)
			}
			exp := func(m, v float64) float64 { e, _, _ := l.Expect(y, m, v); return e }
			if d := (exp(m+1e-5, v) - exp(m-1e-5, v)) / 2e-5; math.Abs(d-dm) > 1e-6*(1+math.Abs(d)) {
				t.Errorf("%s, y = %g: dE/dm = %.9g, differences give %.9g", l, y, dm, d)
			}
			tolV := 1e-6
			if tol > 1e-5 {
				tolV = 2e-2 // E[l'']/2 and the derivative of the rule differ by its error
			}
			if d := (exp(m, v+1e-5) - exp(m, v-1e-5)) / 2e-5; math.Abs(d-dv) > tolV*(1+math.Abs(d)) {
				t.Errorf("%s, y = %g: dE/dv = %.9g, differences give %.9g", l, y, dv, d)
			}
			grad := make([]float64, l.Params().Len())
			l.ExpectGrad(y, m, v, grad)
			free := l.Params().Free()
			for p := range free {
				at := func(h float64) float64 {
					f := append([]float64(nil), free...)
					f[p] += h
					if err := l.Params().SetFree(f); err != nil {
						t.Fatal(err)
					}
					return exp(m, v)
				}
				check(t, l.String()+" parameter", grad[p], (at(1e-5)-at(-1e-5))/2e-5)
			}
			if err := l.Params().SetFree(free); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Predictive densities of counts and classes sum to one, and draws have the
// predicted moments.
func TestPredictions(t *testing.T) {
	const m, v = 0.7, 0.5
	for _, l := range []*Likelihood{BernoulliLogit(), BernoulliProbit(), Poisson(), NegativeBinomial(3)} {
		last := 400.0
		if strings.HasPrefix(l.Name, "Bernoulli") {
			last = 1
		}
		s, mean := 0.0, 0.0
		for y := 0.0; y <= last; y++ {
			p := math.Exp(l.LogDensity(y, m, v))
			s += p
			mean += p * y
		}
		if math.Abs(s-1) > 1e-6 {
			t.Errorf("%s: densities sum to %.9g", l, s)
		}
		want, variance := l.Observation(m, v)
		if math.Abs(mean-want) > 1e-4*want {
			t.Errorf("%s: mean %.6g from densities, %.6g predicted", l, mean, want)
		}
		r, z := linalg.NewRand(2), linalg.NewRand(3)
		const n = 20000
		got := 0.0
		for i := 0; i < n; i++ {
			got += l.Draw(m+math.Sqrt(v)*z.Normal(), r) / n
		}
		if math.Abs(got-want) > 5*math.Sqrt(variance/n) {
			t.Errorf("%s: draws have mean %.4g, want %.4g", l, got, want)
		}
	}
}

func TestLogPhiFarOut(t *testing.T) {
	if a, b := logPhi(-19.999999), logPhi(-20.000001); math.Abs(a-b) > 1e-4 {
		t.Errorf("log Phi jumps from %g to %g where the series takes over", a, b)
	}
	if v := logPhi(-200); math.Abs(v+20006.2173) > 1e-3 {
		t.Errorf("log Phi(-200) = %.6f", v)
	}
}

func TestObservationsAreChecked(t *testing.T) {
	for l, y := range map[*Likelihood]float64{Poisson(): -1, NegativeBinomial(1): 2.5, BernoulliLogit(): 2, BernoulliProbit(): -1} {
		if err := l.Check([]float64{1, y}); err == nil || !strings.Contains(err.Error(), "y[1]") {
			t.Errorf("%s accepted %g (%v)", l, y, err)
		}
	}
	if err := Gaussian(1).Check([]float64{-3}); err != nil {
		t.Error(err)
	}
}

func TestLikelihoodClone(t *testing.T) {
	l := NegativeBinomial(4)
	l.Points = 32
	c := l.Clone()
	if err := l.Params()[0].Set(9); err != nil {
		t.Fatal(err)
	}
	if c.Params()[0].Value() != 4 || c.Points != 32 || c.LogProb(3, 1) == l.LogProb(3, 1) {
		t.Error("the clone follows the original")
	}
}

func TestSoftmaxDerivatives(t *testing.T) {
	mean, v := randomInputs(3, 4, 1), mat.NewDense(3, 4, nil)
	for i := 0; i < 3; i++ {
		for j := 0; j < 4; j++ {
			v.Set(i, j, 0.3+0.1*float64(j))
		}
	}
	eps := []*mat.Dense{randomInputs(3, 4, 5), randomInputs(3, 4, 6), randomInputs(3, 4, 7)}
	labels := []int{0, 3, 1}
	total := func() float64 {
		e, _, _, err := SoftmaxExpect(mean, v, labels, eps)
		if err != nil {
			t.Fatal(err)
		}
		return e[0] + e[1] + e[2]
	}
	_, dm, dv, err := SoftmaxExpect(mean, v, labels, eps)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 3; i++ {
		for j := 0; j < 4; j++ {
			for a, g := range map[*mat.Dense]*mat.Dense{mean: dm, v: dv} {
				x := a.At(i, j)
				a.Set(i, j, x+1e-6)
				hi := total()
				a.Set(i, j, x-1e-6)
				lo := total()
				a.Set(i, j, x)
				check(t, "softmax", g.At(i, j), (hi-lo)/2e-6)
			}
		}
	}
	if _, _, _, err := SoftmaxExpect(mean, v, []int{0, 4, 1}, eps); err == nil {
		t.Error("class 4 of 4 was accepted")
	}
	p := SoftmaxProbs(mean, v, eps)
	for i := 0; i < 3; i++ {
		if s := mat.Sum(p.RowView(i)); math.Abs(s-1) > 1e-12 {
			t.Errorf("probabilities sum to %g", s)
		}
	}
}
