package pseudovideo

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Published is a pseudo video of f frames along the corruption that a published model of the same kind uses, its levels
// spread evenly over the frames:
//
//	heat-cifar10    inverse heat dissipation: 200 levels from 24 down to 0.5 pixels, jitter
//	heat-mnist      100 levels from 20 down to 0.5, jitter
//	cold-cifar10    Cold Diffusion: 50 successive blurs of 11 x 11 pixels, standard deviations 0.35, 0.36, ..., mirrored
//	cold-mnist      20 successive blurs of 11 x 11 pixels, standard deviation 7, mirrored
//	cold-celeba128  300 successive blurs of 27 x 27 pixels, standard deviations e^0, e^0.01, ..., circular; frame 0 is the mean colour
//
// None of them is established for the pseudo-video paper.
func Published(name string, f int) (Spec, error) {
	if f < 1 {
		return Spec{}, fmt.Errorf("pseudovideo: %d frames asked for; a pseudo video has at least one, the image", f)
	}
	of, ok := published[name]
	if !ok {
		var names []string
		for n := range published {
			names = append(names, n)
		}
		slices.Sort(names)
		return Spec{}, fmt.Errorf("pseudovideo: corruption %q is not known; the published ones are %s", name, strings.Join(names, ", "))
	}
	return of(f), nil
}

var published = map[string]func(f int) Spec{
	"heat-cifar10": func(f int) Spec { return heated(f, 200, 24) },
	"heat-mnist":   func(f int) Spec { return heated(f, 100, 20) },
	"cold-cifar10": func(f int) Spec {
		return successive(f, 5, Mirror, 50, func(i int) float64 { return 0.35 + float64(i)/100 })
	},
	"cold-mnist": func(f int) Spec { return successive(f, 5, Mirror, 20, func(int) float64 { return 7 }) },
	"cold-celeba128": func(f int) Spec {
		blurs := successive(f, 13, Circular, 300, func(i int) float64 { return math.Exp(0.01 * float64(i)) })
		mean := make([]float64, f)
		if f > 1 {
			mean[0] = 1 << 20 // wider than any image
		}
		return Spec{Frames: f, Kind: Compose, Parts: []Spec{blurs, {Kind: Down, Ladder: Levels(mean...)}}}
	},
}

// heated takes f frames of a ladder of n levels, spaced geometrically from most down to half a pixel. The published jitter,
// 0.01 for pixels from 0 to 1, is twice that here.
func heated(f, n int, most float64) Spec {
	long, _ := Log(most, 0.5).Values(n + 1)
	return Spec{Frames: f, Kind: Heat, Ladder: pick(long[:n], f), Jitter: 0.02}
}

// successive is n blurs one after another.
func successive(f, radius int, boundary string, n int, sigma func(i int) float64) Spec {
	s := Spec{Frames: f, Kind: BlurIterated, Radius: radius, Boundary: boundary}
	for i := range n {
		s.Blurs = append(s.Blurs, sigma(i))
	}
	return s
}

// blurs are the standard deviations of what a frame of the kind blur-iterated went through, from the image on.
func (s Spec) blurs(frame int) []float64 {
	m := s.F() - 1
	if s.Blurs == nil {
		return slices.Repeat([]float64{s.Ladder.Max}, m-frame)
	}
	return s.Blurs[:int(math.Round(float64(m-frame)*float64(len(s.Blurs))/float64(max(m, 1))))]
}
