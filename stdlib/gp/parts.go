package gp

import (
	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/internal/scratch"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Everything over many data is done part by part, so that the matrices of a part
// stay in the cache from one step to the next.
const (
	partSize = 120 // data; no power of two, whose rows would share the cache's sets
	maxRuns  = 8   // runs of parts, each of which has sums of its own
)

// runs divides n data into runs of whole parts; run calls f for every part of
// a run, and runs may be at work at the same time.
func runs(n int) (count int, run func(f func(run, lo, hi int))) {
	parts := (n + partSize - 1) / partSize
	per := (parts + maxRuns - 1) / maxRuns
	if per == 0 {
		return 0, func(func(run, lo, hi int)) {}
	}
	return (parts + per - 1) / per, func(f func(run, lo, hi int)) {
		linalg.ParallelFor(parts, per, func(first, last int) {
			for p := first; p < last; p++ {
				f(first/per, p*partSize, min(n, (p+1)*partSize))
			}
		})
	}
}

// rowsBetween views rows lo to hi-1.
func rowsBetween(x *mat.Dense, lo, hi int) *mat.Dense {
	_, d := x.Dims()
	return x.Slice(lo, hi, 0, d).(*mat.Dense)
}

// gemm is c = alpha a b + beta c.
func gemm(alpha float64, a, b *mat.Dense, beta float64, c *mat.Dense) {
	blas64.Gemm(blas.NoTrans, blas.NoTrans, alpha, a.RawMatrix(), b.RawMatrix(), beta, c.RawMatrix())
}

// addSymmetric adds alpha a a' to the lower triangle of c.
func addSymmetric(alpha float64, a, c *mat.Dense) {
	r := c.RawMatrix()
	blas64.Syrk(blas.NoTrans, alpha, a.RawMatrix(), 1, blas64.Symmetric{N: r.Rows, Stride: r.Stride, Data: r.Data, Uplo: blas.Lower})
}

// addLower adds the lower triangle of b to that of a.
func addLower(a, b *mat.Dense) {
	n, _ := a.Dims()
	for i := 0; i < n; i++ {
		r := row(a, i)[:i+1]
		linalg.AddInto(r, r, row(b, i)[:i+1])
	}
}

// crossGradient gathers the gradient by kernel and inducing inputs of a scalar
// whose derivative by K = k(Z, x) is, part by part,
//
//	w_ij = 2 U_ij dv_j + u_i dm_j.
//
// For the SE kernel on the line it needs no pass over w: all it asks for are the
// sums of w K, w K u and w K u^2 over j, u = z_i - x_j.
type crossGradient struct {
	k    Kernel
	line *Radial // k if it is SE and the input one column
	Z    *mat.Dense
	u    []float64

	dk []float64  // by the free numbers of k
	dZ *mat.Dense // by the inducing inputs

	value, scale float64
}

func newCrossGradient(k Kernel, Z *mat.Dense, u []float64) *crossGradient {
	n, d := Z.Dims()
	g := &crossGradient{k: k, Z: Z, u: u, dk: make([]float64, k.Params().Len()), dZ: newMatrix(n, d)}
	if r, ok := k.(*Radial); ok && d == 1 && r.Family == FamilySE {
		g.line = r
	}
	return g
}

// add takes one part. What held U is written over.
func (g *crossGradient) add(x, K, U *mat.Dense, dv, dm []float64) {
	if g.line == nil {
		for i, ui := range g.u {
			r := row(U, i)
			for j, d := range dv {
				r[j] = 2*r[j]*d + ui*dm[j]
			}
		}
		g.dZ.Add(g.dZ, BackwardAll(g.k, g.Z, x, K, U, g.dk))
		return
	}
	M := len(g.u)
	sums, twice := scratch.Lease(M, 3), scratch.Lease(1, len(dv))
	defer scratch.Release(sums, twice)
	a := row(twice, 0)
	for j, v := range dv {
		a[j] = 2 * v
	}
	linalg.LineSums(sums, K, U, a, dm, g.u, column(g.Z), column(x))
	w2 := 1 / (g.line.Lengthscale.Value() * g.line.Lengthscale.Value())
	for i := 0; i < M; i++ {
		s := row(sums, i)
		g.value += s[0]
		g.scale -= 0.5 * w2 * s[2]
		row(g.dZ, i)[0] -= w2 * s[1]
	}
}

// finish makes dk whole.
func (g *crossGradient) finish() {
	if k := g.line; k != nil {
		g.dk[0] += g.value / k.Variance.Value() * slope(k.Variance, 0)
		g.dk[1] -= 2 * g.scale / k.Lengthscale.Value() * slope(k.Lengthscale, 0)
	}
}

// kernelTo writes k(x, y) into dst, whose rows lie without gaps.
func kernelTo(dst *mat.Dense, k Kernel, x, y *mat.Dense) {
	if r, ok := k.(*Radial); ok {
		r.matrixInto(dst, x, y)
		return
	}
	dst.Copy(k.Matrix(x, y))
}
