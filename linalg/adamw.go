package linalg

import (
	"math"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter, 2019). Its fields may be changed between steps.
type AdamW struct {
	LR           float64 // step size
	Beta1, Beta2 float64 // decay of the moments; NewAdamW sets 0.9 and 0.999
	Eps          float64 // NewAdamW sets 1e-8
	Decay        float64 // of the weights, a step being LR*Decay; NewAdamW sets 0
	Clip         float64 // largest norm of all gradients together; 0 for no limit

	params  []*Tensor
	moments [][2]*Tensor
	step    int
}

// NewAdamW prepares to train params with step size lr.
func NewAdamW(lr float64, params ...*Tensor) *AdamW {
	o := &AdamW{LR: lr, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	outsideScopes(func() {
		for i, p := range params {
			if p == nil || !p.IsParam() {
				failHint("NewAdamW", "make it with Param", "number %d of the tensors to train is not a parameter", i)
			}
			o.params = append(o.params, p)
			o.moments = append(o.moments, [2]*Tensor{Zeros(p.dt, p.shape...), Zeros(p.dt, p.shape...)})
		}
	})
	return o
}

// Params lists what is trained.
func (o *AdamW) Params() []*Tensor { return o.params }

// Steps is how many steps were made.
func (o *AdamW) Steps() int { return o.step }

// GradNorm is the Euclidean norm of all gradients together.
func (o *AdamW) GradNorm() float64 {
	s := 0.0
	for _, p := range o.params {
		if g := p.Grad(); g != nil {
			if p.dt == F32 {
				s += kernel.SumSquare(vals[float32](g))
			} else {
				s += kernel.SumSquare(vals[float64](g))
			}
		}
	}
	return math.Sqrt(s)
}

// Step moves every parameter that has a gradient, in one pass over memory, and forgets the gradients. An interrupt waits
// for its end.
func (o *AdamW) Step() { Uninterrupted(o.move) }

func (o *AdamW) move() {
	o.step++
	scale := 1.0
	if o.Clip > 0 {
		if n := o.GradNorm(); n > o.Clip {
			scale = o.Clip / n
		}
	}
	t := float64(o.step)
	k := kernel.AdamW{LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, Decay: o.Decay, Scale: scale,
		C1: 1 / (1 - math.Pow(o.Beta1, t)), C2: 1 / (1 - math.Pow(o.Beta2, t))}
	for i, p := range o.params {
		g := p.Grad()
		if g == nil {
			continue
		}
		m, v := o.moments[i][0], o.moments[i][1]
		if p.dt == F32 {
			kernel.AdamWStep(vals[float32](p), vals[float32](g), vals[float32](m), vals[float32](v), k)
		} else {
			kernel.AdamWStep(vals[float64](p), vals[float64](g), vals[float64](m), vals[float64](v), k)
		}
		p.ZeroGrad()
	}
}

// ZeroGrad forgets the gradients without a step.
func (o *AdamW) ZeroGrad() {
	for _, p := range o.params {
		p.ZeroGrad()
	}
}

// State lists the number of steps and copies of the moments, two for each parameter, for checkpoints.
func (o *AdamW) State() (step int, moments []*Tensor) {
	for _, m := range o.moments {
		moments = append(moments, m[0].Clone(), m[1].Clone())
	}
	return o.step, moments
}

// SetState continues from what State gave.
func (o *AdamW) SetState(step int, moments []*Tensor) {
	if len(moments) != 2*len(o.moments) {
		fail("AdamW.SetState", "%d moments for %d parameters, which have two each", len(moments), len(o.moments))
	}
	for i, m := range moments {
		d := o.moments[i/2][i%2]
		if m.Len() != d.Len() || m.dt != d.dt {
			fail("AdamW.SetState", "moment %d is %v %v, its parameter %v %v", i, m.dt, m.shape, d.dt, d.shape)
		}
	}
	for i, m := range moments {
		copyStrided(o.moments[i/2][i%2], m)
	}
	o.step = step
}
