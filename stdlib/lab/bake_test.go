package lab

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/stdlib/gp"
)

func TestBake(t *testing.T) {
	h := useHost(t, false)
	w := IntSlider("M", 5, 1, 9)
	Bake(3, func(m int, k string) any { return fmt.Sprint("pic<", m, k) }, w, Dropdown("k", []string{"se"}, "se"))
	page, _ := h.shown[0].b.Data[mimeHTML].(string)
	for _, want := range []string{"pic&lt;1se", "pic&lt;5se", "pic&lt;9se", `class="i0 r0-1" aria-label="M = 5" title="M = 5" checked`, ".r0-2:checked~.r1-0:checked~.f2{display:block}"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "<script") || w.Int() != 5 || !strings.Contains(h.last(), "M, k (3 pictures)\npic<5se") {
		t.Errorf("control at %d, text %q", w.Int(), h.last())
	}
	for _, c := range []struct {
		w    *Widget
		n    int
		want string
	}{
		{FloatLogSlider("x", 10, 1, 100), 3, "1 10 100"},
		{FloatSlider("x", 0.3, 0, 1), 3, "0 0.3 1"},
		{IntSlider("x", 1, 0, 2), 9, "0 1 2"},
		{Checkbox("x", true), 5, "true false"},
		{Dropdown("x", []string{"a", "b"}, "a"), 9, "a b"},
		{SelectionSlider("x", []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, 5), 3, "0 5 8"},
		{SelectionSlider("x", []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, 0), 3, "0 4 8"},
		{SelectionSlider("x", []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, 8), 3, "0 4 8"},
	} {
		marks, err := c.w.marks(c.n)
		if got := strings.Trim(fmt.Sprint(marks), "[]"); err != nil || got != c.want {
			t.Errorf("%s: marks %s, %v; want %s", c.w.kind.name, got, err, c.want)
		}
	}
	if _, err := Text("x", "").marks(3); err == nil {
		t.Error("a text has marks")
	}
	if _, err := IntSlider("x", 1, 0, 2).marks(1); err == nil {
		t.Error("one mark was taken")
	}
}

// Of a model every parameter is baked, in every combination, and the model
// stands afterwards as before.
func TestBakeModel(t *testing.T) {
	h := useHost(t, false)
	m := gp.NewExact(gp.SE(1, 2), 0.1)
	Bake(3, m, []float64{1, 2, 3}, []float64{0, 1, 0})
	page, _ := h.shown[0].b.Data[mimeHTML].(string)
	if n := strings.Count(page, `<div class="f f`); n != 27 || strings.Count(page, " checked>") != 3 || strings.Count(page, "<svg") != 27 {
		t.Errorf("%d pictures, %d marks pressed", n, strings.Count(page, " checked>"))
	}
	if m.Kernel.String() != gp.SE(1, 2).String() || m.Noise.Value() != 0.1 {
		t.Errorf("the model stands at %v, noise %v", m.Kernel, m.Noise)
	}
	// The picture that shows first is that of the model as it is.
	f := newToy()
	b, err := bake(context.Background(), 2, f, nil)
	if err != nil || !strings.Contains(b.text(), "scale, share, shift 1, shift 2 (16 pictures)\nscale 2 share 0.5 shift [0 1]") {
		t.Errorf("%v: %s", err, b.text())
	}
	for _, c := range []struct {
		n    int
		what any
		more []any
		want string
	}{
		{40, m, nil, "make more than 1000 pictures"},
		{4, func(a, b int) any { return strings.Repeat("x", 2<<20) }, nil, "at most 16 MB are allowed"},
		{3, 3, nil, "int has no parameters"},
		{3, func(int) any { return 0 }, []any{3}, "argument 1 after the function is a int"},
		{3, func() any { return 0 }, nil, "no control to move"},
	} {
		if _, err := bake(context.Background(), c.n, c.what, c.more); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %v, want %q", c.what, err, c.want)
		}
	}
}
