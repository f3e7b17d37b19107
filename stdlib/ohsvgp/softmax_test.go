package ohsvgp

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// bands is three classes along a line, with a few labels wrong.
func bands(n int) (x []float64, labels []int) {
	r := linalg.NewRand(11)
	for i := 0; i < n; i++ {
		v := 6 * float64(i+1) / float64(n)
		l := int(math.Floor(1.5+1.49*math.Sin(2*v))) % 3
		if r.Float64() < 0.03 {
			l = (l + 1) % 3
		}
		x, labels = append(x, v), append(labels, l)
	}
	return x, labels
}

func accuracy(t *testing.T, c *Classifier, x []float64, labels []int) float64 {
	t.Helper()
	p, err := c.Probabilities(context.Background(), gp.Column(x))
	must(t, err)
	right := 0
	for i, l := range labels {
		row := p.RawRowView(i)
		if math.Abs(sum(row)-1) > 1e-12 {
			t.Fatalf("probabilities %v", row)
		}
		best := 0
		for k, v := range row {
			if v > row[best] {
				best = k
			}
		}
		if best == l {
			right++
		}
	}
	return float64(right) / float64(len(labels))
}

// Three tasks of three classes: what was learned stays, by every method.
func TestClassifierRemembers(t *testing.T) {
	ctx := context.Background()
	x, labels := bands(180)
	for name, make := range map[string]func(Options) (*Model, error){"OHSVGP": New, "OSVGP": NewOSGPR, "OVC": NewOVC, "path": NewPath} {
		o := Options{M: 30, Kernel: gp.SE(6, 0.4), Hyper: HyperFixed, ZSteps: 3, Features: 200}
		if name == "OVC" {
			o.ZSteps = 0
		}
		m, err := make(o)
		must(t, err)
		c, err := NewClassifier(3, m)
		must(t, err)
		for k := 0; k < 180; k += 60 {
			must(t, c.Update(ctx, gp.Column(append([]float64(nil), x[k:k+60]...)), labels[k:k+60]))
		}
		if a := accuracy(t, c, x, labels); a < 0.9 {
			t.Errorf("%s: %.3f of all three tasks right at the end", name, a)
		}
	}
}

// The gradient of the bound at its optimum, by kernel and inducing points, in a
// second task, against differences of refitted bounds.
func TestClassifierGradient(t *testing.T) {
	ctx := context.Background()
	x, labels := bands(40)
	m, err := NewOSGPR(Options{M: 6, Kernel: gp.Matern32(2, 0.8), Hyper: HyperFixed, ZSteps: -1})
	must(t, err)
	c, err := NewClassifier(3, m)
	must(t, err)
	must(t, c.Update(ctx, gp.Column(x[:20]), labels[:20]))
	X := gp.Column(x[20:])
	task := &classTask{c: c, ctx: ctx, k: m.kernel.Clone(), x: X, labels: labels[20:], jitter: *fixedJitter(1e-8), eps: pairedDraws(linalg.NewRand(2), 20, 3)}
	Z := []float64{0.5, 1.5, 2.5, 3.6, 4.4, 5.3}
	value := func() (float64, []float64) {
		task.warm = nil
		v, g, err := task.valueAndGradient(&points{gp.Column(append([]float64(nil), Z...))}, true, true)
		must(t, err)
		return v, g
	}
	_, g := value()
	free := task.k.Params().Free()
	for i := range g {
		at := func(h float64) float64 {
			if i < len(free) {
				f := append([]float64(nil), free...)
				f[i] += h
				must(t, task.k.Params().SetFree(f))
				defer func() { must(t, task.k.Params().SetFree(free)) }()
			} else {
				Z[i-len(free)] += h
				defer func() { Z[i-len(free)] -= h }()
			}
			v, _ := value()
			return v
		}
		near(t, "gradient", g[i:i+1], []float64{(at(1e-4) - at(-1e-4)) / 2e-4}, 1e-4)
	}
}

func TestClassifierLearnsItsKernel(t *testing.T) {
	x, labels := bands(90)
	m, err := New(Options{M: 20, Kernel: gp.SE(1, 3), FitSteps: 15})
	must(t, err)
	c, err := NewClassifier(3, m)
	must(t, err)
	must(t, c.Update(context.Background(), gp.Column(x), labels))
	if v := c.Params()[1].Value(); v > 1.5 || c.History()[0].Learned == "" {
		t.Errorf("length-scale %g after learning (%s)", v, c.History()[0].Learned)
	}
	if a := accuracy(t, c, x, labels); a < 0.9 {
		t.Errorf("%.3f right", a)
	}
}

func TestClassifierResumesAndStops(t *testing.T) {
	ctx := context.Background()
	x, labels := bands(60)
	for name, make := range map[string]func(Options) (*Model, error){"OHSVGP": New, "path": NewPath, "OVC": NewOVC} {
		m, err := make(Options{M: 10, Kernel: gp.SE(4, 0.5), Hyper: HyperFixed, Features: 60, Seed: 3})
		must(t, err)
		c, err := NewClassifier(3, m)
		must(t, err)
		part := func(lo, hi int) (*mat.Dense, []int) {
			return gp.Column(append([]float64(nil), x[lo:hi]...)), labels[lo:hi]
		}
		X, l := part(0, 30)
		must(t, c.Update(ctx, X, l))
		path := filepath.Join(t.TempDir(), "classes")
		must(t, c.Save(path))
		again, err := LoadClassifier(path)
		must(t, err)
		X, l = part(30, 60)
		for n := 1; n < 8; n++ { // in the middle of an update nothing is kept
			if err := c.Update(&countdown{ctx, n}, X, l); !errors.Is(err, context.Canceled) {
				t.Fatalf("%s, cancelled at look %d: %v", name, n, err)
			}
		}
		must(t, c.Update(ctx, X, l))
		must(t, again.Update(ctx, X, l))
		if c.Bound() != again.Bound() || c.String() != again.String() {
			t.Errorf("%s: bound %v, resumed %v", name, c.Bound(), again.Bound())
		}
		a, err := c.Probabilities(ctx, gp.Column(x))
		must(t, err)
		b, err := again.Probabilities(ctx, gp.Column(x))
		must(t, err)
		if !mat.Equal(a, b) {
			t.Errorf("%s: the resumed classifier predicts otherwise", name)
		}
	}
}

func TestClassifierErrors(t *testing.T) {
	ctx := context.Background()
	m, err := New(Options{M: 5, Kernel: gp.SE(1, 1), Hyper: HyperFixed})
	must(t, err)
	if _, err := NewClassifier(1, m); err == nil {
		t.Error("one class")
	}
	c, err := NewClassifier(3, m)
	must(t, err)
	if _, err := c.Probabilities(ctx, gp.Column([]float64{1})); err == nil {
		t.Error("predicted without a task")
	}
	for what, call := range map[string]func() error{
		"a label too large":   func() error { return c.Update(ctx, gp.Column([]float64{1, 2}), []int{0, 3}) },
		"a negative label":    func() error { return c.Update(ctx, gp.Column([]float64{1, 2}), []int{0, -1}) },
		"too few labels":      func() error { return c.Update(ctx, gp.Column([]float64{1, 2}), []int{0}) },
		"NaN":                 func() error { return c.Update(ctx, gp.Column([]float64{1, math.NaN()}), []int{0, 1}) },
		"nothing":             func() error { return c.Update(ctx, &mat.Dense{}, nil) },
		"before the origin":   func() error { return c.Update(ctx, gp.Column([]float64{-1, 2}), []int{0, 1}) },
		"two columns of time": func() error { return c.Update(ctx, mat.NewDense(1, 2, nil), []int{0}) },
	} {
		if err := call(); err == nil || c.Tasks() != 0 {
			t.Errorf("%s was accepted", what)
		}
	}
	must(t, c.Update(ctx, gp.Column([]float64{1, 2}), []int{0, 1}))
	if err := c.Update(ctx, gp.Column([]float64{0.5, 1}), []int{0, 1}); err == nil {
		t.Error("time went backward")
	}
	if _, err := LoadClassifier("no such file"); err == nil {
		t.Error("a file that is not there")
	}
}

// A task of one class teaches the class and leaves the kernel alone.
func TestClassifierOnOneClass(t *testing.T) {
	m, err := New(Options{M: 6, Kernel: gp.SE(1.5, 0.5)})
	must(t, err)
	c, err := NewClassifier(3, m)
	must(t, err)
	x, _ := stream(20, 2, 0.1)
	labels := make([]int, 20)
	for i := range labels {
		labels[i] = 1
	}
	must(t, c.Update(context.Background(), gp.Column(x), labels))
	if v := c.Params().Free(); v[0] != math.Log(1.5) || v[1] != math.Log(0.5) {
		t.Errorf("the kernel moved to %v", c.Params())
	}
	if !strings.Contains(c.History()[0].Learned, "alike") {
		t.Errorf("the record says %q", c.History()[0].Learned)
	}
	p, err := c.Probabilities(context.Background(), gp.Column(x[5:6]))
	must(t, err)
	if p.At(0, 1) < 0.6 || p.At(0, 1) > 0.999 {
		t.Errorf("probability %.3f of the only class seen", p.At(0, 1))
	}
}
