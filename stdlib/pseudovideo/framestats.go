package pseudovideo

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
)

// FrameStats is what one frame of a set of pseudo videos looks like on average.
type FrameStats struct {
	Frame    int
	Mean     float64
	Variance float64
	// Spectrum is the mean squared DCT coefficient at radial frequency 0, 1, 2, ... (half cycles per image, rounded):
	// blur empties it from the right, noise fills it up evenly.
	Spectrum []float64
}

// String is one line.
func (s FrameStats) String() string {
	return fmt.Sprintf("frame %d: mean %.3f, variance %.4f", s.Frame, s.Mean, s.Variance)
}

// Describe measures each frame of pseudo videos [N, C, F, H, W].
func Describe(v *linalg.Tensor) ([]FrameStats, error) {
	if v.Rank() != 5 || v.Len() == 0 {
		return nil, fmt.Errorf("pseudovideo: videos are [N, C, F, H, W], not %v", v.Shape())
	}
	h, w := v.Dim(3), v.Dim(4)
	out := make([]FrameStats, v.Dim(2))
	for f := range out {
		x := v.Select(2, f).Float64s()
		n := float64(len(x))
		s := FrameStats{Frame: f, Mean: sumOf(x) / n, Spectrum: make([]float64, max(h, w))}
		for _, p := range x {
			s.Variance += (p - s.Mean) * (p - s.Mean) / n
		}
		count := make([]float64, len(s.Spectrum))
		for at := 0; at < len(x); at += h * w {
			for k, c := range dct2(x[at:at+h*w], h, w) {
				// the same cycle fits more often into a longer side
				r := int(math.Round(math.Hypot(float64(k/w)*float64(len(count))/float64(h), float64(k%w)*float64(len(count))/float64(w))))
				if r < len(count) {
					s.Spectrum[r] += c * c
					count[r]++
				}
			}
		}
		for r := range count {
			s.Spectrum[r] /= max(count[r], 1)
		}
		out[f] = s
	}
	return out, nil
}

// dct2 is the orthonormal DCT-II of one plane.
func dct2(x []float64, h, w int) []float64 {
	dh, dw := dctMatrix(h), dctMatrix(w)
	half, out := make([]float64, h*w), make([]float64, h*w)
	for k := range h {
		for i := range h {
			axpy(half[k*w:(k+1)*w], dh[k][i], x[i*w:(i+1)*w])
		}
		for j := range w {
			for i := range w {
				out[k*w+j] += dw[j][i] * half[k*w+i]
			}
		}
	}
	return out
}
