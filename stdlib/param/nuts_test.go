package param

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
)

func column(d *Draws, j int) []float64 {
	out := make([]float64, len(d.Values))
	for i := range out {
		out[i] = d.Values[i][j]
	}
	return out
}

// A correlated normal in two free numbers with very different scales.
func TestSampleNormal(t *testing.T) {
	s := Set{Real("a", 3), Real("b", 0)}
	const sa, sb, rho = 0.1, 5.0, 0.6
	target := func() (float64, []float64, error) {
		x, y := s[0].Value()/sa, s[1].Value()/sb
		c := 1 / (1 - rho*rho)
		return -0.5 * c * (x*x - 2*rho*x*y + y*y), []float64{-c * (x - rho*y) / sa, -c * (y - rho*x) / sb}, nil
	}
	for _, leaps := range []int{0, 12} {
		d, err := s.Sample(context.Background(), target, SampleOptions{Draws: 4000, Warmup: 800, Leaps: leaps, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		for j, sd := range []float64{sa, sb} {
			m, v := stat.MeanVariance(column(d, j), nil)
			ess := effective(column(d, j))
			if ess < 400 || math.Abs(m) > 5*sd/math.Sqrt(ess) || math.Abs(v/(sd*sd)-1) > 8/math.Sqrt(ess) {
				t.Errorf("leaps %d, %s: mean %.3g, variance %.4g of %.4g, %.0f effective", leaps, d.Names[j], m, v, sd*sd, ess)
			}
		}
		if r := stat.Correlation(column(d, 0), column(d, 1), nil); math.Abs(r-rho) > 0.1 {
			t.Errorf("leaps %d: correlation %.3f", leaps, r)
		}
		if s[0].Value() != 3 {
			t.Error("the parameters were not put back")
		}
		if d.Accept < 0.5 {
			t.Errorf("acceptance %.2f", d.Accept)
		}
	}
}

// With a flat objective the draws follow the prior, in values: the change of
// volume of the transform is right.
func TestSampleFollowsThePrior(t *testing.T) {
	s := Set{Positive("rate", 1).WithPrior(Gamma{3, 2}), New("share", Between{0, 1}, 0.5).WithPrior(Normal{0.5, 0.1}), Real("fixed", 1).Fix()}
	flat := func() (float64, []float64, error) { return 0, []float64{0, 0, 0}, nil }
	d, err := s.Sample(context.Background(), flat, SampleOptions{Draws: 4000, Warmup: 500, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(d.Names) != "[rate share]" {
		t.Errorf("sampled %v", d.Names)
	}
	if m, v := stat.MeanVariance(column(d, 0), nil); math.Abs(m-1.5) > 0.1 || math.Abs(v-0.75) > 0.15 {
		t.Errorf("Gamma(3, 2): mean %.3f, variance %.3f", m, v)
	}
	if m, v := stat.MeanVariance(column(d, 1), nil); math.Abs(m-0.5) > 0.02 || math.Abs(v-0.01) > 0.002 {
		t.Errorf("N(0.5, 0.1): mean %.3f, variance %.4f", m, v)
	}
	if err := d.Use(17); err != nil || s[0].Value() != d.Values[17][0] {
		t.Errorf("draw 17 is %v, the parameters %v (%v)", d.Values[17], s, err)
	}
	if text := d.String(); !strings.Contains(text, "rate") || !strings.Contains(text, "effective") {
		t.Error(text)
	}
}

func TestSampleErrors(t *testing.T) {
	s := Set{Real("a", 3)}
	boom := func() (float64, []float64, error) { return 0, nil, fmt.Errorf("boom") }
	if _, err := s.Sample(context.Background(), boom, SampleOptions{}); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	_, err := s.Sample(ctx, func() (float64, []float64, error) {
		if calls++; calls == 50 {
			cancel()
		}
		return -s[0].Value() * s[0].Value(), []float64{-2 * s[0].Value()}, nil
	}, SampleOptions{})
	if !errors.Is(err, context.Canceled) || s[0].Value() != 3 {
		t.Errorf("cancelled: %v, at %g", err, s[0].Value())
	}
	if _, err := (Set{Real("a", 1).Fix()}).Sample(context.Background(), boom, SampleOptions{}); err == nil {
		t.Error("sampled nothing")
	}
}
