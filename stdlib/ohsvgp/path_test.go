package ohsvgp

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"gonum.org/v1/gonum/mat"
)

func TestGoldenPath(t *testing.T) {
	for _, c := range golden(t, "path") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Path, X, Lengthscales, Rff_w, Points, Start array
				Variance                                    float64
				M                                           int
			}
			var want struct {
				W, K_fu_exact, K_uu_exact, Z_cos, Z_sin, K_uu_rff, K_fu_rff array
				Order                                                       array
			}
			c.read(t, &in, &want)
			k := gp.SE(in.Variance, in.Lengthscales.Data...)
			if want.Order.Data != nil {
				order := PathOrder(k, in.Points.dense(), in.Start.Data, false)
				for i, o := range order {
					near(t, "order", []float64{float64(o)}, want.Order.Data[i:i+1], 0)
				}
				return
			}
			rule := hippo.Rule(strings.TrimPrefix(c.Name, "path_"))
			m := &Model{opt: Options{M: in.M, Rule: rule, Features: in.Rff_w.Shape[0]}, rand: linalg.NewRand(1)}
			b, err := beginExact(m, k, in.Path.dense(), nil)
			must(t, err)
			e := b.(*pathExact)
			nearM(t, "W", e.W, want.W, c.Tolerance)
			bl, err := b.blocks(k, in.X.dense(), nil)
			must(t, err)
			nearM(t, "K_uu", bl.Kbb, want.K_uu_exact, c.Tolerance)
			nearM(t, "K_fu", transpose(bl.Kbf), want.K_fu_exact, c.Tolerance)
			// the same in two tasks on the given waves
			n := in.Path.Shape[0]
			start := &pathFeatures{M: in.M, ls: in.Lengthscales.Data, W: in.Rff_w.dense(), Z: mat.NewDense(in.M, 2*in.Rff_w.Shape[0], nil)}
			one, err := beginFeatures(m, k, in.Path.dense().Slice(0, 5, 0, 2).(*mat.Dense), start)
			must(t, err)
			two, err := beginFeatures(m, k, in.Path.dense().Slice(5, n, 0, 2).(*mat.Dense), one.(*pathFeatures))
			must(t, err)
			f := two.(*pathFeatures)
			waves := in.Rff_w.Shape[0]
			nearM(t, "Z cos", mat.DenseCopyOf(f.Z.Slice(0, in.M, 0, waves)), want.Z_cos, c.Tolerance)
			nearM(t, "Z sin", mat.DenseCopyOf(f.Z.Slice(0, in.M, waves, 2*waves)), want.Z_sin, c.Tolerance)
			bl, err = two.blocks(k, in.X.dense(), nil)
			must(t, err)
			nearM(t, "K_uu on waves", bl.Kbb, want.K_uu_rff, c.Tolerance)
			nearM(t, "K_fu on waves", transpose(bl.Kbf), want.K_fu_rff, c.Tolerance)
		})
	}
}

// surface is n points of a smooth function of two inputs, sorted by the first.
func surface(n int) (*mat.Dense, []float64) {
	x := mat.NewDense(n, 2, nil)
	y := make([]float64, n)
	r := linalg.NewRand(7)
	for i := range y {
		a, b := -1+2*float64(i)/float64(n), -1+2*r.Float64()
		x.SetRow(i, []float64{a, b})
		y[i] = math.Sin(3*a) * math.Cos(2*b)
	}
	return x, y
}

func TestPathLearnsASurface(t *testing.T) {
	ctx := context.Background()
	x, y := surface(240)
	for _, route := range []Route{RandomFeatures, Exact} {
		for _, order := range []Order{OrderGiven, OrderNearest, OrderRandom, OrderFarthest} {
			m, err := NewPath(Options{M: 60, Kernel: gp.SE(0.5, 0.7, 0.9), Noise: 1e-3, Hyper: HyperFixed, Route: route, Order: order, Features: 300})
			must(t, err)
			for i := 0; i < 3; i++ {
				must(t, m.UpdateX(ctx, x.Slice(80*i, 80*i+80, 0, 2).(*mat.Dense), y[80*i:80*i+80]))
			}
			mean, v, err := m.PredictX(ctx, x)
			must(t, err)
			if e := RMSE(y, mean); e > 0.1 {
				t.Errorf("%s, %s: RMSE %.3f", route, order, e)
			}
			for i := range v {
				if v[i] < 0 {
					t.Fatalf("variance %g", v[i])
				}
			}
		}
	}
}

func TestPathHyperparameters(t *testing.T) {
	ctx := context.Background()
	x, y := surface(90)
	if _, err := NewPath(Options{Hyper: HyperOnline}); err == nil {
		t.Error("a path on features agreed to learn online")
	}
	if _, err := NewPath(Options{Order: "zigzag"}); err == nil {
		t.Error("an unknown order was accepted")
	}
	if _, err := NewPath(Options{Rule: "leapfrog"}); err == nil {
		t.Error("an unknown rule was accepted")
	}
	m, err := NewPath(Options{M: 30, Kernel: gp.SE(1, 1, 1), Noise: 0.01, Features: 200})
	must(t, err)
	must(t, m.UpdateX(ctx, x, y))
	l := m.Params()[1]
	must(t, l.Set(0.3))
	if err := m.UpdateX(ctx, x, y); err == nil || !strings.Contains(err.Error(), "length-scales") {
		t.Errorf("changed length-scales: %v", err)
	}
	if err := m.UpdateX(ctx, mat.NewDense(2, 3, nil), []float64{1, 2}); err == nil || !strings.Contains(err.Error(), "3 columns") {
		t.Errorf("inputs of another width: %v", err)
	}
	// the exact route learns online: its gradient against differences
	e, err := NewPath(Options{M: 8, Kernel: gp.SE(1, 1, 1.2), Noise: 0.01, Route: Exact, Hyper: HyperFixed})
	must(t, err)
	must(t, e.UpdateX(ctx, x.Slice(0, 40, 0, 2).(*mat.Dense), y[:40]))
	k := gp.SE(1.1, 0.9, 1.3)
	b, err := e.method.begin(e, k, x.Slice(40, 70, 0, 2).(*mat.Dense), 0)
	must(t, err)
	learn := &learner{m: e, k: k, noise: e.noise, x: x.Slice(40, 70, 0, 2).(*mat.Dense), y: y[40:70], jitter: *fixedJitter(1e-8)}
	_, grad, err := learn.value(b, true, false)
	must(t, err)
	set := append(k.Params(), e.noise)
	free := set.Free()
	for p := range free {
		at := func(h float64) float64 {
			f := append([]float64(nil), free...)
			f[p] += h
			must(t, set.SetFree(f))
			u, err := learn.update(b)
			must(t, err)
			return u.bound
		}
		near(t, "gradient", []float64{grad[p]}, []float64{(at(1e-4) - at(-1e-4)) / 2e-4}, 1e-4)
	}
}
