package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// cholBatchCase compares a batch with the plain algorithm on each matrix.
func cholBatchCase[T Float](t *testing.T, r *rand.Rand, n, count int) {
	t.Helper()
	tol := 1e-11
	if is32[T]() {
		tol = 2e-4
	}
	a := make([]T, count*n*n)
	for i := 0; i < count; i++ {
		x := randoms[T](r, n*n)
		m := a[i*n*n : (i+1)*n*n]
		for p := 0; p < n; p++ {
			for q := 0; q <= p; q++ {
				s := T(0)
				for k := 0; k < n; k++ {
					s += x[p*n+k] * x[q*n+k]
				}
				m[p*n+q], m[q*n+p] = s, T(math.NaN()) // the upper triangle is not read
				if p == q {
					m[p*n+p] = s + 1
				}
			}
		}
	}
	l := make([]T, len(a))
	if f := Chol(l, a, n, 0.5); f != nil {
		t.Fatalf("n %d, count %d: failed at %+v", n, count, f)
	}
	for i := 0; i < count; i++ {
		m, f := a[i*n*n:(i+1)*n*n], l[i*n*n:(i+1)*n*n]
		for p := 0; p < n; p++ {
			for q := 0; q < n; q++ {
				if q > p {
					if f[p*n+q] != 0 {
						t.Fatalf("n %d, count %d: matrix %d has %g above the diagonal", n, count, i, f[p*n+q])
					}
					continue
				}
				s, want := 0.0, float64(m[p*n+q])
				for k := 0; k <= q; k++ {
					s += float64(f[p*n+k]) * float64(f[q*n+k])
				}
				if p == q {
					want += 0.5
				}
				if !(math.Abs(s-want) <= tol*(1+math.Abs(want))) {
					t.Fatalf("n %d, count %d: matrix %d, element (%d,%d) of L L^T is %g, want %g", n, count, i, p, q, s, want)
				}
			}
		}
	}
}

func TestCholBatches(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(41, 42))
		for _, n := range []int{1, 2, 3, 5, 8, 9, 17, 33} {
			for _, count := range []int{1, 7, 8, 16, 17, 40} {
				cholBatchCase[float32](t, r, n, count)
				cholBatchCase[float64](t, r, n, count)
			}
		}
		cholBatchCase[float32](t, r, 64, 20)
		cholBatchCase[float64](t, r, 130, 9)
	})
}

func cholFailureCase[T Float](t *testing.T) {
	const n, count = 6, 37
	a := make([]T, count*n*n)
	for i := 0; i < count; i++ {
		for d := 0; d < n; d++ {
			a[i*n*n+d*n+d] = 2
		}
	}
	a[20*n*n+4*n+4] = -3
	a[33*n*n+1*n+1] = -1
	f := Chol(a, a, n, 0.25)
	if f == nil || f.Matrix != 20 || f.Pivot != 4 || !(math.Abs(f.Value+2.75) < 1e-6) {
		t.Errorf("got %+v, want matrix 20, pivot 4, value -2.75", f)
	}
}

func TestCholBatchFailure(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		cholFailureCase[float32](t)
		cholFailureCase[float64](t)
	})
}

// The gradients of a batch are those of its matrices one by one.
func cholGradBatchCase[T Float](t *testing.T, r *rand.Rand, n, count int) {
	t.Helper()
	tol := 1e-11
	if is32[T]() {
		tol = 1e-3
	}
	l, g := make([]T, 0, count*n*n), randoms[T](r, count*n*n)
	for i := 0; i < count; i++ {
		l = append(l, triangle[T](r, n)...)
	}
	LowerOnly(l, n)
	want := append([]T(nil), g...)
	for i := 0; i < count; i++ {
		CholGrad(want[i*n*n:(i+1)*n*n], want[i*n*n:(i+1)*n*n], l[i*n*n:(i+1)*n*n], n)
	}
	CholGrad(g, g, l, n)
	for i := range g {
		if !(math.Abs(float64(g[i]-want[i])) <= tol*(1+math.Abs(float64(want[i])))) {
			t.Fatalf("n %d, count %d: matrix %d, element %d is %g, alone %g", n, count, i/(n*n), i%(n*n), g[i], want[i])
		}
	}
}

func TestCholGradBatches(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(43, 44))
		for _, n := range []int{1, 2, 3, 4, 7, 8, 16, 21, 33} {
			for _, count := range []int{3, 8, 16, 17, 40} {
				cholGradBatchCase[float32](t, r, n, count)
				cholGradBatchCase[float64](t, r, n, count)
			}
		}
	})
}
