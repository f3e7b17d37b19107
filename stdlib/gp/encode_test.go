package gp

import (
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestKernelsComeBack(t *testing.T) {
	x := randomInputs(6, 2, 3)
	for _, k := range append(everyKernel(), White(0.1)) {
		b, err := EncodeKernel(k)
		if err != nil {
			t.Fatal(err)
		}
		c, err := DecodeKernel(b)
		if err != nil {
			t.Fatalf("%s: %v", k, err)
		}
		if c.String() != k.String() || !mat.Equal(c.Matrix(x, x), k.Matrix(x, x)) || c.Params().String() != k.Params().String() {
			t.Errorf("%s came back as %s", k, c)
		}
	}
	for _, bad := range []string{"", "[]", `{"kind":"cubic"}`, `{"kind":"se"}`, `{"kind":"sum","parts":[{"kind":"x"}]}`} {
		if _, err := DecodeKernel([]byte(bad)); err == nil {
			t.Errorf("%q was taken for a kernel", bad)
		}
	}
}

func TestLikelihoodsComeBack(t *testing.T) {
	for l := range everyLikelihood() {
		b, err := EncodeLikelihood(l)
		if l.Name == "Laplace-like" {
			if err == nil {
				t.Error("a likelihood made of a function was saved")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		c, err := DecodeLikelihood(b)
		if err != nil || c.String() != l.String() {
			t.Errorf("%s came back as %v (%v)", l, c, err)
		}
	}
	if _, err := DecodeLikelihood([]byte(`{"name":"Cauchy"}`)); err == nil {
		t.Error("an unknown likelihood was read")
	}
}
