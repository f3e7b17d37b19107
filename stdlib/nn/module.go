package nn

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
)

// Param is a trained tensor with its name, such as "blocks.0.attention.Wqk".
type Param struct {
	Name  string
	Value *linalg.Tensor
}

// Module is anything with parameters. The order and the names stay the same for the life of the module.
type Module interface {
	Params() []Param
}

// List is a module that is nothing but its parameters.
type List []Param

// Params is the list.
func (l List) Params() []Param { return l }

// Under puts a prefix and a dot before each name.
func Under(prefix string, ps []Param) []Param {
	out := make([]Param, len(ps))
	for i, p := range ps {
		out[i] = Param{prefix + "." + p.Name, p.Value}
	}
	return out
}

// Join lists the parameters of several lists, one after the other.
func Join(lists ...[]Param) []Param {
	var out []Param
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// Count is the number of trained numbers of a module.
func Count(m Module) int {
	n := 0
	for _, p := range m.Params() {
		n += p.Value.Len()
	}
	return n
}

// Penalty is a term that a layer adds to the loss, such as a divergence from its prior.
type Penalty struct {
	Name  string
	Value *linalg.Tensor // one number
	Scale float64        // what a loss multiplies it by, before any weight of its own; 1 unless a layer says otherwise
}

// Pass is one forward pass. The zero value evaluates without dropout or noise.
type Pass struct {
	Train     bool         // dropout is on
	Rand      *linalg.Rand // for dropout masks and Monte Carlo noise; nil only when neither is wanted
	Samples   int          // Monte Carlo samples drawn by the first stochastic layer; 0 counts as 1
	Penalties []Penalty    // added by layers as they are passed
}

// Eval is a pass without dropout or noise.
func Eval() *Pass { return &Pass{} }

// Training is a pass with dropout, driven by r.
func Training(r *linalg.Rand) *Pass { return &Pass{Train: true, Rand: r, Samples: 1} }

// Sampling is a pass without dropout in which stochastic layers draw s samples, driven by r.
func Sampling(r *linalg.Rand, s int) *Pass { return &Pass{Rand: r, Samples: s} }

// Penalise adds a term to the loss.
func (p *Pass) Penalise(name string, value *linalg.Tensor, scale float64) {
	p.Penalties = append(p.Penalties, Penalty{name, value, scale})
}

// Normal draws standard normal numbers for a layer's noise.
func (p *Pass) Normal(op string, dt linalg.DType, shape ...int) *linalg.Tensor {
	if p.Rand == nil {
		fail(op, "pass nn.Sampling(rng, samples) or nn.Training(rng)", "this layer draws random numbers, and the pass has no source of them")
	}
	return linalg.Normal(p.Rand, dt, shape...)
}

// Dropout sets a share rate of x to zero and scales the rest by 1/(1-rate). Outside training it gives x itself.
func (p *Pass) Dropout(x *linalg.Tensor, rate float64) *linalg.Tensor {
	if rate < 0 || rate >= 1 {
		fail("Dropout", "", "the rate is %v: it must be at least 0 and below 1", rate)
	}
	if !p.Train || rate == 0 {
		return x
	}
	if p.Rand == nil {
		fail("Dropout", "pass nn.Training(rng)", "the pass has no source of random numbers")
	}
	return linalg.Dropout(p.Rand, x, rate)
}

func fail(op, hint, format string, args ...any) {
	panic(&linalg.Error{Op: "nn." + op, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// uniform makes a parameter uniform in +-bound.
func uniform(r *linalg.Rand, dt linalg.DType, bound float64, shape ...int) *linalg.Tensor {
	return linalg.Param(linalg.Uniform(r, dt, shape...).MulS(2 * bound).AddS(-bound))
}

// fanIn is the customary bound of a linear layer with n inputs.
func fanIn(n int) float64 { return 1 / math.Sqrt(float64(n)) }

func positive(op, what string, n int) {
	if n < 1 {
		fail(op, "", "%s is %d: it must be positive", what, n)
	}
}

// last refuses x whose last axis is not n.
func last(op string, x *linalg.Tensor, n int) {
	s := x.Shape()
	if len(s) == 0 || s[len(s)-1] != n {
		fail(op, "", "the input has shape %v, but its last axis should be %d", s, n)
	}
}
