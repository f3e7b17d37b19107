package ohsvgp

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"gonum.org/v1/gonum/mat"
)

// stream is n points of a smooth function on (0, length] with noise.
func stream(n int, length, noise float64) (x, y []float64) {
	r := linalg.NewRand(11)
	for i := 0; i < n; i++ {
		v := length * float64(i+1) / float64(n)
		x = append(x, v)
		y = append(y, math.Sin(3*v)+0.5*math.Cos(7*v)+noise*r.Normal())
	}
	return x, y
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tasks feeds the stream in k equal tasks.
func tasks(t *testing.T, m Online, x, y []float64, k int) {
	t.Helper()
	for i := 0; i < k; i++ {
		lo, hi := i*len(x)/k, (i+1)*len(x)/k
		must(t, m.Update(context.Background(), x[lo:hi], y[lo:hi]))
	}
}

func TestWrongInputChangesNothing(t *testing.T) {
	ctx := context.Background()
	nan := math.NaN()
	for _, c := range []struct {
		name string
		x, y []float64
		says string
	}{
		{"NaN in y", []float64{2.1, 2.2}, []float64{1, nan}, "y[1] is NaN"},
		{"infinite y", []float64{2.1, 2.2}, []float64{1, math.Inf(1)}, "y[1] is +Inf"},
		{"NaN in x", []float64{nan, 2.2}, []float64{1, 1}, "x[0] is NaN"},
		{"empty", nil, nil, "no data"},
		{"lengths", []float64{2.1, 2.2}, []float64{1}, "2 inputs and 1 targets"},
		{"backward", []float64{0.1, 0.2}, []float64{1, 1}, "time must go forward"},
		{"before origin", []float64{-0.5, 2.2}, []float64{1, 1}, "before the origin"},
	} {
		m, err := New(Options{M: 10, Kernel: gp.SE(1, 0.5), Noise: 0.01, Hyper: HyperFixed})
		must(t, err)
		x, y := stream(20, 2, 0.1)
		must(t, m.Update(ctx, x, y))
		before, _, err := m.Predict(ctx, []float64{0.3, 1.7, 2.5})
		must(t, err)
		err = m.Update(ctx, c.x, c.y)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.says)
		}
		after, _, err := m.Predict(ctx, []float64{0.3, 1.7, 2.5})
		must(t, err)
		for i := range before {
			if before[i] != after[i] || m.Tasks() != 1 {
				t.Errorf("%s: the failed update changed the model", c.name)
			}
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for says, o := range map[string]Options{
		"M is -1":               {M: -1},
		"a variance":            {Noise: -1},
		"no route":              {Route: "by hand"},
		"no hyper-parameter":    {Hyper: "sometimes"},
		"no measure":            {Measure: "LegX"},
		"needs a Window":        {Measure: "LegT"},
		"random features carry": {Route: RandomFeatures, Features: 5, M: 20},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: error %v, want one with %q", o, err, says)
		}
	}
}

func TestOriginFarFromTheStream(t *testing.T) {
	m, err := New(Options{M: 10})
	must(t, err)
	x, y := stream(30, 39, 0.1)
	for i := range x {
		x[i] += 1610
	}
	err = m.Update(context.Background(), x, y)
	if err == nil || !strings.Contains(err.Error(), "set Options.Origin") {
		t.Errorf("error %v, want advice to set the origin", err)
	}
}

func TestInterruptLeavesTheStateAlone(t *testing.T) {
	x, y := stream(60, 2, 0.1)
	for _, make := range []func(Options) (*Model, error){New, NewOSGPR} {
		m, err := make(Options{M: 12, Kernel: gp.SE(1, 0.5), Noise: 0.01, Hyper: HyperOnline})
		must(t, err)
		must(t, m.Update(context.Background(), x[:30], y[:30]))
		before := m.Params().Free()
		mean, _, err := m.Predict(context.Background(), x)
		must(t, err)
		// cancelled while the objective is being climbed
		ctx := &countdown{Context: context.Background(), left: 4}
		if err := m.Update(ctx, x[30:], y[30:]); !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: error %v, want that of the context", m.Name(), err)
		}
		for i, v := range m.Params().Free() {
			if v != before[i] {
				t.Errorf("%s: parameter %d moved", m.Name(), i)
			}
		}
		again, _, err := m.Predict(context.Background(), x)
		must(t, err)
		for i := range mean {
			if mean[i] != again[i] {
				t.Fatalf("%s: the prediction moved", m.Name())
			}
		}
		must(t, m.Update(context.Background(), x[30:], y[30:]))
	}
}

// countdown is cancelled at the n-th look.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestOnePointDuplicatesAndDisorder(t *testing.T) {
	ctx := context.Background()
	m, err := New(Options{M: 8, Kernel: gp.SE(1, 0.5), Noise: 0.01, Hyper: HyperFixed})
	must(t, err)
	must(t, m.Update(ctx, []float64{0.5}, []float64{1}))
	must(t, m.Update(ctx, []float64{1.5, 0.9, 0.9, 0.9, 1.2}, []float64{1, 0, 0.1, -0.1, 0.4}))
	mean, v, err := m.Predict(ctx, []float64{0.5, 0.9})
	must(t, err)
	if math.Abs(mean[0]-1) > 0.1 || math.Abs(mean[1]) > 0.1 || v[1] > v[0] {
		t.Errorf("mean %v, variance %v: want about (1, 0), the second surer", mean, v)
	}
	// order within a task does not matter
	n, err := New(Options{M: 8, Kernel: gp.SE(1, 0.5), Noise: 0.01, Hyper: HyperFixed})
	must(t, err)
	must(t, n.Update(ctx, []float64{0.5}, []float64{1}))
	must(t, n.Update(ctx, []float64{0.9, 0.9, 1.2, 1.5, 0.9}, []float64{-0.1, 0, 0.4, 1, 0.1}))
	other, _, err := n.Predict(ctx, []float64{0.5, 0.9})
	must(t, err)
	near(t, "mean", other, mean, 1e-9)
}

func TestOutliersStayFinite(t *testing.T) {
	x, y := stream(40, 2, 0.1)
	y[7] = 1e6
	m, err := New(Options{M: 15, Kernel: gp.Matern32(1, 0.5), Noise: 0.01, Hyper: HyperFixed})
	must(t, err)
	tasks(t, m, x, y, 2)
	mean, v, err := m.Predict(context.Background(), x)
	must(t, err)
	for i := range mean {
		if math.IsNaN(mean[i]) || math.IsNaN(v[i]) || v[i] < 0 {
			t.Fatalf("mean %v, variance %v at %g", mean[i], v[i], x[i])
		}
	}
}

func TestEqualInducingPointsAreNamed(t *testing.T) {
	how := &placed{Z: mat.NewDense(3, 1, []float64{0.2, 0.9, 0.2})}
	m, err := newModel(Options{Kernel: gp.SE(1, 0.5), Noise: 0.1, Hyper: HyperFixed, ZSteps: -1, Jitter: -1}, how)
	must(t, err)
	err = m.Update(context.Background(), []float64{0.1, 0.5}, []float64{0, 1})
	var npd *linalg.NotPositiveDefinite
	if !errors.As(err, &npd) || npd.EqualI != 0 || npd.EqualJ != 2 {
		t.Errorf("error %v, want the equal rows 0 and 2", err)
	}
}

func TestSamplesHaveThePosteriorMoments(t *testing.T) {
	ctx := context.Background()
	x, y := stream(40, 2, 0.1)
	m, err := New(Options{M: 12, Kernel: gp.Matern32(1, 0.6), Noise: 0.02, Hyper: HyperFixed})
	must(t, err)
	tasks(t, m, x, y, 2)
	grid := []float64{-0.2, 0.4, 1.1, 1.9, 2.3}
	mean, variance, err := m.Predict(ctx, grid)
	must(t, err)
	const n = 20000
	s, err := m.Sample(ctx, grid, n, linalg.NewRand(5))
	must(t, err)
	for j := range grid {
		a, b := 0.0, 0.0
		for i := 0; i < n; i++ {
			d := s.At(i, j) - mean[j]
			a += d / n
			b += d * d / n
		}
		if math.Abs(a) > 5*math.Sqrt(variance[j]/n) || math.Abs(b/variance[j]-1) > 0.06 {
			t.Errorf("at %g: samples have mean %+.4g off and variance %.4g of %.4g", grid[j], a, b, variance[j])
		}
	}
}

func TestSameNormalsSameFunctions(t *testing.T) {
	ctx := context.Background()
	x, y := stream(40, 2, 0.1)
	m, err := New(Options{M: 12, Kernel: gp.SE(1, 0.4), Noise: 0.02, Hyper: HyperFixed})
	must(t, err)
	base := m.BaseNormals(3, len(x), linalg.NewRand(1))
	if _, err := m.SampleWith(ctx, x, base); err != nil {
		t.Errorf("prior functions before any data: %v", err)
	}
	must(t, m.Update(ctx, x, y))
	a, err := m.SampleWith(ctx, x, base)
	must(t, err)
	b, err := m.SampleWith(ctx, x, base)
	must(t, err)
	if !mat.Equal(a, b) {
		t.Error("the same normals gave two sets of functions")
	}
	if _, err := m.SampleWith(ctx, x[:5], base); err == nil {
		t.Error("base normals of the wrong width were accepted")
	}
	if _, err := m.PriorWith(ctx, x, base); err != nil {
		t.Error(err)
	}
}

func TestHyperModes(t *testing.T) {
	x, y := stream(80, 4, 0.1)
	for mode, moves := range map[HyperMode][2]bool{HyperFixed: {false, false}, HyperFirstTask: {true, false}, HyperOnline: {true, true}} {
		m, err := New(Options{M: 20, Kernel: gp.SE(0.7, 0.9), Noise: 0.05, Hyper: mode})
		must(t, err)
		start := m.Params().Free()
		must(t, m.Update(context.Background(), x[:40], y[:40]))
		first := m.Params().Free()
		must(t, m.Update(context.Background(), x[40:], y[40:]))
		second := m.Params().Free()
		if got := [2]bool{first[1] != start[1], second[1] != first[1]}; got != moves {
			t.Errorf("%s: length-scale moved in tasks 1, 2: %v, want %v", mode, got, moves)
		}
	}
}

func TestReferenceIsTheLimit(t *testing.T) {
	ctx := context.Background()
	x, y := stream(60, 3, 0.1)
	o := Options{M: 35, Kernel: gp.SE(1, 0.4), Noise: 0.01, Hyper: HyperFixed, Jitter: 1e-10}
	m, err := New(o)
	must(t, err)
	r, err := NewReference(o)
	must(t, err)
	tasks(t, m, x, y, 3)
	tasks(t, r, x, y, 3)
	if math.Abs(m.Bound()-r.Bound()) > 5e-3 {
		t.Errorf("sum of bounds %.6f, log evidence %.6f", m.Bound(), r.Bound())
	}
	a, va, err := m.Predict(ctx, x)
	must(t, err)
	b, vb, err := r.Predict(ctx, x)
	must(t, err)
	near(t, "mean", a, b, 1e-4)
	near(t, "variance", va, vb, 1e-4)
}

func TestReconstructionIsNarrower(t *testing.T) {
	x, y := stream(60, 3, 0.1)
	m, err := New(Options{M: 20, Kernel: gp.SE(1, 0.4), Noise: 0.01, Hyper: HyperFixed})
	must(t, err)
	tasks(t, m, x, y, 3)
	at := []float64{0.5, 1.5, 2.5}
	mean, v, err := m.Reconstruct(at)
	must(t, err)
	full, fv, err := m.Predict(context.Background(), at)
	must(t, err)
	near(t, "mean", mean, full, 0.05)
	for i := range v {
		if v[i] > 3*fv[i] {
			t.Errorf("variance %g from memory, %g in full", v[i], fv[i])
		}
	}
	if _, _, err := m.Reconstruct([]float64{3.5}); err == nil {
		t.Error("the future was reconstructed")
	}
}

// A length-scale that no memory can follow is refused before any work, and a
// search that strays there comes back.
func TestLengthScaleTooShort(t *testing.T) {
	ctx := context.Background()
	x, y := stream(30, 2, 0.1)
	for _, k := range []gp.Kernel{gp.SE(1, 1e-9), gp.Matern32(1, 1e-9), gp.Sum(gp.SE(1, 1), gp.Periodic(1, 1, 1e-9))} {
		for _, measure := range []hippo.Measure{"", "LagT"} {
			m, err := New(Options{M: 10, Kernel: k, Noise: 0.1, Hyper: HyperFixed, Measure: measure, Window: 1})
			must(t, err)
			if err := m.Update(ctx, x, y); err == nil || m.Tasks() != 0 {
				t.Errorf("%s was accepted for %q", k, measure)
			}
		}
	}
	counts := make([]float64, 40)
	places := make([]float64, 40)
	for i := range counts {
		places[i] = float64(i + 1)
	}
	counts[30], counts[35] = 1, 2
	m, err := New(Options{M: 8, Kernel: gp.Sum(gp.SE(1, 20), gp.Constant(2)), Likelihood: gp.Poisson(), FitSteps: 20})
	must(t, err)
	must(t, m.Update(ctx, places, counts))
	if l := m.Params()[1].Value(); l < 40.0/finest {
		t.Errorf("length-scale %g", l)
	}
}

// A first task that one sign of f explains leaves the hyper-parameters alone, the
// record says so, and the next task does as it does.
func TestFirstTaskThatSaysNothing(t *testing.T) {
	ctx := context.Background()
	x, _ := stream(20, 2, 0.1)
	for y, liks := range map[float64][]*gp.Likelihood{
		1: {gp.BernoulliLogit(), gp.BernoulliProbit()},
		0: {gp.BernoulliLogit(), gp.Poisson(), gp.NegativeBinomial(3)},
	} {
		for _, l := range liks {
			for _, make := range []func(Options) (*Model, error){New, NewOSGPR} {
				m, err := make(Options{M: 6, Kernel: gp.SE(1.5, 0.5), Likelihood: l, ZSteps: 3})
				must(t, err)
				must(t, m.Update(ctx, x, slices.Repeat([]float64{y}, len(x))))
				if v := m.Params().Free(); v[0] != math.Log(1.5) || v[1] != math.Log(0.5) {
					t.Errorf("%s, %s: the hyper-parameters moved to %v", m.Name(), l.Name, m.Params())
				}
				if got := m.History()[0].Learned; !strings.Contains(got, "says nothing") {
					t.Errorf("%s, %s: the record says %q", m.Name(), l.Name, got)
				}
				mean, v, err := m.Predict(ctx, x[5:6])
				must(t, err)
				if up := mean[0] > 0; up != (y == 1) || math.Abs(mean[0]) > 5 || v[0] > 1.5 {
					t.Errorf("%s, %s: f is %.3f with variance %.3f where only %g was seen", m.Name(), l.Name, mean[0], v[0], y)
				}
			}
		}
	}
	// other data of one value do teach
	m, err := New(Options{M: 6, Kernel: gp.SE(1.5, 0.5), Likelihood: gp.Poisson()})
	must(t, err)
	must(t, m.Update(ctx, x, slices.Repeat([]float64{4}, len(x))))
	if strings.Contains(m.History()[0].Learned, "says nothing") {
		t.Errorf("the record says %q", m.History()[0].Learned)
	}
}
