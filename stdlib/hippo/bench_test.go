package hippo

import (
	"testing"

	"gonum.org/v1/gonum/mat"
)

// BenchmarkRunMany is the memory of 1000 waves (sine and cosine) along 100
// points of a path, with 256 coefficients each.
func BenchmarkRunMany(b *testing.B) {
	c, f := mat.NewDense(256, 2000, nil), mat.NewDense(100, 2000, nil)
	for i := range f.RawMatrix().Data {
		f.RawMatrix().Data[i] = float64(i%7) - 3
	}
	for b.Loop() {
		if err := RunMany(c, 1, f, Bilinear); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTransition(b *testing.B) {
	for b.Loop() {
		if _, err := Transition(100, 0.9, 1); err != nil {
			b.Fatal(err)
		}
	}
}
