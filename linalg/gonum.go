package linalg

import "gonum.org/v1/gonum/mat"

// FromDense copies a gonum matrix into an F64 tensor of two axes.
func FromDense(m mat.Matrix) *Tensor {
	r, c := m.Dims()
	t := newTensor(F64, []int{r, c})
	x := vals[float64](t)
	if d, ok := m.(mat.RawMatrixer); ok {
		raw := d.RawMatrix()
		for i := 0; i < r; i++ {
			copy(x[i*c:(i+1)*c], raw.Data[i*raw.Stride:])
		}
		return t
	}
	for i := 0; i < r; i++ {
		for j := 0; j < c; j++ {
			x[i*c+j] = m.At(i, j)
		}
	}
	return t
}

// FromVec copies a gonum vector into an F64 tensor of one axis.
func FromVec(v mat.Vector) *Tensor {
	t := newTensor(F64, []int{v.Len()})
	for i, x := 0, vals[float64](t); i < len(x); i++ {
		x[i] = v.AtVec(i)
	}
	return t
}

// Dense copies a tensor into a gonum matrix: two axes as they are, a vector as one column, a scalar as 1 by 1. Leading
// axes of length one are dropped. gonum has no empty matrices, so neither has Dense.
func (t *Tensor) Dense() *mat.Dense {
	s := t.shape
	for len(s) > 2 && s[0] == 1 {
		s = s[1:]
	}
	if len(s) > 2 {
		failHint("Dense", "take one matrix with Select", "shape %v has more than two axes", t.shape)
	}
	if t.Len() == 0 {
		fail("Dense", "shape %v is empty, which gonum cannot hold", t.shape)
	}
	r, c := t.Len(), 1
	if len(s) == 2 {
		r, c = s[0], s[1]
	}
	return mat.NewDense(r, c, t.Float64s())
}

// Vec copies all elements, in row-major order, into a gonum vector.
func (t *Tensor) Vec() *mat.VecDense {
	if t.Len() == 0 {
		fail("Vec", "shape %v is empty, which gonum cannot hold", t.shape)
	}
	return mat.NewVecDense(t.Len(), t.Float64s())
}
