package pseudovideo

import (
	"fmt"
	"math"
)

// The kinds of corruption. L is the level of the frame, x the image, e fresh standard normal noise.
const (
	Blur             = "blur"              // Gaussian blur of standard deviation L, straight from the image
	BlurIterated     = "blur-iterated"     // each frame is the next one blurred once more by Ladder.Max, or by its share of Blurs
	Heat             = "heat"              // the heat equation for time L^2/2 (exact zero-flux blur)
	NoiseMarkov      = "noise-markov"      // next frame + sqrt(L_f^2 - L_{f+1}^2) e: a first-order chain
	NoiseIndependent = "noise-independent" // x + L e, noise of its own in each frame
	VPMarkov         = "vp-markov"         // sqrt(a) x + sqrt(1-a) e with a = 1-L, noise chained
	VPIndependent    = "vp-independent"    // the same marginals, noise of its own in each frame
	BlurNoise        = "blur-noise"        // blur of L, plus fresh noise of the Noise ladder
	BlurNoiseMarkov  = "blur-noise-markov" // the next frame blurred further, plus noise: a first-order chain
	MaskIndependent  = "mask-independent"  // each patch is lost with probability L, independently in each frame
	Down             = "down"              // average pooling by L, enlarged again to the old size
	Dup              = "dup"               // copies of the image: the control
	Junk             = "junk"              // noise that has nothing to do with the image: another control
	Compose          = "compose"           // the kinds of Parts, one after the other on every frame
)

// Kinds lists every kind of corruption.
func Kinds() []string {
	return []string{Blur, BlurIterated, Heat, NoiseMarkov, NoiseIndependent, VPMarkov, VPIndependent, BlurNoise,
		BlurNoiseMarkov, MaskIndependent, Down, Dup, Junk, Compose}
}

// Spec describes a pseudo video: how many frames, and how the frames before the image are corrupted. The zero value is
// one frame, the image itself.
type Spec struct {
	Frames   int       // F, the image included; 0 means 1
	Kind     string    // one of Kinds; "" means Blur
	Ladder   Ladder    // the level of each frame
	Noise    Ladder    // the noise level of each frame, for blur-noise and blur-noise-markov
	Boundary string    // what a blur sees beyond the edge; "" means Symmetric
	Blurs    []float64 // for blur-iterated: all its blurs, from the image on, spread evenly over the frames; nil means Ladder.Max before each frame
	Radius   int       // radius of the blur kernel in pixels; 0 means floor(4 sigma + 1/2)
	Jitter   float64   // standard deviation of noise added to every corrupted frame at the end (1.2 of the theory)
	Patch    int       // side of the masked squares; 0 means single pixels
	Fill     float64   // what a masked pixel becomes
	Parts    []Spec    // for compose; their Frames are ignored
}

// F is the number of frames, at least one.
func (s Spec) F() int { return max(s.Frames, 1) }

// Check reports the first thing wrong with the description, or nil.
func (s Spec) Check() error {
	if s.Frames < 0 {
		return fmt.Errorf("pseudovideo: %d frames asked for; give 1 (the image alone) or more", s.Frames)
	}
	if s.Jitter < 0 || s.Radius < 0 || s.Patch < 0 {
		return fmt.Errorf("pseudovideo: jitter %g, radius %d and patch %d must not be negative", s.Jitter, s.Radius, s.Patch)
	}
	if err := checkBoundary(s.Boundary); err != nil {
		return err
	}
	levels, err := s.Ladder.Values(s.F())
	if err != nil {
		return err
	}
	switch s.kind() {
	case Compose:
		return s.checkParts()
	case BlurNoise, BlurNoiseMarkov:
		_, err = s.Noise.Values(s.F())
		return err
	case VPMarkov, VPIndependent, MaskIndependent:
		if levels[0] > 1 {
			return fmt.Errorf("pseudovideo: %s loses a share of each frame, so levels lie in [0, 1]; level %g was given", s.kind(), levels[0])
		}
		if s.kind() == VPMarkov && levels[0] == 1 && s.F() > 2 && levels[1] == 1 {
			return fmt.Errorf("pseudovideo: vp-markov has two frames of level 1; after the first nothing of the image is left")
		}
	case BlurIterated:
		if s.Ladder.Rule == "list" {
			return fmt.Errorf("pseudovideo: blur-iterated repeats one blur of standard deviation Ladder.Max; a list of levels does not apply, a list of Blurs does")
		}
		for _, v := range s.Blurs {
			if !(v >= 0) || math.IsInf(v, 1) {
				return fmt.Errorf("pseudovideo: a blur of standard deviation %g; they are finite and not negative", v)
			}
		}
	case Blur, Heat, NoiseMarkov, NoiseIndependent, Down, Dup, Junk:
	default:
		return fmt.Errorf("pseudovideo: kind %q is not known; the kinds are %v", s.Kind, Kinds())
	}
	return nil
}

func (s Spec) checkParts() error {
	if len(s.Parts) == 0 {
		return fmt.Errorf("pseudovideo: compose needs at least one kind in Parts")
	}
	for i, p := range s.Parts {
		p.Frames = s.Frames
		if err := p.Check(); err != nil {
			return fmt.Errorf("part %d: %w", i, err)
		}
	}
	return nil
}

func (s Spec) kind() string {
	if s.Kind == "" {
		return Blur
	}
	return s.Kind
}

func (s Spec) boundary() string {
	if s.Boundary == "" {
		return Symmetric
	}
	return s.Boundary
}

// radius is what gaussianKernel expects.
func (s Spec) radius() int {
	if s.Radius == 0 {
		return -1
	}
	return s.Radius
}

// Random reports whether building the same image twice gives different frames. Random pseudo videos are built anew
// every time an image is used; the others may be kept.
func (s Spec) Random() bool {
	if s.F() == 1 {
		return false
	}
	if s.Jitter > 0 {
		return true
	}
	switch s.kind() {
	case Blur, BlurIterated, Heat, Down, Dup:
		return false
	case Compose:
		for _, p := range s.Parts {
			p.Frames = s.Frames
			if p.Random() {
				return true
			}
		}
		return false
	}
	return true
}

// The answers of Order.
const (
	Deterministic = "deterministic first-order"
	FirstOrder    = "first-order"
	NotFirstOrder = "not first-order"
)

// Order tells whether, given the frame before it, older frames say anything more about the image. A first-order chain
// gives a video model nothing to look back for: I(x_F; x_1..x_{F-2} | x_{F-1}) = 0. Direct blur with a cut-off kernel
// counts as deterministic first-order although the semigroup of Gaussians holds for it only nearly. With one corrupted
// frame there is nothing older, so any random kind is first-order then. Jitter is fresh noise in each frame: it makes
// three frames or more not first-order, whatever the kind.
func (s Spec) Order() string {
	if !s.Random() {
		if s.F() > 2 && !s.nested() {
			return NotFirstOrder
		}
		return Deterministic
	}
	if s.F() == 2 || s.kind() == Junk || s.Jitter == 0 && s.chain() {
		return FirstOrder
	}
	return NotFirstOrder
}

// nested reports whether every deterministic frame is a function of the next one: pooling by 3 is none of pooling by 2.
func (s Spec) nested() bool {
	switch s.kind() {
	case Down:
		levels, _ := s.Ladder.Values(s.F())
		for f := 0; f+1 < len(levels); f++ {
			if poolFactor(levels[f])%poolFactor(levels[f+1]) != 0 {
				return false
			}
		}
	case Compose:
		smooth := 0 // a pooling between blurs need not commute with them
		for i, p := range s.Parts {
			p.Frames = s.Frames
			if p.kind() != Dup {
				smooth++
			}
			if !p.nested() || smooth > 1 && p.kind() == Down && !(i == len(s.Parts)-1 && p.poolsFirst()) {
				return false
			}
		}
	}
	return true
}

// poolsFirst reports whether pooling changes frame 0 alone: done last, that is one more map of what frame 1 is.
func (s Spec) poolsFirst() bool {
	levels, _ := s.Ladder.Values(s.F())
	return s.F() < 2 || poolFactor(levels[1]) == 1
}

// chain reports whether a random kind is a first-order chain. A composition is one if additive noise comes first, then
// shrinking noise, then deterministic maps: each of these turns frame f+1 into frame f with fresh randomness only.
func (s Spec) chain() bool {
	switch s.kind() {
	case NoiseMarkov, VPMarkov, BlurNoiseMarkov:
		return true
	case Compose:
		at := 0
		for _, p := range s.Parts {
			p.Frames = s.Frames
			rank := 0
			switch {
			case p.kind() == Dup && p.Jitter == 0:
				continue
			case p.kind() == NoiseMarkov && p.Jitter == 0:
				rank = 1
			case p.kind() == VPMarkov && p.Jitter == 0:
				rank = 2
			case p.kind() == Heat && !p.Random(), p.kind() == Blur && !p.Random(), p.kind() == BlurIterated && !p.Random():
				rank = 3
			default:
				return len(s.Parts) == 1 && p.chain() && p.Jitter == 0
			}
			if rank < at {
				return false
			}
			at = rank
		}
		return true
	}
	return false
}

// String is a line such as «4 frames, blur 1.5 1 0.5 0, deterministic first-order».
func (s Spec) String() string {
	if s.F() == 1 {
		return "1 frame: the image"
	}
	levels, err := s.Ladder.Values(s.F())
	if err != nil {
		return err.Error()
	}
	name := s.kind()
	if name == Compose {
		name = "compose of"
		for _, p := range s.Parts {
			name += " " + p.kind()
		}
	}
	for f, v := range levels {
		if s.kind() == BlurIterated { // blurs add up in quadrature
			v = 0
			for _, sigma := range s.blurs(f) {
				v = math.Hypot(v, sigma)
			}
		}
		if s.kind() != Compose && s.kind() != Dup && s.kind() != Junk {
			name += fmt.Sprintf(" %.3g", v)
		}
	}
	if s.Jitter > 0 {
		name += fmt.Sprintf(", jitter %g", s.Jitter)
	}
	return fmt.Sprintf("%d frames, %s, %s", s.F(), name, s.Order())
}

// poolFactor is the side of the pooled squares at a level of the kind down.
func poolFactor(level float64) int { return max(int(math.Round(level)), 1) }

// noiseAt bounds the standard deviation of what is added to the image in a frame.
func (s Spec) noiseAt(frame int) float64 {
	levels, _ := s.Ladder.Values(s.F())
	added := s.Jitter
	switch s.kind() {
	case NoiseMarkov, NoiseIndependent:
		added += levels[frame]
	case VPMarkov, VPIndependent, Junk:
		added++
	case BlurNoise, BlurNoiseMarkov:
		stds, _ := s.Noise.Values(s.F())
		added += stds[frame]
	case Compose:
		for _, p := range s.Parts {
			p.Frames = s.Frames
			added += p.noiseAt(frame)
		}
	}
	return added
}
