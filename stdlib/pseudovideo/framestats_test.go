package pseudovideo

import (
	"math"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

func TestDescribe(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 200, 1, 8, 8)
	v, _ := Build(x, Spec{Frames: 2, Kind: Heat, Ladder: Levels(2)}, nil)
	s, err := Describe(v)
	if err != nil || len(s) != 2 {
		t.Fatal(err, s)
	}
	for r, e := range s[1].Spectrum { // white noise has the same energy everywhere
		if math.Abs(e-1) > 0.25 {
			t.Errorf("white noise has energy %.3f at frequency %d", e, r)
		}
	}
	if s[1].Variance < 0.95 || s[0].Variance > 0.3 || s[0].Spectrum[6] > 0.01 || math.Abs(s[0].Spectrum[0]-s[1].Spectrum[0]) > 1e-9 {
		t.Errorf("blurred: %v, %v; image: %v", s[0], s[0].Spectrum, s[1])
	}
	if _, err := Describe(x); err == nil {
		t.Error("images were described as videos")
	}
}

func TestDCTKeepsEnergy(t *testing.T) {
	x := make([]float64, 6*5)
	linalg.NewRand(1).FillNormal(x)
	c := dct2(x, 6, 5)
	a, b := 0.0, 0.0
	for i := range x {
		a, b = a+x[i]*x[i], b+c[i]*c[i]
	}
	if math.Abs(a-b) > 1e-12 {
		t.Errorf("energy %g became %g", a, b)
	}
}
