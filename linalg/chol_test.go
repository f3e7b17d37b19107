package linalg

import (
	"errors"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// definite is a random symmetric positive definite matrix with a known factor.
func definiteDense(n int) (a, l *mat.Dense) {
	r := NewRand(uint64(n))
	l = mat.NewDense(n, n, nil)
	for i := 0; i < n; i++ {
		for j := 0; j < i; j++ {
			l.Set(i, j, r.Normal()/math.Sqrt(float64(n)))
		}
		l.Set(i, i, 1+0.1*float64(i%5))
	}
	a = mat.NewDense(n, n, nil)
	a.Mul(l, l.T())
	return a, l
}

func nearDense(t *testing.T, what string, got, want mat.Matrix, tol float64) {
	t.Helper()
	var d mat.Dense
	d.Sub(got, want)
	if e := mat.Max(&d) - mat.Min(&d); !(e <= tol) {
		t.Errorf("%s is off by %g", what, e)
	}
}

func normalDense(r, c int, seed uint64) *mat.Dense {
	out := mat.NewDense(r, c, nil)
	NewRand(seed).FillNormal(out.RawMatrix().Data)
	return out
}

func TestCholFactorAndSolves(t *testing.T) {
	for _, n := range []int{1, 2, 7, 40, 64, 130, 401} {
		a, l := definiteDense(n)
		before := mat.DenseCopyOf(a)
		c, err := Chol(a, JitterPolicy{})
		if err != nil {
			t.Fatal(err)
		}
		nearDense(t, "L", c.L(), l, 1e-11)
		if !mat.Equal(a, before) || c.N() != n || c.Jitter() != 0 {
			t.Errorf("n = %d: the argument changed, or N or jitter is wrong", n)
		}
		b := normalDense(n, 3, 5)
		times := func(a, b mat.Matrix) *mat.Dense { var out mat.Dense; out.Mul(a, b); return &out }
		nearDense(t, "L Half(b)", times(l, c.Half(b)), b, 1e-10)
		nearDense(t, "L' HalfT(b)", times(l.T(), c.HalfT(b)), b, 1e-10)
		nearDense(t, "A Solve(b)", times(a, c.Solve(b)), b, 1e-9)
		bt := mat.DenseCopyOf(b.T())
		nearDense(t, "RightHalf(b') L'", times(c.RightHalf(bt), l.T()), bt, 1e-10)
		nearDense(t, "RightHalfT(b') L", times(c.RightHalfT(bt), l), bt, 1e-10)
		nearDense(t, "Mul", c.Mul(b), times(l, b), 1e-12)
		eye := mat.NewDense(n, n, nil)
		for i := 0; i < n; i++ {
			eye.Set(i, i, 1)
		}
		nearDense(t, "A Inverse()", times(a, c.Inverse()), eye, 1e-9)
		for name, f := range map[string]struct {
			half   func(dst, x *mat.Dense)
			factor mat.Matrix
		}{"SymHalfTo": {c.SymHalfTo, l}, "SymHalfTTo": {c.SymHalfTTo, l.T()}} {
			x, gaps := SymProduct(normalDense(n, n, 6), false), mat.NewDense(n, n+3, nil)
			dst := gaps.Slice(0, n, 0, n).(*mat.Dense)
			f.half(dst, x)
			nearDense(t, name, times(f.factor, times(dst, f.factor.T())), x, 1e-9*float64(n))
			if f.half(x, x); !mat.Equal(x, dst) || !mat.Equal(x, x.T()) {
				t.Errorf("n = %d: %s in place is another, or not symmetric to the bit", n, name)
			}
		}
		for name, f := range map[string]func(dst, b *mat.Dense){"HalfTo": c.HalfTo, "HalfTTo": c.HalfTTo} {
			dst := mat.NewDense(n, 3, nil)
			f(dst, b)
			want := map[string]*mat.Dense{"HalfTo": c.Half(b), "HalfTTo": c.HalfT(b)}[name]
			nearDense(t, name, dst, want, 1e-11)
		}
		col := mat.Col(nil, 0, b)
		v := func(x []float64) *mat.Dense { return mat.NewDense(n, 1, x) }
		b0 := v(col)
		nearDense(t, "HalfVec", v(c.HalfVec(col)), c.Half(b0), 1e-12)
		nearDense(t, "HalfTVec", v(c.HalfTVec(col)), c.HalfT(b0), 1e-12)
		nearDense(t, "SolveVec", v(c.SolveVec(col)), c.Solve(b0), 1e-12)
		nearDense(t, "MulVec", v(c.MulVec(col)), c.Mul(b0), 1e-12)
		want2 := 0.0
		for i := 0; i < n; i++ {
			want2 += 2 * math.Log(l.At(i, i))
		}
		if math.Abs(c.LogDet()-want2) > 1e-10 {
			t.Errorf("log determinant %g, want %g", c.LogDet(), want2)
		}
	}
}

func TestMulLowerAndMirror(t *testing.T) {
	for _, n := range []int{1, 5, 16, 33, 100} {
		a, b, got := normalDense(n, n, 1), normalDense(n, n, 2), normalDense(n, n, 3)
		var want mat.Dense
		want.Mul(a, b)
		MulLower(got, a, b)
		Mirror(got)
		for i := 0; i < n; i++ {
			for j := 0; j <= i; j++ {
				if math.Abs(got.At(i, j)-want.At(i, j)) > 1e-12 || got.At(j, i) != got.At(i, j) {
					t.Fatalf("n = %d: (%d,%d) is %g and %g, want %g", n, i, j, got.At(i, j), got.At(j, i), want.At(i, j))
				}
			}
		}
	}
}

// A factor made again is that of a new one to the bit, after another matrix, another size and a failure.
func TestRefactor(t *testing.T) {
	c, b := new(CholFactor), normalDense(45, 45, 7)
	for _, n := range []int{45, 45, 12, 45} {
		a, _ := definiteDense(n)
		a.Scale(1+math.Abs(b.At(0, 0)), a)
		wide := mat.NewDense(n, n+2, nil)
		wide.Slice(0, n, 0, n).(*mat.Dense).Copy(a)
		if err := c.Refactor(wide.Slice(0, n, 0, n).(*mat.Dense), JitterPolicy{Start: 1e-9}); err != nil {
			t.Fatal(err)
		}
		want, err := Chol(a, JitterPolicy{Start: 1e-9})
		if err != nil {
			t.Fatal(err)
		}
		x := mat.DenseCopyOf(b.Slice(0, n, 0, n))
		b.Set(0, 0, b.At(0, 0)+1) // for another matrix of the same size
		got, other := mat.NewDense(n, n, nil), mat.NewDense(n, n, nil)
		for _, f := range []func(c *CholFactor, dst *mat.Dense){
			func(c *CholFactor, dst *mat.Dense) { dst.Copy(c.L()) },
			func(c *CholFactor, dst *mat.Dense) { c.HalfTo(dst, x) },
			func(c *CholFactor, dst *mat.Dense) { c.HalfTTo(dst, x) },
		} {
			f(c, got)
			f(want, other)
			if !mat.Equal(got, other) || c.Jitter() != 1e-9 {
				t.Fatalf("n = %d: a factor made again differs from a new one", n)
			}
		}
		if err := c.Refactor(mat.NewDense(2, 2, []float64{1, 2, 2, 1}), JitterPolicy{}); err == nil {
			t.Fatal("an indefinite matrix was factorised")
		}
	}
}

func TestSymProductIsExactlySymmetric(t *testing.T) {
	a := normalDense(31, 17, 2)
	for _, transposed := range []bool{false, true} {
		p := SymProduct(a, transposed)
		var want mat.Dense
		if transposed {
			want.Mul(a.T(), a)
		} else {
			want.Mul(a, a.T())
		}
		nearDense(t, "product", p, &want, 1e-12)
		if !mat.Equal(p, p.T()) {
			t.Error("the product is not symmetric to the bit")
		}
	}
}

func TestJitterLadder(t *testing.T) {
	// rank one: no jitter fails, the first of the ladder is enough
	a := mat.NewDense(3, 3, []float64{1, 1, 1, 1, 1, 1, 1, 1, 1})
	c, err := Chol(a, ScaledJitter(1e-8, 1))
	if err != nil || c.Jitter() != 1e-8 {
		t.Fatalf("%v, %v", c, err)
	}
	// an indefinite matrix climbs the ladder to its end
	b := mat.NewDense(2, 2, []float64{1, 0, 0, -1e-5})
	c, err = Chol(b, ScaledJitter(1e-8, 1))
	if err != nil || math.Abs(c.Jitter()-1e-4) > 1e-12 {
		t.Errorf("jitter %v, %v; 1e-4 would do", c, err)
	}
	b.Set(1, 1, -1)
	var npd *NotPositiveDefinite
	if _, err = Chol(b, ScaledJitter(1e-8, 1)); !errors.As(err, &npd) || npd.Pivot != 1 || !strings.Contains(err.Error(), "row 1") {
		t.Errorf("error %v", err)
	}
	// from no jitter at all, the ladder begins far below its end
	if c, err = Chol(a, JitterPolicy{Max: 1e-6}); err != nil || c.Jitter() <= 0 || c.Jitter() > 1e-6 {
		t.Errorf("jitter %v, %v", c, err)
	}
}

func TestCholErrors(t *testing.T) {
	a := mat.NewDense(3, 3, []float64{4, 2, 4, 2, 5, 2, 4, 2, 4})
	_, err := Chol(a, JitterPolicy{})
	var npd *NotPositiveDefinite
	if !errors.As(err, &npd) || npd.EqualI != 0 || npd.EqualJ != 2 || !strings.Contains(err.Error(), "rows 0 and 2 are equal") {
		t.Errorf("error %v", err)
	}
	if _, err := Chol(mat.NewDense(2, 3, nil), JitterPolicy{}); err == nil {
		t.Error("a 2 by 3 matrix was factorised")
	}
	a.Set(1, 0, math.NaN())
	if _, err := Chol(a, JitterPolicy{}); err == nil || !strings.Contains(err.Error(), "(1,0) is NaN") {
		t.Errorf("error %v", err)
	}
	if _, err := FactorFromLower(mat.NewDense(2, 2, []float64{1, 0, 3, -1}), 0); err == nil {
		t.Error("a factor with a negative diagonal was taken")
	}
	if _, err := FactorFromLower(mat.NewDense(1, 2, nil), 0); err == nil {
		t.Error("a factor of one row and two columns was taken")
	}
	c, err := Chol(mat.NewDense(1, 1, []float64{4}), JitterPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(string), "factor of 1 rows") {
			t.Errorf("panic %v from a solve of the wrong size", r)
		}
	}()
	c.HalfVec([]float64{1, 2})
}
