package linalg

import (
	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// apply computes an element-wise function and records its derivative, which the kernel evaluates from input and output.
func apply(name string, op kernel.Op, t *Tensor) *Tensor {
	if !t.dt.float() {
		failHint(name, "convert with To", "the elements are %v, not floating-point numbers", t.dt)
	}
	x := t.dense()
	y := newTensor(t.dt, t.shape)
	if t.dt == F32 {
		kernel.Map(op, vals[float32](y), vals[float32](x))
	} else {
		kernel.Map(op, vals[float64](y), vals[float64](x))
	}
	return track(y, func(g *Tensor) []*Tensor {
		dx, g := like(x), g.dense()
		if x.dt == F32 {
			kernel.MapGrad(op, vals[float32](dx), vals[float32](g), vals[float32](x), vals[float32](y))
		} else {
			kernel.MapGrad(op, vals[float64](dx), vals[float64](g), vals[float64](x), vals[float64](y))
		}
		return []*Tensor{dx}
	}, t)
}

// Neg is -x.
func (t *Tensor) Neg() *Tensor { return apply("Neg", kernel.Neg, t) }

// Abs is |x|; its derivative at zero is taken as zero.
func (t *Tensor) Abs() *Tensor { return apply("Abs", kernel.Abs, t) }

// Square is x^2.
func (t *Tensor) Square() *Tensor { return apply("Square", kernel.Square, t) }

// Sqrt is the square root.
func (t *Tensor) Sqrt() *Tensor { return apply("Sqrt", kernel.Sqrt, t) }

// Recip is 1/x.
func (t *Tensor) Recip() *Tensor { return apply("Recip", kernel.Recip, t) }

// Exp is e^x.
func (t *Tensor) Exp() *Tensor { return apply("Exp", kernel.Exp, t) }

// Log is the natural logarithm.
func (t *Tensor) Log() *Tensor { return apply("Log", kernel.Log, t) }

// Sin is the sine of radians.
func (t *Tensor) Sin() *Tensor { return apply("Sin", kernel.Sin, t) }

// Cos is the cosine of radians.
func (t *Tensor) Cos() *Tensor { return apply("Cos", kernel.Cos, t) }

// Tanh is the hyperbolic tangent.
func (t *Tensor) Tanh() *Tensor { return apply("Tanh", kernel.Tanh, t) }

// Erf is the error function.
func (t *Tensor) Erf() *Tensor { return apply("Erf", kernel.Erf, t) }

// Sigmoid is 1/(1+e^-x).
func (t *Tensor) Sigmoid() *Tensor { return apply("Sigmoid", kernel.Sigmoid, t) }

// Softplus is log(1+e^x).
func (t *Tensor) Softplus() *Tensor { return apply("Softplus", kernel.Softplus, t) }

// ReLU is max(x, 0).
func (t *Tensor) ReLU() *Tensor { return apply("ReLU", kernel.ReLU, t) }

// GELU is x Phi(x) with the normal distribution function Phi (the exact form, by erf).
func (t *Tensor) GELU() *Tensor { return apply("GELU", kernel.GELU, t) }

// SiLU is x/(1+e^-x).
func (t *Tensor) SiLU() *Tensor { return apply("SiLU", kernel.SiLU, t) }
