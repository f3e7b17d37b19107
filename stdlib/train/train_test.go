package train

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

func TestSchedulesGolden(t *testing.T) {
	f, err := os.Open("testdata/schedules.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Name   string
			Inputs struct {
				Warmup, Decay, Epochs int
				Initial               float64 `json:"lr_initial"`
				Base                  float64 `json:"lr_base"`
				Min                   float64 `json:"lr_min"`
			}
			Expected struct {
				Lr       numbers
				KlWeight numbers `json:"kl_weight"`
			}
		}
	}
	if err := json.NewDecoder(z).Decode(&file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 3 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		in := c.Inputs
		s := WarmupLinear{in.Warmup, in.Decay, in.Initial, in.Base, in.Min}
		if len(c.Expected.Lr) != in.Epochs {
			t.Fatalf("%s: %d rates for %d epochs", c.Name, len(c.Expected.Lr), in.Epochs)
		}
		for e := range in.Epochs {
			if math.Abs(s.Rate(e)-c.Expected.Lr[e]) > 1e-9 {
				t.Errorf("%s: rate of epoch %d is %v, want %v", c.Name, e, s.Rate(e), c.Expected.Lr[e])
			}
			if math.Abs(Ramp(e, in.Epochs)-c.Expected.KlWeight[e]) > 1e-9 {
				t.Errorf("%s: weight of epoch %d is %v, want %v", c.Name, e, Ramp(e, in.Epochs), c.Expected.KlWeight[e])
			}
		}
	}
}

// numbers is a plain list or {"data": [...]}.
type numbers []float64

func (n *numbers) UnmarshalJSON(b []byte) error {
	var a struct{ Data []float64 }
	if json.Unmarshal(b, &a) == nil {
		*n = a.Data
		return nil
	}
	return json.Unmarshal(b, (*[]float64)(n))
}

func TestCosine(t *testing.T) {
	c := Cosine{Warmup: 2, Epochs: 10, Base: 1, Min: 0.1}
	for e, want := range map[int]float64{0: 0.5, 1: 1, 2: 1, 6: 0.55, 10: 0.1, 20: 0.1} {
		if math.Abs(c.Rate(e)-want) > 1e-12 {
			t.Errorf("rate of epoch %d is %v, want %v", e, c.Rate(e), want)
		}
	}
}

// Adam against the recursion of the paper, number by number.
func TestAdamByLoops(t *testing.T) {
	for _, decay := range []float64{0, 0.1} {
		p := linalg.Param(linalg.FromFloat64([]float64{1, -2, 3}))
		a := Adam{WeightDecay: decay}
		a.begin([]nn.Param{{Name: "p", Value: p}})
		x, m, v := []float64{1, -2, 3}, make([]float64, 3), make([]float64, 3)
		for step := 1; step <= 5; step++ {
			p.ZeroGrad()
			p.Mul(p).Mul(linalg.FromFloat64([]float64{1, 0.5, 2})).Sum().Backward()
			a.step(0.01, 0)
			for i, w := range []float64{1, 0.5, 2} {
				g := 2 * w * x[i]
				m[i] = 0.9*m[i] + 0.1*g
				v[i] = 0.999*v[i] + 0.001*g*g
				x[i] = x[i]*(1-0.01*decay) - 0.01*m[i]/(1-math.Pow(0.9, float64(step)))/(math.Sqrt(v[i]/(1-math.Pow(0.999, float64(step))))+1e-8)
				if math.Abs(p.At(i)-x[i]) > 1e-12 {
					t.Fatalf("step %d, entry %d: %v, want %v", step, i, p.At(i), x[i])
				}
			}
		}
	}
}

// spiral is a small classification problem with dropout, so that random numbers matter.
type spiral struct {
	net *nn.MLP
	x   *linalg.Tensor
	y   []int
}

func newSpiral(dt linalg.DType) *spiral {
	r := linalg.NewRand(11)
	s := &spiral{net: nn.NewMLP(r, dt, 2, 16, 2, 0.1)}
	var x []float64
	for i := 0; i < 90; i++ {
		c := i % 2
		a := 3*float64(i)/90 + math.Pi*float64(c)
		x = append(x, a*math.Cos(a)/3+0.05*r.Normal(), a*math.Sin(a)/3+0.05*r.Normal())
		s.y = append(s.y, c)
	}
	s.x = linalg.FromFloat64(x, 90, 2).To(dt)
	return s
}

func (s *spiral) problem() *Problem {
	loss := func(at []int, p *nn.Pass) *linalg.Tensor {
		y := make([]int, len(at))
		for i, k := range at {
			y[i] = s.y[k]
		}
		return nn.CrossEntropy(s.net.Forward(s.x.Gather(0, linalg.FromInts(at)), p), y)
	}
	return &Problem{Model: s.net, N: len(s.y),
		Loss: func(batch []int, p *nn.Pass, _ Moment) (*linalg.Tensor, []Part) {
			l := loss(batch, p)
			return l, []Part{{"cross-entropy", l.Item()}}
		},
		Validate: func(context.Context) (float64, error) {
			all := make([]int, len(s.y))
			for i := range all {
				all[i] = i
			}
			return loss(all, nn.Eval()).Item(), nil
		}}
}

func (s *spiral) weights() []float64 {
	var out []float64
	for _, p := range s.net.Params() {
		out = append(out, p.Value.Float64s()...)
	}
	return out
}

func same(t *testing.T, what string, a, b []float64) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%s: %d and %d numbers", what, len(a), len(b))
	}
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			t.Fatalf("%s: number %d differs: %v and %v", what, i, a[i], b[i])
		}
	}
}

var options = Options{Epochs: 6, Batch: 16, Seed: 5, Schedule: Constant(0.01), ClipNorm: 5}

func TestFitLearnsAndRepeats(t *testing.T) {
	o := options
	o.Epochs = 40
	a := newSpiral(linalg.F32)
	h, err := Fit(context.Background(), a.problem(), o)
	if err != nil {
		t.Fatal(err)
	}
	if first, last := h.Epochs[0].Valid, h.Final().Valid; !(last < 0.5*first) {
		t.Errorf("validation loss went from %v to %v only", first, last)
	}
	if h.Final().Steps != 6 || len(h.Epochs) != 40 || h.Ended != "all epochs" {
		t.Errorf("history says %v with %d steps", h, h.Final().Steps)
	}
	if math.Abs(h.Final().Parts[0].Value-h.Final().Loss) > 1e-12 {
		t.Errorf("part %v of loss %v", h.Final().Parts[0], h.Final().Loss)
	}
	linalg.SetThreads(1)
	defer linalg.SetThreads(2)
	b := newSpiral(linalg.F32)
	if _, err := Fit(context.Background(), b.problem(), o); err != nil {
		t.Fatal(err)
	}
	same(t, "one seed on two and on one thread", a.weights(), b.weights())
}

// Interrupts at any step, continued in memory or from the checkpoint, give the bits of an uninterrupted run.
func TestResumeBitForBit(t *testing.T) {
	whole := newSpiral(linalg.F32)
	want, err := Fit(context.Background(), whole.problem(), options)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 3, 6, 20} {
		for _, fresh := range []bool{false, true} {
			s := newSpiral(linalg.F32)
			o := options
			o.Checkpoint = filepath.Join(t.TempDir(), "state")
			o.Resume = true
			ctx, cancel := context.WithCancel(context.Background())
			o.OnStep = func(m Moment, _ float64) {
				if m.Step == at {
					cancel()
				}
			}
			tr, err := NewTrainer(s.problem(), o)
			if err != nil {
				t.Fatal(err)
			}
			h, err := tr.Fit(ctx)
			cancel()
			if !errors.Is(err, context.Canceled) || h.Ended != "interrupted" {
				t.Fatalf("interrupt after step %d: error %v, ended %q", at, err, h.Ended)
			}
			if fresh {
				s = newSpiral(linalg.F32)
				o.OnStep = nil
				if tr, err = NewTrainer(s.problem(), o); err != nil {
					t.Fatal(err)
				}
			}
			h, err = tr.Fit(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("weights after an interrupt at step %d (new process: %v)", at, fresh), s.weights(), whole.weights())
			same(t, "losses", h.Losses(), want.Losses())
			if h.Best != want.Best {
				t.Errorf("best epoch %d, want %d", h.Best, want.Best)
			}
		}
	}
}

// The flag of linalg.Interrupt ends Fit like a cancelled context does, in the middle of a step, and loses nothing.
func TestInterruptFlag(t *testing.T) {
	whole := newSpiral(linalg.F32)
	if _, err := Fit(context.Background(), whole.problem(), options); err != nil {
		t.Fatal(err)
	}
	s := newSpiral(linalg.F32)
	p, o := s.problem(), options
	loss, calls := p.Loss, 0
	p.Loss = func(b []int, pass *nn.Pass, at Moment) (*linalg.Tensor, []Part) {
		if calls++; calls == 9 {
			linalg.Interrupt(true)
		}
		return loss(b, pass, at)
	}
	tr, err := NewTrainer(p, o)
	if err != nil {
		t.Fatal(err)
	}
	h, err := tr.Fit(context.Background())
	linalg.Interrupt(false)
	var stop linalg.Interrupted
	if err == nil {
		t.Skip("steps this small finish between two looks at the flag")
	}
	if !errors.As(err, &stop) || h.Ended != "interrupted" {
		t.Fatalf("error %v, ended %q", err, h.Ended)
	}
	if _, err := tr.Fit(context.Background()); err != nil {
		t.Fatal(err)
	}
	same(t, "weights after an interrupt in the middle of a step", s.weights(), whole.weights())
}

// An interrupt at any time leaves neither half a step nor a lost one: the flag is set from another goroutine, again and
// again, and the run that goes on after each ends where an undisturbed one does.
func TestInterruptsAtAnyTime(t *testing.T) {
	whole := newSpiral(linalg.F32)
	want, err := Fit(context.Background(), whole.problem(), options)
	if err != nil {
		t.Fatal(err)
	}
	s := newSpiral(linalg.F32)
	tr, err := NewTrainer(s.problem(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer linalg.Interrupt(false)
	for k := 0; ; k++ {
		fired := make(chan bool)
		stop := time.AfterFunc(time.Duration(200+137*k)*time.Microsecond, func() { linalg.Interrupt(true); close(fired) })
		h, err := tr.Fit(context.Background())
		if !stop.Stop() {
			<-fired
		}
		linalg.Interrupt(false)
		if err == nil {
			same(t, "losses", h.Losses(), want.Losses())
			break
		}
		var cut linalg.Interrupted
		if !errors.As(err, &cut) {
			t.Fatal(err)
		}
	}
	same(t, "weights", s.weights(), whole.weights())
}

func TestEarlyStopTakesTheBestBack(t *testing.T) {
	s := newSpiral(linalg.F64)
	o := options
	o.Epochs, o.Patience = 50, 3
	scores := []float64{5, 4, 3, 3.5, 3.2, 3.1, 1}
	var kept []float64
	p := s.problem()
	n := 0
	p.Validate = func(context.Context) (float64, error) {
		if n == 2 {
			kept = s.weights()
		}
		n++
		return scores[n-1], nil
	}
	h, err := Fit(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	if h.Ended != "early stop" || len(h.Epochs) != 6 || h.Best != 2 {
		t.Fatalf("history %v, best %d", h, h.Best)
	}
	same(t, "weights of the best epoch", s.weights(), kept)
}

// The best parameters survive in the checkpoint: a run that was stopped after its best epoch ends with them too.
func TestEarlyStopAcrossProcesses(t *testing.T) {
	scores := []float64{5, 4, 3, 3.5, 3.2, 3.1, 1}
	run := func(s *spiral, done int, o Options) (*History, error) {
		p := s.problem()
		p.Validate = func(context.Context) (float64, error) { done++; return scores[done-1], nil }
		return Fit(context.Background(), p, o)
	}
	o := options
	o.Epochs, o.Patience = 50, 3
	whole := newSpiral(linalg.F32)
	if _, err := run(whole, 0, o); err != nil {
		t.Fatal(err)
	}
	o.Checkpoint, o.Resume = filepath.Join(t.TempDir(), "state"), true
	o.OnEpoch = func(e Epoch) error {
		if e.Epoch == 3 {
			return errors.New("power cut")
		}
		return nil
	}
	if _, err := run(newSpiral(linalg.F32), 0, o); err == nil {
		t.Fatal("the first run was not stopped")
	}
	o.OnEpoch = nil
	s := newSpiral(linalg.F32)
	h, err := run(s, 4, o)
	if err != nil {
		t.Fatal(err)
	}
	if h.Ended != "early stop" || h.Best != 2 || len(h.Epochs) != 6 {
		t.Errorf("history %v, best %d", h, h.Best)
	}
	same(t, "weights of the best epoch", s.weights(), whole.weights())
}

func TestFaultsAreNamed(t *testing.T) {
	run := func(change func(*Problem, *Options)) error {
		p, o := newSpiral(linalg.F64).problem(), options
		change(p, &o)
		_, err := Fit(context.Background(), p, o)
		return err
	}
	zero := linalg.Scalar(linalg.F64, 0)
	for _, c := range []struct {
		want   string
		change func(*Problem, *Options)
	}{
		{"0 training examples", func(p *Problem, _ *Options) { p.N = 0 }},
		{"needs a Model and a Loss", func(p *Problem, _ *Options) { p.Loss = nil }},
		{"has no Validate", func(p *Problem, o *Options) { p.Validate, o.Patience = nil, 2 }},
		{"Resume needs", func(_ *Problem, o *Options) { o.Resume = true }},
		{"batches of -1", func(_ *Problem, o *Options) { o.Batch = -1 }},
		{"epoch 0, step 0: the loss is NaN: the penalty of layer 1 KL is not finite", func(p *Problem, _ *Options) {
			old := p.Loss
			p.Loss = func(b []int, pass *nn.Pass, at Moment) (*linalg.Tensor, []Part) {
				l, parts := old(b, pass, at)
				pass.Penalise("layer 1 KL", zero.Div(zero), 1)
				return l.Add(zero.Div(zero)), parts
			}
		}},
		{"step 0: the loss is NaN: parameter in.W is not finite", func(p *Problem, _ *Options) {
			w := p.Model.Params()[0].Value
			w.Set(linalg.Full(linalg.F64, math.NaN(), w.Shape()...))
		}},
		{"epoch 0, step 0: nn.CrossEntropy: label 0 is 7", func(p *Problem, _ *Options) {
			p.Loss = func([]int, *nn.Pass, Moment) (*linalg.Tensor, []Part) {
				return nn.CrossEntropy(linalg.Zeros(linalg.F64, 1, 2), []int{7}), nil
			}
		}},
		{"OnEpoch after epoch 1: enough", func(_ *Problem, o *Options) {
			o.OnEpoch = func(e Epoch) error {
				if e.Epoch == 1 {
					return errors.New("enough")
				}
				return nil
			}
		}},
	} {
		if err := run(c.change); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v does not say %q", err, c.want)
		}
	}
}

// The gradient of the root at zero is infinite: the loss is finite, the gradient is not, and the weights stay.
func TestGradientFault(t *testing.T) {
	w := linalg.Param(linalg.FromFloat64([]float64{0, 1}))
	m := nn.List{{Name: "w", Value: w}}
	_, err := Fit(context.Background(), &Problem{Model: m, N: 1, Loss: func([]int, *nn.Pass, Moment) (*linalg.Tensor, []Part) {
		return w.Sqrt().Sum(), nil
	}}, Options{})
	if err == nil || !strings.Contains(err.Error(), "gradient of w is not finite") {
		t.Errorf("error %v", err)
	}
	same(t, "weights", w.Float64s(), []float64{0, 1})
}

func TestFileRoundTrip(t *testing.T) {
	a, b := newSpiral(linalg.F32), newSpiral(linalg.F32)
	if _, err := Fit(context.Background(), a.problem(), options); err != nil {
		t.Fatal(err)
	}
	f, err := NewFile("spiral", 3, map[string]int{"hidden": 16}, a.net)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "net")
	if err := f.Save(path); err != nil {
		t.Fatal(err)
	}
	g, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if g.Kind != "spiral" || g.Version != 3 || string(g.Config) != `{"hidden":16}` {
		t.Errorf("read %s %d %s", g.Kind, g.Version, g.Config)
	}
	if err := g.Into(b.net); err != nil {
		t.Fatal(err)
	}
	same(t, "weights", a.weights(), b.weights())
	left, err := filepath.Glob(path + "*.part")
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files stay: %v %v", left, err)
	}
	other := nn.NewMLP(linalg.NewRand(1), linalg.F32, 2, 8, 2, 0)
	if err := g.Into(other); err == nil || !strings.Contains(err.Error(), "in.W is F32 [16 2] in the file and F32 [8 2] in the model") {
		t.Errorf("another shape gives %v", err)
	}
	lin := nn.NewLinear(linalg.NewRand(1), linalg.F32, 2, 2)
	if err := g.Into(lin); err == nil {
		t.Error("a model with other names is filled")
	}
	missing, err := g.Share(nn.List(nn.Join(nn.Under("extra", lin.Params()), a.net.Params())))
	if err != nil || len(missing) != 2 || missing[0] != "extra.W" {
		t.Errorf("shared start: missing %v, error %v", missing, err)
	}
}

// Any single damaged byte, and any cut, is noticed.
func TestDamagedFiles(t *testing.T) {
	f, err := NewFile("m", 1, nil, nn.NewLinear(linalg.NewRand(1), linalg.F64, 2, 2))
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(data); err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := append([]byte(nil), data...)
		bad[i] ^= 0x10
		if _, err := Decode(bad); err == nil {
			t.Fatalf("a change of byte %d goes unnoticed", i)
		}
		if _, err := Decode(data[:i]); err == nil {
			t.Fatalf("a cut after %d bytes goes unnoticed", i)
		}
	}
}

func FuzzDecode(f *testing.F) {
	file, _ := NewFile("m", 1, nil, nn.NewLinear(linalg.NewRand(1), linalg.F32, 1, 2))
	data, _ := file.Encode()
	f.Add(data)
	f.Add([]byte(fileMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := Decode(b)
		if (g == nil) == (err == nil) {
			t.Fatalf("neither file nor error, or both: %v", err)
		}
	})
}

func TestWrongCheckpoint(t *testing.T) {
	o := options
	o.Checkpoint = filepath.Join(t.TempDir(), "state")
	if _, err := Fit(context.Background(), newSpiral(linalg.F32).problem(), o); err != nil {
		t.Fatal(err)
	}
	o.Resume, o.Seed = true, 6
	if _, err := NewTrainer(newSpiral(linalg.F32).problem(), o); err == nil || !strings.Contains(err.Error(), "written with seed 5") {
		t.Errorf("another seed gives %v", err)
	}
	o.Seed = 5
	if err := os.WriteFile(o.Checkpoint, []byte("not a model"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewTrainer(newSpiral(linalg.F32).problem(), o); err == nil || !strings.Contains(err.Error(), "not a saved model") {
		t.Errorf("a broken file gives %v", err)
	}
}

func TestHistoryShows(t *testing.T) {
	var log strings.Builder
	o := options
	o.Log, o.Show = &log, "spiral"
	h, err := Fit(context.Background(), newSpiral(linalg.F32).problem(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(log.String(), "epoch 0: loss ") || strings.Count(log.String(), "\n") != 6 {
		t.Errorf("the log reads %q", log.String())
	}
	if s := h.String(); !strings.Contains(s, "6 epochs") || !strings.Contains(s, "best validation") {
		t.Errorf("the history reads %q", s)
	}
	if svg := h.SVG(); !strings.Contains(svg, "cross-entropy") {
		t.Error("the picture lacks the parts of the loss")
	}
}

func ExampleFit() {
	w := linalg.Param(linalg.Zeros(linalg.F64, 1))
	target := []float64{1, 3}
	h, err := Fit(context.Background(), &Problem{Model: nn.List{{Name: "w", Value: w}}, N: 2,
		Loss: func(batch []int, _ *nn.Pass, _ Moment) (*linalg.Tensor, []Part) {
			return w.AddS(-target[batch[0]]).Square().Sum(), nil
		}}, Options{Epochs: 400, Batch: 1, Schedule: Cosine{Epochs: 400, Base: 0.05}})
	fmt.Printf("%d epochs, w = %.1f, error %v\n", len(h.Epochs), w.Item(), err)
	// Output: 400 epochs, w = 2.0, error <nil>
}
