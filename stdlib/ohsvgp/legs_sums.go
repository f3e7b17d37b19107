package ohsvgp

import (
	"math"
	"slices"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// waveData sees the data of K_bf = G Phi, with Phi few functions of the input,
// through Phi Phi' and Phi y alone. The functions are the waves, or polynomials
// (see local).
type waveData struct {
	G      *mat.Dense // M by functions
	PhiPhi *mat.Dense
	Phiy   []float64
	WPhi   *mat.Dense // L^-1 K_bf Phi', once seen

	cs, sn *mat.Dense // of polynomials: the waves at the nodes,
	D      *mat.Dense // and the polynomials' coefficients of values there
}

// See implements dataView.
func (d *waveData) See(L *linalg.CholFactor) (*mat.Dense, []float64) {
	W := L.Half(d.G)
	d.WPhi = mul(W, d.PhiPhi)
	WW := mul(d.WPhi, W.T())
	symmetrise(WW)
	return WW, times(W, d.Phiy)
}

// Done implements dataView: there is nothing over the data.
func (d *waveData) Done() {}

// timesPhi is a derivative by K_bf, times Phi'.
func (d *waveData) timesPhi(g *throughData) *mat.Dense {
	out := outer(g.u, d.Phiy, 1)
	accumulate(out, g.A, d.WPhi)
	return out
}

// view implements viewer for the SE kernel, whose K_bf is made of waves.
func (b *legs) view(k gp.Kernel, x *mat.Dense, y []float64, old basis) (*blocks, error) {
	w, xs, err := b.waves(k, x, old)
	if w == nil || err != nil {
		return nil, err
	}
	if len(xs) == 0 {
		return nil, nil
	}
	f, q := 2*len(w.p), w.degrees(xs)
	if few := min(f, q); few*(few+b.M) > len(xs)*(few/2+b.M) {
		return nil, nil
	}
	out := w.blocks(k.Diag(x))
	if q < f {
		out.data = w.local(xs, y, q)
	} else {
		out.data = w.sums(xs, y)
	}
	return out, nil
}

// degrees is how many Chebyshev polynomials hold every wave to rounding where
// the data are: on an interval of half-length h coefficient k of cos(wx) is at most
// 2 J_k(wh) <= (e wh/2k)^k. It depends on the data's extent in length-scales, not on
// that of the past, with which the number of waves grows.
func (w *seWaves) degrees(x []float64) int {
	z := float64(len(w.p)-1) * w.dw * (slices.Max(x) - slices.Min(x)) / 2
	k := 1.0
	for k*(math.Log(z/2/k)+1) > -40 {
		k++
	}
	return int(k)
}

// local are the sums over the data with q Chebyshev polynomials as functions:
// T_k(u) = cos(k arccos u), u from -1 to 1 over the data. K_bf at the nodes gives
// their coefficients.
func (w *seWaves) local(x, y []float64, q int) *waveData {
	lo, hi := slices.Min(x), slices.Max(x)
	mid, h := (lo+hi)/2, (hi-lo)/2
	angle := make([]float64, len(x))
	for j, v := range x {
		angle[j] = math.Acos(max(-1, min(1, (v-mid)/math.Max(h, math.SmallestNonzeroFloat64))))
	}
	c, _, cy, _ := waveSums(angle, y, 0, 1, q)
	out := &waveData{PhiPhi: mat.NewDense(q, q, nil), Phiy: cy, D: mat.NewDense(q, q, nil)}
	nodes := make([]float64, q)
	for j := range nodes {
		at := math.Pi * (float64(j) + 0.5) / float64(q)
		nodes[j] = mid + h*math.Cos(at)
		phi, d := out.PhiPhi.RawRowView(j), out.D.RawRowView(j)
		for k := range d {
			phi[k] = 0.5 * (c[j+k] + c[max(j-k, k-j)])
			d[k] = 2 / float64(q) * math.Cos(float64(k)*at)
		}
		d[0] /= 2
	}
	M, n := w.Bv.Dims()
	out.cs, out.sn = angles(nodes, w.centre, w.dw, n)
	K := mat.NewDense(M, q, nil)
	interleave(K, w.Bv, out.cs, out.sn)
	out.G = mul(K, out.D)
	return out
}

// sums are those over the data: the functions are the cosines, then the sines.
func (w *seWaves) sums(x, y []float64) *waveData {
	n := len(w.p)
	c, s, cy, sy := waveSums(x, y, w.centre, w.dw, n)
	out := &waveData{G: mat.NewDense(w.B.RawMatrix().Rows, 2*n, nil), PhiPhi: mat.NewDense(2*n, 2*n, nil), Phiy: append(cy, sy...)}
	for m := 0; m < w.B.RawMatrix().Rows; m++ {
		copy(out.G.RawRowView(m)[m%2*n:], w.Bv.RawRowView(m))
	}
	for i := 0; i < n; i++ {
		cos, sin := out.PhiPhi.RawRowView(i), out.PhiPhi.RawRowView(n+i)
		for j := 0; j < n; j++ {
			d, sign := j-i, 0.5
			if d < 0 {
				d, sign = -d, -0.5
			}
			cos[j] = 0.5 * (c[d] + c[i+j])
			sin[n+j] = 0.5 * (c[d] - c[i+j])
			v := 0.5*s[i+j] + sign*s[d] // cos_i sin_j
			cos[n+j] = v
			out.PhiPhi.Set(n+j, i, v)
		}
	}
	return out
}

// stride is how many frequencies waveSums makes at each step of the coarse
// frequencies.
const stride = 16

// waveSums returns, for u = dw (x-centre), the sums over the data of cos(ku) and
// sin(ku), k < 2n-1, and of y cos(ku) and y sin(ku), k < n. With k = 16a+b these
// are products of two small tables, exp(i16au) and exp(ibu).
func waveSums(x, y []float64, centre, dw float64, n int) (c, s, cy, sy []float64) {
	const part = 256 // data at a time
	coarse, own := (2*n-1+stride-1)/stride, (n+stride-1)/stride
	cols := 2 * (coarse + own)
	// a row of coarse holds cos and sin of 16au, then the same times y; fine has
	// the cosines of bu, then the sines
	a := blas64.General{Cols: cols, Stride: cols, Data: make([]float64, part*cols)}
	b := blas64.General{Cols: 2 * stride, Stride: 2 * stride, Data: make([]float64, part*2*stride)}
	sum := blas64.General{Rows: cols, Cols: 2 * stride, Stride: 2 * stride, Data: make([]float64, cols*2*stride)}
	for lo := 0; lo < len(x); lo += part {
		hi := min(len(x), lo+part)
		for i, v := range x[lo:hi] {
			fine := b.Data[i*b.Stride : (i+1)*b.Stride]
			row := a.Data[i*cols : (i+1)*cols]
			sin, cos := math.Sincos(dw * (v - centre))
			c16, s16 := powers(fine[:stride], fine[stride:], cos, sin)
			powers(row[:coarse], row[coarse:2*coarse], c16, s16)
			for j := 0; j < own; j++ {
				row[2*coarse+j] = y[lo+i] * row[j]
				row[2*coarse+own+j] = y[lo+i] * row[coarse+j]
			}
		}
		a.Rows, b.Rows = hi-lo, hi-lo
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, a, b, 1, sum)
	}
	// cos(p+q) = cos p cos q - sin p sin q, and so on
	combine := func(first, groups, n int) (c, s []float64) {
		c, s = make([]float64, n), make([]float64, n)
		for k := range c {
			cr := sum.Data[(first+k/stride)*sum.Stride:]
			sr := sum.Data[(first+groups+k/stride)*sum.Stride:]
			j := k % stride
			c[k] = cr[j] - sr[stride+j]
			s[k] = sr[j] + cr[stride+j]
		}
		return c, s
	}
	c, s = combine(0, coarse, 2*n-1)
	cy, sy = combine(2*coarse, own, n)
	return c, s, cy, sy
}

// powers fills c and s with the real and imaginary parts of z^k, z = c1 + i s1,
// and returns the next power. z^k is the product of powers half as high, so that
// rounding grows with log k.
func powers(c, s []float64, c1, s1 float64) (cn, sn float64) {
	n := len(c)
	c[0], s[0] = 1, 0
	if n == 1 {
		return c1, s1
	}
	c[1], s[1] = c1, s1
	for k := 2; k < n; k++ {
		p, q := k/2, k-k/2
		c[k], s[k] = c[p]*c[q]-s[p]*s[q], c[p]*s[q]+s[p]*c[q]
	}
	p, q := n/2, n-n/2
	return c[p]*c[q] - s[p]*s[q], c[p]*s[q] + s[p]*c[q]
}
