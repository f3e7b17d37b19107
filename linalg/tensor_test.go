package linalg

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// near fails unless a and b agree to tol, relative to the size of b.
func near(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(got[i] - want[i]); !(d <= tol*(1+math.Abs(want[i]))) && !(math.IsNaN(got[i]) && math.IsNaN(want[i])) {
			t.Fatalf("%s: number %d is %.17g, want %.17g", what, i, got[i], want[i])
		}
	}
}

func mustFail(t *testing.T, want string, f func()) {
	t.Helper()
	err := Try(f)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one that contains %q", err, want)
	}
}

func TestViews(t *testing.T) {
	x := Arange(F64, 24).Reshape(2, 3, 4)
	for _, c := range []struct {
		name string
		got  *Tensor
		want func(i, j, k int) float64
	}{
		{"permute", x.Permute(2, 0, 1), func(i, j, k int) float64 { return x.At(j, k, i) }},
		{"T", x.T(), func(i, j, k int) float64 { return x.At(i, k, j) }},
		{"slice", x.Slice(1, 1, 3), func(i, j, k int) float64 { return x.At(i, j+1, k) }},
		{"slice of T", x.T().Slice(-2, 1, -1), func(i, j, k int) float64 { return x.At(i, k, j+1) }},
		{"broadcast", x.Slice(0, 1, 2).BroadcastTo(5, 3, 4), func(i, j, k int) float64 { return x.At(1, j, k) }},
	} {
		s := c.got.Shape()
		flat := c.got.Float64s()
		p := 0
		for i := 0; i < s[0]; i++ {
			for j := 0; j < s[1]; j++ {
				for k := 0; k < s[2]; k++ {
					if c.got.At(i, j, k) != c.want(i, j, k) || flat[p] != c.want(i, j, k) {
						t.Fatalf("%s: element (%d,%d,%d) is %g / %g, want %g", c.name, i, j, k, c.got.At(i, j, k), flat[p], c.want(i, j, k))
					}
					p++
				}
			}
		}
	}
	if s := x.Select(1, -1).Shape(); len(s) != 2 || s[0] != 2 || s[1] != 4 {
		t.Errorf("Select gives shape %v", s)
	}
	a, b := x.Slice(2, 0, 1), x.Slice(2, 1, 4)
	near(t, "concat", Concat(2, a, b).Float64s(), x.Float64s(), 0)
	near(t, "stack", Stack(1, x.Select(1, 0), x.Select(1, 1), x.Select(1, 2)).Float64s(), x.Float64s(), 0)
}

func TestConversions(t *testing.T) {
	m := mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6})
	x := FromDense(m)
	if !mat.Equal(x.Dense(), m) || !mat.Equal(x.T().Dense(), m.T()) {
		t.Error("a matrix does not survive the way there and back")
	}
	if !mat.Equal(FromDense(m.T()).Dense(), m.T()) || !mat.Equal(FromDense(m.Slice(0, 2, 1, 3)).Dense(), m.Slice(0, 2, 1, 3)) {
		t.Error("a transposed or sliced matrix does not survive")
	}
	v := FromVec(x.Vec())
	near(t, "vector", v.Float64s(), m.RawMatrix().Data, 0)
	near(t, "F32", x.To(F32).Float64s(), m.RawMatrix().Data, 0)
	if got := x.To(I64).Ints(); got[5] != 6 {
		t.Errorf("I64 gives %v", got)
	}
	if got := x.AddS(-1).To(Bool).Bools(); got[0] || !got[1] {
		t.Errorf("Bool gives %v", got)
	}
	if got := Linspace(F64, 0, 1, 5).Float64s(); got[1] != 0.25 || got[4] != 1 {
		t.Errorf("Linspace gives %v", got)
	}
	if s := x.String(); !strings.Contains(s, "F64[2 3]") || !strings.Contains(s, "4 5 6") {
		t.Errorf("String gives %q", s)
	}
}

func TestErrorsSayWhat(t *testing.T) {
	x, y := Zeros(F64, 2, 3), Zeros(F32, 4)
	mustFail(t, "element types differ: F64 and F32", func() { x.Add(y) })
	mustFail(t, "[2 3] and [4]", func() { x.Add(y.To(F64)) })
	mustFail(t, "[2 3] and [2 3]", func() { x.MatMul(x) })
	mustFail(t, "axis 2 does not exist", func() { x.Sum(2) })
	mustFail(t, "6 elements", func() { x.Reshape(4, 2) })
	mustFail(t, "outside shape", func() { x.At(2, 0) })
	mustFail(t, "5 numbers cannot fill", func() { FromFloat64(make([]float64, 5), 2, 3) })
	mustFail(t, "not one", func() { x.Item() })
	mustFail(t, "parameter", func() { x.Sum().Backward() })
	mustFail(t, "I64", func() { Arange(I64, 3).Exp() })
}

func TestScopeReleasesAndKeeps(t *testing.T) {
	var gone, kept *Tensor
	p := Param(Ones(F64, 100))
	Scope(func() {
		gone = Full(F64, 3, 1000)
		kept = gone.MulS(2).Keep()
		p.Mul(p).Sum().Backward()
		Scope(func() { Full(F64, 7, 1000) })
		if gone.At(5) != 3 {
			t.Error("an inner scope took the outer one's memory")
		}
	})
	mustFail(t, "after the Scope", func() { gone.AddS(1) })
	mustFail(t, "after the Scope", func() { gone.At(0) })
	if kept.At(7) != 6 || p.Grad().At(0) != 2 {
		t.Error("a kept tensor or a parameter's gradient lost its values")
	}
	if !strings.Contains(gone.String(), "released") {
		t.Error("String of a released tensor does not say so")
	}
	done := make(chan *Tensor)
	Scope(func() {
		go func() { done <- Full(F64, 4, 50) }()
		kept = <-done
	})
	if kept.At(3) != 4 {
		t.Error("a scope released another goroutine's tensor")
	}
}

func TestScopeReusesMemory(t *testing.T) {
	step := func() {
		Scope(func() {
			x := Full(F64, 1, 1<<16)
			for i := 0; i < 5; i++ {
				x = x.AddS(1)
			}
			if x.At(9) != 6 {
				t.Error("wrong sum")
			}
		})
	}
	step()
	r := testing.Benchmark(func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			step()
		}
	})
	if r.AllocedBytesPerOp() > 64<<10 {
		t.Errorf("a step allocates %d bytes", r.AllocedBytesPerOp())
	}
}

func TestZeroSizes(t *testing.T) {
	z := Zeros(F64, 0, 3)
	if s := z.Sum(0).Float64s(); len(s) != 3 || s[0] != 0 {
		t.Errorf("the sum over an empty axis is %v", s)
	}
	if s := z.MatMul(Zeros(F64, 3, 2)).Shape(); s[0] != 0 || s[1] != 2 {
		t.Errorf("an empty product has shape %v", s)
	}
	if s := Zeros(F64, 2, 0).MatMul(Zeros(F64, 0, 2)).Float64s(); len(s) != 4 || s[3] != 0 {
		t.Errorf("a product over nothing is %v", s)
	}
	z.Exp().Add(z).T().Contiguous()
	if z.Sum().Item() != 0 {
		t.Error("the sum of nothing is not zero")
	}
	Concat(0, z, Ones(F64, 2, 3))
}

// A parameter is filled slice by slice along any axis; what does not fit, or is no parameter, is refused.
func TestSetSlice(t *testing.T) {
	p := Param(Zeros(F64, 2, 3, 2))
	u := FromFloat64([]float64{1, 2, 3, 4}, 2, 2, 1).T() // a view: [2 1 2]
	p.SetSlice(1, 2, u)
	want := []float64{0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 4}
	for i, v := range p.Float64s() {
		if v != want[i] {
			t.Fatalf("element %d is %v, want %v", i, v, want[i])
		}
	}
	for want, f := range map[string]func(){
		"not a parameter": func() { Zeros(F64, 2, 3, 2).SetSlice(1, 0, u) },
		"position 3":      func() { p.SetSlice(1, 3, u) },
		"cannot put F32":  func() { p.SetSlice(1, 0, u.To(F32)) },
		"axis 0":          func() { p.SetSlice(0, 0, u) },
	} {
		if err := Try(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
