package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/priorlab/priorlab/linalg/internal/par"
)

// eachLevel runs f at every level the machine has.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	old := CurrentLevel()
	defer SetLevel(old)
	for l := Portable; l <= Best; l++ {
		SetLevel(l)
		t.Run(l.String(), f)
	}
}

func randoms[T Float](r *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(r.NormFloat64())
	}
	return x
}

// gemmCase multiplies random matrices and compares with sums in double precision.
func gemmCase[T Float](t *testing.T, r *rand.Rand, m, n, k int, ta, tb, acc bool, alpha T) {
	t.Helper()
	pad := r.IntN(3)
	a := Matrix[T]{randoms[T](r, m*(k+pad)+k*(m+pad)+1), k + pad, 1}
	if ta {
		a.RS, a.CS = 1, m+pad
	}
	b := Matrix[T]{nil, n + pad, 1}
	size := 0
	if k > 0 && n > 0 {
		size = (k-1)*(n+pad) + n
	}
	if tb {
		b.RS, b.CS = 1, k+pad
		if k > 0 && n > 0 {
			size = (n-1)*(k+pad) + k
		}
	}
	b.Data = randoms[T](r, size) // ends with the matrix: nothing may be read beyond
	ldc := n + pad
	c := randoms[T](r, m*ldc+1)
	want := make([]float64, len(c))
	for i, v := range c {
		want[i] = float64(v)
	}
	for i := 0; i < m; i++ {
		for j := 0; j < n; j++ {
			s := 0.0
			for p := 0; p < k; p++ {
				s += float64(a.Data[i*a.RS+p*a.CS]) * float64(b.Data[p*b.RS+j*b.CS])
			}
			s *= float64(alpha)
			if acc {
				s += want[i*ldc+j]
			}
			want[i*ldc+j] = s
		}
	}
	Gemm(m, n, k, alpha, a, b, c, ldc, acc)
	tol := 1e-13
	if is32[T]() {
		tol = 2e-5
	}
	for i := range c {
		if d := math.Abs(float64(c[i]) - want[i]); !(d <= tol*(1+math.Sqrt(float64(k))*math.Abs(want[i]))*4) {
			t.Fatalf("%T m %d n %d k %d ta %v tb %v acc %v alpha %v pad %d: element %d is %g, want %g", alpha, m, n, k, ta, tb, acc, alpha, pad, i, c[i], want[i])
		}
	}
}

func TestGemm(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for q := 0; q < 400; q++ {
			m, n, k := r.IntN(40), r.IntN(70), r.IntN(50)
			switch q % 8 {
			case 0:
				m = 1
			case 1:
				n = 1
			case 2:
				k = 1
			case 3:
				m, n, k = r.IntN(130), r.IntN(130), r.IntN(130)
			}
			ta, tb, acc := r.IntN(2) == 1, r.IntN(2) == 1, r.IntN(2) == 1
			alpha := []float64{1, -1, 0.5}[r.IntN(3)]
			gemmCase(t, r, m, n, k, ta, tb, acc, alpha)
			gemmCase(t, r, m, n, k, ta, tb, acc, float32(alpha))
		}
		for _, s := range [][3]int{{250, 40, 800}, {13, 300, 500}, {300, 301, 30}, {64, 5000, 8}} {
			gemmCase(t, r, s[0], s[1], s[2], q(s[0]), q(s[1]), false, 1.0)
			gemmCase(t, r, s[0], s[1], s[2], q(s[1]), q(s[0]), true, float32(1))
		}
	})
}

func q(n int) bool { return n%2 == 1 }

// Any number of threads, and AVX2 or AVX-512, give the same bits.
func TestGemmBits(t *testing.T) {
	oldLevel, oldThreads := CurrentLevel(), par.Threads()
	defer func() { SetLevel(oldLevel); par.SetThreads(oldThreads) }()
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range [][3]int{{200, 200, 200}, {900, 400, 120}, {100, 100, 1000}, {7, 4000, 60}, {1000, 33, 50}, {1, 512, 512}, {512, 1, 512}} {
		m, n, k := s[0], s[1], s[2]
		a, b := randoms[float32](r, m*k), randoms[float32](r, k*n)
		for _, tb := range []bool{false, true} {
			var first []float32
			for l := AVX2; l <= Best; l++ {
				for _, th := range []int{1, 2, 3} {
					SetLevel(l)
					par.SetThreads(th)
					c := make([]float32, m*n)
					bm := Matrix[float32]{b, n, 1}
					if tb {
						bm = Matrix[float32]{b, 1, k}
					}
					Gemm(m, n, k, 1, Matrix[float32]{a, k, 1}, bm, c, n, false)
					if first == nil {
						first = c
					}
					for i := range c {
						if c[i] != first[i] {
							t.Fatalf("%v, B transposed %v, %v with %d threads: element %d is %g, was %g", s, tb, l, th, i, c[i], first[i])
						}
					}
				}
			}
		}
	}
}

func TestGemmBatch(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		const batch, m, n, k = 9, 5, 7, 6
		a, b := randoms[float64](r, batch*m*k), randoms[float64](r, k*n)
		c, want := make([]float64, batch*m*n), make([]float64, batch*m*n)
		var oa, ob, oc []int
		for i := 0; i < batch; i++ {
			oa, ob, oc = append(oa, (batch-1-i)*m*k), append(ob, 0), append(oc, i*m*n)
			gemmGo(m, n, k, 1, Matrix[float64]{a[oa[i]:], k, 1}, Matrix[float64]{b, n, 1}, want[oc[i]:], n, false, false)
		}
		GemmBatch(m, n, k, 1, Matrix[float64]{a, k, 1}, Matrix[float64]{b, n, 1}, c, n, oa, ob, oc, false)
		for i := range c {
			if math.Abs(c[i]-want[i]) > 1e-13 {
				t.Fatalf("element %d is %g, want %g", i, c[i], want[i])
			}
		}
	})
}

func TestGemv(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(31, 32))
		for i := 0; i < 150; i++ {
			m, n, k := 1, 1+r.IntN(300), 1+r.IntN(100)
			if i%2 == 0 {
				m, n = n, m
			}
			gemmCase(t, r, m, n, k, i&2 > 0, i&4 > 0, i&8 > 0, 1-0.5*float64(i%3))
			gemmCase(t, r, m, n, k, i&2 > 0, i&4 > 0, i&8 > 0, 1-0.5*float32(i%3))
		}
		gemmCase(t, r, 1, 3000, 700, false, false, false, 1.0)
		gemmCase(t, r, 3000, 1, 700, false, false, true, 1.0)
	})
}
