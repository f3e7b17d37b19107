package linalg

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

var _ rand.Source = (*Rand)(nil)

func TestRandSameNumbersForAnySplit(t *testing.T) {
	a := make([]float64, 101)
	NewRand(7).FillNormal(a)
	for _, cut := range []int{0, 1, 2, 33, 50, 100, 101} {
		b := make([]float64, 101)
		r := NewRand(7)
		r.FillNormal(b[:cut])
		r.FillNormal(b[cut:])
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("cut %d: number %d is %g, in one piece %g", cut, i, b[i], a[i])
			}
		}
	}
	r := NewRand(7)
	for i := range a {
		if v := r.Normal(); v != a[i] {
			t.Fatalf("Normal call %d gives %g, FillNormal %g", i, v, a[i])
		}
		if v := r.NormalAt(uint64(i)); v != a[i] {
			t.Fatalf("NormalAt(%d) gives %g, FillNormal %g", i, v, a[i])
		}
	}
	f := make([]float32, 37)
	NewRand(9).FillNormal32(f)
	for cut := 0; cut <= 36; cut += 2 {
		g := make([]float32, 37)
		r := NewRand(9)
		r.FillNormal32(g[:cut])
		r.FillNormal32(g[cut:])
		for i := range f {
			if f[i] != g[i] {
				t.Fatalf("float32, cut %d: number %d is %g, in one piece %g", cut, i, g[i], f[i])
			}
		}
	}
}

func TestRandMoments(t *testing.T) {
	const n = 200000
	x := make([]float64, n)
	NewRand(1).FillNormal(x)
	f := make([]float32, n)
	NewRand(2).FillNormal32(f)
	y := make([]float64, n)
	for i := range f {
		y[i] = float64(f[i])
	}
	for name, v := range map[string][]float64{"float64": x, "float32": y} {
		var m [5]float64
		for _, z := range v {
			for k := range m {
				m[k] += math.Pow(z, float64(k)) / n
			}
		}
		for k, want := range []float64{1, 0, 1, 0, 3} {
			if math.Abs(m[k]-want) > 0.06 {
				t.Errorf("%s: moment %d is %.3f, want %g", name, k, m[k], want)
			}
		}
		// Kolmogorov-Smirnov distance from the normal distribution; 1.63/sqrt(n) is its 1% point.
		s := append([]float64(nil), v...)
		sort.Float64s(s)
		d := 0.0
		for i, z := range s {
			p := 0.5 * math.Erfc(-z/math.Sqrt2)
			d = max(d, math.Abs(p-float64(i)/n), math.Abs(p-float64(i+1)/n))
		}
		if d > 1.63/math.Sqrt(n) {
			t.Errorf("%s: distance from the normal distribution function is %.5f", name, d)
		}
		var c float64
		for i := 1; i < n; i++ {
			c += v[i] * v[i-1] / n
		}
		if math.Abs(c) > 0.012 {
			t.Errorf("%s: neighbours correlate: %.4f", name, c)
		}
	}
}

func TestRandSplitAndState(t *testing.T) {
	r := NewRand(3)
	a, b := r.Split(1), r.Split(2)
	if a.Uint64() == b.Uint64() || r.Pos() != 0 {
		t.Error("splits 1 and 2 agree, or splitting advanced the parent")
	}
	r.Uint64()
	c := r.Split(1)
	a = NewRand(3).Split(1)
	for i := 0; i < 10; i++ {
		if a.Uint64() != c.Uint64() {
			t.Fatal("a split depends on the position of its parent")
		}
	}
	d := RandFromState(a.State())
	if a.Uint64() != d.Uint64() {
		t.Error("a source does not continue from its state")
	}
	if r.Split(1).Split(2).Uint64() == r.Split(2).Split(1).Uint64() {
		t.Error("the order of splits makes no difference")
	}
}

func TestRandIntegers(t *testing.T) {
	r := NewRand(5)
	count := make([]int, 7)
	for i := 0; i < 70000; i++ {
		count[r.Intn(7)]++
	}
	for v, c := range count {
		if c < 9500 || c > 10500 {
			t.Errorf("Intn(7) gave %d %d times of 70000", v, c)
		}
	}
	p := r.Perm(100)
	seen := make([]bool, 100)
	for _, v := range p {
		seen[v] = true
	}
	for v, ok := range seen {
		if !ok {
			t.Errorf("Perm misses %d", v)
		}
	}
	if err := Try(func() { r.Intn(0) }); err == nil {
		t.Error("Intn(0) did not fail")
	}
}

// A normal and a uniform number drawn in turn from one source have nothing to
// do with one another: the normal's sign must not tell whether the uniform lies
// in the middle half, as it would if both were made of one word.
func TestNormalAndUniformAreIndependent(t *testing.T) {
	for _, order := range []string{"normal first", "uniform first"} {
		r := NewRand(5)
		const n = 20000
		var table [2][2]int
		for range n {
			var z, u float64
			if order == "normal first" {
				z, u = r.Normal(), r.Float64()
			} else {
				u, z = r.Float64(), r.Normal()
			}
			i, j := 0, 0
			if z > 0 {
				i = 1
			}
			if math.Abs(u-0.5) < 0.25 {
				j = 1
			}
			table[i][j]++
		}
		for i := range 2 {
			for j := range 2 {
				// Five standard deviations of a binomial with share 1/4.
				if d := math.Abs(float64(table[i][j]) - n/4); d > 5*math.Sqrt(n*3.0/16) {
					t.Errorf("%s: the quarters hold %v of %d", order, table, n)
				}
			}
		}
	}
}
