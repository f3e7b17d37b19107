package pseudovideo

import (
	"fmt"
	"math"
)

// A Ladder says how strong the corruption of each frame is. The image is the last frame and has level 0; frame 0 is
// corrupted most. What a level means depends on the kind: a standard deviation of a blur (pixels) or of noise (on the
// scale of the images, which is [-1, 1] throughout), the share of a frame that is lost, or a pooling factor.
type Ladder struct {
	Rule   string    // "linear" (default), "log" or "list"
	Max    float64   // level of frame 0, for linear and log
	Min    float64   // level of the frame before the image, for log; 0 means 0.5
	Levels []float64 // explicit levels for list: F-1 of them, or F with a last 0
}

// Linear is the ladder max, ..., 0 in equal steps.
func Linear(max float64) Ladder { return Ladder{Rule: "linear", Max: max} }

// Log is the ladder that goes from max to min geometrically over the corrupted frames, then to 0.
func Log(max, min float64) Ladder { return Ladder{Rule: "log", Max: max, Min: min} }

// Levels is an explicit ladder, frame 0 first; the image's 0 may be left out.
func Levels(v ...float64) Ladder { return Ladder{Rule: "list", Levels: v} }

// Values are the levels of frames 0..frames-1. One frame is the image alone: level 0 for every rule.
func (l Ladder) Values(frames int) ([]float64, error) {
	if frames < 1 {
		return nil, fmt.Errorf("pseudovideo: %d frames asked for; a pseudo video has at least one, the image", frames)
	}
	s := make([]float64, frames)
	if frames == 1 {
		return s, nil
	}
	m := frames - 1
	switch l.Rule {
	case "", "linear":
		for f := range s {
			s[f] = l.Max * float64(m-f) / float64(m)
		}
	case "log":
		lo := l.Min
		if lo == 0 {
			lo = 0.5
		}
		if l.Max <= 0 || lo <= 0 {
			return nil, fmt.Errorf("pseudovideo: a log ladder from %g to %g needs two positive levels", l.Max, lo)
		}
		for k := range m {
			u := 0.0
			if m > 1 {
				u = float64(k) / float64(m-1)
			}
			s[k] = math.Exp((1-u)*math.Log(l.Max) + u*math.Log(lo))
		}
	case "list":
		n := len(l.Levels)
		if n != m && !(n == frames && l.Levels[m] == 0) {
			return nil, fmt.Errorf("pseudovideo: %d levels given for %d frames; give %d, most corrupted first (the image has level 0)", n, frames, m)
		}
		copy(s, l.Levels)
	default:
		return nil, fmt.Errorf("pseudovideo: ladder rule %q is not known; use linear, log or list", l.Rule)
	}
	for f, v := range s {
		if v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("pseudovideo: level %g of frame %d is not a finite number from 0 up", v, f)
		}
		if f > 0 && v > s[f-1] {
			return nil, fmt.Errorf("pseudovideo: level %g of frame %d exceeds level %g of frame %d; frames go from most corrupted to clean", v, f, s[f-1], f-1)
		}
	}
	return s, nil
}

// pick takes F-1 of the levels of a long published ladder (most corrupted first), evenly spread over it.
func pick(levels []float64, frames int) Ladder {
	m := frames - 1
	out := make([]float64, m)
	for k := range m {
		out[k] = levels[int(math.Round(float64(k)*float64(len(levels)-1)/float64(max(m, 1))))]
	}
	return Levels(out...)
}
