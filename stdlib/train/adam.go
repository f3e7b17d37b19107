package train

import (
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
	opt    *linalg.AdamW
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
	values := make([]*linalg.Tensor, len(params))
	for i, p := range params {
		values[i] = p.Value
	}
	a.params, a.opt = params, linalg.NewAdamW(0, values...)
	a.opt.Beta1, a.opt.Beta2, a.opt.Eps, a.opt.Decay = a.Beta1, a.Beta2, a.Eps, a.WeightDecay
}

// step moves every parameter that has a gradient, all of them or none: an interrupt waits for its end. Gradients are
// scaled down to the norm clip; 0 is no limit.
func (a *Adam) step(rate, clip float64) {
	a.opt.LR, a.opt.Clip = rate, clip
	a.opt.Step()
}

// state is the number of steps and a copy of the moments under names of their own.
func (a *Adam) state() (step int, moments []nn.Param) {
	step, values := a.opt.State()
	for i, p := range a.params {
		moments = append(moments, nn.Param{Name: "adam.m." + p.Name, Value: linalg.Param(values[2*i])},
			nn.Param{Name: "adam.v." + p.Name, Value: linalg.Param(values[2*i+1])})
	}
	return step, moments
}

// setState continues from what state gave.
func (a *Adam) setState(step int, moments []nn.Param) {
	values := make([]*linalg.Tensor, len(moments))
	for i, m := range moments {
		values[i] = linalg.Detach(m.Value)
	}
	a.opt.SetState(step, values)
}
