package pseudovideo

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

// diffusionCase gives the plain functions what a golden case holds: the schedule, and for each element its step.
type diffusionCase struct {
	t      *testing.T
	s      *Schedule
	steps  []int // step of each batch item
	in, ex map[string]json.RawMessage
}

func (d diffusionCase) get(key string) []float64 { return num(d.t, d.in, key).Data }

// each evaluates f for every element of an array like the input named like.
func (d diffusionCase) each(like string, f func(t, i int) float64) []float64 {
	n := len(d.get(like))
	out := make([]float64, n)
	for i := range out {
		out[i] = f(d.steps[i/(n/len(d.steps))], i)
	}
	return out
}

// perItem averages an array over each batch item.
func (d diffusionCase) perItem(x []float64) []float64 {
	p := len(x) / len(d.steps)
	out := make([]float64, len(d.steps))
	for i, v := range x {
		out[i/p] += v / float64(p)
	}
	return out
}

func clampIf(on bool, v float64) float64 {
	if on {
		return min(max(v, -1), 1)
	}
	return v
}

func TestGoldenDiffusion(t *testing.T) {
	cases := golden(t, "diffusion")
	if len(cases) != 38 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			switch c.Op {
			case "schedule":
				scheduleCase(t, c)
				return
			case "respace":
				s, _ := NewSchedule(value[string](t, c.Inputs, "kind"), value[int](t, c.Inputs, "steps"))
				r, err := s.Respace(value[int](t, c.Inputs, "count"))
				if err != nil {
					t.Fatal(err)
				}
				sameInts(t, "kept", r.Index, num(t, c.Expected, "kept").ints())
				near(t, "betas", r.Beta, num(t, c.Expected, "betas").Data, 1e-10)
				return
			case "timestep_embedding":
				got := timeEmbedding(num(t, c.Inputs, "t").Data, value[int](t, c.Inputs, "dim"))
				near(t, "embedding", got, num(t, c.Expected, "y").Data, 1e-10)
				return
			case "mask_counts":
				got := maskCounts(value[int](t, c.Inputs, "tokens"), value[int](t, c.Inputs, "steps"))
				sameInts(t, "counts", got, num(t, c.Expected, "counts").ints())
				return
			}
			s, err := NewSchedule(value[string](t, c.Inputs, "schedule"), value[int](t, c.Inputs, "steps"))
			if err != nil {
				t.Fatal(err)
			}
			elementCase(t, c.Op, diffusionCase{t, s, num(t, c.Inputs, "t").ints(), c.Inputs, c.Expected})
		})
	}
}

func scheduleCase(t *testing.T, c goldenCase) {
	s, err := NewSchedule(value[string](t, c.Inputs, "kind"), value[int](t, c.Inputs, "steps"))
	if err != nil {
		t.Fatal(err)
	}
	pick := make([]int, s.Steps())
	for i := range pick {
		pick[i] = i
	}
	if _, picked := c.Inputs["indices"]; picked {
		pick = num(t, c.Inputs, "indices").ints()
	}
	for name, full := range map[string][]float64{"betas": s.Beta, "alphas_bar": s.Abar, "alphas_bar_prev": s.AbarPrev,
		"posterior_variance": s.PosteriorVar, "posterior_log_variance_clipped": s.PosteriorLogVar,
		"posterior_coef_x0": s.CoefX0, "posterior_coef_xt": s.CoefXt} {
		var got []float64
		for _, i := range pick {
			got = append(got, full[i])
		}
		near(t, name, got, num(t, c.Expected, name).Data, 1e-10)
	}
}

func elementCase(t *testing.T, op string, d diffusionCase) {
	want := func(key string) []float64 { return num(t, d.ex, key).Data }
	clip := false
	if _, ok := d.in["clip"]; ok {
		clip = value[bool](t, d.in, "clip")
	}
	var xt, x0, eps, v, z []float64
	for key, p := range map[string]*[]float64{"xt": &xt, "x0": &x0, "eps": &eps, "v": &v, "z": &z} {
		if _, ok := d.in[key]; ok {
			*p = d.get(key)
		}
	}
	estimate := func(k, i int) float64 { return clampIf(clip, d.s.X0(k, xt[i], eps[i])) }
	switch op {
	case "q_sample":
		noise := d.get("noise")
		near(t, "xt", d.each("x0", func(k, i int) float64 { return d.s.QSample(k, x0[i], noise[i]) }), want("xt"), 1e-10)
	case "q_posterior":
		near(t, "mean", d.each("xt", func(k, i int) float64 { return d.s.PosteriorMean(k, x0[i], xt[i]) }), want("mean"), 1e-10)
		near(t, "variance", pickAt(d.s.PosteriorVar, d.steps), want("variance"), 1e-10)
		near(t, "log variance", pickAt(d.s.PosteriorLogVar, d.steps), want("log_variance_clipped"), 1e-10)
	case "p_mean_logvar":
		near(t, "x0", d.each("xt", estimate), want("x0"), 1e-10)
		near(t, "mean", d.each("xt", func(k, i int) float64 { return d.s.PosteriorMean(k, estimate(k, i), xt[i]) }), want("mean"), 1e-10)
		near(t, "log variance", d.each("xt", func(k, i int) float64 { return d.s.LearnedLogVar(k, v[i]) }), want("log_variance"), 1e-10)
	case "ddpm_step":
		near(t, "x0", d.each("xt", estimate), want("x0"), 1e-10)
		near(t, "step", d.each("xt", func(k, i int) float64 {
			return d.s.Ancestral(k, xt[i], estimate(k, i), d.s.LearnedLogVar(k, v[i]), z[i])
		}), want("x_prev"), 1e-10)
	case "ddim_step":
		eta := value[float64](t, d.in, "eta")
		near(t, "step", d.each("xt", func(k, i int) float64 { return d.s.DDIM(k, xt[i], estimate(k, i), eta, z[i]) }), want("x_prev"), 1e-10)
	case "hybrid_loss":
		noise := d.get("noise")
		vb := d.perItem(d.each("xt", func(k, i int) float64 { return d.s.BoundTerm(k, x0[i], xt[i], eps[i], v[i]) }))
		near(t, "bound", vb, want("vb_bits"), 1e-10)
		simple := d.perItem(d.each("xt", func(k, i int) float64 { return (noise[i] - eps[i]) * (noise[i] - eps[i]) }))
		near(t, "simple", simple, want("simple"), 1e-10)
		hybrid := append([]float64(nil), simple...)
		axpy(hybrid, float64(d.s.Steps())/1000, vb)
		near(t, "hybrid", hybrid, want("hybrid"), 1e-10)
		near(t, "prior", d.perItem(d.each("x0", func(_, i int) float64 { return d.s.PriorTerm(x0[i]) })), want("prior_bpd"), 1e-10)
		n := float64(len(xt))
		near(t, "gradient v", d.each("xt", func(k, i int) float64 {
			_, _, dv := d.s.boundTerm(k, x0[i], xt[i], eps[i], v[i])
			return float64(d.s.Steps()) / 1000 * dv / n
		}), want("grad_v_of_mean"), 1e-9)
		near(t, "gradient eps", d.each("xt", func(_, i int) float64 { return 2 * (eps[i] - noise[i]) / n }), want("grad_eps_of_mean"), 1e-9)
	default:
		t.Fatalf("operation %q is not compared with anything", op)
	}
}

func pickAt(x []float64, idx []int) []float64 {
	out := make([]float64, len(idx))
	for i, k := range idx {
		out[i] = x[k]
	}
	return out
}

func TestBoundTermDerivatives(t *testing.T) {
	s, _ := NewSchedule("cosine", 8)
	const h = 1e-6
	for _, k := range []int{0, 1, 4, 7} {
		for _, x0 := range []float64{-1, -0.3, 0.2, 1} {
			xt, eps, v := s.QSample(k, x0, 0.4), 0.3, -0.2
			_, de, dv := s.boundTerm(k, x0, xt, eps, v)
			ne := (s.BoundTerm(k, x0, xt, eps+h, v) - s.BoundTerm(k, x0, xt, eps-h, v)) / (2 * h)
			nv := (s.BoundTerm(k, x0, xt, eps, v+h) - s.BoundTerm(k, x0, xt, eps, v-h)) / (2 * h)
			near(t, "derivatives", []float64{de, dv}, []float64{ne, nv}, 2e-6)
		}
	}
}

func TestDDIMIdentities(t *testing.T) {
	s, _ := NewSchedule("cosine", 20)
	rng := linalg.NewRand(2)
	for k := range 20 {
		x0, e, z := rng.Normal(), rng.Normal(), rng.Normal()
		xt := s.QSample(k, x0, e)
		if got, want := s.DDIM(k, xt, x0, 0, z), math.Sqrt(s.AbarPrev[k])*x0+math.Sqrt(1-s.AbarPrev[k])*e; math.Abs(got-want) > 1e-10 {
			t.Errorf("step %d: with the true noise DDIM lands on %g, q(x_{t-1}|x_0) is at %g", k, got, want)
		}
		small := math.Log(max(s.PosteriorVar[k], 1e-300))
		if got, want := s.DDIM(k, xt, x0, 1, z), s.Ancestral(k, xt, x0, small, z); math.Abs(got-want) > 1e-9 {
			t.Errorf("step %d: eta 1 gives %g, ancestral with the posterior variance %g", k, got, want)
		}
	}
}

func TestScheduleErrors(t *testing.T) {
	for _, c := range []struct {
		kind  string
		steps int
		part  string
	}{{"linear", 20, "more than 20"}, {"cosine", 1, "at least 2"}, {"square", 100, "linear or cosine"}} {
		if _, err := NewSchedule(c.kind, c.steps); err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s %d: %v", c.kind, c.steps, err)
		}
	}
	s, _ := NewSchedule("cosine", 50)
	for _, n := range []int{0, 51} {
		if _, err := s.Respace(n); err == nil {
			t.Errorf("respacing to %d steps was accepted", n)
		}
	}
	one, err := s.Respace(1)
	if err != nil || math.IsNaN(one.PosteriorLogVar[0]) || math.IsInf(one.PosteriorLogVar[0], 0) {
		t.Errorf("one step: %v %v", one, err)
	}
	r, _ := s.Respace(10)
	if got, want := r.NetworkTime(9, true), 49*20.0; got != want {
		t.Errorf("the network is told %g at the last of 10 steps, want %g", got, want)
	}
}

func TestImportanceSampling(t *testing.T) {
	m, rng := newImportance(4), linalg.NewRand(1)
	near(t, "before ten losses", m.weights(), []float64{0.25, 0.25, 0.25, 0.25}, 1e-15)
	for i := range 15 { // the first five of each step are forgotten
		for k, l := range []float64{1, 2, 3, 4} {
			if i < 5 {
				l = 100
			}
			m.record([]int{k}, []float64{l})
		}
	}
	p := m.weights()
	near(t, "in proportion to the root mean square", p, []float64{0.999*0.1 + 0.00025, 0.999*0.2 + 0.00025, 0.999*0.3 + 0.00025, 0.999*0.4 + 0.00025}, 1e-12)
	counts := make([]float64, 4)
	steps, w := m.draw(20000, rng)
	mean := 0.0
	for i, k := range steps {
		counts[k] += 1.0 / 20000
		mean += w[i] * float64(k+1) / 20000 // estimates the uniform mean of k+1
	}
	near(t, "frequencies", counts, p, 0.012)
	if math.Abs(mean-2.5) > 0.05 {
		t.Errorf("weighted mean %.3f, want 2.5", mean)
	}
}
