package gp

import (
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/mat"
)

// everyKernel is one of each kind, for inputs with two columns.
func everyKernel() []Kernel {
	return []Kernel{
		SE(1.3, 0.7), SE(1.3, 0.7, 1.4), Matern12(0.8, 0.9), Matern32(1.1, 0.6, 0.9), Matern52(0.9, 1.2), RQ(1.2, 0.7, 0.8, 1.1),
		Periodic(1.1, 0.9, 1.3), Constant(0.4), Linear(0.7, 0.2), Polynomial(0.3, 1.1, 3),
		Sum(SE(1, 0.5), Linear(0.2, 0.1)), Product(SE(1, 1.5), Periodic(1, 0.8, 0.7)), Scale(2.5, Matern52(1, 0.7)),
		Active(Matern32(1, 0.5), 1), ChangePoint(SE(1, 0.4), Matern52(2, 1.1), 0.2, 3),
		Sum(Product(SE(1, 0.5, 2), Constant(0.3)), RQ(0.5, 1, 1)),
	}
}

func randomInputs(n, d int, seed uint64) *mat.Dense {
	x := mat.NewDense(n, d, nil)
	linalg.NewRand(seed).FillNormal(x.RawMatrix().Data)
	return x
}

func weighed(k Kernel, x, y, w *mat.Dense) float64 {
	K := k.Matrix(x, y)
	n, m := K.Dims()
	s := 0.0
	for i := 0; i < n; i++ {
		for j := 0; j < m; j++ {
			s += w.At(i, j) * K.At(i, j)
		}
	}
	return s
}

func TestKernelGradients(t *testing.T) {
	x, y := randomInputs(5, 2, 1), randomInputs(4, 2, 2)
	w, wd := randomInputs(5, 4, 3), []float64{0.3, -1, 0.2, 0.8, 1}
	for _, k := range everyKernel() {
		set := k.Params()
		grad, diag := make([]float64, set.Len()), make([]float64, set.Len())
		k.Backward(x, y, w, grad)
		k.BackwardDiag(x, wd, diag)
		free := set.Free()
		for p := range free {
			at := func(h float64) (float64, float64) {
				f := append([]float64(nil), free...)
				f[p] += h
				if err := set.SetFree(f); err != nil {
					t.Fatal(err)
				}
				d := 0.0
				for i, v := range k.Diag(x) {
					d += wd[i] * v
				}
				return weighed(k, x, y, w), d
			}
			const h = 1e-5
			a, da := at(h)
			b, db := at(-h)
			check(t, k.String()+" gradient "+set[min(p, len(set)-1)].Name, grad[p], (a-b)/(2*h))
			check(t, k.String()+" diagonal gradient", diag[p], (da-db)/(2*h))
		}
		if err := set.SetFree(free); err != nil {
			t.Fatal(err)
		}
		g := k.BackwardX(x, y, w)
		for i := 0; i < 5; i++ {
			for j := 0; j < 2; j++ {
				const h = 1e-5
				at := func(h float64) float64 {
					z := mat.DenseCopyOf(x)
					z.Set(i, j, z.At(i, j)+h)
					return weighed(k, z, y, w)
				}
				check(t, k.String()+" input gradient", g.At(i, j), (at(h)-at(-h))/(2*h))
			}
		}
	}
}

func check(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-7*(1+math.Abs(want))) {
		t.Errorf("%s: %.10g, differences give %.10g", what, got, want)
	}
}

func TestKernelsAreCovariances(t *testing.T) {
	x := randomInputs(12, 2, 4)
	for _, k := range append(everyKernel(), White(0.3)) {
		K := k.Matrix(x, x)
		for i, v := range k.Diag(x) {
			check(t, k.String()+" diagonal", K.At(i, i), v)
			for j := 0; j < i; j++ {
				check(t, k.String()+" symmetry", K.At(i, j), K.At(j, i))
			}
		}
		if _, err := linalg.Chol(K, linalg.JitterPolicy{Start: 1e-9}); err != nil {
			t.Errorf("%s: %v", k, err)
		}
		y := mat.DenseCopyOf(x)
		for i := 0; i < 12; i++ {
			for j := 0; j < 12; j++ {
				if _, white := k.(*WhiteKernel); !white {
					check(t, k.String()+" as a cross covariance", k.Matrix(x, y).At(i, j), K.At(i, j))
				}
			}
		}
	}
}

func TestLagIsTheMatrixOnTheLine(t *testing.T) {
	r := []float64{0, 0.01, 0.3, 1.7, 9}
	for _, k := range []Kernel{SE(1.3, 0.7), Matern12(0.8, 0.9), Matern32(1, 0.6), Matern52(1, 1.2), RQ(1, 0.7, 0.8),
		Periodic(1, 0.9, 1.3), Constant(2), Sum(SE(1, 0.3), Periodic(1, 1, 1)), Product(SE(1, 2), Periodic(1, 1, 0.5))} {
		s, err := StationaryOf(k)
		if err != nil {
			t.Fatal(err)
		}
		lag, grad := s.Lag(r), s.LagGrad(r)
		K := k.Matrix(Column(r), Column([]float64{0}))
		set := k.Params()
		for i := range r {
			check(t, k.String(), lag[i], K.At(i, 0))
			w := mat.NewDense(len(r), 1, nil)
			w.Set(i, 0, 1)
			g := make([]float64, set.Len())
			k.Backward(Column(r), Column([]float64{0}), w, g)
			for p := range g {
				check(t, k.String()+" derivative", grad[p][i], g[p])
			}
		}
		if s.Scale() <= 0 {
			t.Errorf("%s has scale %g", k, s.Scale())
		}
	}
}

func TestNotStationary(t *testing.T) {
	for _, k := range []Kernel{Linear(1, 0), White(1), Sum(SE(1, 1), Linear(1, 1)), SE(1, 1, 2), ChangePoint(SE(1, 1), SE(1, 2), 0, 1)} {
		if _, err := StationaryOf(k); err == nil {
			t.Errorf("%s was taken for a kernel of the lag", k)
		}
	}
}

func TestCloneIsIndependent(t *testing.T) {
	for _, k := range everyKernel() {
		c := k.Clone()
		before := c.String()
		f := k.Params().Free()
		for i := range f {
			f[i] += 1
		}
		if err := k.Params().SetFree(f); err != nil {
			t.Fatal(err)
		}
		if c.String() != before || c.String() == k.String() {
			t.Errorf("%s and its clone %s", k, c)
		}
		if len(c.Params()) != len(k.Params()) {
			t.Errorf("%s: the clone has other parameters", k)
		}
	}
	if s := Product(Sum(SE(1, 1), SE(2, 1)), SE(1, 2)).String(); !strings.HasPrefix(s, "(SE(1, 1) + SE(2, 1))") {
		t.Errorf("printed as %s", s)
	}
}

func TestParameterNamesDiffer(t *testing.T) {
	k := Sum(SE(1, 1), Product(SE(1, 1), Periodic(1, 1, 1)), ChangePoint(SE(1, 1), SE(1, 1), 0, 1)).Clone()
	seen := map[string]bool{}
	for _, p := range k.Params() {
		if seen[p.Name] {
			t.Errorf("two parameters are called %s", p.Name)
		}
		seen[p.Name] = true
	}
	if !seen["2.2.period"] || !seen["3.1.variance"] {
		t.Errorf("names %v", seen)
	}
}
