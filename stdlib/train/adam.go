package train

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// Adam is the optimiser of Kingma and Ba (2015), with decoupled weight decay (Loshchilov and Hutter 2019) if
// WeightDecay is not zero. Zero fields take the customary values.
type Adam struct {
	Beta1, Beta2 float64 // [0.9, 0.999]
	Eps          float64 // [1e-8]
	WeightDecay  float64

	params []nn.Param
	m, v   []*linalg.Tensor
	t      int // steps since the moments began

	pending []update
	onWrite func(parameter int) // for tests of interrupts
}

// begin makes moments of zero for the parameters.
func (a *Adam) begin(params []nn.Param) {
	def := func(p *float64, v float64) {
		if *p == 0 {
			*p = v
		}
	}
	def(&a.Beta1, 0.9)
	def(&a.Beta2, 0.999)
	def(&a.Eps, 1e-8)
	a.params, a.m, a.v, a.pending = params, nil, nil, nil
	for _, p := range params {
		zero := linalg.Zeros(p.Value.DType(), p.Value.Shape()...)
		a.m, a.v = append(a.m, linalg.Param(zero)), append(a.v, linalg.Param(zero))
	}
	a.t = 0
}

// update is the new value of one parameter and of its moments.
type update struct {
	at      int
	p, m, v *linalg.Tensor
}

// step moves every parameter that has a gradient. All new values are computed before the first one is written. An
// interrupt while they are written leaves the rest in pending: finish writes it.
func (a *Adam) step(rate, gradScale float64) {
	t := float64(a.t + 1)
	c1, c2 := 1-math.Pow(a.Beta1, t), 1-math.Pow(a.Beta2, t)
	var todo []update
	linalg.NoGrad(func() {
		for i, p := range a.params {
			g := p.Value.Grad()
			if g == nil {
				continue
			}
			if gradScale != 1 {
				g = g.MulS(gradScale)
			}
			m := a.m[i].MulS(a.Beta1).Add(g.MulS(1 - a.Beta1))
			v := a.v[i].MulS(a.Beta2).Add(g.Square().MulS(1 - a.Beta2))
			move := m.MulS(rate / c1).Div(v.MulS(1 / c2).Sqrt().AddS(a.Eps))
			x := p.Value
			if a.WeightDecay != 0 {
				x = x.MulS(1 - rate*a.WeightDecay)
			}
			todo = append(todo, update{i, x.Sub(move), m, v})
		}
	})
	defer func() {
		for _, u := range a.pending { // what is left outlives the scope of the step
			u.p.Keep()
			u.m.Keep()
			u.v.Keep()
		}
	}()
	a.pending = todo
	a.finish()
}

// finish writes pending updates. Writing one twice does no harm, so an interrupt may fall anywhere.
func (a *Adam) finish() {
	if len(a.pending) == 0 {
		return
	}
	for len(a.pending) > 0 {
		u := a.pending[0]
		if a.onWrite != nil {
			a.onWrite(u.at)
		}
		a.params[u.at].Value.Set(u.p)
		a.m[u.at].Set(u.m)
		a.v[u.at].Set(u.v)
		a.pending = a.pending[1:]
	}
	a.t++
}

// state lists the moments under names of their own.
func (a *Adam) state() []nn.Param {
	var out []nn.Param
	for i, p := range a.params {
		out = append(out, nn.Param{Name: "adam.m." + p.Name, Value: a.m[i]}, nn.Param{Name: "adam.v." + p.Name, Value: a.v[i]})
	}
	return out
}
