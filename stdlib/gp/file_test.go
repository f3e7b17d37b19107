package gp

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// bits compares two lists bit by bit.
func bits(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, v := range got {
		if math.Float64bits(v) != math.Float64bits(want[i]) {
			t.Fatalf("%s: number %d is %v, it was %v", what, i, v, want[i])
		}
	}
}

// A saved model comes back with every bit, and goes on with the same bits.
func TestModelsComeBack(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	x, y := curve(20)
	Z := Column([]float64{0.2, 1.1, 2.3, 3.4})
	at := Column([]float64{-1, 0.7, 2})
	kernel := func() Kernel { return Sum(SE(1, 0.7), Constant(0.2)) }
	type model interface {
		Save(path string) error
		Predict(x *mat.Dense) (mean, variance []float64, err error)
	}
	know := func(m model) []float64 {
		t.Helper()
		mean, v, err := m.Predict(at)
		if err != nil {
			t.Fatal(err)
		}
		return append(mean, v...)
	}
	exact, sgpr, svgp := NewExact(kernel(), 0.1), NewSGPR(kernel(), 0.1, Z), NewSVGP(kernel(), StudentT(4, 0.3), Z)
	exact.Noise.Fix()
	if err := exact.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	if err := sgpr.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		m     model
		learn func(m model) error
		load  func(path string) (model, error)
	}{
		"exact": {exact, func(m model) error { _, err := m.(*Exact).Fit(ctx, 3); return err }, func(p string) (model, error) { return LoadExact(p) }},
		"SGPR":  {sgpr, func(m model) error { _, err := m.(*SGPR).Fit(ctx, 3); return err }, func(p string) (model, error) { return LoadSGPR(p) }},
		"SVGP": {svgp, func(m model) error { return m.(*SVGP).Fit(ctx, x, y, SVGPOptions{Steps: 5, Batch: 8, Seed: 3}) },
			func(p string) (model, error) { return LoadSVGP(p) }},
	} {
		path := filepath.Join(dir, name+".json")
		if err := c.learn(c.m); err != nil {
			t.Fatal(err)
		}
		if err := c.m.Save(path); err != nil {
			t.Fatal(err)
		}
		got, err := c.load(path)
		if err != nil {
			t.Fatal(err)
		}
		bits(t, name, know(got), know(c.m))
		for _, m := range []model{c.m, got} {
			if err := c.learn(m); err != nil {
				t.Fatal(err)
			}
		}
		bits(t, name+", learning on", know(got), know(c.m))
		// what is not such a file says so
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for says, bad := range map[string]string{
			"not a saved model": string(text[:len(text)/2]),
			"was asked for":     strings.Replace(string(text), `"model":"`+name, `"model":"other`, 1),
			"version 9":         strings.Replace(string(text), `"version":1`, `"version":9`, 1),
			"damaged":           strings.Replace(strings.Replace(string(text), `"x":[`, `"x":[1,`, 1), `"D":[`, `"D":[1,`, 1),
		} {
			if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := c.load(path); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: error %v, want one with %q", name, err, says)
			}
		}
	}
	// before any data, too
	path := filepath.Join(dir, "fresh")
	if err := NewExact(SE(1, 2), 0.3).Save(path); err != nil {
		t.Fatal(err)
	}
	g, err := LoadExact(path)
	if err != nil || g.Noise.Value() != 0.3 {
		t.Errorf("%v, noise %v", err, g.Noise)
	}
	if _, err := LoadSVGP(path); err == nil {
		t.Error("an exact model was read as an SVGP")
	}
}
