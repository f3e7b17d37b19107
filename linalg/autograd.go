package linalg

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// record says how a tensor came about: the inputs, and a function that turns the gradient of the tensor into gradients
// of the inputs. A leaf (parameter) has neither and collects its gradient for the user.
type record struct {
	id     uint64 // order of creation
	inputs []*Tensor
	back   func(g *Tensor) []*Tensor
	grad   *Tensor
	owned  bool // grad may be added to in place
	leaf   bool
	spent  bool
}

var recordCount atomic.Uint64

var (
	noGrad      sync.Map // gid -> struct{}
	noGradCount atomic.Int32
)

// NoGrad calls f; operations that f performs on this goroutine are not recorded.
func NoGrad(f func()) {
	id := gid()
	if _, nested := noGrad.LoadOrStore(id, struct{}{}); !nested {
		noGradCount.Add(1)
		defer func() { noGrad.Delete(id); noGradCount.Add(-1) }()
	}
	f()
}

// recording reports whether an operation on these inputs should be recorded.
func recording(inputs ...*Tensor) bool {
	for _, t := range inputs {
		if t != nil && t.rec != nil {
			if noGradCount.Load() > 0 {
				if _, off := noGrad.Load(gid()); off {
					return false
				}
			}
			return true
		}
	}
	return false
}

// track makes out differentiable if any input is: back receives the gradient of out and returns one gradient for each
// input, nil where none is wanted. Inside back, nothing is recorded. It returns out.
func track(out *Tensor, back func(g *Tensor) []*Tensor, inputs ...*Tensor) *Tensor {
	if recording(inputs...) {
		out.rec = &record{id: recordCount.Add(1), inputs: inputs, back: back}
	}
	return out
}

// wanted reports whether a gradient for t would be used.
func wanted(t *Tensor) bool { return t != nil && t.rec != nil }

// Param returns a trainable copy of t: a tensor that operations record and whose derivative Backward adds to Grad. It
// is not released by scopes.
func Param(t *Tensor) *Tensor {
	if !t.dt.float() {
		fail("Param", "a tensor of type %v cannot be trained", t.dt)
	}
	var p *Tensor
	outsideScopes(func() {
		p = newTensor(t.dt, slices.Clone(t.shape))
		copyStrided(p, t)
	})
	p.rec = &record{id: recordCount.Add(1), leaf: true}
	return p
}

// IsParam reports whether t is a parameter.
func (t *Tensor) IsParam() bool { return t.rec != nil && t.rec.leaf }

// Detach returns t without its history: gradients do not pass.
func Detach(t *Tensor) *Tensor { return t.detached() }

// Grad is the gradient that Backward calls have added up since the last ZeroGrad, or nil. It belongs to the parameter:
// later calls of Backward change it.
func (t *Tensor) Grad() *Tensor {
	if t.rec == nil || !t.rec.leaf {
		return nil
	}
	if t.rec.spent {
		return nil
	}
	return t.rec.grad
}

// ZeroGrad forgets the gradient; the next Backward begins anew. Its memory is kept for that.
func (t *Tensor) ZeroGrad() {
	if t.rec != nil && t.rec.leaf {
		t.rec.spent = true
	}
}

// Set replaces the values of the parameter t by those of u, which must have the same shape and type.
func (t *Tensor) Set(u *Tensor) {
	if !slices.Equal(t.shape, u.shape) || t.dt != u.dt {
		fail("Set", "cannot put %v %v into %v %v", u.dt, u.shape, t.dt, t.shape)
	}
	if !t.IsParam() {
		failHint("Set", "make it a parameter with Param", "a tensor of shape %v is not a parameter, and only parameters change", t.shape)
	}
	copyStrided(t, u)
}

// SetSlice replaces the entries from, from+1, ... of an axis of the parameter t by u, which has t's shape but for the
// length of that axis: a place that fills up, such as a cache of keys.
func (t *Tensor) SetSlice(axis, from int, u *Tensor) {
	if !t.IsParam() {
		failHint("SetSlice", "make it a parameter with Param", "a tensor of shape %v is not a parameter, and only parameters change", t.shape)
	}
	axis = t.axis("SetSlice", axis)
	want := slices.Clone(t.shape)
	if len(u.shape) == len(t.shape) {
		want[axis] = u.shape[axis]
	}
	if !slices.Equal(want, u.shape) || t.dt != u.dt || from < 0 || from+want[axis] > t.shape[axis] {
		fail("SetSlice", "cannot put %v %v into %v %v at position %d of axis %d", u.dt, u.shape, t.dt, t.shape, from, axis)
	}
	inner := numel(t.shape[axis+1:])
	put, step, row := from*inner, t.shape[axis]*inner, want[axis]*inner
	if t.dt == F32 {
		putRows(vals[float32](t)[put:], vals[float32](u.dense()), step, row)
	} else {
		putRows(vals[float64](t)[put:], vals[float64](u.dense()), step, row)
	}
}

// putRows copies rows of the given length to places that are step apart.
func putRows[T any](dst, src []T, step, row int) {
	for i := 0; row > 0 && i*row < len(src); i++ {
		copy(dst[i*step:], src[i*row:(i+1)*row])
	}
}

// Backward differentiates t, which must have one element, with respect to every parameter it depends on, and adds the
// results to their Grad. The records behind t are used up: a second Backward through them panics.
func (t *Tensor) Backward() {
	if t.Len() != 1 {
		failHint("Backward", "reduce with Sum or Mean, or use BackwardFrom", "shape %v has %d elements, not one", t.shape, t.Len())
	}
	t.BackwardFrom(Full(t.dt, 1, t.shape...))
}

// BackwardFrom is Backward for any shape: g is the derivative of some scalar with respect to t.
func (t *Tensor) BackwardFrom(g *Tensor) {
	if t.rec == nil {
		failHint("Backward", "make its inputs with Param", "nothing behind a tensor of shape %v is a parameter", t.shape)
	}
	if !slices.Equal(g.shape, t.shape) || g.dt != t.dt {
		fail("BackwardFrom", "the gradient is %v %v, the tensor %v %v", g.dt, g.shape, t.dt, t.shape)
	}
	order := reachable(t.rec)
	NoGrad(func() {
		Scope(func() {
			s := openScope()
			t.rec.add(g)
			for _, r := range order {
				if r.leaf || r.grad == nil {
					continue
				}
				from := len(s.made)
				gs := r.back(r.grad)
				for i, gi := range gs {
					if in := r.inputs[i]; gi != nil && wanted(in) {
						if !slices.Equal(gi.shape, in.shape) || gi.dt != in.dt {
							fail("Backward", "a gradient of %v %v came back for an input of %v %v", gi.dt, gi.shape, in.dt, in.shape)
						}
						if !in.rec.take(gs, i, s.made[from:]) {
							in.rec.add(gi)
						}
					}
				}
				r.setGrad(nil)
				r.back, r.inputs, r.spent = nil, nil, true
				s.releaseFrom(from)
			}
		})
	})
}

// setGrad replaces the gradient. The memory of gradients is counted, so that what a walk made and no record waits for goes
// back to the pool at once and is warm in the cache when it is used again.
func (r *record) setGrad(g *Tensor) {
	if r.grad != nil {
		if b := r.grad.buf; !r.leaf {
			if b.waiting--; b.waiting == 0 && b.walk {
				b.release()
			}
		}
	}
	if r.grad = g; g != nil && !r.leaf {
		g.buf.waiting++
	}
}

// reachable lists the records behind r, r included, latest first.
func reachable(r *record) []*record {
	seen := map[*record]bool{r: true}
	list := []*record{r}
	for i := 0; i < len(list); i++ {
		if list[i].spent && !list[i].leaf {
			failHint("Backward", "compute the value again, or add the losses before one Backward",
				"part of what was computed was already differentiated, and its records are gone")
		}
		for _, in := range list[i].inputs {
			if in != nil && in.rec != nil && !seen[in.rec] {
				seen[in.rec] = true
				list = append(list, in.rec)
			}
		}
	}
	slices.SortFunc(list, func(a, b *record) int {
		if a.id > b.id {
			return -1
		}
		return 1
	})
	return list
}

// add adds a gradient that has come in. The first one is taken as it is and may be shared; the second makes a sum of
// its own, to which later ones are added in place. A leaf's gradient always is its own.
func (r *record) add(g *Tensor) {
	switch {
	case r.leaf && (r.grad == nil || r.spent):
		if r.grad == nil {
			outsideScopes(func() { r.grad = newTensor(g.dt, slices.Clone(g.shape)) })
		}
		copyStrided(r.grad, g)
		r.spent = false
	case r.leaf || r.owned:
		addInPlace(r.grad, g.dense())
	case r.grad == nil:
		r.setGrad(g)
	default:
		r.setGrad(zip("Backward", kernel.Add, r.grad, g))
		r.owned = true
	}
}

// take makes gradient i of those that a function of a record returned the first gradient of a leaf, in place of a copy: the two
// tensors exchange their memory. That goes where the gradient is all of one of the buffers that the function made, and no
// other gradient lies in it.
func (r *record) take(gs []*Tensor, i int, made []*buffer) bool {
	g := gs[i]
	if !r.leaf || r.grad == nil || !r.spent || !g.isDense() || len(g.buf.raw) != g.Len()*g.dt.size() || g.buf.kept || g.buf.waiting > 0 ||
		!slices.Contains(made, g.buf) || len(r.grad.buf.raw) != len(g.buf.raw) {
		return false
	}
	for k, o := range gs {
		if k != i && o != nil && o.buf == g.buf {
			return false
		}
	}
	a, b := r.grad.buf, g.buf
	a.raw, b.raw, a.pooled, b.pooled = b.raw, a.raw, b.pooled, a.pooled
	r.spent = false
	return true
}

// addSlice adds g to the part of t's gradient that begins at position lo of axis. The rest of the gradient is touched
// once, however many slices there are.
func (t *Tensor) addSlice(axis, lo int, g *Tensor) {
	r := t.rec
	fresh := r.grad == nil || (r.leaf && r.spent)
	switch {
	case r.leaf && r.grad == nil:
		outsideScopes(func() { r.grad = zeros(t.dt, slices.Clone(t.shape)) })
	case r.leaf && r.spent:
		if t.dt == F32 {
			clear(vals[float32](r.grad))
		} else {
			clear(vals[float64](r.grad))
		}
	case r.grad == nil:
		r.setGrad(zeros(t.dt, slices.Clone(t.shape)))
	case !r.owned && !r.leaf:
		sum := like(t)
		copyStrided(sum, r.grad)
		r.setGrad(sum)
	}
	r.owned, r.spent = true, false
	part := r.grad.view(g.shape, r.grad.strides, lo*r.grad.strides[axis])
	if !fresh {
		g = zip("Slice", kernel.Add, part, g)
	}
	storeStrided(part, g)
}

// Custom records a user's own operation: out was computed from inputs by means the library did not see, and backward
// turns the gradient of out into gradients of the inputs (nil where none is wanted). What backward makes is released when
// Backward has used it.
func Custom(inputs []*Tensor, out *Tensor, backward func(gradOut *Tensor) []*Tensor) *Tensor {
	o := *out.detached()
	n := len(inputs)
	return track(&o, func(g *Tensor) []*Tensor {
		gs := backward(g)
		if len(gs) != n {
			fail("Custom", "the backward function returned %d gradients for %d inputs", len(gs), n)
		}
		return gs
	}, inputs...)
}
