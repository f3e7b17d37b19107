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

// addLower adds the lower triangle of b, which is given back, to a.
func addLower(a, b *mat.Dense) {
	x, y := a.RawMatrix(), b.RawMatrix()
	for i := 0; i < x.Rows; i++ {
		r, s := x.Data[i*x.Stride:i*x.Stride+i+1], y.Data[i*y.Stride:i*y.Stride+i+1]
		for j, v := range s {
			r[j] += v
		}
	}
	scratch.Release(b)
}

// mirror copies the lower triangle of a to the upper one.
func mirror(a *mat.Dense) {
	r := a.RawMatrix()
	for i := 0; i < r.Rows; i++ {
		for j, v := range r.Data[i*r.Stride : i*r.Stride+i] {
			r.Data[j*r.Stride+i] = v
		}
	}
}

// crossGradient gathers the gradient by kernel and inducing inputs of a scalar
// whose derivative by K = k(Z, x) is, part by part,
//
//	w_ij = 2 U_ij dv_j + u_i dm_j.
//
// For the SE kernel on the line it needs no pass over w: with z the inducing
// input and x' the input from some middle, all it asks for are the sums of w K,
// w K x' and w K x'^2 over j, which are products of K*U and of K with columns made
// of dv, dm and x'.
type crossGradient struct {
	k    Kernel
	line *Radial // k if it is SE and the input one column
	Z    *mat.Dense
	u    []float64

	dk []float64  // by the free numbers of k
	dZ *mat.Dense // by the inducing inputs

	value, scale     float64
	of, by, sums, sK *mat.Dense
}

func newCrossGradient(k Kernel, Z *mat.Dense, u []float64) *crossGradient {
	n, d := Z.Dims()
	g := &crossGradient{k: k, Z: Z, u: u, dk: make([]float64, k.Params().Len()), dZ: newMatrix(n, d)}
	if r, ok := k.(*Radial); ok && d == 1 && r.Family == FamilySE {
		g.line = r
		g.of, g.by = newMatrix(partSize, 4), newMatrix(partSize, 4)
		g.sums, g.sK = newMatrix(n, 4), newMatrix(n, 4)
	}
	return g
}

// add takes one part: K, and U or, for the line, K*U. What held U is written
// over.
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
	n := len(dv)
	middle := 0.0
	for j := 0; j < n; j++ {
		middle += x.At(j, 0) / float64(n)
	}
	of, by := g.of.RawMatrix(), g.by.RawMatrix()
	of.Rows, by.Rows = n, n
	for j := 0; j < n; j++ {
		u := x.At(j, 0) - middle
		copy(of.Data[4*j:], []float64{2 * dv[j], 2 * dv[j] * u, 2 * dv[j] * u * u, 0})
		copy(by.Data[4*j:], []float64{dm[j], dm[j] * u, dm[j] * u * u, 0})
	}
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, U.RawMatrix(), of, 0, g.sums.RawMatrix())
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, K.RawMatrix(), by, 0, g.sK.RawMatrix())
	inverse := 1 / g.line.Lengthscale.Value()
	for i, ui := range g.u {
		s, k := row(g.sums, i), row(g.sK, i)
		a, b, c := s[0]+ui*k[0], s[1]+ui*k[1], s[2]+ui*k[2]
		z := g.Z.At(i, 0) - middle
		g.value += a
		g.scale -= 0.5 * inverse * inverse * (z*(z*a-2*b) + c)
		g.dZ.Set(i, 0, g.dZ.At(i, 0)-inverse*inverse*(z*a-b))
	}
}

// finish makes dk whole.
func (g *crossGradient) finish() {
	if k := g.line; k != nil {
		g.dk[0] += g.value / k.Variance.Value() * slope(k.Variance, 0)
		g.dk[1] -= 2 * g.scale / k.Lengthscale.Value() * slope(k.Lengthscale, 0)
	}
}

// columnDots adds sum_i K_ij U_ij to v_j, and with keep leaves K*U in U.
func columnDots(v []float64, K, U *mat.Dense, keep bool) {
	M, _ := K.Dims()
	for i := 0; i < M; i++ {
		k, u := row(K, i), row(U, i)
		k, u = k[:len(v)], u[:len(v)]
		if !keep {
			for j := range v {
				v[j] += k[j] * u[j]
			}
			continue
		}
		for j := range v {
			p := k[j] * u[j]
			u[j] = p
			v[j] += p
		}
	}
}

// timesElements is u = u*k.
func timesElements(U, K *mat.Dense) {
	u, k := U.RawMatrix().Data, K.RawMatrix().Data // no gaps between rows
	k = k[:len(u)]
	for i, v := range k {
		u[i] *= v
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
