package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// triangle draws a well-conditioned triangle of order n with rubbish beyond it.
func triangle[T Float](r *rand.Rand, n int) []T {
	a := randoms[T](r, n*n)
	for i := range a {
		a[i] /= T(n)
	}
	for i := 0; i < n; i++ {
		a[i*n+i] = 1 + T(r.Float64())
	}
	return a
}

func trsmCase[T Float](t *testing.T, r *rand.Rand, left, lower, trans, unit bool, m, n int) {
	order := n
	if left {
		order = m
	}
	raw := triangle[T](r, order)
	a := Matrix[T]{raw, order, 1}
	if trans {
		a = Matrix[T]{raw, 1, order}
	}
	ldb := n + r.IntN(3)
	b := randoms[T](r, m*ldb+1)
	x := append([]T(nil), b...)
	Trsm(left, lower, unit, m, n, 2, a, x, ldb)
	el := func(i, j int) float64 {
		switch {
		case i == j && unit:
			return 1
		case i == j || (i > j) == lower:
			return float64(a.Data[i*a.RS+j*a.CS])
		}
		return 0
	}
	tol := 1e-11
	if is32[T]() {
		tol = 1e-4
	}
	for i := 0; i < m; i++ {
		for j := 0; j < n; j++ {
			s := 0.0
			for p := 0; p < order; p++ {
				if left {
					s += el(i, p) * float64(x[p*ldb+j])
				} else {
					s += float64(x[i*ldb+p]) * el(p, j)
				}
			}
			if math.Abs(s-2*float64(b[i*ldb+j])) > tol {
				t.Fatalf("left %v lower %v trans %v unit %v m %d n %d: product is %g, want %g", left, lower, trans, unit, m, n, s, 2*float64(b[i*ldb+j]))
			}
		}
	}
}

func TestTrsm(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		for q := 0; q < 200; q++ {
			m, n := 1+r.IntN(60), 1+r.IntN(60)
			if q%5 == 0 {
				m = 1 + r.IntN(2)
			} else if q%7 == 0 {
				n = 1 + r.IntN(2)
			}
			trsmCase[float64](t, r, q&1 > 0, q&2 > 0, q&4 > 0, q&8 > 0, m, n)
			trsmCase[float32](t, r, q&1 > 0, q&2 > 0, q&4 > 0, q&8 > 0, m, n)
		}
		trsmCase[float64](t, r, true, true, false, false, 40, 600)
		for q := 0; q < 8; q++ { // several blocks
			m, n := 400, 41
			if q&1 > 0 {
				m, n = n, m
			}
			trsmCase[float64](t, r, q&1 == 0, q&2 > 0, q&4 > 0, false, m, n)
			trsmCase[float32](t, r, q&1 == 0, q&2 > 0, q&4 > 0, false, m, n)
		}
	})
}

func TestSyrk(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 10))
		for _, n := range []int{1, 5, 8, 97, 128, 300} {
			for q := 0; q < 4; q++ {
				syrkCase[float64](t, r, q&1 > 0, q&2 > 0, n, 13, 1e-12)
				syrkCase[float32](t, r, q&1 > 0, q&2 > 0, n, 13, 1e-4)
			}
		}
		syrkCase[float64](t, r, true, false, 50, 700, 1e-11) // more than one block of the sum
		syrkCase[float64](t, r, false, true, 50, 700, 1e-11)
	})
}

// syrkCase checks one update with rows of C that have a gap between them.
func syrkCase[T Float](t *testing.T, r *rand.Rand, lower, transposed bool, n, k int, tol float64) {
	t.Helper()
	ldc := n + 3
	a, c := randoms[T](r, n*k), randoms[T](r, n*ldc)
	m := Matrix[T]{a, k, 1}
	if transposed {
		m = Matrix[T]{a, 1, n}
	}
	got := append([]T(nil), c...)
	Syrk(lower, n, k, 0.5, m, got, ldc)
	for i := 0; i < n; i++ {
		for j := 0; j < ldc; j++ {
			want := float64(c[i*ldc+j])
			if j < n && (i == j || (i > j) == lower) {
				for p := 0; p < k; p++ {
					want += 0.5 * float64(a[i*m.RS+p*m.CS]) * float64(a[j*m.RS+p*m.CS])
				}
			}
			if math.Abs(float64(got[i*ldc+j])-want) > tol {
				t.Fatalf("n %d, k %d, lower %v, transposed %v: element (%d,%d) is %g, want %g", n, k, lower, transposed, i, j, got[i*ldc+j], want)
			}
		}
	}
}

// A product of which the lower triangle is wanted has it, whatever the shapes and strides.
func TestGemmLower(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(19, 20))
		for _, n := range []int{0, 1, 2, 7, 30, 100, 211} {
			for _, k := range []int{0, 1, 13, 300} {
				for q := 0; q < 4; q++ {
					a, b := randoms[float64](r, n*k), randoms[float64](r, n*k)
					am, bm := Matrix[float64]{a, k, 1}, Matrix[float64]{b, n, 1}
					if q&1 > 0 {
						am = Matrix[float64]{a, 1, n}
					}
					if q&2 > 0 {
						bm = Matrix[float64]{b, 1, k}
					}
					c := randoms[float64](r, n*n)
					got := append([]float64(nil), c...)
					acc := q == 3
					GemmLower(n, k, 0.5, am, bm, got, n, acc)
					for i := 0; i < n; i++ {
						for j := 0; j <= i; j++ {
							want := 0.0
							if acc {
								want = c[i*n+j]
							}
							for p := 0; p < k; p++ {
								want += 0.5 * a[i*am.RS+p*am.CS] * b[p*bm.RS+j*bm.CS]
							}
							if math.Abs(got[i*n+j]-want) > 1e-11 {
								t.Fatalf("n %d, k %d, case %d: element (%d,%d) is %g, want %g", n, k, q, i, j, got[i*n+j], want)
							}
						}
					}
				}
			}
		}
	})
}
