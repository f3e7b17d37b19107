package pseudovideo

import (
	"fmt"
	"math"
)

// PastKnows is what noisy frames tell about a pixel that is Gaussian a priori: the variance that remains after seeing
// the nearest frame, after seeing all of them, and the information the older ones add.
type PastKnows struct {
	Kind    string  // noise-markov or noise-independent
	Nearest float64 // Var[x | frame before the image]
	All     float64 // Var[x | all corrupted frames]
	Nats    float64 // half the log of the ratio: extra information of the older frames, per pixel
}

// WhatThePastKnows computes, for x ~ N(0, v) and frames of noise standard deviations stds (zeros are the image and are
// skipped), the exact posterior variances. With Markov noise all frames say what the cleanest says,
//
//	Var[x | all] = 1/(1/v + 1/min s^2);
//
// with independent noise precisions add,
//
//	Var[x | all] = 1/(1/v + sum 1/s^2).
func WhatThePastKnows(kind string, v float64, stds ...float64) (PastKnows, error) {
	if v <= 0 {
		return PastKnows{}, fmt.Errorf("pseudovideo: prior variance %g must be positive", v)
	}
	least, precision := math.Inf(1), 1/v
	for _, s := range stds {
		if s > 0 {
			least = min(least, s)
			precision += 1 / (s * s)
		}
	}
	if math.IsInf(least, 1) {
		return PastKnows{}, fmt.Errorf("pseudovideo: no positive noise level among %v", stds)
	}
	p := PastKnows{Kind: kind, Nearest: 1 / (1/v + 1/(least*least))}
	switch kind {
	case NoiseMarkov:
		p.All = p.Nearest
	case NoiseIndependent:
		p.All = 1 / precision
	default:
		return PastKnows{}, fmt.Errorf("pseudovideo: the closed form covers %s and %s, not %q", NoiseMarkov, NoiseIndependent, kind)
	}
	p.Nats = 0.5 * math.Log(p.Nearest/p.All)
	return p, nil
}

// String is one line with the three figures.
func (p PastKnows) String() string {
	return fmt.Sprintf("%s: variance left %.6f (nearest frame), %.6f (all frames); older frames add %.5f nats per pixel",
		p.Kind, p.Nearest, p.All, p.Nats)
}
