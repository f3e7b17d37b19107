package ohsvgp

import (
	"math"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/internal/scratch"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// seNodes is the trapezoid rule in frequency that reproduces the SE kernel to
// rounding for |lag| <= L: k(r) = var sum_i p_i cos(w_i r), w_i = i dw. Beyond
// L the sum repeats itself, so L must cover every lag that is evaluated.
func seNodes(ls, L float64) (dw float64, p []float64) {
	const tail = 9.0
	dw = 2 * math.Pi / (L + tail*ls)
	for i := 0; float64(i)*dw < tail/ls; i++ {
		w := float64(i) * dw * ls
		p = append(p, 2*dw*ls/math.Sqrt(2*math.Pi)*math.Exp(-0.5*w*w))
	}
	p[0] /= 2
	return dw, p
}

// kufSE is K_uf (M by len(x)) of the SE kernel for LegS variables on [0,t], and
// on request its derivatives by log variance and log length-scale, from
//
//	int_0^t cos(w(x-s)) phi_m(s) ds = sqrt(2m+1) j_m(wt/2) * { (-1)^(m/2) cos, (-1)^((m-1)/2) sin }(w(x-t/2))
//
// for even and odd m.
func kufSE(k *gp.Radial, x []float64, t float64, M int, grad bool) (*mat.Dense, []*mat.Dense) {
	ls, variance := k.Lengthscale.Value(), k.Variance.Value()
	dw, p := seNodes(ls, reachSE(x, t))
	cs, sn := angles(x, t/2, dw, len(p))
	n := len(x)
	j := seOverlaps(M, t, dw, len(p))
	for i, v := range p {
		for m := 0; m < M; m++ {
			j.Set(m, i, variance*v*j.At(m, i))
		}
	}
	K := mat.NewDense(M, n, nil)
	interleave(K, j, cs, sn)
	if !grad {
		return K, nil
	}
	dv := scaled(K, k.Variance.Slope(0)/variance)
	for i := range p {
		w := float64(i) * dw * ls
		f := (1 - w*w) * k.Lengthscale.Slope(0) / ls
		for m := 0; m < M; m++ {
			j.Set(m, i, j.At(m, i)*f)
		}
	}
	dl := mat.NewDense(M, n, nil)
	interleave(dl, j, cs, sn)
	return K, []*mat.Dense{dv, dl}
}

// seOverlaps are the amplitudes sqrt(2m+1) j_m(wt/2), with the sign of m/2, of
// LegS variables on [0,t] at n frequencies i dw: M rows.
func seOverlaps(M int, t, dw float64, n int) *mat.Dense {
	col, factor, out := make([]float64, M), make([]float64, M), make([]float64, M*n)
	for m := range factor {
		factor[m] = math.Sqrt(float64(2*m + 1))
		if m/2%2 == 1 {
			factor[m] = -factor[m]
		}
	}
	for i := 0; i < n; i++ {
		sphericalBessel(col, float64(i)*dw*t/2)
		for m, v := range col {
			out[m*n+i] = v * factor[m]
		}
	}
	return mat.NewDense(M, n, out)
}

// angles returns cos and sin of i dw (x-centre), frequencies by points, by
// rotation restarted now and then so that rounding does not build up.
func angles(x []float64, centre, dw float64, nw int) (cs, sn *mat.Dense) {
	n := len(x)
	cs, sn = scratch.Lease(nw, n), scratch.Lease(nw, n)
	const restart = 8
	rotS, rotC := make([]float64, n), make([]float64, n)
	for a, v := range x {
		rotS[a], rotC[a] = math.Sincos(dw * (v - centre))
	}
	for i := 0; i < nw; i++ {
		c, s := cs.RawRowView(i), sn.RawRowView(i)
		if i%restart == 0 {
			for a, v := range x {
				s[a], c[a] = math.Sincos(float64(i) * dw * (v - centre))
			}
			continue
		}
		c0, s0 := cs.RawRowView(i-1), sn.RawRowView(i-1)
		for a := range x {
			c[a] = c0[a]*rotC[a] - s0[a]*rotS[a]
			s[a] = s0[a]*rotC[a] + c0[a]*rotS[a]
		}
	}
	return cs, sn
}

// interleave fills even rows of K with (even rows of j) cs and odd rows with
// (odd rows of j) sn.
func interleave(K, j, cs, sn *mat.Dense) {
	product2(everyOther(K, 0), everyOther(j, 0), cs.RawMatrix(), false)
	product2(everyOther(K, 1), everyOther(j, 1), sn.RawMatrix(), false)
}

// everyOther views rows first, first+2, ... of a.
func everyOther(a *mat.Dense, first int) blas64.General {
	r := a.RawMatrix()
	if r.Rows <= first {
		return blas64.General{Cols: r.Cols, Stride: 2 * r.Stride}
	}
	return blas64.General{Rows: (r.Rows - first + 1) / 2, Cols: r.Cols, Stride: 2 * r.Stride, Data: r.Data[first*r.Stride:]}
}

// product2 is dst = a b, or a b'.
func product2(dst, a, b blas64.General, transposed bool) {
	t := blas.NoTrans
	if transposed {
		t = blas.Trans
	}
	if dst.Rows > 0 && dst.Cols > 0 {
		blas64.Gemm(blas.NoTrans, t, 1, a, b, 0, dst)
	}
}

func scaled(a *mat.Dense, f float64) *mat.Dense {
	out := mat.DenseCopyOf(a)
	out.Scale(f, out)
	return out
}
