package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// convPlain visits every product of a convolution: indices into x, w and y.
func convPlain(g ConvShape, f func(x, w, y int)) {
	for n := 0; n < g.N; n++ {
		for z := 0; z < g.Y[0]; z++ {
			for y := 0; y < g.Y[1]; y++ {
				for x := 0; x < g.Y[2]; x++ {
					for kz := 0; kz < g.K[0]; kz++ {
						for ky := 0; ky < g.K[1]; ky++ {
							for kx := 0; kx < g.K[2]; kx++ {
								a, b, c := z*g.S[0]+kz-g.P[0], y*g.S[1]+ky-g.P[1], x*g.S[2]+kx-g.P[2]
								if a < 0 || b < 0 || c < 0 || a >= g.X[0] || b >= g.X[1] || c >= g.X[2] {
									continue
								}
								for i := 0; i < g.In; i++ {
									for o := 0; o < g.Out; o++ {
										f((((n*g.X[0]+a)*g.X[1]+b)*g.X[2]+c)*g.In+i,
											(((kz*g.K[1]+ky)*g.K[2]+kx)*g.In+i)*g.Out+o,
											(((n*g.Y[0]+z)*g.Y[1]+y)*g.Y[2]+x)*g.Out+o)
									}
								}
							}
						}
					}
				}
			}
		}
	}
}

func convCase[T Float](t *testing.T, r *rand.Rand, g ConvShape) {
	t.Helper()
	x, w := randoms[T](r, g.N*volume(g.X)*g.In), randoms[T](r, volume(g.K)*g.In*g.Out)
	y, bias := randoms[T](r, g.N*volume(g.Y)*g.Out), randoms[T](r, g.Out)
	tol := 1e-12
	if is32[T]() {
		tol = 2e-4
	}
	check := func(what string, got []T, want []float64) {
		t.Helper()
		for i := range got {
			if math.Abs(float64(got[i])-want[i]) > tol*(1+math.Abs(want[i])) {
				t.Fatalf("%s of %+v: element %d is %g, want %g", what, g, i, got[i], want[i])
			}
		}
	}
	wantY, wantX, wantW := make([]float64, len(y)), make([]float64, len(x)), make([]float64, len(w))
	for i := range wantY {
		wantY[i] = float64(bias[i%g.Out])
	}
	convPlain(g, func(a, b, c int) {
		wantY[c] += float64(x[a]) * float64(w[b])
		wantX[a] += float64(y[c]) * float64(w[b])
		wantW[b] += float64(x[a]) * float64(y[c])
	})
	gotY, gotX, gotW := make([]T, len(y)), make([]T, len(x)), make([]T, len(w))
	Conv(gotY, x, w, bias, g)
	check("convolution", gotY, wantY)
	ConvTransposed(gotX, y, w, nil, g)
	check("transposed convolution", gotX, wantX)
	ConvWeights(gotW, x, y, g)
	check("weight gradient", gotW, wantW)
}

func TestConv(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(11, 12))
		for q := 0; q < 60; q++ {
			g := ConvShape{N: 1 + r.IntN(3), In: 1 + r.IntN(9), Out: 1 + r.IntN(40)}
			for i := range g.X {
				g.X[i], g.K[i], g.S[i], g.P[i] = 1+r.IntN(9), 1+r.IntN(3), 1+r.IntN(3), r.IntN(2)
				if q%2 == 0 && i == 0 {
					g.X[i], g.K[i], g.S[i], g.P[i] = 1, 1, 1, 0
				}
				g.K[i] = min(g.K[i], g.X[i]+2*g.P[i])
				g.Y[i] = (g.X[i]+2*g.P[i]-g.K[i])/g.S[i] + 1
			}
			convCase[float32](t, r, g)
			convCase[float64](t, r, g)
		}
		convCase[float32](t, r, ConvShape{N: 17, In: 8, Out: 33, X: [3]int{1, 14, 14}, K: [3]int{1, 3, 3}, S: [3]int{1, 1, 1}, P: [3]int{0, 1, 1}, Y: [3]int{1, 14, 14}})
		for q := range 6 { // by minimal filtering: odd and even sides, channels that fill no tile
			x := [3]int{1, 8 + r.IntN(9), 8 + r.IntN(20)}
			convCase[float32](t, r, ConvShape{N: 1 + r.IntN(9), In: 24 + r.IntN(30), Out: 32 + 8*r.IntN(3) + q%2*r.IntN(8), X: x, K: [3]int{1, 3, 3}, S: [3]int{1, 1, 1}, P: [3]int{0, 1, 1}, Y: x})
		}
		convCase[float32](t, r, ConvShape{N: 2, In: 3, Out: 64, X: [3]int{1, 13, 15}, K: [3]int{1, 4, 4}, S: [3]int{1, 2, 2}, P: [3]int{0, 1, 1}, Y: [3]int{1, 6, 7}})
	})
}

// Minimal filtering adds before it multiplies: its rounding stays within a few units of single precision of the scale of
// the results.
func TestMinimalFilteringIsAccurate(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(13, 14))
		size := [3]int{1, 13, 16}
		g := ConvShape{N: 3, In: 48, Out: 64, X: size, K: [3]int{1, 3, 3}, S: [3]int{1, 1, 1}, P: [3]int{0, 1, 1}, Y: size}
		if !g.winograd() {
			t.Fatal("this convolution is summed directly")
		}
		x, w, y := randoms[float32](r, g.N*volume(g.X)*g.In), randoms[float32](r, 9*g.In*g.Out), randoms[float32](r, g.N*volume(g.Y)*g.Out)
		wantY, wantX, wantW := make([]float64, len(y)), make([]float64, len(x)), make([]float64, len(w))
		convPlain(g, func(a, b, c int) {
			wantY[c] += float64(x[a]) * float64(w[b])
			wantX[a] += float64(y[c]) * float64(w[b])
			wantW[b] += float64(x[a]) * float64(y[c])
		})
		gotY, gotX, gotW := make([]float32, len(y)), make([]float32, len(x)), make([]float32, len(w))
		Conv(gotY, x, w, nil, g)
		ConvTransposed(gotX, y, w, nil, g)
		ConvWeights(gotW, x, y, g)
		for i, got := range [][]float32{gotY, gotX, gotW} {
			want := [][]float64{wantY, wantX, wantW}[i]
			off, scale := 0.0, 0.0
			for k, v := range got {
				off += (float64(v) - want[k]) * (float64(v) - want[k])
				scale += want[k] * want[k]
			}
			if e := math.Sqrt(off / scale); e > 5e-7 {
				t.Errorf("%s: relative error %.2g", []string{"convolution", "transposed convolution", "weight gradient"}[i], e)
			} else {
				t.Logf("relative error %.2g", e)
			}
		}
	})
}
