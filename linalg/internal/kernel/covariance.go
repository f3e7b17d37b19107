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
	rows, chunk := n, a.chunk()
	if len(a.OffX) < 4 && n >= 16 && chunk == 1 { // few large matrices: divide each by rows
		rows, chunk = max(8, n/16), len(a.OffX)
	}
	par.For(len(a.OffX), chunk, func(lo, hi int) {
		raw, _ := mem.Get((a.D + 1) * m * size[T]())
		defer mem.Put(raw)
		w := mem.Slice[T](raw)
		for i := lo; i < hi; i++ {
			c := covColumns[T]{y: a.Y[a.OffY[i]:]}
			if a.Cov != ExpDot && a.D != 1 {
				c.centred, c.half = w[:m*a.D], w[m*a.D:m*(a.D+1)]
				c.fill(m, a.D)
			}
			par.For(n, rows, func(lo, hi int) { a.rows(i, lo, hi, c, out[i*n*m:], slope) })
		}
	})
}

// covColumns are the rows of y, less the first one, and minus half their squares.
type covColumns[T Float] struct{ y, centred, half []T }

func (c *covColumns[T]) fill(m, d int) {
	par.For(m, max(1, Grain/(d+1)), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			c.half[r] = -0.5 * less(c.centred[r*d:(r+1)*d], c.y[r*d:(r+1)*d], c.y[:d])
		}
	})
}

// rows computes rows lo to hi-1 of matrix i, which begins at out; slope holds all matrices.
func (a *CovArgs[T]) rows(i, lo, hi int, c covColumns[T], out, slope []T) {
	m, d := a.M, a.D
	x, lv := a.X[a.OffX[i]:], a.LogVar[i]
	slopes := func(r int) []T {
		if slope == nil {
			return nil
		}
		return slope[(i*a.N+r)*m:][:m]
	}
	switch {
	case a.Cov == ExpDot:
		product(out[lo*m:hi*m], hi-lo, d, m, Matrix[T]{x[lo*d:], d, 1}, Matrix[T]{c.y, 1, d})
		for r := lo; r < hi; r++ {
			expAffine(out[r*m:(r+1)*m], out[r*m:(r+1)*m], 1, lv)
		}
		return
	case d == 1:
		for r := lo; r < hi; r++ {
			a.line(r, x[r], lv, c.y, out[r*m:(r+1)*m], slopes(r))
		}
		return
	}
	// s = x.y - |x|^2/2 - |y|^2/2 with the first row of y as origin, which keeps the cancellation harmless far from zero.
	raw, _ := mem.Get((hi - lo) * d * size[T]())
	defer mem.Put(raw)
	xc := mem.Slice[T](raw)[:(hi-lo)*d]
	for r := lo; r < hi; r++ {
		less(xc[(r-lo)*d:(r-lo+1)*d], x[r*d:(r+1)*d], c.y[:d])
	}
	product(out[lo*m:hi*m], hi-lo, d, m, Matrix[T]{xc, d, 1}, Matrix[T]{c.centred, 1, d})
	for r := lo; r < hi; r++ {
		row, xr := out[r*m:(r+1)*m], xc[(r-lo)*d:(r-lo+1)*d]
		nx := -0.5 * squares(xr)
		if a.Cov == RBF {
			expClamp(row, row, c.half, nx, lv)
			if a.Same {
				row[r] = T(math.Exp(float64(lv)))
			}
			continue
		}
		Zip(Add, row, row, c.half)
		affine(row, row, 1, nx)
		if a.Same {
			row[r] = 0
		}
		radialBlocks(a.Cov, row, slopes(r), row, -2, T(math.Exp(float64(lv))), -2)
	}
}

// line computes row r, the covariance of x with the numbers y, of their differences.
func (a *CovArgs[T]) line(r int, x, lv T, y, row, slope []T) {
	v := T(math.Exp(float64(lv)))
	for lo := 0; lo < a.M; lo += radialBlock {
		hi := min(a.M, lo+radialBlock)
		b := row[lo:hi]
		if a.Cov == RBF {
			SquaredExp(b, y[lo:hi], x, -0.5, v)
			continue
		}
		ScalarZip(Sub, b, x, y[lo:hi])
		Zip(Mul, b, b, b)
		var d []T
		if slope != nil {
			d = slope[lo:hi]
		}
		radialBlock1(a.Cov, b, d, b, 1, v, -2)
	}
	if a.Same && a.Cov == RBF {
		row[r] = v
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

// expClampGo computes dst = exp(min(x + v + c, 0) + lv).
func expClampGo[T Float](dst, x, v []T, c, lv T) {
	for i, s := range x {
		dst[i] = T(math.Exp(float64(min(s+v[i]+c, 0) + lv)))
	}
}

// covRows is how many rows of a strip are multiplied at a time; with strips of covWidth columns they stay in the second cache.
const covRows = 96

func covWidth[T Float]() int { return 1920 / size[T]() }

// Backward computes the gradients of x, y (either may be nil) and of the log variances from g, that of the matrices. slope is the
// derivative by s; value is the matrices themselves, or nil if that is the same. With E = g slope, the gradient by s, stationary
// kinds have dx = E y - rowsum(E) x, with the first row of y as origin, where a column of ones beside y makes the product give
// the sums as well. E is made and used up block by block.
func (a *CovArgs[T]) Backward(dx, dy, dv, g, slope, value []T) {
	n, m, d := a.N, a.M, a.D
	w := d + 1
	if n*m == 0 {
		clear(dx)
		clear(dy)
		clear(dv)
		return
	}
	origin := make([]T, d)
	width, high := min(m, covWidth[T]()), min(n, covRows)
	strip := func(i, j, cols int, work, sums []T, first bool) {
		x, y := a.X[a.OffX[i]:], a.Y[a.OffY[i]:]
		o := y[:d]
		if a.Cov == ExpDot {
			o = origin
		}
		e, work := work[:high*width], work[high*width:]
		yc, q, xc := work[:cols*w], work[width*w:(width+cols)*w], work[2*width*w:]
		centre(yc, y[j*d:], o, cols)
		if dy != nil {
			centre(xc, x, o, n)
		}
		byVar := T(0)
		for r := 0; r < n; r += high {
			rows := min(high, n-r)
			for k := 0; k < rows; k++ {
				at := (i*n+r+k)*m + j
				gr := g[at : at+cols]
				Zip(Mul, e[k*cols:(k+1)*cols], gr, slope[at:])
				if value != nil {
					byVar += Dot(gr, value[at:])
				}
			}
			gemm(rows, w, cols, 1, Matrix[T]{e, cols, 1}, Matrix[T]{yc, w, 1}, sums[r*w:], w, !first, false)
			if dy != nil {
				gemm(cols, w, rows, 1, Matrix[T]{e, 1, cols}, Matrix[T]{xc[r*w:], w, 1}, q, w, r > 0, false)
			}
		}
		if first {
			sums[n*w] = 0
		}
		sums[n*w] += byVar
		if dy != nil {
			a.lessSums(dy[(i*m+j)*d:], q, yc, cols)
		}
	}
	finish := func(i int, sums, xc []T) {
		dv[i] = sums[n*w]
		for r := 0; r < n && value == nil; r++ {
			dv[i] += sums[r*w+d]
		}
		if dx == nil {
			return
		}
		o := a.Y[a.OffY[i]:][:d]
		centre(xc, a.X[a.OffX[i]:], o, n)
		a.lessSums(dx[i*n*d:], sums, xc, n)
	}
	room := high*width + (2*width+n)*w
	if len(a.OffX) < 4 {
		raw, _ := mem.Get((2*n*w + 1) * size[T]())
		defer mem.Put(raw)
		sums := mem.Slice[T](raw)[:n*w+1]
		xc := mem.Slice[T](raw)[n*w+1:]
		for i := range a.OffX {
			sumOfStrips(sums, len(sums), 1, m, width, (room+width-1)/width, n*m*(4*w+2), func(_, j, cols int, work, sums []T, first bool) {
				strip(i, j, cols, work, sums, first)
			})
			finish(i, sums, xc)
		}
		return
	}
	par.For(len(a.OffX), a.chunk(), func(lo, hi int) {
		raw, _ := mem.Get((n*w + 1 + room) * size[T]())
		defer mem.Put(raw)
		work := mem.Slice[T](raw)
		sums, work := work[:n*w+1], work[n*w+1:]
		for i := lo; i < hi; i++ {
			for j := 0; j < m; j += width {
				strip(i, j, min(width, m-j), work, sums, j == 0)
			}
			finish(i, sums, work)
		}
	})
}

// centre writes n rows of x less the row o, each with a one at its end.
func centre[T Float](dst, x, o []T, n int) {
	d := len(o)
	for r := 0; r < n; r++ {
		row, from := dst[r*(d+1):(r+1)*(d+1)], x[r*d:(r+1)*d]
		if row[d] = 1; d >= 16 {
			Zip(Sub, row[:d], from, o)
			continue
		}
		for c, v := range from {
			row[c] = v - o[c]
		}
	}
}

// lessSums writes n rows of p, for stationary kinds less the rows of x times p's last column.
func (a *CovArgs[T]) lessSums(dst, p, x []T, n int) {
	d := a.D
	for r := 0; r < n; r++ {
		row, from, to := p[r*(d+1):(r+1)*(d+1)], x[r*(d+1):(r+1)*(d+1)], dst[r*d:(r+1)*d]
		if a.Cov == ExpDot {
			copy(to, row)
			continue
		}
		s := row[d]
		for c := range to {
			to[c] = row[c] - T(s*from[c])
		}
	}
}
