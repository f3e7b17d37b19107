package ohsvgp

import (
	"context"
	"fmt"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

const (
	trainDraws = 64  // of the latent functions, in expectations of log p
	testDraws  = 512 // in predicted probabilities
)

// Classifier is an online model of several classes with the softmax likelihood:
// one latent function a class, independent in the prior, all with the same
// inducing variables, each with a memory of its own. Expectations are Monte Carlo
// averages over draws that stay the same within a task and come in pairs of
// opposite sign.
type Classifier struct {
	m       *Model // kernel, options and method; its memory is that of class 0
	classes int
	q       []*posterior // of every class; nil before the first task
}

// NewClassifier makes a classifier of a model that has learned nothing yet, made
// by any of the constructors; the likelihood in its options is not looked at.
// The model is the classifier's from then on.
func NewClassifier(classes int, m *Model) (*Classifier, error) {
	if classes < 2 {
		return nil, fmt.Errorf("ohsvgp: %d classes: a classifier needs two or more", classes)
	}
	if m == nil || m.q != nil {
		return nil, fmt.Errorf("ohsvgp: a classifier is made of a model without tasks")
	}
	m.lik, m.noise = gp.BernoulliLogit(), nil // which sizes the prior as for classes
	return &Classifier{m: m, classes: classes}, nil
}

// Name is short, for legends and tables.
func (c *Classifier) Name() string { return c.m.Name() }

// Classes is how many there are.
func (c *Classifier) Classes() int { return c.classes }

// Tasks is how many tasks have been learned.
func (c *Classifier) Tasks() int { return c.m.Tasks() }

// History is the record of all tasks.
func (c *Classifier) History() []Task { return c.m.History() }

// Bound is the sum of the bounds of all tasks.
func (c *Classifier) Bound() float64 { return c.m.Bound() }

// Params are the kernel's parameters, live.
func (c *Classifier) Params() param.Set { return c.m.Params() }

// String is a short report.
func (c *Classifier) String() string {
	m := *c.m
	m.lik = nil // which only sized the prior
	return fmt.Sprintf("%d classes, softmax: %s", c.classes, &m)
}

// Update learns one task: the rows of X and their labels, 0, 1, ... On an error,
// or when ctx is cancelled, the classifier is as before.
func (c *Classifier) Update(ctx context.Context, X *mat.Dense, labels []int) error {
	y := make([]float64, len(labels))
	for i, l := range labels {
		if l < 0 || l >= c.classes {
			return fmt.Errorf("ohsvgp: task %d: label %d of point %d: classes are 0 to %d", c.Tasks()+1, l, i, c.classes-1)
		}
	}
	if err := gp.CheckData(X, y); err != nil {
		return fmt.Errorf("ohsvgp: task %d: %w", c.Tasks()+1, err)
	}
	m, x, end := c.m, X, float64(c.Tasks()+1)
	if _, d := X.Dims(); m.q != nil && d != m.columns {
		return fmt.Errorf("ohsvgp: task %d: inputs with %d columns, earlier tasks have %d", c.Tasks()+1, d, m.columns)
	} else if d == 1 {
		col := mat.Col(nil, 0, X)
		end = last(col)
		if err := m.checkTime(col, end); err != nil {
			return fmt.Errorf("ohsvgp: task %d: %w", c.Tasks()+1, err)
		}
		var err error
		if x, err = m.inputs(col); err != nil {
			return err
		}
		end -= m.opt.Origin
	} else if m.timed() {
		_, err := column(X)
		return err
	}
	return c.learn(ctx, x, labels, end)
}

func (c *Classifier) learn(ctx context.Context, x *mat.Dense, labels []int, end float64) error {
	began, m := time.Now(), c.m
	if err := ctx.Err(); err != nil {
		return err
	}
	k, _ := m.parameters(x, make([]float64, len(labels)))
	rnd, done := *m.rand, false
	defer func() { // also when an interrupt unwinds a product
		if !done {
			*m.rand = rnd
		}
	}()
	t := &classTask{c: c, ctx: ctx, k: k, x: x, labels: labels, jitter: m.jitter(k, x), eps: pairedDraws(m.rand, len(labels), c.classes)}
	task := Task{N: len(labels), End: end + m.opt.Origin}
	f, err := t.run(end, &task)
	if err != nil {
		return fmt.Errorf("%s, task %d: %w", c.Name(), c.Tasks()+1, err)
	}
	task.Bound, task.Jitter, task.Took = f.value, f.q[0].L.Jitter(), time.Since(began)
	for _, q := range f.q {
		q.basis, q.kernel = f.basis, k.Clone()
	}
	if m.kernel == nil {
		m.kernel = k.Clone()
	}
	if err := m.kernel.Params().CopyFrom(k.Params()); err != nil {
		return err
	}
	_, m.columns = x.Dims()
	c.q, m.q, m.tasks, done = f.q, f.q[0], append(m.tasks, task), true
	return nil
}

// pairedDraws are standard normals, points by classes, each with its opposite.
func pairedDraws(r *linalg.Rand, n, classes int) []*mat.Dense {
	var out []*mat.Dense
	for s := 0; s < trainDraws; s += 2 {
		z := mat.NewDense(n, classes, nil)
		r.FillNormal(z.RawMatrix().Data)
		out = append(out, z, scaled(z, -1))
	}
	return out
}

// classTask is the work of one Update.
type classTask struct {
	c      *Classifier
	ctx    context.Context
	k      gp.Kernel
	x      *mat.Dense
	labels []int
	jitter linalg.JitterPolicy
	eps    []*mat.Dense
	warm   []*sites
}

// classFit is the optimum for a basis and a kernel.
type classFit struct {
	basis basis
	es    []*elbo
	q     []*posterior
	value float64
}

func (t *classTask) run(end float64, task *Task) (*classFit, error) {
	m := t.c.m
	b, err := m.method.begin(m, t.k, t.x, end)
	if err != nil {
		return nil, err
	}
	learn := m.opt.Hyper == HyperOnline || m.opt.Hyper == HyperFirstTask && m.q == nil
	own, rebuild := m.method.free(m, b)
	var set param.Set
	steps := m.opt.FitSteps
	if learn && alike(t.labels) {
		learn = false
		task.add(oneClass)
	}
	if learn {
		set = append(set, t.k.Params()...)
	}
	if own != nil {
		set, steps = append(set, own), m.opt.ZSteps
	}
	if len(set) > 0 {
		fit, err := set.Maximise(t.ctx, func() (float64, []float64, error) {
			if own != nil {
				b = rebuild(own.Values())
			}
			return t.valueAndGradient(b, learn, own != nil)
		}, steps)
		if err != nil {
			return nil, err
		}
		if own != nil {
			b = rebuild(own.Values())
		}
		task.add("online bound " + fit.String())
	}
	return t.fit(b)
}

// fit climbs to the optimal sites of all classes.
func (t *classTask) fit(b basis) (*classFit, error) {
	m := t.c.m
	bl, err := b.blocks(t.k, t.x, m.oldBasis())
	if err != nil {
		return nil, err
	}
	g := &softmaxBound{labels: t.labels, eps: t.eps}
	for i := 0; i < t.c.classes; i++ {
		var old *posterior
		if t.c.q != nil {
			old = t.c.q[i]
		}
		if i > 0 {
			g.es = append(g.es, g.es[0].sibling(old))
			continue
		}
		e, err := newElbo(bl, make([]float64, len(t.labels)), m.lik, old, t.jitter)
		if err != nil {
			return nil, fmt.Errorf("covariance of the inducing variables: %w (M = %d, kernel %s)", err, b.size(), t.k)
		}
		g.es = append(g.es, e)
	}
	q, s, value, err := fitSites(t.ctx, g, t.warm)
	if err != nil {
		return nil, err
	}
	t.warm = s
	return &classFit{b, g.es, q, value}, nil
}

// valueAndGradient is the bound with its gradient by the kernel and by the
// basis's own numbers: every class adds its part to every block.
func (t *classTask) valueAndGradient(b basis, hyper, own bool) (float64, []float64, error) {
	f, err := t.fit(b)
	if err != nil {
		return 0, nil, err
	}
	var total *whitenedGradient
	for _, e := range f.es {
		if g := e.gradWhitened(); total == nil {
			total = g
		} else {
			total.add(g)
		}
	}
	grad := make([]float64, t.k.Params().Len())
	dOwn, err := b.backward(t.k, t.x, t.c.m.oldBasis(), f.es[0].pull(total), grad)
	if err != nil {
		return 0, nil, err
	}
	var out []float64
	if hyper {
		out = append(out, grad...)
	}
	if own {
		out = append(out, dOwn...)
	}
	return f.value, out, nil
}

// softmaxBound is the bound of all classes together.
type softmaxBound struct {
	es     []*elbo
	labels []int
	eps    []*mat.Dense
}

func (g *softmaxBound) parts() []*elbo { return g.es }

func (g *softmaxBound) evaluate(s []*sites) ([]*posterior, float64, error) {
	n, C := len(g.labels), len(g.es)
	mean, variance := mat.NewDense(n, C, nil), mat.NewDense(n, C, nil)
	out := make([]*posterior, C)
	value := 0.0
	for c, e := range g.es {
		var err error
		if out[c], err = s[c].spread(e); err != nil {
			return nil, 0, err
		}
		mean.SetCol(c, e.fmean)
		variance.SetCol(c, e.fvar)
		value += e.correction - e.kl
	}
	fit, dm, dv, err := gp.SoftmaxExpect(mean, variance, g.labels, g.eps)
	if err != nil {
		return nil, 0, err
	}
	for c, e := range g.es {
		e.dm, e.dv = mat.Col(nil, c, dm), mat.Col(nil, c, dv)
	}
	return out, value + sum(fit), nil
}

// Latents are the posterior means and variances of the latent functions at the
// rows of X, one column a class.
func (c *Classifier) Latents(ctx context.Context, X *mat.Dense) (mean, variance *mat.Dense, err error) {
	n, _ := X.Dims()
	if c.q == nil || n == 0 {
		return nil, nil, fmt.Errorf("ohsvgp: %d points to predict after %d tasks: both must be at least one", n, c.Tasks())
	}
	mean, variance = mat.NewDense(n, c.classes, nil), mat.NewDense(n, c.classes, nil)
	one := *c.m
	for i, q := range c.q {
		one.q = q
		a, v, err := one.PredictX(ctx, X)
		if err != nil {
			return nil, nil, err
		}
		mean.SetCol(i, a)
		variance.SetCol(i, v)
	}
	return mean, variance, nil
}

// Probabilities are the predicted class probabilities at the rows of X, one
// column a class.
func (c *Classifier) Probabilities(ctx context.Context, X *mat.Dense) (*mat.Dense, error) {
	mean, variance, err := c.Latents(ctx, X)
	if err != nil {
		return nil, err
	}
	n, _ := X.Dims()
	r := linalg.NewRand(c.m.opt.Seed).Split(512)
	eps := make([]*mat.Dense, testDraws)
	for s := range eps {
		eps[s] = mat.NewDense(n, c.classes, nil)
		r.FillNormal(eps[s].RawMatrix().Data)
	}
	return gp.SoftmaxProbs(mean, variance, eps), nil
}
