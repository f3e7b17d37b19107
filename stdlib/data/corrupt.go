package data

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sort"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"
)

// A corruption changes one picture, values 0..1 in H × W × C, in place; k is
// the severity from 0 to 4.
type corruption func(m *Images, x []float64, k int, rng *rand.Rand)

// corruptions follow Hendrycks and Dietterich (2019), with the strengths of
// their CIFAR-10-C.
var corruptions = map[string]corruption{
	"gaussian_noise": func(_ *Images, x []float64, k int, rng *rand.Rand) {
		for i := range x {
			x[i] += [5]float64{.04, .06, .08, .09, .10}[k] * rng.NormFloat64()
		}
	},
	"shot_noise": func(_ *Images, x []float64, k int, rng *rand.Rand) {
		c := [5]float64{500, 250, 100, 75, 50}[k]
		for i, v := range x {
			if v > 0 {
				x[i] = distuv.Poisson{Lambda: v * c, Src: rng}.Rand() / c
			}
		}
	},
	"impulse_noise": func(_ *Images, x []float64, k int, rng *rand.Rand) {
		share := [5]float64{.01, .02, .03, .05, .07}[k]
		for i := range x {
			if rng.Float64() < share {
				x[i] = float64(rng.IntN(2))
			}
		}
	},
	"speckle_noise": func(_ *Images, x []float64, k int, rng *rand.Rand) {
		for i := range x {
			x[i] += x[i] * [5]float64{.06, .1, .12, .16, .2}[k] * rng.NormFloat64()
		}
	},
	"contrast": func(m *Images, x []float64, k int, _ *rand.Rand) {
		c := [5]float64{.75, .5, .4, .3, .15}[k]
		mean := make([]float64, m.C)
		for i, v := range x {
			mean[i%m.C] += v / float64(m.H*m.W)
		}
		for i, v := range x {
			x[i] = (v-mean[i%m.C])*c + mean[i%m.C]
		}
	},
	"brightness": brighten,
	"pixelate":   pixelate,
	"fog":        fog,

	"jpeg_compression": compress,
}

// Corruptions lists what Corrupt can do.
func Corruptions() []string {
	var out []string
	for k := range corruptions {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Corrupt gives the pictures damaged in one way, severity 1 to 5, to test how
// a model's certainty falls with its accuracy.
func (m *Images) Corrupt(kind string, severity int, seed uint64) (*Images, error) {
	f, ok := corruptions[kind]
	if !ok {
		return nil, fmt.Errorf("there is no corruption %q; there are %s", kind, strings.Join(Corruptions(), ", "))
	}
	if severity < 1 || severity > 5 {
		return nil, fmt.Errorf("severity %d of %s; it runs from 1 to 5", severity, kind)
	}
	out := *m
	out.Name = fmt.Sprintf("%s, %s %d", m.Name, kind, severity)
	out.Pixels = make([]uint8, len(m.Pixels))
	size := m.H * m.W * m.C
	x := make([]float64, size)
	for n := range m.N {
		rng := newRand(seed + uint64(n)*0x9e3779b97f4a7c15) // a picture's noise does not hang on its neighbours
		for i := range x {
			x[i] = float64(m.Pixels[n*size+i]) / 255
		}
		f(m, x, severity-1, rng)
		for i, v := range x {
			out.Pixels[n*size+i] = uint8(255 * math.Max(0, math.Min(1, v)))
		}
	}
	return &out, nil
}

// brighten raises the value of HSV, the largest of the colours, and keeps hue
// and saturation.
func brighten(m *Images, x []float64, k int, _ *rand.Rand) {
	add := [5]float64{.05, .1, .15, .2, .3}[k]
	for p := 0; p < len(x); p += m.C {
		v := 0.0
		for _, c := range x[p : p+m.C] {
			v = math.Max(v, c)
		}
		to := math.Min(1, v+add)
		for c := p; c < p+m.C; c++ {
			if v > 0 {
				x[c] *= to / v
			} else {
				x[c] = to
			}
		}
	}
}

// pixelate shrinks the picture by averaging boxes and enlarges it again.
func pixelate(m *Images, x []float64, k int, _ *rand.Rand) {
	share := [5]float64{.95, .9, .85, .75, .65}[k]
	h, w := max(1, int(float64(m.H)*share)), max(1, int(float64(m.W)*share))
	small := make([]float64, h*w*m.C)
	for c := range m.C {
		for i := range h {
			for j := range w {
				small[(i*w+j)*m.C+c] = boxMean(m, x, c, float64(i*m.H)/float64(h), float64((i+1)*m.H)/float64(h), float64(j*m.W)/float64(w), float64((j+1)*m.W)/float64(w))
			}
		}
		for i := range m.H {
			for j := range m.W {
				si, sj := min(h-1, (2*i+1)*h/(2*m.H)), min(w-1, (2*j+1)*w/(2*m.W))
				x[(i*m.W+j)*m.C+c] = small[(si*w+sj)*m.C+c]
			}
		}
	}
}

// boxMean averages one colour over a box with fractional edges.
func boxMean(m *Images, x []float64, c int, y0, y1, x0, x1 float64) float64 {
	sum, area := 0.0, 0.0
	for i := int(y0); i < m.H && float64(i) < y1; i++ {
		dy := math.Min(y1, float64(i+1)) - math.Max(y0, float64(i))
		for j := int(x0); j < m.W && float64(j) < x1; j++ {
			dx := math.Min(x1, float64(j+1)) - math.Max(x0, float64(j))
			sum += dx * dy * x[(i*m.W+j)*m.C+c]
			area += dx * dy
		}
	}
	return sum / area
}

// compress writes the picture as a JPEG file of low quality and reads it again.
func compress(m *Images, x []float64, k int, _ *rand.Rand) {
	one := &Images{N: 1, H: m.H, W: m.W, C: m.C, Pixels: make([]uint8, len(x))}
	for i, v := range x {
		one.Pixels[i] = uint8(math.Round(v * 255))
	}
	var file bytes.Buffer
	quality := [5]int{80, 65, 58, 50, 40}[k]
	if err := jpeg.Encode(&file, one.Image(0), &jpeg.Options{Quality: quality}); err != nil {
		return // only pictures wider than 65535 have no such file; they stay as they are
	}
	back, err := jpeg.Decode(&file)
	if err != nil {
		return
	}
	for i := range m.H {
		for j := range m.W {
			r, g, b, _ := back.At(j, i).RGBA()
			for c, v := range []uint32{r, g, b}[:m.C] {
				x[(i*m.W+j)*m.C+c] = float64(v) / 0xffff
			}
		}
	}
}

// fog lays a cloud over the picture: fractal noise by midpoint displacement on
// the torus, coarse detail first and each finer one weaker by the decay.
func fog(m *Images, x []float64, k int, rng *rand.Rand) {
	strength := [5]float64{.2, .5, .75, 1, 1.5}[k]
	decay := [5]float64{3, 3, 2.5, 2, 1.75}[k]
	n := 1
	for n < max(m.H, m.W) {
		n *= 2
	}
	cloud := plasma(n, decay, rng)
	top := 0.0
	for _, v := range x {
		top = math.Max(top, v)
	}
	for i := range m.H {
		for j := range m.W {
			for c := range m.C {
				p := (i*m.W+j)*m.C + c
				x[p] = (x[p] + strength*cloud[i*n+j]) * top / (top + strength)
			}
		}
	}
}

// plasma is an n × n cloud with values 0..1, n a power of two.
func plasma(n int, decay float64, rng *rand.Rand) []float64 {
	a := make([]float64, n*n)
	wobble := 100.0
	at := func(i, j int) float64 { return a[(i+n)%n*n+(j+n)%n] }
	around := func(sum float64) float64 { return sum/4 + wobble*(2*rng.Float64()-1) }
	for step := n; step >= 2; step /= 2 {
		half := step / 2
		for i := 0; i < n; i += step { // centres of the squares
			for j := 0; j < n; j += step {
				a[(i+half)*n+j+half] = around(at(i, j) + at(i+step, j) + at(i, j+step) + at(i+step, j+step))
			}
		}
		for i := 0; i < n; i += step { // middles of their edges
			for j := 0; j < n; j += step {
				a[i*n+j+half] = around(at(i, j) + at(i, j+step) + at(i-half, j+half) + at(i+half, j+half))
				a[(i+half)*n+j] = around(at(i, j) + at(i+step, j) + at(i+half, j-half) + at(i+half, j+half))
			}
		}
		wobble /= decay
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range a {
		lo, hi = math.Min(lo, v), math.Max(hi, v)
	}
	for i, v := range a {
		if hi > lo {
			a[i] = (v - lo) / (hi - lo)
		}
	}
	return a
}

// ReadCIFAR10C reads one severity, 1 to 5, of one corruption from a folder in
// the layout of CIFAR-10-C: kind.npy with 50000 pictures in blocks of 10000,
// one block for each severity, and labels.npy.
func ReadCIFAR10C(dir, kind string, severity int) (*Images, error) {
	if severity < 1 || severity > 5 {
		return nil, fmt.Errorf("severity %d of %s; it runs from 1 to 5", severity, kind)
	}
	a, err := ReadNPY(filepath.Join(dir, kind+".npy"))
	if err != nil {
		return nil, err
	}
	l, err := ReadNPY(filepath.Join(dir, "labels.npy"))
	if err != nil {
		return nil, err
	}
	if len(a.Shape) != 4 || a.Type != "uint8" || a.Shape[3] != 3 || a.Shape[0]%5 != 0 {
		return nil, fault(a.Name, "", 0, "holds %s %v, not pictures of five severities", a.Type, a.Shape)
	}
	labels, err := l.Ints()
	if err != nil {
		return nil, err
	}
	if len(labels) != a.Shape[0] {
		return nil, fault(l.Name, "", 0, "%d labels for %d pictures", len(labels), a.Shape[0])
	}
	n := a.Shape[0] / 5
	m := &Images{Name: fmt.Sprintf("CIFAR-10-C, %s %d", kind, severity), N: n, H: a.Shape[1], W: a.Shape[2], C: 3, Classes: cifar10Classes}
	size := m.H * m.W * 3
	from := (severity - 1) * n
	m.Pixels, m.Labels = a.Bytes[from*size:(from+n)*size], labels[from:from+n]
	return m, nil
}
