package gp

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/mat"
)

// scales are the inverse length-scales for d columns.
func (k *Radial) scales(d int) []float64 {
	w := make([]float64, d)
	n := k.Lengthscale.Len()
	if n != 1 && n != d {
		panic(fmt.Sprintf("gp: %s has %d length-scales, the inputs have %d columns", k.Family, n, d))
	}
	for i := range w {
		w[i] = 1 / k.Lengthscale.At(min(i, n-1))
	}
	return w
}

// Matrix is K[i,j] = k(x_i, y_j).
func (k *Radial) Matrix(x, y *mat.Dense) *mat.Dense {
	n, _ := x.Dims()
	m, _ := y.Dims()
	out := newMatrix(n, m)
	k.matrixInto(out, x, y)
	return out
}

// matrixInto writes Matrix into out, whose rows lie without gaps.
func (k *Radial) matrixInto(out, x, y *mat.Dense) {
	if out.IsEmpty() {
		return
	}
	_, d := x.Dims()
	if kind, ok := kinds[k.Family]; ok {
		linalg.RadialMatrix(kind, out, x, y, k.scales(d), k.Variance.Value())
		return
	}
	linalg.SquaredDistances(out, x, y, k.scales(d))
	k.shape(out.RawMatrix().Data, k.Variance.Value())
}

// Backward adds the gradient with respect to log variance, log length-scales
// and log alpha.
func (k *Radial) Backward(x, y, w *mat.Dense, grad []float64) { k.backward(x, y, nil, w, grad, nil) }

// BackwardX is the gradient with respect to the rows of x.
func (k *Radial) BackwardX(x, y, w *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	out := newMatrix(n, d)
	k.backward(x, y, nil, w, nil, out)
	return out
}

// BackwardAll is Backward and BackwardX in one pass over K, which is
// Matrix(x, y) or nil.
func (k *Radial) BackwardAll(x, y, K, w *mat.Dense, grad []float64) *mat.Dense {
	n, d := x.Dims()
	out := newMatrix(n, d)
	k.backward(x, y, K, w, grad, out)
	return out
}

// backward adds to grad and sets dx, whichever is not nil.
func (k *Radial) backward(x, y, K, w *mat.Dense, grad []float64, dx *mat.Dense) {
	n, d := x.Dims()
	m, _ := y.Dims()
	if n == 0 || m == 0 {
		return
	}
	if K == nil {
		K = k.Matrix(x, y)
	}
	t := &radialSums{k: k, x: x, y: y, K: K, w: w, dx: dx, inverse: k.scales(d)}
	if d == 1 {
		t.line()
	} else {
		t.space()
	}
	if grad == nil {
		return
	}
	grad[0] += t.value / k.Variance.Value() * slope(k.Variance, 0)
	nl := k.Lengthscale.Len()
	for c, v := range t.scale {
		c = min(c, nl-1)
		grad[1+c] -= 2 * v / k.Lengthscale.At(c) * slope(k.Lengthscale, c)
	}
	if k.Alpha != nil {
		grad[1+nl] += t.alpha * slope(k.Alpha, 0)
	}
}

// radialSums contracts weights w with a radial kernel's matrix K.
type radialSums struct {
	k              *Radial
	x, y, K, w, dx *mat.Dense
	inverse        []float64 // inverse length-scales
	value, alpha   float64   // sums of w K and of w dK/dalpha
	scale          []float64 // sums of w dK/ds s, by column of the inputs
}

// line is the case of one column: one pass over K and w, every row's sums on
// their own, added in order.
func (t *radialSums) line() {
	n, _ := t.x.Dims()
	xs, ys := column(t.x), column(t.y)
	w2 := t.inverse[0] * t.inverse[0]
	t.scale = []float64{0}
	if t.k.Family == FamilySE {
		sums, ones, zeros := newMatrix(n, 3), make([]float64, len(ys)), make([]float64, max(n, len(ys)))
		for j := range ones {
			ones[j] = 1
		}
		linalg.LineSums(sums, t.K, t.w, ones, zeros[:len(ys)], zeros[:n], xs, ys)
		for i := 0; i < n; i++ {
			s := row(sums, i)
			t.value, t.scale[0] = t.value+s[0], t.scale[0]-0.5*w2*s[2]
			if t.dx != nil {
				t.dx.Set(i, 0, -w2*s[1])
			}
		}
		return
	}
	sums := make([][3]float64, n)
	linalg.ParallelFor(n, max(1, 20000/len(ys)), func(lo, hi int) {
		s, e := make([]float64, len(ys)), make([]float64, len(ys))
		for i := lo; i < hi; i++ {
			K, w := row(t.K, i), row(t.w, i)
			for j, v := range ys {
				u := xs[i] - v
				s[j] = u * u * w2
			}
			t.k.slopes(e, K, s)
			var value, scale, dx, alpha float64
			for j, v := range e {
				v *= w[j]
				value += w[j] * K[j]
				scale += v * s[j]
				dx += v * (xs[i] - ys[j])
			}
			if t.k.Alpha != nil {
				for j, v := range K {
					alpha += w[j] * v * t.k.logByAlpha(s[j])
				}
			}
			sums[i] = [3]float64{value, scale, alpha}
			if t.dx != nil {
				t.dx.Set(i, 0, 2*w2*dx)
			}
		}
	})
	for _, s := range sums {
		t.value, t.scale[0], t.alpha = t.value+s[0], t.scale[0]+s[1], t.alpha+s[2]
	}
}

// space is the case of several columns. With E = w dK/ds, its sums over u^2 =
// (x-y)^2 are products of E with the inputs, measured from their middle:
//
//	sum_ij E_ij u_ijc^2 = sum_i r_i x_ic^2 - 2 sum_i x_ic (E Y)_ic + sum_j c_j y_jc^2
func (t *radialSums) space() {
	n, d := t.x.Dims()
	m, _ := t.y.Dims()
	middle := make([]float64, d)
	for j := 0; j < m; j++ {
		for c, v := range row(t.y, j) {
			middle[c] += v / float64(m)
		}
	}
	X, Y := centred(t.x, middle), centred(t.y, middle)
	t.scale = make([]float64, d)
	size := max(1, 20000/m) // rows at a time
	E, s := newMatrix(min(n, size), m), newMatrix(min(n, size), m)
	columns := make([]float64, m)
	var EY mat.Dense
	for lo := 0; lo < n; lo += size {
		hi := min(n, lo+size)
		part := X.Slice(lo, hi, 0, d).(*mat.Dense)
		e, q := E.Slice(0, hi-lo, 0, m).(*mat.Dense), s.Slice(0, hi-lo, 0, m).(*mat.Dense)
		if t.k.Family != FamilySE { // whose slope does not ask for the distance
			linalg.SquaredDistances(q, part, Y, t.inverse)
		}
		rows := make([]float64, hi-lo)
		for i := range rows {
			K, w, ei := row(t.K, lo+i), row(t.w, lo+i), row(e, i)
			t.k.slopes(ei, K, row(q, i))
			for j, v := range w {
				t.value += v * K[j]
				ei[j] *= v
				rows[i] += ei[j]
				columns[j] += ei[j]
			}
			if t.k.Alpha != nil {
				for j, v := range row(q, i) {
					t.alpha += w[j] * K[j] * t.k.logByAlpha(v)
				}
			}
		}
		EY.Reset()
		EY.Mul(e, Y)
		for i, r := range rows {
			x, ey := row(part, i), row(&EY, i)
			for c, v := range x {
				t.scale[c] += v * (r*v - 2*ey[c])
				if t.dx != nil {
					t.dx.Set(lo+i, c, 2*t.inverse[c]*t.inverse[c]*(r*v-ey[c]))
				}
			}
		}
	}
	for j, v := range columns {
		for c, y := range row(Y, j) {
			t.scale[c] += v * y * y
		}
	}
	for c, v := range t.inverse {
		t.scale[c] *= v * v
	}
}

// centred is x less the given row.
func centred(x *mat.Dense, middle []float64) *mat.Dense {
	out := mat.DenseCopyOf(x)
	n, _ := out.Dims()
	for i := 0; i < n; i++ {
		r := row(out, i)
		for c, v := range middle {
			r[c] -= v
		}
	}
	return out
}
