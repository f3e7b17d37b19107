package pseudovideo

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
)

// Build makes the pseudo videos of a batch of images: x has shape [N, C, H, W], the result [N, C, F, H, W] with frames
// from most corrupted to clean, the last one equal to x bit for bit. It is a function of x, the description and the
// position of rng alone; rng moves on by one word if the description is random.
func Build(x *linalg.Tensor, s Spec, rng *linalg.Rand) (*linalg.Tensor, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if x.Rank() != 4 {
		return nil, fmt.Errorf("pseudovideo: images have shape %v; expected [N, C, H, W]", x.Shape())
	}
	var noise source
	if s.Random() {
		if rng == nil {
			return nil, fmt.Errorf("pseudovideo: kind %s draws random numbers; give a linalg.Rand", s.kind())
		}
		noise = linalg.NewRand(rng.Uint64())
	}
	n, c, h, w, f := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3), s.F()
	if f == 1 {
		return x.Reshape(n, c, 1, h, w), nil
	}
	frames := buildFrames(x.Float64s(), c, h, w, s, noise)
	stack := make([]*linalg.Tensor, f)
	for i := range frames {
		stack[i] = linalg.FromFloat64(frames[i], n, c, h, w).To(x.DType())
	}
	stack[f-1] = x
	return linalg.Stack(2, stack...), nil
}

// source is where a construction takes its random numbers from.
type source interface {
	FillNormal(dst []float64)
	FillUniform(dst []float64)
}

// buildFrames returns F arrays like x (images of c planes of h x w), most corrupted first; the last is x itself.
// Random numbers are drawn kind by kind, and within a kind from the frame beside the image back to frame 0.
func buildFrames(x []float64, c, h, w int, s Spec, noise source) [][]float64 {
	f := s.F()
	v := make([][]float64, f)
	v[f-1] = x
	for i := range f - 1 {
		v[i] = append([]float64(nil), x...)
	}
	corrupt(v, c, h, w, s, noise)
	return v
}

// jitter adds fresh noise of one standard deviation to every corrupted frame.
func jitter(v [][]float64, std float64, noise source) {
	if std > 0 {
		stds := make([]float64, len(v))
		for i := range stds {
			stds[i] = std
		}
		addFresh(v, stds, noise)
	}
}

// corrupt applies a kind and its jitter to frames 0..F-2, in place.
func corrupt(v [][]float64, c, h, w int, s Spec, noise source) {
	f := len(v)
	levels, _ := s.Ladder.Values(f)
	switch s.kind() {
	case Blur:
		for i := range f - 1 {
			blur(v[i], h, w, levels[i], s.radius(), s.boundary())
		}
	case BlurIterated:
		for i := range f - 1 {
			for _, sigma := range s.blurs(i) {
				blur(v[i], h, w, sigma, s.radius(), s.boundary())
			}
		}
	case Heat:
		for i := range f - 1 {
			heat(v[i], h, w, levels[i])
		}
	case NoiseMarkov:
		addChained(v, levels, noise)
	case NoiseIndependent:
		addFresh(v, levels, noise)
	case VPMarkov:
		shrinkChained(v, levels, noise)
	case VPIndependent:
		for i := range f - 1 {
			scale(v[i], math.Sqrt(1-levels[i]))
			levels[i] = math.Sqrt(levels[i])
		}
		addFresh(v, levels, noise)
	case BlurNoise:
		for i := range f - 1 {
			blur(v[i], h, w, levels[i], s.radius(), s.boundary())
		}
		stds, _ := s.Noise.Values(f)
		addFresh(v, stds, noise)
	case BlurNoiseMarkov:
		stds, _ := s.Noise.Values(f)
		e := make([]float64, len(v[0]))
		for i := f - 2; i >= 0; i-- {
			copy(v[i], v[i+1])
			blur(v[i], h, w, rest(levels[i], levels[i+1]), s.radius(), s.boundary())
			noise.FillNormal(e)
			axpy(v[i], rest(stds[i], stds[i+1]), e)
		}
	case MaskIndependent:
		mask(v, c, h, w, levels, max(s.Patch, 1), s.Fill, noise)
	case Down:
		for i := range f - 1 {
			pool(v[i], h, w, poolFactor(levels[i]))
		}
	case Junk:
		for i := f - 2; i >= 0; i-- {
			noise.FillNormal(v[i])
		}
	case Compose:
		for _, p := range s.Parts {
			p.Frames = f
			corrupt(v, c, h, w, p, noise)
		}
	}
	jitter(v, s.Jitter, noise)
}

// rest is what must be added in quadrature to b to reach a.
func rest(a, b float64) float64 { return math.Sqrt(max(a*a-b*b, 0)) }

// addChained adds noise that accumulates from the image back: frame f has all the noise of frame f+1 and more.
func addChained(v [][]float64, stds []float64, noise source) {
	sum, e := make([]float64, len(v[0])), make([]float64, len(v[0]))
	for i := len(v) - 2; i >= 0; i-- {
		noise.FillNormal(e)
		axpy(sum, rest(stds[i], stds[i+1]), e)
		axpy(v[i], 1, sum)
	}
}

// addFresh adds noise of its own to each frame.
func addFresh(v [][]float64, stds []float64, noise source) {
	e := make([]float64, len(v[0]))
	for i := len(v) - 2; i >= 0; i-- {
		noise.FillNormal(e)
		axpy(v[i], stds[i], e)
	}
}

// shrinkChained turns frame f into sqrt(a_f) x + sqrt(1-a_f) noise, a = 1 - level, where the noise of frame f is the
// shrunken noise of frame f+1 with fresh noise on top.
func shrinkChained(v [][]float64, levels []float64, noise source) {
	sum, e := make([]float64, len(v[0])), make([]float64, len(v[0]))
	for i := len(v) - 2; i >= 0; i-- {
		r := (1 - levels[i]) / (1 - levels[i+1])
		noise.FillNormal(e)
		scale(sum, math.Sqrt(r))
		axpy(sum, math.Sqrt(1-r), e)
		scale(v[i], math.Sqrt(1-levels[i]))
		axpy(v[i], 1, sum)
	}
}

// mask replaces squares of side patch, each with probability equal to the level, by fill. Every image and frame draws a
// mask of its own; the colours of a pixel share it.
func mask(v [][]float64, c, h, w int, levels []float64, patch int, fill float64, noise source) {
	ph, pw := (h+patch-1)/patch, (w+patch-1)/patch
	u := make([]float64, len(v[0])/(c*h*w)*ph*pw)
	for i := len(v) - 2; i >= 0; i-- {
		noise.FillUniform(u)
		for p := range v[i] {
			image, row, col := p/(c*h*w), p/w%h, p%w
			if u[(image*ph+row/patch)*pw+col/patch] < levels[i] {
				v[i][p] = fill
			}
		}
	}
}

// pool replaces every square of side r by its mean; squares at the right and lower edge may be smaller.
func pool(x []float64, h, w, r int) {
	for at := 0; at < len(x); at += h * w {
		for i := 0; i < h; i += r {
			for j := 0; j < w; j += r {
				sum, n := 0.0, 0
				each := func(f func(p int)) {
					for a := i; a < min(i+r, h); a++ {
						for b := j; b < min(j+r, w); b++ {
							f(at + a*w + b)
						}
					}
				}
				each(func(p int) { sum += x[p]; n++ })
				each(func(p int) { x[p] = sum / float64(n) })
			}
		}
	}
}

// axpy adds a*x to y.
func axpy(y []float64, a float64, x []float64) {
	for i, v := range x {
		y[i] += a * v
	}
}

func scale(x []float64, a float64) {
	for i := range x {
		x[i] *= a
	}
}
