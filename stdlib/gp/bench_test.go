package gp

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkSVGP is one step of Fit on all data: value, gradient by kernel,
// likelihood and Z, and the natural-gradient move of q.
func BenchmarkSVGP(b *testing.B) {
	for _, s := range [][2]int{{50, 1000}, {100, 1000}, {100, 5000}} {
		b.Run(fmt.Sprintf("M%d_N%d", s[0], s[1]), func(b *testing.B) {
			x, y := curve(s[1])
			z := make([]float64, s[0])
			for i := range z {
				z[i] = x.At(i*(s[1]-1)/(s[0]-1), 0)
			}
			m := NewSVGP(SE(1, 0.2), Gaussian(0.1), Column(z))
			if err := m.Fit(context.Background(), x, y, SVGPOptions{Steps: b.N}); err != nil {
				b.Fatal(err)
			}
		})
	}
}
