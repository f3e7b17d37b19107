package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// badlyScaled are lower triangles of order n whose rows and columns differ by many powers of ten, or whose solutions grow.
func badlyScaled[T Float](r *rand.Rand, n int) map[string][]T {
	span := 12.0
	if is32[T]() {
		span = 5
	}
	rows, columns, grows := triangle[T](r, n), triangle[T](r, n), make([]T, n*n)
	for i := 0; i < n; i++ {
		f := T(math.Pow(10, span*(2*r.Float64()-1)))
		for j := 0; j <= i; j++ {
			rows[i*n+j] *= f
			grows[i*n+j] = -1
		}
		for j := i; j < n; j++ {
			columns[j*n+i] *= f
		}
		grows[i*n+i] = 1
	}
	return map[string][]T{"rows": rows, "columns": columns, "growing": grows}
}

// plainSolve is A X = B by substitution in float64, for a lower triangle by rows and columns of B.
func plainSolve(a []float64, order int, b []float64, n int) []float64 {
	x := append([]float64(nil), b...)
	for i := 0; i < order; i++ {
		for j := 0; j < n; j++ {
			for p := 0; p < i; p++ {
				x[i*n+j] -= a[i*order+p] * x[p*n+j]
			}
			x[i*n+j] /= a[i*order+i]
		}
	}
	return x
}

// Solves with badly scaled triangles stay within the bound of a substitution, |A X - B| <= c u |A||X|, element by element.
// Where the diagonal blocks D of A are inverted (X A = B), within that times |D^-1||D|. And they stay near the plain twin.
func TestTrsmBadlyScaled(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(31, 32))
		for _, n := range []int{3, 20, 45} {
			for name, a := range badlyScaled[float64](r, n) {
				scaledCase(t, r, name, a, n, 0x1p-53)
			}
			for name, a := range badlyScaled[float32](r, n) {
				scaledCase(t, r, name, a, n, 0x1p-24)
			}
		}
	})
}

func scaledCase[T Float](t *testing.T, r *rand.Rand, name string, a []T, n int, u float64) {
	t.Helper()
	const m = 11
	l := make([]float64, n*n)
	for i := range n {
		for j := 0; j <= i; j++ {
			l[i*n+j] = float64(a[i*n+j])
		}
	}
	b := randoms[T](r, n*m)
	for i := range n { // of the size of the rows, or no solution is near one
		for j := range m {
			b[i*m+j] *= a[i*n+i]
		}
	}
	bs := tiles[T]().nr
	for _, left := range []bool{true, false} {
		// The right-hand solve is of X L^T = B^T, so that both have the same solution.
		x := append([]T(nil), b...)
		at := func(i, j int) float64 { return float64(x[i*m+j]) }
		if left {
			Trsm(true, true, false, n, m, 1, Matrix[T]{a, n, 1}, x, m)
		} else {
			for i := range n {
				for j := range m {
					x[j*n+i] = b[i*m+j]
				}
			}
			Trsm(false, false, false, m, n, 1, Matrix[T]{a, 1, n}, x, n)
			at = func(i, j int) float64 { return float64(x[j*n+i]) }
		}
		residual, bound := make([]float64, n*m), make([]float64, n*m)
		for j := range m {
			for i := range n {
				s, size := float64(b[i*m+j]), math.Abs(float64(b[i*m+j]))
				for p := 0; p <= i; p++ {
					s -= l[i*n+p] * at(p, j)
					size += math.Abs(l[i*n+p] * at(p, j))
				}
				residual[i*m+j], bound[i*m+j] = s, 2*float64(n+8)*u*size
			}
		}
		if !left { // times |D||D^-1|, as this is the transposed equation
			grown := make([]float64, n*m)
			for o := 0; o < n; o += bs {
				k := min(bs, n-o)
				d, eye := make([]float64, k*k), make([]float64, k*k)
				for i := range k {
					copy(d[i*k:(i+1)*k], l[(o+i)*n+o:])
					eye[i*k+i] = 1
				}
				inv := plainSolve(d, k, eye, k)
				for i := range k {
					for p := 0; p <= i; p++ {
						w := 0.0
						for q := p; q <= i; q++ {
							w += math.Abs(d[i*k+q] * inv[q*k+p])
						}
						for j := range m {
							grown[(o+i)*m+j] += w * bound[(o+p)*m+j]
						}
					}
				}
			}
			bound = grown
		}
		twin := plainSolve(l, n, widen(b), m)
		apart := plainSolve(magnitudes(l, n), n, bound, m) // |A^-1| is at most this inverse
		for i := range n {
			for j := range m {
				e := i*m + j
				if !(math.Abs(residual[e]) <= bound[e]) {
					t.Fatalf("%s, order %d, left %v: residual (%d,%d) is %g, bound %g", name, n, left, i, j, residual[e], bound[e])
				}
				if !(math.Abs(at(i, j)-twin[e]) <= 2*apart[e]) {
					t.Fatalf("%s, order %d, left %v: element (%d,%d) is %g, the twin's %g, bound %g", name, n, left, i, j, at(i, j), twin[e], 2*apart[e])
				}
			}
		}
	}
}

// magnitudes is the comparison matrix of a triangle: its diagonal made positive, the rest negative.
func magnitudes(l []float64, n int) []float64 {
	c := make([]float64, len(l))
	for i := range n {
		for j := range i {
			c[i*n+j] = -math.Abs(l[i*n+j])
		}
		c[i*n+i] = math.Abs(l[i*n+i])
	}
	return c
}

func widen[T Float](x []T) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}
