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
	if len(a.OffX) < 4 && n >= 64 {
		// Few large matrices: divide each by rows.
		for i := range a.OffX {
			par.For(n, max(16, n/16), func(lo, hi int) { a.rows(i, lo, hi, out[i*n*m:], slope) })
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
		subtract(xc[(r-lo)*d:(r-lo+1)*d], x[r*d:(r+1)*d], y[:d])
	}
	for r := 0; r < m; r++ {
		row := yc[r*d : (r+1)*d]
		subtract(row, y[r*d:(r+1)*d], y[:d])
		ny[r] = -0.5 * Dot(row, row)
	}
	product(out[lo*m:hi*m], hi-lo, d, m, Matrix[T]{xc, d, 1}, Matrix[T]{yc, 1, d})
	for r := lo; r < hi; r++ {
		row, xr := out[r*m:(r+1)*m], xc[(r-lo)*d:(r-lo+1)*d]
		nx := -0.5 * Dot(xr, xr)
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

func subtract[T Float](dst, x, y []T) { Zip(Sub, dst, x, y) }

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

// Backward computes the gradients of x and y from e, the gradient by s: for stationary kinds dx = E y - rowsum(E) x.
func (a *CovArgs[T]) Backward(dx, dy, e []T) {
	n, m, d := a.N, a.M, a.D
	if n*m*d == 0 {
		clear(dx)
		clear(dy)
		return
	}
	par.For(len(a.OffX), a.chunk(), func(lo, hi int) {
		raw, _ := mem.Get((m + (n+m)*d) * size[T]())
		defer mem.Put(raw)
		w := mem.Slice[T](raw)
		col, xc, yc := w[:m], w[m:m+n*d], w[m+n*d:m+(n+m)*d]
		for i := lo; i < hi; i++ {
			x, y, ei := a.X[a.OffX[i]:], a.Y[a.OffY[i]:], e[i*n*m:(i+1)*n*m]
			px, py := dx[i*n*d:(i+1)*n*d], dy[i*m*d:(i+1)*m*d]
			if a.Cov != ExpDot {
				for r := 0; r < n; r++ {
					subtract(xc[r*d:(r+1)*d], x[r*d:(r+1)*d], y[:d])
				}
				for r := 0; r < m; r++ {
					subtract(yc[r*d:(r+1)*d], y[r*d:(r+1)*d], y[:d])
				}
				x, y = xc, yc
			}
			gemm(n, d, m, 1, Matrix[T]{ei, m, 1}, Matrix[T]{y, d, 1}, px, d, false, false)
			gemm(m, d, n, 1, Matrix[T]{ei, 1, m}, Matrix[T]{x, d, 1}, py, d, false, false)
			if a.Cov == ExpDot {
				continue
			}
			columns(Sum, col, ei, n)
			for r := 0; r < n; r++ {
				row := px[r*d : (r+1)*d]
				axpyTo(row, row, x[r*d:(r+1)*d], -Row(Sum, ei[r*m:(r+1)*m]))
			}
			for r := 0; r < m; r++ {
				row := py[r*d : (r+1)*d]
				axpyTo(row, row, y[r*d:(r+1)*d], -col[r])
			}
		}
	})
}
