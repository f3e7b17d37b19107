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
	n, c, h, w := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
	ws, px, out := pvrfWeights(c), x.Float64s(), mat.NewDense(n, 96, nil)
	for i := range n {
		l1 := convRelu(px[i*c*h*w:(i+1)*c*h*w], ws[0], c, 16, h, w, 1)
		l2 := convRelu(l1, ws[1], 16, 32, h, w, 2)
		l3 := convRelu(l2, ws[2], 32, 48, h/2, w/2, 2)
		row := out.RawRowView(i)
		for k := range 32 {
			row[k], _ = planeMoments(l2, k, h/2*(w/2))
		}
		for k := range 48 {
			m, v := planeMoments(l3, k, h/4*(w/4))
			row[32+k] = m
			if k < 16 {
				row[80+k] = math.Sqrt(v + 1e-12)
			}
		}
	}
	return out, nil
}

// convRelu is a 3x3 cross-correlation of one image (ci, h, w) with zeros around it, then max(0, .).
func convRelu(x, w []float64, ci, co, h, wd, stride int) []float64 {
	oh, ow := (h-1)/stride+1, (wd-1)/stride+1
	y := make([]float64, co*oh*ow)
	for o := range co {
		out := y[o*oh*ow : (o+1)*oh*ow]
		for c := range ci {
			for tap := range 9 {
				k, di, dj := w[(o*ci+c)*9+tap], tap/3-1, tap%3-1
				for i := range oh {
					p := i*stride + di
					if p < 0 || p >= h {
						continue
					}
					for j := range ow {
						if q := j*stride + dj; q >= 0 && q < wd {
							out[i*ow+j] += k * x[(c*h+p)*wd+q]
						}
					}
				}
			}
		}
		for i, v := range out {
			out[i] = max(v, 0)
		}
	}
	return y
}

func planeMoments(x []float64, k, n int) (mean, variance float64) {
	for _, v := range x[k*n : (k+1)*n] {
		mean += v / float64(n)
	}
	for _, v := range x[k*n : (k+1)*n] {
		variance += (v - mean) * (v - mean) / float64(n)
	}
	return mean, variance
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
