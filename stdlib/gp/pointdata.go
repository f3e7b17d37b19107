package gp

import (
	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/internal/scratch"
	"gonum.org/v1/gonum/mat"
)

// PointData is what a regression with inducing inputs Z sees of its data, for
// packages that build on this one: products of W = L^-1 K_uf, and the gradient by
// K_uf, with every matrix over the data made and used part by part.
type PointData struct {
	k    Kernel
	Z, x *mat.Dense
	y    []float64
	K, W []*mat.Dense // by part; no part beyond the first memory
	held *mat.Dense
}

// NewPointData takes a kernel, inducing inputs and data, none of which may
// change while it is used.
func NewPointData(k Kernel, Z, x *mat.Dense, y []float64) *PointData {
	M, _ := Z.Dims()
	n := len(y)
	d := &PointData{k: k, Z: Z, x: x, y: y, held: scratch.Lease(2*M, n)}
	memory := d.held.RawMatrix().Data
	for lo := 0; lo < n; lo += partSize {
		m := min(partSize, n-lo)
		d.K = append(d.K, mat.NewDense(M, m, memory[:M*m]))
		d.W = append(d.W, mat.NewDense(M, m, memory[M*m:2*M*m]))
		memory = memory[2*M*m:]
	}
	return d
}

// Done gives the memory back; d is of no use after it.
func (d *PointData) Done() {
	scratch.Release(d.held)
	d.held, d.K, d.W = nil, nil, nil
}

// See returns W W' and W y for K_uu = L L'.
func (d *PointData) See(L *linalg.CholFactor) (WW *mat.Dense, Wy []float64) {
	M := L.N()
	count, run := runs(len(d.y))
	square, linear := make([]*mat.Dense, count), make([]*mat.Dense, count)
	for i := range square {
		square[i], linear[i] = scratch.Zeros(M, M), scratch.Zeros(M, 1)
	}
	run(func(r, lo, hi int) {
		p := lo / partSize
		kernelTo(d.K[p], d.k, d.Z, rowsBetween(d.x, lo, hi))
		L.HalfTo(d.W[p], d.K[p])
		addSymmetric(1, d.W[p], square[r])
		gemm(1, d.W[p], mat.NewDense(hi-lo, 1, d.y[lo:hi]), 1, linear[r])
	})
	WW, Wy = scratch.Zeros(M, M), make([]float64, M)
	for i, s := range square {
		addLower(WW, s)
		for j := range Wy {
			Wy[j] += linear[i].At(j, 0)
		}
		scratch.Release(s, linear[i])
	}
	linalg.Mirror(WW)
	return WW, Wy
}

// Pull adds to grad the gradient by the free numbers of the kernel, and returns
// that by Z, when the derivative by K_uf is A W + u y'. See comes first.
func (d *PointData) Pull(A *mat.Dense, u, grad []float64) *mat.Dense {
	M, cols := d.Z.Dims()
	count, run := runs(len(d.y))
	sums := make([]*crossGradient, count)
	halves := make([]float64, partSize)
	for i := range halves {
		halves[i] = 0.5
	}
	for i := range sums {
		sums[i] = newCrossGradient(d.k, d.Z, u)
	}
	run(func(r, lo, hi int) {
		p, g := lo/partSize, sums[r]
		U := scratch.Lease(M, hi-lo)
		gemm(1, A, d.W[p], 0, U)
		g.add(rowsBetween(d.x, lo, hi), d.K[p], U, halves[:hi-lo], d.y[lo:hi])
		scratch.Release(U)
	})
	dZ := newMatrix(M, cols)
	for _, g := range sums {
		g.finish()
		for i, v := range g.dk {
			grad[i] += v
		}
		dZ.Add(dZ, g.dZ)
	}
	return dZ
}
