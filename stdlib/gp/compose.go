package gp

import (
	"fmt"
	"strings"

	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// SumKernel is the sum of its parts.
type SumKernel struct{ Parts []Kernel }

// Sum adds kernels: the functions they describe are added.
func Sum(parts ...Kernel) *SumKernel { return &SumKernel{named(parts)} }

// ProductKernel is the product of its parts.
type ProductKernel struct{ Parts []Kernel }

// Product multiplies kernels.
func Product(parts ...Kernel) *ProductKernel { return &ProductKernel{named(parts)} }

// named puts the number of its part before the name of every parameter, so that
// names in a composite differ: 1.variance, 2.1.lengthscale.
func named(parts []Kernel) []Kernel {
	for i, k := range parts {
		for _, p := range k.Params() {
			p.Name = fmt.Sprintf("%d.%s", i+1, p.Name)
		}
	}
	return parts
}

// partParams lists the parameters of all parts.
func partParams(parts []Kernel) param.Set {
	var s param.Set
	for _, k := range parts {
		s = append(s, k.Params()...)
	}
	return s
}

// pieces cuts grad into one piece for every part.
func pieces(parts []Kernel, grad []float64) [][]float64 {
	out := make([][]float64, len(parts))
	for i, k := range parts {
		n := k.Params().Len()
		out[i], grad = grad[:n], grad[n:]
	}
	return out
}

func cloneAll(parts []Kernel) []Kernel {
	out := make([]Kernel, len(parts))
	for i, k := range parts {
		out[i] = k.Clone()
	}
	return out
}

func joined(parts []Kernel, sep string) string {
	s := make([]string, len(parts))
	for i, k := range parts {
		s[i] = k.String()
	}
	return strings.Join(s, sep)
}

func allStationary(parts []Kernel) error {
	for _, k := range parts {
		if _, err := StationaryOf(k); err != nil {
			return err
		}
	}
	return nil
}

func scaleOf(parts []Kernel) float64 {
	h := 0.0
	for _, k := range parts {
		if s := k.(Stationary).Scale(); h == 0 || s < h {
			h = s
		}
	}
	return h
}

func smoothAll(parts []Kernel) bool {
	for _, k := range parts {
		if !k.(Stationary).Smooth() {
			return false
		}
	}
	return true
}

// Params are those of all parts, named 1.variance, 2.variance, ...
func (k *SumKernel) Params() param.Set { return partParams(k.Parts) }

// Clone is an independent copy.
func (k *SumKernel) Clone() Kernel { return &SumKernel{cloneAll(k.Parts)} }

// String joins the parts with +.
func (k *SumKernel) String() string { return joined(k.Parts, " + ") }

// Matrix is the sum of the parts' matrices.
func (k *SumKernel) Matrix(x, y *mat.Dense) *mat.Dense {
	out := k.Parts[0].Matrix(x, y)
	for _, p := range k.Parts[1:] {
		if !out.IsEmpty() {
			out.Add(out, p.Matrix(x, y))
		}
	}
	return out
}

// Diag is the sum of the parts' diagonals.
func (k *SumKernel) Diag(x *mat.Dense) []float64 {
	out := k.Parts[0].Diag(x)
	for _, p := range k.Parts[1:] {
		for i, v := range p.Diag(x) {
			out[i] += v
		}
	}
	return out
}

// Backward hands w to every part.
func (k *SumKernel) Backward(x, y, w *mat.Dense, grad []float64) {
	for i, g := range pieces(k.Parts, grad) {
		k.Parts[i].Backward(x, y, w, g)
	}
}

// BackwardDiag hands w to every part.
func (k *SumKernel) BackwardDiag(x *mat.Dense, w []float64, grad []float64) {
	for i, g := range pieces(k.Parts, grad) {
		k.Parts[i].BackwardDiag(x, w, g)
	}
}

// BackwardX adds the parts' input gradients.
func (k *SumKernel) BackwardX(x, y, w *mat.Dense) *mat.Dense {
	out := k.Parts[0].BackwardX(x, y, w)
	for _, p := range k.Parts[1:] {
		out.Add(out, p.BackwardX(x, y, w))
	}
	return out
}

func (k *SumKernel) stationary() error { return allStationary(k.Parts) }

// Lag is the sum of the parts' k(r).
func (k *SumKernel) Lag(r []float64) []float64 {
	out := k.Parts[0].(Stationary).Lag(r)
	for _, p := range k.Parts[1:] {
		for i, v := range p.(Stationary).Lag(r) {
			out[i] += v
		}
	}
	return out
}

// LagGrad lists the parts' derivatives one after the other.
func (k *SumKernel) LagGrad(r []float64) [][]float64 {
	var out [][]float64
	for _, p := range k.Parts {
		out = append(out, p.(Stationary).LagGrad(r)...)
	}
	return out
}

// Scale is the shortest of the parts' scales.
func (k *SumKernel) Scale() float64 { return scaleOf(k.Parts) }

// Smooth holds when it does for every part.
func (k *SumKernel) Smooth() bool { return smoothAll(k.Parts) }

// Params are those of all parts, named 1.variance, 2.variance, ...
func (k *ProductKernel) Params() param.Set { return partParams(k.Parts) }

// Clone is an independent copy.
func (k *ProductKernel) Clone() Kernel { return &ProductKernel{cloneAll(k.Parts)} }

// String joins the parts with *; sums stand in brackets.
func (k *ProductKernel) String() string {
	s := make([]string, len(k.Parts))
	for i, p := range k.Parts {
		s[i] = p.String()
		if _, sum := p.(*SumKernel); sum {
			s[i] = "(" + s[i] + ")"
		}
	}
	return strings.Join(s, " * ")
}

// Matrix is the product, entry by entry, of the parts' matrices.
func (k *ProductKernel) Matrix(x, y *mat.Dense) *mat.Dense {
	out := k.Parts[0].Matrix(x, y)
	for _, p := range k.Parts[1:] {
		if !out.IsEmpty() {
			out.MulElem(out, p.Matrix(x, y))
		}
	}
	return out
}

// Diag is the product of the parts' diagonals.
func (k *ProductKernel) Diag(x *mat.Dense) []float64 {
	out := k.Parts[0].Diag(x)
	for _, p := range k.Parts[1:] {
		for i, v := range p.Diag(x) {
			out[i] *= v
		}
	}
	return out
}

// others is w times the matrices of all parts but i.
func (k *ProductKernel) others(i int, x, y, w *mat.Dense) *mat.Dense {
	out := mat.DenseCopyOf(w)
	for j, p := range k.Parts {
		if j != i {
			out.MulElem(out, p.Matrix(x, y))
		}
	}
	return out
}

// Backward hands every part w times the other parts.
func (k *ProductKernel) Backward(x, y, w *mat.Dense, grad []float64) {
	for i, g := range pieces(k.Parts, grad) {
		k.Parts[i].Backward(x, y, k.others(i, x, y, w), g)
	}
}

// BackwardDiag hands every part w times the other parts.
func (k *ProductKernel) BackwardDiag(x *mat.Dense, w []float64, grad []float64) {
	for i, g := range pieces(k.Parts, grad) {
		v := append([]float64(nil), w...)
		for j, p := range k.Parts {
			if j != i {
				for a, d := range p.Diag(x) {
					v[a] *= d
				}
			}
		}
		k.Parts[i].BackwardDiag(x, v, g)
	}
}

// BackwardX adds the parts' input gradients, each with the others in w.
func (k *ProductKernel) BackwardX(x, y, w *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	out := newMatrix(n, d)
	for i, p := range k.Parts {
		out.Add(out, p.BackwardX(x, y, k.others(i, x, y, w)))
	}
	return out
}

func (k *ProductKernel) stationary() error { return allStationary(k.Parts) }

// Lag is the product of the parts' k(r).
func (k *ProductKernel) Lag(r []float64) []float64 {
	out := k.Parts[0].(Stationary).Lag(r)
	for _, p := range k.Parts[1:] {
		for i, v := range p.(Stationary).Lag(r) {
			out[i] *= v
		}
	}
	return out
}

// LagGrad is each part's derivative times the other parts.
func (k *ProductKernel) LagGrad(r []float64) [][]float64 {
	lags := make([][]float64, len(k.Parts))
	for i, p := range k.Parts {
		lags[i] = p.(Stationary).Lag(r)
	}
	var out [][]float64
	for i, p := range k.Parts {
		for _, d := range p.(Stationary).LagGrad(r) {
			for j := range k.Parts {
				if j != i {
					for a := range d {
						d[a] *= lags[j][a]
					}
				}
			}
			out = append(out, d)
		}
	}
	return out
}

// Scale is the shortest of the parts' scales.
func (k *ProductKernel) Scale() float64 { return scaleOf(k.Parts) }

// Smooth holds when it does for every part.
func (k *ProductKernel) Smooth() bool { return smoothAll(k.Parts) }
