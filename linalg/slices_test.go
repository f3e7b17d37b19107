package linalg

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// The functions of slices against package math, at lengths with and without tails.
func TestSliceFunctions(t *testing.T) {
	funcs := []struct {
		name string
		into func(dst, x []float64)
		want func(float64) float64
	}{
		{"exp", ExpInto, math.Exp}, {"log", LogInto, math.Log}, {"sqrt", SqrtInto, math.Sqrt}, {"sin", SinInto, math.Sin},
		{"cos", CosInto, math.Cos}, {"tanh", TanhInto, math.Tanh}, {"erf", ErfInto, math.Erf},
		{"sigmoid", SigmoidInto, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
		{"softplus", SoftplusInto, func(x float64) float64 { return math.Log1p(math.Exp(x)) }},
	}
	for _, f := range funcs {
		for _, n := range []int{0, 1, 7, 64, 1001} {
			x := make([]float64, n)
			for i := range x {
				x[i] = 0.01 + 4*float64(i)/float64(n)
			}
			dst := make([]float64, n)
			f.into(dst, x)
			for i, v := range x {
				if w := f.want(v); math.Abs(dst[i]-w) > 1e-14*math.Abs(w) {
					t.Fatalf("%s of %d: %g gives %.17g, want %.17g", f.name, n, v, dst[i], w)
				}
			}
		}
	}
}

// Covariances of slices against their formulas, and slopes against central differences.
func TestRadialInto(t *testing.T) {
	const variance = 1.7
	value := map[string]func(r float64) float64{
		"rbf":      func(r float64) float64 { return math.Exp(-r * r / 2) },
		"matern12": func(r float64) float64 { return math.Exp(-r) },
		"matern32": func(r float64) float64 { return (1 + math.Sqrt(3)*r) * math.Exp(-math.Sqrt(3)*r) },
		"matern52": func(r float64) float64 { return (1 + math.Sqrt(5)*r + 5*r*r/3) * math.Exp(-math.Sqrt(5)*r) },
	}
	for kind, h := range value {
		for _, n := range []int{0, 1, 9, 512, 1300} {
			r2 := make([]float64, n)
			for i := range r2 {
				r2[i] = 9 * float64(i) / float64(n)
			}
			k, dk, alone := make([]float64, n), make([]float64, n), append([]float64(nil), r2...)
			RadialInto(kind, k, dk, r2, variance)
			RadialInto(kind, alone, nil, alone, variance)
			for i, s := range r2 {
				if w := variance * h(math.Sqrt(s)); math.Abs(k[i]-w) > 1e-14 || alone[i] != k[i] {
					t.Fatalf("%s at %g: %.17g, and %.17g in place; want %.17g", kind, s, k[i], alone[i], w)
				}
				if s == 0 {
					continue
				}
				e := 1e-5 * s
				w := variance * (h(math.Sqrt(s+e)) - h(math.Sqrt(s-e))) / (2 * e)
				if math.Abs(dk[i]-w) > 1e-5*(math.Abs(w)+1e-3) {
					t.Fatalf("%s slope at %g: %.12g, central difference %.12g", kind, s, dk[i], w)
				}
			}
			if n > 0 && kind == "matern12" && dk[0] != 0 {
				t.Fatalf("matern12 slope at zero: %g", dk[0])
			}
		}
	}
	if err := Try(func() { RadialInto("exp", nil, nil, nil, 1) }); err == nil {
		t.Fatal("a kind that is not stationary was taken")
	}
}

func TestSquaredDistances(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {5, 7, 1}, {4, 33, 3}} {
		n, m, d := s[0], s[1], s[2]
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			fill := func(r, shift int) *mat.Dense {
				a := mat.NewDense(r, d, nil)
				for i := 0; i < r; i++ {
					for j := 0; j < d; j++ {
						a.Set(i, j, 1e6+math.Sin(float64(7*i+3*j+shift)))
					}
				}
				return a
			}
			x, y, dst, scale := fill(n, 0), fill(m, 1), mat.NewDense(n, m, nil), make([]float64, d)
			for c := range scale {
				scale[c] = 1 / float64(1+c)
			}
			SquaredDistances(dst, x, y, scale)
			for i := 0; i < n; i++ {
				for j := 0; j < m; j++ {
					want := 0.0
					for c, w := range scale {
						u := (x.At(i, c) - y.At(j, c)) * w
						want += u * u
					}
					if got := dst.At(i, j); math.Abs(got-want) > 1e-15*want {
						t.Fatalf("(%d,%d): %g, want %g", i, j, got, want)
					}
				}
			}
		})
	}
}
