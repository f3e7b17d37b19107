package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/priorlab/priorlab/linalg/internal/par"
)

func triangleCase[T Float](t *testing.T, r *rand.Rand, n int, tol float64) {
	t.Helper()
	l, ld := triangle[T](r, n), n+3
	lower, upper := Matrix[T]{l, n, 1}, Matrix[T]{l, 1, n}
	x, eye := randoms[T](r, n*n), make([]T, n*n)
	for i := 0; i < n; i++ {
		eye[i*n+i] = 1
		for j := 0; j < i; j++ {
			x[j*n+i] = x[i*n+j]
		}
	}
	wide := func(a []T) []T { // with gaps between the rows
		out := make([]T, n*ld)
		copyRows(n, n, out, ld, a, n)
		return out
	}
	check := func(what string, got, want []T) {
		t.Helper()
		for i := 0; i < n; i++ {
			for j := 0; j < n; j++ {
				if math.Abs(float64(got[i*ld+j]-want[i*n+j])) > tol*float64(n) {
					t.Fatalf("%s, order %d: (%d,%d) is %g, want %g", what, n, i, j, got[i*ld+j], want[i*n+j])
				}
				if got[i*ld+j] != got[j*ld+i] {
					t.Fatalf("%s, order %d: not symmetric to the bit", what, n)
				}
			}
		}
	}
	for _, back := range []bool{false, true} {
		a, other := lower, upper
		if back {
			a, other = upper, lower
		}
		want := append([]T(nil), x...)
		Trsm(true, !back, false, n, n, 1, a, want, n)
		Trsm(false, back, false, n, n, 1, other, want, n)
		got := wide(x)
		NewSolver(!back, false, n, a).Congruence(got, ld)
		check("congruence", got, want)
	}
	Trsm(true, true, false, n, n, 1, lower, eye, n)
	Trsm(true, false, false, n, n, 1, upper, eye, n)
	got := wide(x)
	CholInverse(n, lower, got, ld)
	check("inverse", got, eye)
}

func TestCongruenceAndInverse(t *testing.T) {
	defer par.SetThreads(par.Threads())
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(71, 72))
		for _, threads := range []int{1, 3} {
			par.SetThreads(threads)
			for _, n := range []int{1, 2, 5, 6, 8, 13, 16, 31, 47, 64, 100, 390} {
				triangleCase[float64](t, r, n, 1e-13)
				triangleCase[float32](t, r, n, 1e-5)
			}
		}
	})
}

func TestSolverAgain(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(73, 74))
		var s Solver[float64]
		for _, n := range []int{20, 20, 33, 20} {
			for _, lower := range []bool{true, false} {
				a, b := Matrix[float64]{triangle[float64](r, n), n, 1}, randoms[float64](r, n*7)
				got, want := make([]float64, n*7), make([]float64, n*7)
				s = s.Again(lower, false, n, a)
				s.Solve(7, got, b, 7)
				NewSolver(lower, false, n, a).Solve(7, want, b, 7)
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("order %d, lower %v: number %d is %g, with a new solver %g", n, lower, i, got[i], want[i])
					}
				}
			}
		}
	})
}

func lineCase[T Float](t *testing.T, r *rand.Rand, tol float64) {
	t.Helper()
	for n := 1; n < 150; n += 1 + n/7 {
		k, w, a, b, x := randoms[T](r, n), randoms[T](r, n), randoms[T](r, n), randoms[T](r, n), randoms[T](r, n)
		x[n-1] = 1e4 // far away
		got, want := make([]T, n+1), make([]T, n)
		got[n] = 77
		SquaredExp(got[:n], x, 0.3, -0.7, 1.5)
		squaredExpGo(want, x, 0.3, -0.7, 1.5)
		for i, v := range want {
			if math.Abs(float64(got[i]-v)) > tol || got[n] != 77 {
				t.Fatalf("squared exponential of %d numbers: %d is %g, want %g", n, i, got[i], v)
			}
		}
		x[n-1] = 1
		p, pu, puu := LineSums(k, w, a, b, x, 0.6, 0.2)
		q, qu, quu := lineSumsGo(k, w, a, b, x, 0.6, 0.2)
		for i, d := range []T{p - q, pu - qu, puu - quu} {
			if math.Abs(float64(d)) > tol*float64(n) {
				t.Fatalf("sum %d of %d numbers is off by %g", i, n, d)
			}
		}
	}
}

func TestLine(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(75, 76))
		lineCase[float32](t, r, 1e-5)
		lineCase[float64](t, r, 1e-14)
	})
}
