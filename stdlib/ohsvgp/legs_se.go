package ohsvgp

import (
	"math"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/internal/scratch"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// seWaves makes all blocks of LegS variables under the SE kernel from one
// trapezoid rule in frequency, which holds to rounding for every lag among the
// points and the supports. With B the amplitudes of the new variables about their
// centre T/2 (seOverlaps), A those of the old ones about Ta/2, and weights v =
// variance p,
//
//	K_bb = B v B'  where the parities agree, else 0      K_bf = B v {cos, sin}(w(x-T/2))
//	K_ba = B v (A turned by w(T-Ta)/2)'
//
// Every block is linear in v, so that a gradient needs one product a block: by
// v_i it is the sum over blocks of the gradient times block i.
type seWaves struct {
	v, p        []float64 // weights, with and without the variance
	dw, centre  float64
	B, Bv       *mat.Dense    // M by waves, without and with v
	cs, sn      *mat.Dense    // waves by points; nil when waveData stands for them
	A, Av       *mat.Dense    // of the old variables; nil without
	turn        [2]*mat.Dense // A turned, for even and odd rows of B
	variance    float64
	lengthscale float64
}

// reachSE is the largest lag that any block of the memory needs.
func reachSE(x []float64, T float64) float64 {
	L := T
	for _, v := range x {
		L = math.Max(L, math.Max(math.Abs(v), math.Abs(v-T)))
	}
	return L
}

func newWaves(k *gp.Radial, x []float64, b, a *legs) *seWaves {
	w := &seWaves{variance: k.Variance.Value(), lengthscale: k.Lengthscale.Value(), centre: b.T / 2}
	w.dw, w.p = seNodes(w.lengthscale, reachSE(x, b.T))
	n := len(w.p)
	w.v = make([]float64, n)
	for i, p := range w.p {
		w.v[i] = w.variance * p
	}
	w.B = seOverlaps(b.M, b.T, w.dw, n)
	w.Bv = weighted(w.B, w.v)
	if a == nil {
		return w
	}
	w.A = seOverlaps(a.M, a.T, w.dw, n)
	w.Av = weighted(w.A, w.v)
	c, s := make([]float64, n), make([]float64, n)
	for i := range c {
		s[i], c[i] = math.Sincos(float64(i) * w.dw * (b.T - a.T) / 2)
	}
	for odd := range w.turn {
		t := mat.NewDense(a.M, n, nil)
		for m := 0; m < a.M; m++ {
			src, dst := w.A.RawRowView(m), t.RawRowView(m)
			by, sign := c, 1.0
			if m%2 != odd {
				by = s
				if odd == 1 {
					sign = -1
				}
			}
			for i, v := range src {
				dst[i] = sign * v * by[i]
			}
		}
		w.turn[odd] = t
	}
	return w
}

// weighted is a with column i times v[i].
func weighted(a *mat.Dense, v []float64) *mat.Dense {
	out := mat.DenseCopyOf(a)
	r, _ := out.Dims()
	for m := 0; m < r; m++ {
		row := out.RawRowView(m)
		for i := range row {
			row[i] *= v[i]
		}
	}
	return out
}

// data adds the covariances with f(x).
func (w *seWaves) data(out *blocks, x []float64) {
	M, n := w.B.Dims()
	w.cs, w.sn = angles(x, w.centre, w.dw, n)
	out.Kbf = scratch.Lease(M, len(x))
	interleave(out.Kbf, w.Bv, w.cs, w.sn)
}

// blocks are the covariances but those with f(x).
func (w *seWaves) blocks(kff []float64) *blocks {
	M, _ := w.B.Dims()
	out := &blocks{Kbb: gram(w.Bv, w.B), kff: kff, se: w}
	if w.A != nil {
		Ma, _ := w.A.Dims()
		out.Kaa = gram(w.Av, w.A)
		out.Kba = mat.NewDense(M, Ma, nil)
		for odd, t := range w.turn {
			product2(everyOther(out.Kba, odd), everyOther(w.Bv, odd), t.RawMatrix(), true)
		}
	}
	return out
}

// gram is av a' between rows of one parity, zero elsewhere, symmetric.
func gram(av, a *mat.Dense) *mat.Dense {
	M, _ := a.Dims()
	out := mat.NewDense(M, M, nil)
	for odd := 0; odd < 2; odd++ {
		l, r := everyOther(av, odd), everyOther(a, odd)
		part := mat.NewDense(max(1, l.Rows), max(1, l.Rows), nil)
		product2(part.RawMatrix(), l, r, true)
		for i := 0; i < l.Rows; i++ {
			for j := 0; j <= i; j++ {
				out.Set(2*i+odd, 2*j+odd, part.At(i, j))
				out.Set(2*j+odd, 2*i+odd, part.At(i, j))
			}
		}
	}
	return out
}

// backward adds dF by the kernel's free numbers, given dF by every block: with
// s_i the sum over blocks of the gradient times block i, weights included, the
// derivative by log variance is their sum, and by log length-scale, which changes
// p_i by the factor 1 - (w_i ls)^2, that of s_i times the factor.
func (w *seWaves) backward(k *gp.Radial, g *blocks, grad []float64) {
	s := make([]float64, len(w.v))
	byKbf, cs, sn := g.Kbf, w.cs, w.sn
	if g.byKbf != nil {
		data := g.of.data.(*waveData)
		byG := data.timesPhi(g.byKbf)
		if data.D != nil {
			byKbf, cs, sn = mul(byG, data.D.T()), data.cs, data.sn
		} else {
			M, _ := w.Bv.Dims()
			for m := 0; m < M; m++ {
				d := byG.RawRowView(m)[m%2*len(s):]
				for i, v := range w.Bv.RawRowView(m) {
					s[i] += v * d[i]
				}
			}
		}
	}
	if byKbf != nil {
		for odd, t := range []*mat.Dense{cs, sn} {
			tally(s, w.Bv, everyOther(byKbf, odd), t.RawMatrix(), odd, true)
		}
	}
	square := func(g, av, a *mat.Dense) {
		for odd := 0; odd < 2; odd++ {
			rows := everyOther(g, odd)
			part := mat.NewDense(max(1, rows.Rows), max(1, rows.Rows), nil)
			for i := 0; i < rows.Rows; i++ {
				for j := 0; j < rows.Rows; j++ {
					part.Set(i, j, rows.Data[i*rows.Stride+2*j+odd])
				}
			}
			if rows.Rows > 0 {
				tally(s, av, part.RawMatrix(), everyOther(a, odd), odd, false)
			}
		}
	}
	square(g.Kbb, w.Bv, w.B)
	if w.A != nil {
		square(g.Kaa, w.Av, w.A)
		for odd, t := range w.turn {
			tally(s, w.Bv, everyOther(g.Kba, odd), t.RawMatrix(), odd, false)
		}
	}
	variance, ls := 0.0, 0.0
	for i, v := range s {
		u := float64(i) * w.dw * w.lengthscale
		variance += v
		ls += v * (1 - u*u)
	}
	grad[0] += variance / w.variance * k.Variance.Slope(0)
	grad[1] += ls / w.lengthscale * k.Lengthscale.Slope(0)
}

// tally adds to s_i the sum over rows m (of one parity) of b_mi (g c)_mi, or
// (g c')_mi.
func tally(s []float64, b *mat.Dense, g, c blas64.General, odd int, transposed bool) {
	rows := everyOther(b, odd)
	if rows.Rows == 0 || g.Cols == 0 {
		return
	}
	r := mat.NewDense(rows.Rows, len(s), nil)
	product2(r.RawMatrix(), g, c, transposed)
	for m := 0; m < rows.Rows; m++ {
		x := rows.Data[m*rows.Stride : m*rows.Stride+len(s)]
		for i, v := range r.RawRowView(m) {
			s[i] += v * x[i]
		}
	}
}
