package linalg

import (
	"math"
	"strings"
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

// radialFormulas are the stationary kinds as functions of the distance.
var radialFormulas = map[string]func(r float64) float64{
	"rbf":      func(r float64) float64 { return math.Exp(-r * r / 2) },
	"matern12": func(r float64) float64 { return math.Exp(-r) },
	"matern32": func(r float64) float64 { return (1 + math.Sqrt(3)*r) * math.Exp(-math.Sqrt(3)*r) },
	"matern52": func(r float64) float64 { return (1 + math.Sqrt(5)*r + 5*r*r/3) * math.Exp(-math.Sqrt(5)*r) },
}

// Covariances of slices against their formulas, and slopes against central differences.
func TestRadialInto(t *testing.T) {
	const variance = 1.7
	for kind, h := range radialFormulas {
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
		x, y, dst, scale := pairs(s[0], s[1], s[2])
		SquaredDistances(dst, x, y, scale)
		eachPair(x, y, scale, func(i, j int, want float64) {
			if got := dst.At(i, j); math.Abs(got-want) > 1e-15*want {
				t.Fatalf("%v: (%d,%d): %g, want %g", s, i, j, got, want)
			}
		})
	}
}

// The matrix of every kind against its formula of the distance, far from the origin and far apart, with equal rows, and with a
// column that is part of a larger matrix.
func TestRadialMatrix(t *testing.T) {
	const variance = 1.7
	for kind, h := range radialFormulas {
		for _, s := range [][3]int{{1, 1, 1}, {5, 7, 1}, {4, 16, 1}, {3, 61, 1}, {4, 33, 3}} {
			x, y, dst, scale := pairs(s[0], s[1], s[2])
			x.Set(0, 0, y.At(s[1]-1, 0))
			y.Set(0, 0, y.At(0, 0)+1e3)
			if s[2] == 1 {
				wide := mat.NewDense(s[1], 2, nil)
				wide.Slice(0, s[1], 0, 1).(*mat.Dense).Copy(y)
				y = wide.Slice(0, s[1], 0, 1).(*mat.Dense)
			}
			RadialMatrix(kind, dst, x, y, scale, variance)
			eachPair(x, y, scale, func(i, j int, r2 float64) {
				want := variance * h(math.Sqrt(r2))
				if got := dst.At(i, j); math.Abs(got-want) > 1e-14*(want+1e-290) || r2 == 0 && got != variance {
					t.Fatalf("%s %v: (%d,%d) at %g: %.17g, want %.17g", kind, s, i, j, r2, got, want)
				}
			})
		}
	}
	if err := Try(func() { RadialMatrix("exp", nil, nil, nil, nil, 1) }); err == nil {
		t.Fatal("a kind that is not stationary was taken")
	}
	x, _, dst, _ := pairs(2, 3, 1)
	if err := Try(func() { RadialMatrix("rbf", dst, x, x, []float64{1}, 1) }); err == nil {
		t.Fatal("a destination of the wrong shape was taken")
	}
}

// pairs draws rows of d numbers far from the origin, with scales and room for a matrix of all pairs.
func pairs(n, m, d int) (x, y, dst *mat.Dense, scale []float64) {
	draw := func(r, shift int) *mat.Dense {
		a := mat.NewDense(r, d, nil)
		for i := 0; i < r; i++ {
			for j := 0; j < d; j++ {
				a.Set(i, j, 1e6+math.Sin(float64(7*i+3*j+shift)))
			}
		}
		return a
	}
	for c := 0; c < d; c++ {
		scale = append(scale, 1/float64(1+c))
	}
	return draw(n, 0), draw(m, 1), mat.NewDense(n, m, nil), scale
}

// eachPair calls f with the squared distance of every pair of rows.
func eachPair(x, y *mat.Dense, scale []float64, f func(i, j int, r2 float64)) {
	n, _ := x.Dims()
	m, _ := y.Dims()
	for i := 0; i < n; i++ {
		for j := 0; j < m; j++ {
			r2 := 0.0
			for c, w := range scale {
				u := (x.At(i, c) - y.At(j, c)) * w
				r2 += u * u
			}
			f(i, j, r2)
		}
	}
}

func TestSums(t *testing.T) {
	for _, s := range [][2]int{{1, 1}, {3, 8}, {5, 29}, {2, 130}} {
		x, y := normalDense(s[0], s[1], 1), normalDense(s[0], s[1], 2)
		a, b := x.RawMatrix().Data, y.RawMatrix().Data
		sum := append([]float64(nil), a...)
		AddInto(sum, sum, b)
		dots := make([]float64, s[1])
		ColumnDots(dots, x, y)
		for j := range dots {
			want := 0.0
			for i := 0; i < s[0]; i++ {
				p := i*s[1] + j
				if sum[p] != a[p]+b[p] {
					t.Fatalf("%v: %g and %g make %g", s, a[p], b[p], sum[p])
				}
				want += a[p] * b[p]
			}
			if math.Abs(dots[j]-want) > 1e-13 {
				t.Fatalf("%v: column %d: %g, want %g", s, j, dots[j], want)
			}
		}
		lines := normalDense(5, max(s[0], s[1]), 3)
		u, v, at := lines.RawRowView(0)[:s[1]], lines.RawRowView(1)[:s[1]], lines.RawRowView(2)[:s[1]]
		r, z, got := lines.RawRowView(3)[:s[0]], lines.RawRowView(4)[:s[0]], mat.NewDense(s[0], 3, nil)
		LineSums(got, x, y, u, v, r, z, at)
		for i := range r {
			want := [3]float64{}
			for j := range u {
				p, d := x.At(i, j)*(y.At(i, j)*u[j]+r[i]*v[j]), z[i]-at[j]
				want[0], want[1], want[2] = want[0]+p, want[1]+p*d, want[2]+p*d*d
			}
			for c, w := range want {
				if math.Abs(got.At(i, c)-w) > 1e-12*float64(s[1]) {
					t.Fatalf("%v: row %d: sum %d is %g, want %g", s, i, c, got.At(i, c), w)
				}
			}
		}
	}
	for name, f := range map[string]func(){
		"AddInto":    func() { AddInto(make([]float64, 2), make([]float64, 2), make([]float64, 3)) },
		"ColumnDots": func() { ColumnDots(make([]float64, 2), normalDense(2, 2, 1), normalDense(3, 2, 1)) },
		"LineSums": func() {
			v := make([]float64, 2)
			LineSums(normalDense(2, 2, 1), normalDense(2, 2, 1), normalDense(2, 2, 1), v, v, v, v, v)
		},
		"MulLower": func() { MulLower(normalDense(2, 2, 1), normalDense(2, 2, 1), normalDense(3, 3, 1)) },
		"Mirror":   func() { Mirror(normalDense(2, 3, 1)) },
	} {
		if err := Try(f); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s of the wrong shapes: %v", name, err)
		}
	}
}
