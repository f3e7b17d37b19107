package experiments

import (
	"context"
	"math"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
)

func TestRenewalGradient(t *testing.T) {
	r := newRenewal(param.SampleOptions{})
	for i := 0; i < 60; i += 2 {
		r.x, r.y = append(r.x, float64(i)), append(r.y, float64(i%7))
	}
	e := r.epidemic(r.day(60) + 1)
	set := e.params()
	free, rnd := set.Free(), linalg.NewRand(1)
	for i := range free {
		free[i] += 0.1 * rnd.Normal()
	}
	value := func(x []float64) float64 {
		if err := set.SetFree(x); err != nil {
			t.Fatal(err)
		}
		v, _, err := e.logLikelihood()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	value(free)
	_, grad, err := e.logLikelihood()
	if err != nil {
		t.Fatal(err)
	}
	for i := range free {
		at := append([]float64(nil), free...)
		at[i] += 1e-5
		up := value(at)
		at[i] -= 2e-5
		if d := (up - value(at)) / 2e-5; math.Abs(d-grad[i]) > 1e-5*(1+math.Abs(d)) {
			t.Errorf("derivative %d: %g, by differences %g", i, grad[i], d)
		}
	}
}

// An epidemic made by the model, with an R that falls below one and rises again,
// is found: expected deaths and whether it grows.
func TestRenewalFindsItsEpidemic(t *testing.T) {
	r := newRenewal(param.SampleOptions{Draws: 60, Warmup: 60, Depth: 5, Seed: 1})
	for name, p := range map[string][]float64{"generation": r.generate, "death": r.die} {
		total := 0.0
		for _, v := range p {
			total += v
		}
		want := map[string]float64{"generation": 1, "death": 0.01}[name]
		if math.Abs(total-want) > 0.02*want {
			t.Errorf("the times of %s sum to %g", name, total)
		}
	}
	const days = 140
	made := r.epidemic(r.day(days) + 1)
	noise := make([]float64, made.noise.Len())
	for w := range noise {
		if w > 12 && w < 15 {
			noise[w] = -5
		}
	}
	noise[20] = 6
	for p, v := range map[*param.Param][]float64{made.noise: noise, made.mu: {0.25}, made.seed: {40}} {
		if err := p.Set(v...); err != nil {
			t.Fatal(err)
		}
	}
	if err := made.run(); err != nil {
		t.Fatal(err)
	}
	rnd, count := linalg.NewRand(2), gp.NegativeBinomial(30)
	var x, y []float64
	for d := 0; d < days; d++ {
		x, y = append(x, float64(d)), append(y, count.Draw(math.Log(made.deaths[r.day(float64(d))]), rnd))
	}
	ctx := context.Background()
	for part := 0; part < 2; part++ {
		lo, hi := part*days/2, (part+1)*days/2
		if err := r.Learn(ctx, Task{X: gp.Column(x[lo:hi]), Y: y[lo:hi], End: x[hi-1]}); err != nil {
			t.Fatal(err)
		}
	}
	at := gp.Column(x[10:])
	mean, logp, err := r.Test(ctx, at, y[10:])
	if err != nil {
		t.Fatal(err)
	}
	off, all, density := 0.0, 0.0, 0.0
	for i, m := range mean {
		truth := made.deaths[r.day(x[10+i])]
		off, all = off+math.Abs(m-truth), all+truth
		density += logp[i] - count.LogProb(y[10+i], math.Log(truth))
	}
	if off > 0.15*all || density < -0.1*float64(len(mean)) {
		t.Errorf("expected deaths are off by %.3g of %.3g, the density by %.3f a day", off, all, density/float64(len(mean)))
	}
	draws, err := r.Draw(ctx, at, 40, 1)
	if err != nil || len(draws) != 40 || len(draws[0]) != days-10 {
		t.Errorf("%d draws, %v", len(draws), err)
	}
	if err := r.Learn(ctx, Task{X: gp.Column([]float64{-100}), Y: []float64{1}, End: 1}); err == nil {
		t.Error("a day before the epidemic was taken")
	}
}
