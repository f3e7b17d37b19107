package ohsvgp

import (
	"context"
	"fmt"
	"html"
	"math"
	"strings"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// Online is a model that learns from a stream of tasks. All methods of the
// chapter satisfy it, so that they can be compared by one loop.
type Online interface {
	// Name is short, for legends and tables.
	Name() string
	// Update learns one task; earlier data are not needed. On an error, or
	// when ctx is cancelled, the model is as before the call.
	Update(ctx context.Context, x, y []float64) error
	// Predict is the posterior mean and variance of the latent f at x.
	Predict(ctx context.Context, x []float64) (mean, variance []float64, err error)
	// Sample draws n joint functions at x: one a row.
	Sample(ctx context.Context, x []float64, n int, r *linalg.Rand) (*mat.Dense, error)
	// Bound is the sum of the bounds of all tasks so far.
	Bound() float64
	// Noise is the observation variance.
	Noise() float64
	// Tasks is how many tasks have been learned.
	Tasks() int
	// Params are the hyper-parameters, live: set them before an Update.
	Params() param.Set
}

// Task is the record of one update.
type Task struct {
	N       int           // data points
	End     float64       // end time (largest input for methods without one)
	Bound   float64       // collapsed online bound
	Jitter  float64       // what was added to the diagonal of K_uu
	Learned string        // how hyper-parameter or Z learning went; "" if there was none
	Took    time.Duration // wall clock
}

var (
	_ Online = (*Model)(nil)
	_ Online = (*Reference)(nil)
)

// method is what distinguishes one online GP from another: how the inducing
// variables of the next task are chosen.
type method interface {
	name() string
	// begin returns the basis for a task that ends at end; x are its inputs.
	begin(m *Model, k gp.Kernel, x *mat.Dense, end float64) (basis, error)
	// free is the basis's own parameter to optimise, or nil.
	free(m *Model, b basis) (*param.Param, func([]float64) basis)
}

// Model is an online Gaussian process: OHSVGP or one of its baselines,
// according to the constructor. It holds no data, only q(u) and
// hyper-parameters. It is not safe for use by several goroutines at once.
type Model struct {
	opt     Options
	method  method
	kernel  gp.Kernel      // nil until the first task sizes it
	noise   *param.Param   // of the Gaussian likelihood
	lik     *gp.Likelihood // another likelihood; nil means Gaussian
	q       *posterior     // nil before the first task
	tasks   []Task
	rand    *linalg.Rand
	columns int                  // of the inputs
	policy  *linalg.JitterPolicy // set by tests that need an absolute amount
}

// New makes an OHSVGP model: inducing variables are the LegS memory of the
// whole stream so far.
func New(o Options) (*Model, error) { return newModel(o, &hippoMethod{}) }

func newModel(o Options, how method) (*Model, error) {
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	m := &Model{opt: o, method: how, rand: linalg.NewRand(o.Seed)}
	if o.Noise > 0 {
		m.noise = param.Positive("noise", o.Noise)
	}
	if o.Kernel != nil {
		m.kernel = o.Kernel.Clone()
	}
	if l := o.Likelihood; l != nil {
		m.lik = l.Clone()
		if l.Name == "Gaussian" { // its updates are closed
			m.lik, m.noise = nil, l.Params()[0].Clone()
		}
	}
	return m, nil
}

// Name is short, for legends and tables.
func (m *Model) Name() string {
	if _, points := m.method.(*pointMethod); points && m.lik != nil {
		return "OSVGP" // the same method, with a likelihood that has no closed form
	}
	return m.method.name()
}

// Tasks is how many tasks have been learned.
func (m *Model) Tasks() int { return len(m.tasks) }

// History is the record of all tasks.
func (m *Model) History() []Task { return append([]Task(nil), m.tasks...) }

// Bound is the sum of the collapsed bounds of all tasks. Only the first task's
// is a bound on its evidence; later ones see the old data through the memory.
func (m *Model) Bound() float64 {
	s := 0.0
	for _, t := range m.tasks {
		s += t.Bound
	}
	return s
}

// Noise is the observation variance of the Gaussian likelihood; NaN for others
// and before a first task that sizes it.
func (m *Model) Noise() float64 {
	if m.noise == nil || m.lik != nil {
		return math.NaN()
	}
	return m.noise.Value()
}

// Kernel is a copy of the kernel as it is now; nil before a first task that
// sizes it.
func (m *Model) Kernel() gp.Kernel {
	if m.kernel == nil {
		return nil
	}
	return m.kernel.Clone()
}

// Params are the parameters of kernel and likelihood, live: values set here are
// used from the next Update on. Before the first task they exist only if
// Options gave them.
func (m *Model) Params() param.Set {
	var s param.Set
	if m.kernel != nil {
		s = append(s, m.kernel.Params()...)
	}
	if m.lik != nil {
		s = append(s, m.lik.Params()...)
	} else if m.noise != nil {
		s = append(s, m.noise)
	}
	return s
}

// String is a short report.
func (m *Model) String() string {
	s := fmt.Sprintf("%s, M = %d, %d tasks", m.Name(), m.opt.M, len(m.tasks))
	if m.kernel != nil {
		s += ", kernel " + m.kernel.String()
	}
	if m.lik != nil {
		s += ", likelihood " + m.lik.String()
	} else if m.noise != nil {
		s += fmt.Sprintf(", noise variance %.4g", m.noise.Value())
	}
	if n := len(m.tasks); n > 0 {
		s += fmt.Sprintf(", bound %.4g, jitter %.2g", m.Bound(), m.tasks[n-1].Jitter)
	}
	if o, ok := m.method.(interface{ notice(*Model) string }); ok {
		if says := o.notice(m); says != "" {
			s += "; " + says
		}
	}
	return s
}

// HTML is the report for a notebook: the line of String, the record of tasks and
// the parameters.
func (m *Model) HTML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(m.String()))
	if len(m.tasks) > 0 {
		b.WriteString("<table><tr><th>task</th><th>points</th><th>end</th><th>bound</th><th>jitter</th><th>seconds</th><th>learned</th></tr>")
		for i, t := range m.tasks {
			fmt.Fprintf(&b, "<tr><td>%d</td><td>%d</td><td>%.6g</td><td>%.5g</td><td>%.2g</td><td>%.3g</td><td>%s</td></tr>",
				i+1, t.N, t.End, t.Bound, t.Jitter, t.Took.Seconds(), html.EscapeString(t.Learned))
		}
		b.WriteString("</table>")
	}
	return b.String() + m.Params().HTML()
}

// Update learns one task whose end is its largest input. Earlier data are not
// needed. On an error, or when ctx is cancelled, the model is as before.
func (m *Model) Update(ctx context.Context, x, y []float64) error {
	return m.UpdateTo(ctx, last(x), x, y)
}

// last is the largest of x.
func last(x []float64) float64 {
	end := math.Inf(-1)
	for _, v := range x {
		end = math.Max(end, v)
	}
	return end
}

// UpdateTo is Update with a known end of the task, at or after its inputs.
func (m *Model) UpdateTo(ctx context.Context, end float64, x, y []float64) error {
	t := make([]float64, len(x))
	for i, v := range x {
		t[i] = v - m.opt.Origin
	}
	X := gp.Column(t)
	if err := m.checkData(X, y); err != nil {
		return err
	}
	if err := m.checkTime(x, end); err != nil {
		return fmt.Errorf("ohsvgp: task %d: %w", len(m.tasks)+1, err)
	}
	return m.learn(ctx, X, y, end-m.opt.Origin)
}

// checkTime refuses inputs that the past cannot hold.
func (m *Model) checkTime(x []float64, end float64) error {
	lo, hi, at := x[0], x[0], 0
	for i, v := range x {
		if v < lo {
			lo, at = v, i
		}
		hi = math.Max(hi, v)
	}
	if !m.timed() {
		return nil
	}
	o := m.opt.Origin
	switch {
	case math.IsNaN(end) || math.IsInf(end, 0):
		return fmt.Errorf("the end of the task is %v", end)
	case lo < o:
		return fmt.Errorf("x[%d] = %g lies before the origin %g: set Options.Origin to where the stream begins", at, lo, o)
	case hi > end:
		return fmt.Errorf("an input at %g lies after the end of the task, %g", hi, end)
	case end <= o:
		return fmt.Errorf("the task ends at %g, where time begins: it needs some length", end)
	case m.q == nil && lo-o > 4*(end-lo)+1e-12 && len(x) > 1:
		return fmt.Errorf("the stream begins at %g but time begins at %g: set Options.Origin to %g, or the memory is spent on the empty stretch", lo, o, lo)
	}
	if n := len(m.tasks); n > 0 && end <= m.tasks[n-1].End {
		return fmt.Errorf("the task ends at %g and the memory has already reached %g: time must go forward", end, m.tasks[n-1].End)
	}
	return nil
}

// timed reports whether the method's inducing variables live on [0,t].
func (m *Model) timed() bool { _, ok := m.method.(*hippoMethod); return ok }

// learn is one task from checked data; everything new is made on the side and
// taken over at the end.
func (m *Model) learn(ctx context.Context, x *mat.Dense, y []float64, end float64) error {
	began := time.Now()
	if err := ctx.Err(); err != nil {
		return err
	}
	k, noise := m.parameters(x, y)
	task := Task{N: len(y), End: end + m.opt.Origin}
	rnd, done := *m.rand, false
	defer func() { // also when an interrupt unwinds a product
		if !done {
			*m.rand = rnd
		}
	}()
	l := &learner{m: m, k: k, noise: noise, x: x, y: y, end: end}
	if m.lik != nil {
		l.lik = m.lik.Clone()
	}
	if err := l.run(ctx, &task); err != nil {
		return fmt.Errorf("%s, task %d: %w", m.Name(), len(m.tasks)+1, err)
	}
	task.Took = time.Since(began)
	if m.kernel == nil {
		m.kernel = k.Clone()
	}
	if m.noise == nil {
		m.noise = noise.Clone()
	}
	// the live parameters stay the same objects; values move
	if err := m.Params().CopyFrom(append(k.Params(), l.observation()...)); err != nil {
		return err
	}
	_, m.columns = x.Dims()
	m.q, m.tasks, done = l.result, append(m.tasks, task), true
	return nil
}

// parameters are working copies of kernel and noise, sized from the first task
// where Options left them open.
func (m *Model) parameters(x *mat.Dense, y []float64) (gp.Kernel, *param.Param) {
	var k gp.Kernel
	v := square(y) / float64(len(y))
	if v == 0 || m.lik != nil {
		v = 1
	}
	if m.kernel != nil {
		k = m.kernel.Clone()
	} else {
		_, d := x.Dims()
		var ls []float64
		for j := 0; j < d; j++ {
			c := mat.Col(nil, j, x)
			lo, hi := c[0], c[0]
			for _, u := range c {
				lo, hi = math.Min(lo, u), math.Max(hi, u)
			}
			if hi == lo {
				hi = lo + 1
			}
			ls = append(ls, (hi-lo)/8)
		}
		k = gp.SE(v, ls...)
	}
	noise := param.Positive("noise", v/10)
	if m.noise != nil {
		noise = m.noise.Clone()
	}
	return k, noise
}

// jitter is the policy under a kernel: relative to the largest prior variance.
func (m *Model) jitter(k gp.Kernel, x *mat.Dense) linalg.JitterPolicy {
	if m.policy != nil {
		return *m.policy
	}
	scale := 0.0
	for _, v := range k.Diag(x) {
		scale = math.Max(scale, v)
	}
	if m.opt.Jitter < 0 {
		return linalg.JitterPolicy{}
	}
	return linalg.ScaledJitter(m.opt.Jitter, scale)
}

// oldBasis is the basis of the memory so far; nil before the first task.
func (m *Model) oldBasis() basis {
	if m.q == nil {
		return nil
	}
	return m.q.basis
}

// hippoMethod is OHSVGP: the LegS basis with the task's end time.
type hippoMethod struct{}

func (*hippoMethod) name() string { return "OHSVGP" }

func (*hippoMethod) begin(m *Model, k gp.Kernel, x *mat.Dense, end float64) (basis, error) {
	if m.opt.Route == ODE {
		return beginGrid(m, k, end)
	}
	var b basis = &legs{M: m.opt.M, T: end}
	if m.opt.Route == RandomFeatures || !isLegS(m.opt.Measure) {
		f := &features{M: m.opt.M, at: span{m.opt.Measure, end, m.opt.Window}}
		if old, ok := m.oldBasis().(*features); ok {
			f.base = old.base
		} else if r, ok := k.(*gp.Radial); ok && m.opt.Route == RandomFeatures {
			var err error
			if f.base, err = drawBase(r.Family, m.opt.Features, m.rand); err != nil {
				return nil, err
			}
		}
		b = f
	}
	return b, b.check(k)
}

func (*hippoMethod) free(*Model, basis) (*param.Param, func([]float64) basis) { return nil, nil }
