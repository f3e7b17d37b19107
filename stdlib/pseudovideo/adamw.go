package pseudovideo

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// adamW is Adam with bias correction and decoupled weight decay, and a running average of the weights.
type adamW struct {
	beta1, beta2, eps, decay float64
	average                  float64 // decay of the weight average; 0 keeps none
	step                     int
	slots                    []slot
}

// slot is the state of one parameter, in double precision.
type slot struct {
	p                     *linalg.Tensor
	theta, m, v, averaged []float64
}

func newAdamW(params []nn.Param, weightDecay, average float64) *adamW {
	a := &adamW{beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: weightDecay, average: average}
	for _, p := range params {
		theta := p.Value.Float64s()
		s := slot{p: p.Value, theta: theta, m: make([]float64, len(theta)), v: make([]float64, len(theta))}
		if average > 0 {
			s.averaged = append([]float64(nil), theta...)
		}
		a.slots = append(a.slots, s)
	}
	return a
}

// reload reads the parameters again after somebody else has set them.
func (a *adamW) reload() {
	for i := range a.slots {
		copy(a.slots[i].theta, a.slots[i].p.Float64s())
	}
}

// apply moves every parameter against its gradient, scaled down together if their norm exceeds clip (0: never), and
// forgets the gradients. It returns the norm.
func (a *adamW) apply(lr, clip float64) float64 {
	grads, norm := make([][]float64, len(a.slots)), 0.0
	for i, s := range a.slots {
		if g := s.p.Grad(); g != nil {
			grads[i] = g.Float64s()
			for _, v := range grads[i] {
				norm += v * v
			}
		}
	}
	norm = math.Sqrt(norm)
	shrink := 1.0
	if clip > 0 && norm > clip {
		shrink = clip / norm
	}
	a.step++
	for i := range a.slots {
		if grads[i] == nil {
			continue
		}
		scale(grads[i], shrink)
		a.slots[i].move(grads[i], a, lr)
		a.slots[i].p.ZeroGrad()
	}
	a.remember()
	return norm
}

// move is one step for one parameter.
func (s *slot) move(g []float64, a *adamW, lr float64) {
	c1, c2 := 1-math.Pow(a.beta1, float64(a.step)), 1-math.Pow(a.beta2, float64(a.step))
	for i, v := range g {
		s.m[i] = a.beta1*s.m[i] + (1-a.beta1)*v
		s.v[i] = a.beta2*s.v[i] + (1-a.beta2)*v*v
		s.theta[i] = s.theta[i]*(1-lr*a.decay) - lr*(s.m[i]/c1)/(math.Sqrt(s.v[i]/c2)+a.eps)
	}
	s.p.Set(linalg.FromFloat64(s.theta, s.p.Shape()...).To(s.p.DType()))
}

// remember moves the weight average, quickly at first: its decay is min(average, (1+n)/(10+n)) at step n.
func (a *adamW) remember() {
	if a.average == 0 {
		return
	}
	d := min(a.average, float64(1+a.step)/float64(10+a.step))
	for _, s := range a.slots {
		for i, v := range s.theta {
			s.averaged[i] = d*s.averaged[i] + (1-d)*v
		}
	}
}

// withAverage calls f while the parameters hold their running average.
func (a *adamW) withAverage(f func()) {
	if a == nil || a.average == 0 {
		f()
		return
	}
	put := func(of func(s slot) []float64) {
		for _, s := range a.slots {
			s.p.Set(linalg.FromFloat64(of(s), s.p.Shape()...).To(s.p.DType()))
		}
	}
	put(func(s slot) []float64 { return s.averaged })
	defer put(func(s slot) []float64 { return s.theta })
	f()
}
