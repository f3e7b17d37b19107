package param

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/stat"
)

// SampleOptions say how Sample draws. The zero value of every field has a
// meaning.
type SampleOptions struct {
	Draws  int     // kept; 0 means 200
	Warmup int     // discarded, while step size and scales adapt; 0 means 200
	Leaps  int     // 0 means NUTS, which chooses; otherwise HMC with so many leapfrog steps
	Accept float64 // acceptance aimed at; 0 means 0.8
	Depth  int     // largest tree of NUTS, 2^Depth leaps; 0 means 8
	Seed   uint64
}

// Sample draws the trainable parameters from exp(objective) times the priors by
// the no-U-turn sampler (Hoffman and Gelman 2014) or plain HMC, in free
// coordinates with the change of volume accounted for. The parameters are put
// back afterwards; Use sets them to one of the draws.
func (s Set) Sample(ctx context.Context, objective Objective, o SampleOptions) (*Draws, error) {
	o = o.filled()
	start := s.Free()
	if len(start) == 0 {
		return nil, fmt.Errorf("param: nothing to sample: no parameter is trainable")
	}
	before := s.Clone() // values, not free numbers: put back to the bit
	defer func() { _ = s.CopyFrom(before) }()
	h := &sampler{set: s, objective: objective, o: o, uniform: linalg.NewRand(o.Seed).Split(1), normal: linalg.NewRand(o.Seed).Split(2)}
	h.scale = make([]float64, len(start))
	for i := range h.scale {
		h.scale[i] = 1
	}
	at, err := h.point(start)
	if err != nil {
		return nil, fmt.Errorf("param: the sampler cannot start here: %w", err)
	}
	d := &Draws{set: s, Names: s.names()}
	if err := h.run(ctx, at, d); err != nil {
		return nil, err
	}
	return d, nil
}

func (o SampleOptions) filled() SampleOptions {
	if o.Draws == 0 {
		o.Draws = 200
	}
	if o.Warmup == 0 {
		o.Warmup = 200
	}
	if o.Accept == 0 {
		o.Accept = 0.8
	}
	if o.Depth == 0 {
		o.Depth = 8
	}
	return o
}

// names are those of the trainable numbers.
func (s Set) names() []string {
	var out []string
	for _, p := range s {
		for i := 0; p.Trainable && i < p.Len(); i++ {
			n := p.Name
			if p.Len() > 1 {
				n = fmt.Sprintf("%s[%d]", n, i)
			}
			out = append(out, n)
		}
	}
	return out
}

// sampler holds the target and what adapts to it.
type sampler struct {
	set             Set
	objective       Objective
	o               SampleOptions
	uniform, normal *linalg.Rand
	scale           []float64 // standard deviation of every free number, roughly
	step            float64
	failed          error
}

// phase is a point of phase space.
type phase struct {
	q, p, grad []float64
	logp       float64
}

// point evaluates the target at free numbers q.
func (h *sampler) point(q []float64) (*phase, error) {
	if err := h.set.SetFree(q); err != nil {
		return nil, err
	}
	v, g, err := h.objective()
	if err != nil {
		return nil, err
	}
	prior, slope := h.set.LogPrior()
	out := &phase{q: append([]float64(nil), q...), grad: h.set.Pack(g), logp: v + prior}
	i := 0
	for _, p := range h.set {
		for j := 0; p.Trainable && j < p.Len(); j++ {
			l, d := p.Transform.LogSlope(p.value[j])
			if p.Prior == nil {
				l, d = 0, 0 // flat in the free number
			}
			out.logp += l
			out.grad[i] += slope[i] + d
			i++
		}
	}
	if math.IsNaN(out.logp) {
		return nil, fmt.Errorf("param: the objective is not a number")
	}
	return out, nil
}

// leap is one leapfrog step; where the target does not exist it has -Inf.
func (h *sampler) leap(a *phase, eps float64) *phase {
	n := len(a.q)
	p, q := make([]float64, n), make([]float64, n)
	for i := range p {
		p[i] = a.p[i] + 0.5*eps*h.scale[i]*a.grad[i]
		q[i] = a.q[i] + eps*h.scale[i]*p[i]
	}
	b, err := h.point(q)
	if err != nil {
		h.failed = err
		return &phase{q: q, p: p, grad: make([]float64, n), logp: math.Inf(-1)}
	}
	for i := range p {
		p[i] += 0.5 * eps * h.scale[i] * b.grad[i]
	}
	b.p = p
	return b
}

// energy is minus the joint log density of a.
func (a *phase) energy() float64 {
	s := -a.logp
	for _, v := range a.p {
		s += 0.5 * v * v
	}
	return s
}

func (h *sampler) run(ctx context.Context, at *phase, d *Draws) error {
	h.kick(at)
	h.step = h.firstStep(at)
	adapt := newDual(h.step)
	var seen [][]float64
	total := h.o.Warmup + h.o.Draws
	for i := 0; i < total; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		h.kick(at)
		var accept float64
		var diverged bool
		if h.o.Leaps > 0 {
			at, accept, diverged = h.hmc(at)
		} else {
			at, accept, diverged = h.nuts(at)
		}
		if i < h.o.Warmup {
			h.step = adapt.next(accept, h.o.Accept)
			if i >= h.o.Warmup/4 {
				seen = append(seen, at.q)
			}
			if i == h.o.Warmup*3/4 && len(seen) > 10 {
				h.learnScale(seen)
				h.kick(at)
				h.step = h.firstStep(at)
				adapt = newDual(h.step)
			}
			if i == h.o.Warmup-1 {
				h.step = adapt.final()
			}
			continue
		}
		d.Accept += accept / float64(h.o.Draws)
		if diverged {
			d.Diverged++
		}
		h.record(at, d)
	}
	d.StepSize = h.step
	return nil
}

func (h *sampler) record(at *phase, d *Draws) {
	_ = h.set.SetFree(at.q)
	var v []float64
	for _, p := range h.set {
		if p.Trainable {
			v = append(v, p.value...)
		}
	}
	d.Values, d.free, d.LogProb = append(d.Values, v), append(d.free, at.q), append(d.LogProb, at.logp)
}

// learnScale takes the standard deviations of the draws seen, held a little
// towards 1.
func (h *sampler) learnScale(seen [][]float64) {
	n := float64(len(seen))
	for j := range h.scale {
		col := make([]float64, len(seen))
		for i := range seen {
			col[i] = seen[i][j]
		}
		v := stat.Variance(col, nil)
		h.scale[j] = math.Sqrt((n*v + 5e-3) / (n + 5))
	}
}

// kick draws a new momentum.
func (h *sampler) kick(a *phase) {
	a.p = make([]float64, len(a.q))
	for i := range a.p {
		a.p[i] = h.normal.Normal()
	}
}

// firstStep doubles or halves until one leap is accepted about half the time.
func (h *sampler) firstStep(a *phase) float64 {
	eps := 0.1
	gain := func() float64 { return a.energy() - h.leap(a, eps).energy() }
	up := gain() > math.Log(0.5)
	for i := 0; i < 40 && (gain() > math.Log(0.5)) == up; i++ {
		if up {
			eps *= 2
		} else {
			eps /= 2
		}
	}
	return eps
}

// hmc is a fixed number of leaps and a Metropolis test.
func (h *sampler) hmc(a *phase) (*phase, float64, bool) {
	b := a
	for i := 0; i < h.o.Leaps && !math.IsInf(b.logp, -1); i++ {
		b = h.leap(b, h.step)
	}
	gain := a.energy() - b.energy()
	accept := math.Min(1, math.Exp(gain))
	if math.IsNaN(accept) {
		accept = 0
	}
	if h.uniform.Float64() < accept {
		return b, accept, false
	}
	return a, accept, !(gain > -1000)
}

// tree is a subtree of NUTS.
type tree struct {
	left, right, pick *phase
	count             float64 // points inside the slice
	turning, diverged bool
	accept, tried     float64
}

// nuts is one transition of the sampler with slice and doubling.
func (h *sampler) nuts(a *phase) (*phase, float64, bool) {
	start := a.energy()
	slice := -start + math.Log(1-h.uniform.Float64())
	t := &tree{left: a, right: a, pick: a, count: 1}
	for depth := 0; depth < h.o.Depth && !t.turning && !t.diverged; depth++ {
		var s *tree
		if h.uniform.Float64() < 0.5 {
			s = h.build(t.left, slice, -1, depth, start)
			t.left = s.left
		} else {
			s = h.build(t.right, slice, 1, depth, start)
			t.right = s.right
		}
		t.accept, t.tried = t.accept+s.accept, t.tried+s.tried
		if !s.turning && !s.diverged && h.uniform.Float64() < s.count/t.count {
			t.pick = s.pick
		}
		t.count += s.count
		t.diverged = s.diverged
		t.turning = s.turning || turns(t.left, t.right)
	}
	return t.pick, t.accept / math.Max(1, t.tried), t.diverged
}

func (h *sampler) build(a *phase, slice, direction float64, depth int, start float64) *tree {
	if depth == 0 {
		b := h.leap(a, direction*h.step)
		e := b.energy()
		t := &tree{left: b, right: b, pick: b, tried: 1, diverged: !(slice < 1000-e)}
		if slice <= -e {
			t.count = 1
		}
		if r := math.Exp(start - e); !math.IsNaN(r) {
			t.accept = math.Min(1, r)
		}
		return t
	}
	t := h.build(a, slice, direction, depth-1, start)
	if t.turning || t.diverged {
		return t
	}
	var s *tree
	if direction < 0 {
		s = h.build(t.left, slice, direction, depth-1, start)
		t.left = s.left
	} else {
		s = h.build(t.right, slice, direction, depth-1, start)
		t.right = s.right
	}
	if s.count > 0 && h.uniform.Float64() < s.count/(t.count+s.count) {
		t.pick = s.pick
	}
	t.count += s.count
	t.accept, t.tried = t.accept+s.accept, t.tried+s.tried
	t.diverged = s.diverged
	t.turning = s.turning || turns(t.left, t.right)
	return t
}

// turns tells whether going on would bring the ends nearer to each other.
func turns(l, r *phase) bool {
	a, b := 0.0, 0.0
	for i := range l.q {
		d := r.q[i] - l.q[i]
		a += d * l.p[i]
		b += d * r.p[i]
	}
	return a < 0 || b < 0
}

// dual is Nesterov's dual averaging of the log step size.
type dual struct{ mu, bar, mean, t float64 }

func newDual(step float64) *dual { return &dual{mu: math.Log(10 * step), bar: math.Log(step)} }

func (d *dual) next(accept, aim float64) float64 {
	d.t++
	w := 1 / (d.t + 10)
	d.mean = (1-w)*d.mean + w*(aim-accept)
	x := d.mu - math.Sqrt(d.t)/0.05*d.mean
	k := math.Pow(d.t, -0.75)
	d.bar = k*x + (1-k)*d.bar
	return math.Exp(x)
}

func (d *dual) final() float64 { return math.Exp(d.bar) }
