package pseudovideo

import (
	"fmt"
	"math"
)

// A Schedule holds the coefficients of a Gaussian diffusion process, one entry for each of its steps; index t = 0 is
// one noising step. With alpha_t = 1 - beta_t and abar_t their product,
//
//	q(x_t | x_0) = N(sqrt(abar_t) x_0, (1-abar_t) I)
//	q(x_{t-1} | x_t, x_0) = N(CoefX0_t x_0 + CoefXt_t x_t, PosteriorVar_t I)
//
// All its methods work on single numbers, written like the equations; nothing couples two pixels.
type Schedule struct {
	Beta            []float64 // variance added by step t
	Abar            []float64 // product of 1-Beta up to t
	AbarPrev        []float64 // the same up to t-1; 1 at t = 0
	PosteriorVar    []float64 // beta_t (1-abar_{t-1})/(1-abar_t)
	PosteriorLogVar []float64 // its log; entry 0 borrows entry 1, as the variance at t = 0 is zero
	CoefX0, CoefXt  []float64 // weights of x_0 and x_t in the posterior mean
	Index           []int     // the step of the original process, which is what a network was trained to see
	Original        int       // number of steps of the original process
}

// NewSchedule makes the "linear" or "cosine" schedule of the improved diffusion model with the given number of steps.
func NewSchedule(kind string, steps int) (*Schedule, error) {
	if steps < 2 {
		return nil, fmt.Errorf("pseudovideo: a diffusion process of %d steps asked for; it needs at least 2", steps)
	}
	var betas []float64
	switch kind {
	case "linear":
		if steps <= 20 {
			return nil, fmt.Errorf("pseudovideo: the linear schedule needs more than 20 steps, as its last beta reaches 1 at 20; %d were asked for (cosine has no such limit)", steps)
		}
		k := 1000 / float64(steps)
		for t := range steps {
			betas = append(betas, 1e-4*k+(2e-2-1e-4)*k*float64(t)/float64(steps-1))
		}
	case "", "cosine":
		h := func(u float64) float64 { c := math.Cos((u + 0.008) / 1.008 * math.Pi / 2); return c * c }
		for t := range steps {
			n := float64(steps)
			betas = append(betas, min(1-h(float64(t+1)/n)/h(float64(t)/n), 0.999))
		}
	default:
		return nil, fmt.Errorf("pseudovideo: schedule %q is not known; use linear or cosine", kind)
	}
	index := make([]int, steps)
	for t := range index {
		index[t] = t
	}
	return scheduleOf(betas, index, steps), nil
}

func scheduleOf(betas []float64, index []int, original int) *Schedule {
	n := len(betas)
	s := &Schedule{Beta: betas, Index: index, Original: original}
	for _, p := range []*[]float64{&s.Abar, &s.AbarPrev, &s.PosteriorVar, &s.PosteriorLogVar, &s.CoefX0, &s.CoefXt} {
		*p = make([]float64, n)
	}
	prev := 1.0
	for t, b := range betas {
		ab := prev * (1 - b)
		s.Abar[t], s.AbarPrev[t] = ab, prev
		s.PosteriorVar[t] = b * (1 - prev) / (1 - ab)
		s.CoefX0[t] = b * math.Sqrt(prev) / (1 - ab)
		s.CoefXt[t] = (1 - prev) * math.Sqrt(1-b) / (1 - ab)
		s.PosteriorLogVar[t] = math.Log(s.PosteriorVar[t])
		prev = ab
	}
	if n > 1 {
		s.PosteriorLogVar[0] = s.PosteriorLogVar[1]
	} else {
		s.PosteriorLogVar[0] = math.Log(betas[0])
	}
	return s
}

// Steps is the number of steps.
func (s *Schedule) Steps() int { return len(s.Beta) }

// keptSteps spreads count indices evenly over 0..steps-1, both ends kept, rounding halves to even.
func keptSteps(steps, count int) []int {
	if count == 1 {
		return []int{0}
	}
	stride := float64(steps-1) / float64(count-1)
	var out []int
	cur := 0.0
	for range count {
		k := int(math.RoundToEven(cur))
		if len(out) == 0 || k > out[len(out)-1] {
			out = append(out, k)
		}
		cur += stride
	}
	return out
}

// Respace returns the shorter process that visits count steps of s and has the same abar at each of them. Index still
// names the original steps.
func (s *Schedule) Respace(count int) (*Schedule, error) {
	if count < 1 || count > s.Steps() {
		return nil, fmt.Errorf("pseudovideo: %d sampling steps asked for; the process has %d, so give 1 to %d", count, s.Steps(), s.Steps())
	}
	if count == s.Steps() {
		return s, nil
	}
	kept := keptSteps(s.Steps(), count)
	betas, index := make([]float64, len(kept)), make([]int, len(kept))
	last := 1.0
	for i, k := range kept {
		betas[i], index[i] = 1-s.Abar[k]/last, s.Index[k]
		last = s.Abar[k]
	}
	return scheduleOf(betas, index, s.Original), nil
}

// NetworkTime is what a network is told at step t: the original index, scaled to 0..1000 if rescale is set.
func (s *Schedule) NetworkTime(t int, rescale bool) float64 {
	v := float64(s.Index[t])
	if rescale {
		v *= 1000 / float64(s.Original)
	}
	return v
}

// QSample is x_t = sqrt(abar_t) x_0 + sqrt(1-abar_t) e.
func (s *Schedule) QSample(t int, x0, e float64) float64 {
	return math.Sqrt(s.Abar[t])*x0 + math.Sqrt(1-s.Abar[t])*e
}

// X0 is the estimate of the clean value behind x_t if its noise was eps.
func (s *Schedule) X0(t int, xt, eps float64) float64 {
	return (xt - math.Sqrt(1-s.Abar[t])*eps) / math.Sqrt(s.Abar[t])
}

// Eps is the noise behind x_t if the clean value was x_0.
func (s *Schedule) Eps(t int, xt, x0 float64) float64 {
	return (xt - math.Sqrt(s.Abar[t])*x0) / math.Sqrt(1-s.Abar[t])
}

// PosteriorMean is the mean of q(x_{t-1} | x_t, x_0).
func (s *Schedule) PosteriorMean(t int, x0, xt float64) float64 {
	return s.CoefX0[t]*x0 + s.CoefXt[t]*xt
}

// LearnedLogVar is the log variance of the model's step: the network's v in [-1, 1], not squashed, interpolates between
// the posterior's and beta_t.
func (s *Schedule) LearnedLogVar(t int, v float64) float64 {
	w := (v + 1) / 2
	return w*math.Log(s.Beta[t]) + (1-w)*s.PosteriorLogVar[t]
}

// Ancestral is one step of sampling, from x_t to x_{t-1}, given the (possibly clipped) estimate x0, the log variance
// and fresh noise z. The last step, t = 0, adds none.
func (s *Schedule) Ancestral(t int, xt, x0, logVar, z float64) float64 {
	m := s.PosteriorMean(t, x0, xt)
	if t == 0 {
		return m
	}
	return m + math.Exp(0.5*logVar)*z
}

// DDIM is one step of the implicit sampler; eta 0 is deterministic, eta 1 is Ancestral with the posterior variance. The
// noise estimate is recomputed from x0, which may have been clipped.
func (s *Schedule) DDIM(t int, xt, x0, eta, z float64) float64 {
	prev := s.AbarPrev[t]
	sigma := eta * math.Sqrt((1-prev)/(1-s.Abar[t])) * math.Sqrt(1-s.Abar[t]/prev)
	x := math.Sqrt(prev)*x0 + math.Sqrt(max(1-prev-sigma*sigma, 0))*s.Eps(t, xt, x0)
	if t == 0 {
		return x
	}
	return x + sigma*z
}
