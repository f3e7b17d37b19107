package linalg

import (
	"testing"
)

// Dropout drops where a number of Uniform from the same source is not above the rate, from even and odd positions, and moves the
// source on by as much.
func TestDropoutIsUniformsMask(t *testing.T) {
	for _, dt := range []DType{F32, F64} {
		for _, skip := range []uint64{0, 1} {
			for _, n := range []int{0, 1, 2, 17, 30001} {
				a, b := NewRand(9), NewRand(9)
				a.Skip(skip)
				b.Skip(skip)
				got, u := Dropout(a, Full(dt, 2, n), 0.25).Float64s(), Uniform(b, dt, n).Float64s()
				if a.Pos() != b.Pos() {
					t.Fatalf("%v, %d numbers: the source stands at %d, not %d", dt, n, a.Pos(), b.Pos())
				}
				for i := range got {
					want := 0.0
					if u[i] > 0.25 {
						want = 2 * float64(float32(1/0.75))
						if dt == F64 {
							want = 2 * (1 / 0.75)
						}
					}
					if got[i] != want {
						t.Fatalf("%v, from %d, number %d of %d is %v, want %v", dt, skip, i, n, got[i], want)
					}
				}
			}
		}
	}
}
