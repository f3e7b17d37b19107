package ohsvgp

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
)

// The sums of waves over the data are those of their definition.
func TestWaveSums(t *testing.T) {
	r := linalg.NewRand(3)
	for _, n := range []int{1, 2, 8, 9, 37, 120} {
		for _, N := range []int{0, 1, 255, 700} {
			x, y := make([]float64, N), make([]float64, N)
			for i := range x {
				x[i], y[i] = 8*r.Float64()-1, r.Normal()
			}
			c, s, cy, sy := waveSums(x, y, 2.5, 0.4, n)
			for k := 0; k < 2*n-1; k++ {
				var want [4]float64
				for i, v := range x {
					sin, cos := math.Sincos(float64(k) * 0.4 * (v - 2.5))
					for j, w := range []float64{cos, sin, y[i] * cos, y[i] * sin} {
						want[j] += w
					}
				}
				got := []float64{c[k], s[k]}
				if k < n {
					got = append(got, cy[k], sy[k])
				}
				near(t, fmt.Sprintf("%d waves, %d data, frequency %d", n, N, k), got, want[:len(got)], 2e-13*math.Sqrt(1+float64(N)))
			}
		}
	}
}

// An update that sees the data through sums of waves, or of polynomials where the
// data fill a small part of the past, is the update that sees them one by one, its
// gradient too, also where the kernel's matrix is singular but for the jitter.
func TestSumsOfWavesEqualTheData(t *testing.T) {
	for _, c := range []struct {
		M                  int
		ls, noise          float64
		extent             float64 // of the new data
		local              bool
		tolerance, precise float64
	}{
		{20, 0.4, 0.1, 5, false, 1e-9, 1e-8},
		{50, 0.6, 0.13, 5, false, 1e-9, 1e-8},
		{30, 3, 1e-3, 5, true, 1e-7, 1e-6},
		{20, 0.4, 0.1, 0.7, true, 1e-9, 1e-8},
		{50, 0.2, 0.13, 0.3, true, 1e-9, 1e-8},
		{50, 0.2, 0.13, 0, true, 1e-9, 1e-8}, // all at one time
	} {
		N := 3000
		x, y := wave(2 * N)
		for i := range x[N:] {
			x[N+i] = 10 - c.extent + c.extent*(x[N+i]-5)/5
		}
		m, err := New(Options{M: c.M, Kernel: gp.SE(1.3, c.ls), Noise: c.noise, Hyper: HyperFixed})
		must(t, err)
		must(t, m.Update(context.Background(), x[:N], y[:N]))
		k, b, X := gp.SE(1.1, 1.1*c.ls), &legs{c.M, 10}, gp.Column(x[N:])
		sums, err := b.view(k, X, y[N:], m.q.basis)
		must(t, err)
		if sums == nil || sums.data == nil {
			t.Fatalf("%d variables and %d data are not worth sums", c.M, N)
		}
		if local := sums.data.(*waveData).D != nil; local != c.local {
			t.Errorf("data over %g: polynomials %t, want %t", c.extent, local, c.local)
		}
		plain, err := b.blocks(k, X, m.q.basis)
		must(t, err)
		jitter := m.jitter(k, X)
		u, err := conjugate(sums, y[N:], c.noise, m.q, jitter)
		must(t, err)
		v, err := conjugate(plain, y[N:], c.noise, m.q, jitter)
		must(t, err)
		name := fmt.Sprintf("M = %d, length-scale %g, extent %g: ", c.M, c.ls, c.extent)
		near(t, name+"bound", []float64{u.bound}, []float64{v.bound}, c.tolerance)
		near(t, name+"mean", u.new.v, v.new.v, c.precise)
		um, uS := u.new.moments()
		vm, vS := v.new.moments()
		near(t, name+"m", um, vm, c.tolerance)
		near(t, name+"S", flat(uS), flat(vS), c.tolerance)
		gu, nu := u.gradient()
		gv, nv := v.gradient()
		near(t, name+"by noise", []float64{nu}, []float64{nv}, c.precise)
		du, dv := make([]float64, 2), make([]float64, 2)
		_, err = b.backward(k, X, m.q.basis, gu, du)
		must(t, err)
		_, err = b.backward(k, X, m.q.basis, gv, dv)
		must(t, err)
		near(t, name+"by kernel", du, dv, c.precise)
	}
}
