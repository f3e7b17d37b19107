package ohsvgp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/internal/scratch"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// exactLimit is the largest first task whose hyper-parameters are learned by
// the exact marginal likelihood; above it by the collapsed bound.
const exactLimit = 2000

// learner does the work of one Update on working copies.
type learner struct {
	m      *Model
	k      gp.Kernel
	noise  *param.Param
	lik    *gp.Likelihood // nil means Gaussian with variance noise
	x      *mat.Dense
	y      []float64
	end    float64
	jitter linalg.JitterPolicy
	result *posterior
	ctx    context.Context
	warm   *sites // where the last inner fit ended
	batch  int    // data of a step; 0 means all
}

// outcome is an update with what its gradient needs, for either kind of
// likelihood.
type outcome struct {
	q        *posterior
	bound    float64
	gradient func() (*blocks, []float64) // by blocks and by the likelihood's numbers
	done     func()                      // gives back what was leased; q stays
}

func (l *learner) run(ctx context.Context, task *Task) error {
	l.ctx = ctx
	learn := l.m.opt.Hyper == HyperOnline
	if l.m.opt.Hyper == HyperFirstTask && l.m.q == nil {
		_, path := l.m.method.(*pathMethod)
		// the memories of waves belong to their length-scales, so these must
		// be known before the first of them is made
		waves := path || l.m.opt.Route == ODE
		if l.lik == nil && (len(l.y) <= exactLimit || waves) {
			fit, err := l.exact(ctx)
			if err != nil {
				return err
			}
			task.add("exact marginal likelihood " + fit.String())
		} else {
			learn = true
		}
	}
	if why := saysNothing(l.lik, l.y); learn && why != "" {
		learn = false
		task.add(why)
	}
	l.jitter = l.m.jitter(l.k, l.x)
	b, err := l.m.method.begin(l.m, l.k, l.x, l.end)
	if err != nil {
		return err
	}
	own, rebuild := l.m.method.free(l.m, b)
	var set param.Set
	if learn {
		set = append(append(set, l.k.Params()...), l.observation()...)
	}
	if own != nil {
		set = append(set, own)
	}
	x, y, batch := l.x, l.y, l.m.opt.Batch
	batched := batch > 0 && l.lik != nil && batch < len(y)
	if batched { // parameters by an even choice of so many data, then q by batches of all
		l.x, l.y = evenly(x, y, batch)
	}
	if len(set) > 0 {
		steps := l.m.opt.FitSteps
		if own != nil {
			steps = l.m.opt.ZSteps
		}
		fit, err := set.Maximise(ctx, func() (float64, []float64, error) {
			if own != nil {
				b = rebuild(own.Values())
			}
			return l.value(b, learn, own != nil)
		}, steps)
		if err != nil {
			return err
		}
		if own != nil {
			b = rebuild(own.Values())
		}
		task.add("online bound " + fit.String())
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if batched {
		l.x, l.y, l.batch = x, y, batch
	}
	u, err := l.update(b)
	if err != nil {
		return err
	}
	u.done()
	task.Bound, task.Jitter = u.bound, u.q.L.Jitter()
	l.result = u.q
	return nil
}

// oneClass is what is said of a task whose labels teach no hyper-parameter: one
// sign of f suits all of them, and the bound grows without end with the kernel's
// variance.
const oneClass = "kernel as it was: all labels are alike, which says nothing about it"

// saysNothing tells why data cannot teach hyper-parameters, if they cannot.
func saysNothing(l *gp.Likelihood, y []float64) string {
	switch {
	case l == nil || !alike(y):
	case strings.HasPrefix(l.Name, "Bernoulli"):
		return oneClass
	case y[0] == 0 && (l.Name == "Poisson" || l.Name == "negative binomial"):
		return "kernel and likelihood as they were: all counts are zero, which says nothing about them"
	}
	return ""
}

func alike[T comparable](v []T) bool {
	return !slices.ContainsFunc(v, func(x T) bool { return x != v[0] })
}

// add notes something learned in the task's record.
func (t *Task) add(learned string) {
	if t.Learned != "" {
		t.Learned += "; "
	}
	t.Learned += learned
}

// observation is the parameters of the likelihood.
func (l *learner) observation() param.Set {
	if l.lik != nil {
		return l.lik.Params()
	}
	return param.Set{l.noise}
}

// exact learns hyper-parameters on the first task by maximum marginal
// likelihood, on an even choice of exactLimit points if there are more.
func (l *learner) exact(ctx context.Context) (param.Fit, error) {
	g := &gp.Exact{Kernel: l.k, Noise: l.noise}
	x, y := l.x, l.y
	if len(y) > exactLimit {
		x, y = evenly(x, y, exactLimit)
	}
	if err := g.Condition(x, y); err != nil {
		return param.Fit{}, err
	}
	return g.Fit(ctx, l.m.opt.FitSteps)
}

// evenly chooses n data, evenly in the order they came.
func evenly(x *mat.Dense, y []float64, n int) (*mat.Dense, []float64) {
	_, d := x.Dims()
	cx, cy := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range cy {
		j := i * len(y) / n
		cx.SetRow(i, x.RawRowView(j))
		cy[i] = y[j]
	}
	return cx, cy
}

// update is the best q on basis b with the working parameters.
func (l *learner) update(b basis) (*outcome, error) {
	bl, err := l.blocks(b)
	if err != nil {
		return nil, err
	}
	var out *outcome
	if l.lik == nil {
		var u *update
		if u, err = conjugate(bl, l.y, l.noise.Value(), l.m.q, l.jitter); err == nil {
			out = &outcome{u.new, u.bound, func() (*blocks, []float64) {
				g, ds2 := u.gradient()
				return g, []float64{ds2 * l.noise.Slope(0)}
			}, func() { scratch.Release(u.Wf, u.T); bl.release() }}
		}
	} else {
		var e *elbo
		var q *posterior
		if l.batch > 0 {
			if e, err = newElbo(bl, l.y, l.lik, l.m.q, l.jitter); err == nil {
				q, err = fitBatches(l.ctx, e, l.batch, l.m.rand)
			}
		} else {
			e, q, l.warm, err = variational(l.ctx, bl, l.y, l.lik, l.m.q, l.jitter, l.warm)
		}
		if err == nil {
			out = &outcome{q, e.value(), e.gradBlocks, func() { bl.release() }}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w (M = %d, kernel %s)", err, b.size(), l.k)
	}
	out.q.basis, out.q.kernel = b, l.k.Clone()
	return out, nil
}

// blocks are the covariances on basis b, with a view of the data in the place of
// those with f(x) where that is enough.
func (l *learner) blocks(b basis) (*blocks, error) {
	if s, ok := b.(viewer); ok && l.lik == nil {
		if bl, err := s.view(l.k, l.x, l.y, l.m.oldBasis()); bl != nil || err != nil {
			return bl, err
		}
	}
	return b.blocks(l.k, l.x, l.m.oldBasis())
}

// value is the bound and its gradient, over kernel, likelihood and the basis's
// own numbers, whichever are asked for. q is at its best for these, so the
// derivative with q held fixed is the whole derivative.
func (l *learner) value(b basis, hyper, own bool) (float64, []float64, error) {
	u, err := l.update(b)
	if err != nil {
		return 0, nil, err
	}
	g, dLik := u.gradient()
	grad := make([]float64, l.k.Params().Len())
	dOwn, err := b.backward(l.k, l.x, l.m.oldBasis(), g, grad)
	if err != nil {
		return 0, nil, err
	}
	var out []float64
	if hyper {
		out = append(append(out, grad...), dLik...)
	}
	if own {
		out = append(out, dOwn...)
	}
	scratch.Release(g.Kbf, g.Kbb, g.Kba)
	if g.byKbf != nil {
		scratch.Release(g.byKbf.A)
	}
	u.done()
	return u.bound, out, nil
}
