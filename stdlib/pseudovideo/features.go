package pseudovideo

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"gonum.org/v1/gonum/mat"
)

// notFID stands under every distance that is not computed from the original Inception features.
const notFID = "not comparable with published FID"

// Features turn images [N, C, H, W] on the scale [-1, 1] into rows of numbers, and know under which name and caption a
// distance between such rows must be shown.
type Features interface {
	Name() string    // name of the distance: fd-pixel, fd-pvrf1, fd-clf or fid
	Caption() string // the sentence that must accompany it
	Of(x *linalg.Tensor) (*mat.Dense, error)
}

// Score is one distance with the label it must not be shown without.
type Score struct {
	Name, Caption string
	Value         float64
	Real, Fake    int // how many images on either side
}

// String is the value with its label.
func (s Score) String() string {
	return fmt.Sprintf("%s %.3f (%d real, %d generated; %s)", s.Name, s.Value, s.Real, s.Fake, s.Caption)
}

// Distance is the Frechet distance of generated images from real ones, in the given features.
func Distance(f Features, real, fake *linalg.Tensor) (Score, error) {
	a, err := f.Of(real)
	if err != nil {
		return Score{}, err
	}
	b, err := f.Of(fake)
	if err != nil {
		return Score{}, err
	}
	v, err := Frechet(a, b)
	return Score{f.Name(), f.Caption(), v, real.Dim(0), fake.Dim(0)}, err
}

// PixelFeatures are the raw pixels (fd-pixel), for images of at most 256 numbers.
func PixelFeatures() Features { return pixels{} }

type pixels struct{}

func (pixels) Name() string    { return "fd-pixel" }
func (pixels) Caption() string { return "raw pixels; " + notFID }
func (pixels) Of(x *linalg.Tensor) (*mat.Dense, error) {
	if d := x.Len() / max(x.Dim(0), 1); d > 256 {
		return nil, fmt.Errorf("pseudovideo: fd-pixel is for at most 256 numbers per image, these have %d; use RandomFeatures", d)
	}
	return pixelRows(x), nil
}

// RandomFeatures are 96 statistics of three fixed random convolutions (fd-pvrf1): the same on every machine, nothing
// trained. Height and width must be divisible by 4.
func RandomFeatures() Features { return pvrf{} }

type pvrf struct{}

func (pvrf) Name() string    { return "fd-pvrf1" }
func (pvrf) Caption() string { return "fixed random convolutions; " + notFID }

// splitMix64 is the 64-bit generator that defines the weights.
type splitMix64 uint64

func (s *splitMix64) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// pvrfWeights are three 3x3 convolutions (out, in, 3, 3) without bias, uniform in +-sqrt(6/fan-in).
func pvrfWeights(channels int) [3][]float64 {
	rng := splitMix64(0x5056524631) // the letters PVRF1
	var ws [3][]float64
	for i, s := range [3][2]int{{16, channels}, {32, 16}, {48, 32}} {
		a := math.Sqrt(6 / float64(s[1]*9))
		ws[i] = make([]float64, s[0]*s[1]*9)
		for k := range ws[i] {
			ws[i][k] = (2*float64(rng.next()>>11)*0x1p-53 - 1) * a
		}
	}
	return ws
}

func (pvrf) Of(x *linalg.Tensor) (*mat.Dense, error) {
	if x.Rank() != 4 || x.Dim(2)%4 != 0 || x.Dim(3)%4 != 0 {
		return nil, fmt.Errorf("pseudovideo: fd-pvrf1 takes images [N, C, H, W] with H and W divisible by 4, not %v", x.Shape())
	}
	const size = 64 // images at a time: their convolutions in double precision are large
	ws, n := pvrfWeights(x.Dim(1)), x.Dim(0)
	out := mat.NewDense(n, 96, nil)
	err := linalg.Try(func() {
		for from := 0; from < n; from += size {
			to := min(from+size, n)
			linalg.NoGrad(func() {
				linalg.Scope(func() { out.Slice(from, to, 0, 96).(*mat.Dense).Copy(pvrfOf(x.Slice(0, from, to), ws)) })
			})
		}
	})
	return out, err
}

func pvrfOf(x *linalg.Tensor, ws [3][]float64) *mat.Dense {
	h := x.To(linalg.F64).Permute(0, 2, 3, 1)
	var mean [3]*linalg.Tensor
	for i, w := range ws {
		h = convRelu(h, w, i)
		mean[i] = h.Mean(1, 2)
	}
	dev := h.Sub(mean[2].Reshape(-1, 1, 1, 48)).Square().Mean(1, 2).AddS(1e-12).Sqrt()
	return linalg.Concat(1, mean[1], mean[2], dev.Slice(1, 0, 16)).Dense()
}

// convRelu is layer i: a 3x3 convolution of h [N, H, W, in] by weights stored (out, in, 3, 3), with stride 2 after the
// first layer, then max(0, .).
func convRelu(h *linalg.Tensor, w []float64, i int) *linalg.Tensor {
	in := h.Dim(3)
	k := linalg.FromFloat64(w, len(w)/(9*in), in, 3, 3).Permute(2, 3, 1, 0)
	return linalg.Conv(h, k, nil, linalg.ConvOptions{Stride: min(i+1, 2), Pad: 1}).ReLU()
}

// FID is the Frechet distance of two files of Inception features that the user computed with the original network and
// its own resizing: rows of little-endian float32, dim (2048) to a row. It is the only distance here that may be called
// by that name.
func FID(realFile, fakeFile string, dim int) (Score, error) {
	f, err := ReadFeatures(realFile, dim)
	if err != nil {
		return Score{}, err
	}
	g, err := ReadFeatures(fakeFile, dim)
	if err != nil {
		return Score{}, err
	}
	v, err := Frechet(f, g)
	n, _ := f.Dims()
	m, _ := g.Dims()
	return Score{"fid", "features supplied by the user", v, n, m}, err
}

// ReadFeatures reads rows of dim little-endian float32 numbers (a .gz file is unpacked).
func ReadFeatures(file string, dim int) (*mat.Dense, error) {
	if dim < 1 {
		return nil, fmt.Errorf("pseudovideo: %d features per image asked for; the original network has 2048", dim)
	}
	r, err := data.Open(file)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("pseudovideo: %s: %w", file, err)
	}
	if len(raw) == 0 || len(raw)%(4*dim) != 0 {
		return nil, fmt.Errorf("pseudovideo: %s has %d bytes, which is no whole number of rows of %d float32", file, len(raw), dim)
	}
	x := make([]float64, len(raw)/4)
	for i := range x {
		x[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		if math.IsNaN(x[i]) || math.IsInf(x[i], 0) {
			return nil, fmt.Errorf("pseudovideo: %s, row %d, feature %d is %g", file, i/dim+1, i%dim, x[i])
		}
	}
	return mat.NewDense(len(x)/dim, dim, x), nil
}
