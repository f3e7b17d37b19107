package ohsvgp

import (
	"context"
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
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
	x      *mat.Dense
	y      []float64
	end    float64
	jitter linalg.JitterPolicy
	result *posterior
}

func (l *learner) run(ctx context.Context, task *Task) error {
	learn := l.m.opt.Hyper == HyperOnline
	if l.m.opt.Hyper == HyperFirstTask && l.m.q == nil {
		if len(l.y) <= exactLimit {
			fit, err := l.exact(ctx)
			if err != nil {
				return err
			}
			task.Learned = "exact marginal likelihood " + fit.String()
		} else {
			learn = true
		}
	}
	l.jitter = l.m.jitter(l.k, l.x)
	b, err := l.m.method.begin(l.m, l.k, l.x, l.end)
	if err != nil {
		return err
	}
	own, rebuild := l.m.method.free(l.m, b)
	var set param.Set
	if learn {
		set = append(append(set, l.k.Params()...), l.noise)
	}
	if own != nil {
		set = append(set, own)
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
		task.Learned = "online bound " + fit.String()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	u, err := l.update(b)
	if err != nil {
		return err
	}
	task.Bound, task.Jitter = u.bound, u.new.L.Jitter()
	l.result = u.new
	return nil
}

// exact learns hyper-parameters on the first task by maximum marginal likelihood.
func (l *learner) exact(ctx context.Context) (param.Fit, error) {
	g := &gp.Exact{Kernel: l.k, Noise: l.noise}
	if err := g.Condition(l.x, l.y); err != nil {
		return param.Fit{}, err
	}
	return g.Fit(ctx, l.m.opt.FitSteps)
}

// update is the conjugate update on basis b with the working parameters.
func (l *learner) update(b basis) (*update, error) {
	bl, err := b.blocks(l.k, l.x, l.m.oldBasis())
	if err != nil {
		return nil, err
	}
	u, err := conjugate(bl, l.y, l.noise.Value(), l.m.q, l.jitter)
	if err != nil {
		return nil, fmt.Errorf("%w (M = %d, kernel %s)", err, b.size(), l.k)
	}
	u.new.basis, u.new.kernel = b, l.k.Clone()
	return u, nil
}

// value is the bound and its gradient, over kernel, noise and the basis's own
// numbers, whichever are asked for.
func (l *learner) value(b basis, hyper, own bool) (float64, []float64, error) {
	u, err := l.update(b)
	if err != nil {
		return 0, nil, err
	}
	g, ds2 := u.gradient()
	grad := make([]float64, l.k.Params().Len())
	dOwn, err := b.backward(l.k, l.x, l.m.oldBasis(), g, grad)
	if err != nil {
		return 0, nil, err
	}
	var out []float64
	if hyper {
		out = append(append(out, grad...), ds2*l.noise.Slope(0))
	}
	if own {
		out = append(out, dOwn...)
	}
	return u.bound, out, nil
}
