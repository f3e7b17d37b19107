package kernel

import (
	"math"

	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Covariance is a kind of covariance function.
type Covariance uint8

// The kinds: stationary ones are functions of s = -r^2/2, ExpDot of s = x.y.
const (
	RBF Covariance = iota
	ExpDot
	Matern12
	Matern32
	Matern52
)

// CovArgs are the scaled rows x (n by d) and y (m by d) of each batch entry and the log variances.
type CovArgs[T Float] struct {
	Cov        Covariance
	N, M, D    int
	X, Y       []T
	OffX, OffY []int
	LogVar     []T
	Same       bool // y is x: r is zero on the diagonal
}

// chunk is how many batch entries a chunk takes.
func (a *CovArgs[T]) chunk() int { return max(1, parallelFlops/(a.N*a.M*(2*a.D+60)+1)) }

// Forward computes the matrices, and in slope the derivative by s unless it is nil or the value itself (RBF, ExpDot).
func (a *CovArgs[T]) Forward(out, slope []T) {
	n, m := a.N, a.M
	if n*m == 0 {
		return
	}
	if len(a.OffX) < 4 && n >= 16 && a.chunk() == 1 {
		// Few large matrices: divide each by rows.
		for i := range a.OffX {
			par.For(n, max(8, n/16), func(lo, hi int) { a.rows(i, lo, hi, out[i*n*m:], slope) })
		}
		return
	}
	par.For(len(a.OffX), a.chunk(), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			a.rows(i, 0, n, out[i*n*m:], slope)
		}
	})
}

// rows computes rows lo to hi-1 of matrix i, which begins at out; slope holds all matrices.
func (a *CovArgs[T]) rows(i, lo, hi int, out, slope []T) {
	m, d := a.M, a.D
	x, y := a.X[a.OffX[i]:], a.Y[a.OffY[i]:]
	lv := a.LogVar[i]
	if a.Cov == ExpDot {
		product(out[lo*m:hi*m], hi-lo, d, m, Matrix[T]{x[lo*d:], d, 1}, Matrix[T]{y, 1, d})
		for r := lo; r < hi; r++ {
			expClamp(out[r*m:(r+1)*m], out[r*m:(r+1)*m], nil, 0, lv, false)
		}
		return
	}
	// s = x.y - |x|^2/2 - |y|^2/2 with the first row of y as origin, which keeps the cancellation harmless far from zero.
	raw, _ := mem.Get(((hi-lo+m)*d + m) * size[T]())
	defer mem.Put(raw)
	w := mem.Slice[T](raw)
	xc, yc, ny := w[:(hi-lo)*d], w[(hi-lo)*d:(hi-lo+m)*d], w[(hi-lo+m)*d:(hi-lo+m)*d+m]
	for r := lo; r < hi; r++ {
		less(xc[(r-lo)*d:(r-lo+1)*d], x[r*d:(r+1)*d], y[:d])
	}
	for r := 0; r < m; r++ {
		ny[r] = -0.5 * less(yc[r*d:(r+1)*d], y[r*d:(r+1)*d], y[:d])
	}
	product(out[lo*m:hi*m], hi-lo, d, m, Matrix[T]{xc, d, 1}, Matrix[T]{yc, 1, d})
	for r := lo; r < hi; r++ {
		row, xr := out[r*m:(r+1)*m], xc[(r-lo)*d:(r-lo+1)*d]
		nx := -0.5 * squares(xr)
		if a.Cov == RBF {
			expClamp(row, row, ny, nx, lv, true)
			if a.Same {
				row[r] = T(math.Exp(float64(lv)))
			}
			continue
		}
		Zip(Add, row, row, ny)
		affine(row, row, 1, nx)
		if a.Same {
			row[r] = 0
		}
		var dk []T
		if slope != nil {
			dk = slope[(i*a.N+r)*m:][:m]
		}
		radialBlocks(a.Cov, row, dk, row, -2, T(math.Exp(float64(lv))), -2)
	}
}

// less computes dst = x - y and returns its sum of squares.
func less[T Float](dst, x, y []T) T {
	if len(y) >= 16 {
		Zip(Sub, dst, x, y)
	} else {
		for i, v := range y {
			dst[i] = x[i] - v
		}
	}
	return squares(dst)
}

// squares is the sum of squares of a row.
func squares[T Float](x []T) T {
	if len(x) >= 16 {
		return Dot(x, x)
	}
	var s T
	for _, v := range x {
		s += T(v * v)
	}
	return s
}

// expClampGo computes dst = exp(min(x + v + c, 0) + lv), without the bound unless clamp, with v nil for zeros.
func expClampGo[T Float](dst, x, v []T, c, lv T, clamp bool) {
	for i, s := range x {
		if v != nil {
			s += v[i]
		}
		s += c
		if clamp {
			s = min(s, 0)
		}
		dst[i] = T(math.Exp(float64(s + lv)))
	}
}

// Backward computes the gradients of x and y from e, the gradient by s: for stationary kinds dx = E y - rowsum(E) x, with the
// first row of y as origin, where a column of ones beside y makes the product give the sums as well.
func (a *CovArgs[T]) Backward(dx, dy, e []T) {
	n, m, d := a.N, a.M, a.D
	if n*m*d == 0 {
		clear(dx)
		clear(dy)
		return
	}
	single := len(a.OffX) < 4
	par.For(len(a.OffX), a.chunk(), func(lo, hi int) {
		w := d + 1
		raw, _ := mem.Get(2 * (n + m) * w * size[T]())
		defer mem.Put(raw)
		work := mem.Slice[T](raw)
		xc, yc, p, q := work[:n*w], work[n*w:(n+m)*w], work[(n+m)*w:(2*n+m)*w], work[(2*n+m)*w:2*(n+m)*w]
		for i := lo; i < hi; i++ {
			x, y, ei := a.X[a.OffX[i]:], a.Y[a.OffY[i]:], e[i*n*m:(i+1)*n*m]
			px, py := dx[i*n*d:(i+1)*n*d], dy[i*m*d:(i+1)*m*d]
			by, bx := Matrix[T]{ei, m, 1}, Matrix[T]{ei, 1, m}
			if a.Cov == ExpDot {
				gemm(n, d, m, 1, by, Matrix[T]{y, d, 1}, px, d, false, single)
				gemm(m, d, n, 1, bx, Matrix[T]{x, d, 1}, py, d, false, single)
				continue
			}
			centre(xc, x, y[:d], n)
			centre(yc, y, y[:d], m)
			gemm(n, w, m, 1, by, Matrix[T]{yc, w, 1}, p, w, false, single)
			gemm(m, w, n, 1, bx, Matrix[T]{xc, w, 1}, q, w, false, single)
			lessSums(px, p, xc, n, d)
			lessSums(py, q, yc, m, d)
		}
	})
}

// centre writes n rows of x less the row o, each with a one at its end.
func centre[T Float](dst, x, o []T, n int) {
	d := len(o)
	for r := 0; r < n; r++ {
		row, from := dst[r*(d+1):(r+1)*(d+1)], x[r*d:(r+1)*d]
		for c, v := range from {
			row[c] = v - o[c]
		}
		row[d] = 1
	}
}

// lessSums writes the rows of p less the rows of x times p's last column.
func lessSums[T Float](dst, p, x []T, n, d int) {
	for r := 0; r < n; r++ {
		row, from, to := p[r*(d+1):(r+1)*(d+1)], x[r*(d+1):(r+1)*(d+1)], dst[r*d:(r+1)*d]
		s := row[d]
		for c := range to {
			to[c] = row[c] - T(s*from[c])
		}
	}
}
