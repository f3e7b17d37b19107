package tasks

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/priorlab/priorlab/linalg"
)

// corruption changes one picture (c planes of size by size numbers from 0 to 1) at severity 1 to 5.
type corruption struct {
	name  string
	apply func(r *linalg.Rand, x []float64, c, size, severity int)
}

// corruptions follow the constants that Hendrycks and Dietterich (2019) published for CIFAR-10-C.
var corruptions = []corruption{
	{"gaussian_noise", noise([5]float64{.04, .06, .08, .09, .10}, false)},
	{"speckle_noise", noise([5]float64{.06, .1, .12, .16, .2}, true)},
	{"shot_noise", shotNoise},
	{"impulse_noise", impulseNoise},
	{"contrast", contrast},
	{"brightness", brightness},
	{"pixelate", pixelate},
	{"fog", fog},
}

// corrupt applies one kind at one severity to all pictures. The random numbers depend on seed, kind, severity and the
// number of the picture. Results are cut to 0..1 and to 256 levels, as in the published sets.
func corrupt(p *pictures, kind corruption, severity int, seed uint64) *pictures {
	out := p.part(0, p.n)
	r := linalg.NewRand(seed).Split(uint64(severity))
	for _, ch := range kind.name {
		r = r.Split(uint64(ch))
	}
	for i := 0; i < out.n; i++ {
		x := out.one(i)
		kind.apply(r.Split(uint64(i)), x, out.c, out.size, severity)
		for k, v := range x {
			x[k] = math.Floor(math.Min(math.Max(v, 0), 1)*255) / 255
		}
	}
	return out
}

func noise(sd [5]float64, speckle bool) func(*linalg.Rand, []float64, int, int, int) {
	return func(r *linalg.Rand, x []float64, _, _, severity int) {
		for k, v := range x {
			n := sd[severity-1] * r.Normal()
			if speckle {
				n *= v
			}
			x[k] += n
		}
	}
}

func shotNoise(r *linalg.Rand, x []float64, _, _, severity int) {
	c := [5]float64{500, 250, 100, 75, 50}[severity-1]
	for k, v := range x {
		x[k] = distuv.Poisson{Lambda: v * c, Src: r}.Rand() / c
	}
}

func impulseNoise(r *linalg.Rand, x []float64, _, _, severity int) {
	share := [5]float64{.01, .02, .03, .05, .07}[severity-1]
	for k := range x {
		if r.Float64() < share {
			x[k] = float64(r.Intn(2))
		}
	}
}

func contrast(_ *linalg.Rand, x []float64, c, size, severity int) {
	by := [5]float64{.75, .5, .4, .3, .15}[severity-1]
	plane := size * size
	for ch := 0; ch < c; ch++ {
		mean := 0.0
		for _, v := range x[ch*plane : (ch+1)*plane] {
			mean += v / float64(plane)
		}
		for k := ch * plane; k < (ch+1)*plane; k++ {
			x[k] = (x[k]-mean)*by + mean
		}
	}
}

// brightness adds to the value of hue, saturation, value: all channels scale alike, so hue and saturation stay.
func brightness(_ *linalg.Rand, x []float64, c, size, severity int) {
	add := [5]float64{.05, .1, .15, .2, .3}[severity-1]
	plane := size * size
	for k := 0; k < plane; k++ {
		value := 0.0
		for ch := 0; ch < c; ch++ {
			value = math.Max(value, x[ch*plane+k])
		}
		bright := math.Min(value+add, 1)
		for ch := 0; ch < c; ch++ {
			if value == 0 {
				x[ch*plane+k] = bright
			} else {
				x[ch*plane+k] *= bright / value
			}
		}
	}
}

// pixelate shrinks by averaging over boxes, and enlarges again by taking the nearest box.
func pixelate(_ *linalg.Rand, x []float64, c, size, severity int) {
	small := int(float64(size) * [5]float64{.95, .9, .85, .75, .65}[severity-1])
	plane := size * size
	for ch := 0; ch < c; ch++ {
		src := append([]float64(nil), x[ch*plane:(ch+1)*plane]...)
		box := make([]float64, small*small)
		for i := 0; i < small; i++ {
			for j := 0; j < small; j++ {
				box[i*small+j] = boxMean(src, size, edge(i, size, small), edge(i+1, size, small), edge(j, size, small), edge(j+1, size, small))
			}
		}
		for i := 0; i < size; i++ {
			for j := 0; j < size; j++ {
				x[ch*plane+i*size+j] = box[(2*i+1)*small/(2*size)*small+(2*j+1)*small/(2*size)]
			}
		}
	}
}

func edge(i, size, small int) float64 { return float64(i) * float64(size) / float64(small) }

// boxMean averages src over rows r0..r1 and columns c0..c1, which need not be whole.
func boxMean(src []float64, size int, r0, r1, c0, c1 float64) float64 {
	sum, area := 0.0, 0.0
	for i := int(r0); i < size && float64(i) < r1; i++ {
		for j := int(c0); j < size && float64(j) < c1; j++ {
			w := (math.Min(r1, float64(i+1)) - math.Max(r0, float64(i))) * (math.Min(c1, float64(j+1)) - math.Max(c0, float64(j)))
			sum, area = sum+w*src[i*size+j], area+w
		}
	}
	return sum / area
}

// fog adds a plasma fractal and scales back to the old largest value.
func fog(r *linalg.Rand, x []float64, c, size, severity int) {
	amount := [5]float64{.2, .5, .75, 1, 1.5}[severity-1]
	decay := [5]float64{3, 3, 2.5, 2, 1.75}[severity-1]
	side := 1
	for side < size {
		side *= 2
	}
	p := plasma(r, side, decay)
	top := 0.0
	for _, v := range x {
		top = math.Max(top, v)
	}
	plane := size * size
	for ch := 0; ch < c; ch++ {
		for i := 0; i < size; i++ {
			for j := 0; j < size; j++ {
				k := ch*plane + i*size + j
				x[k] = (x[k] + amount*p[i*side+j]) * top / (top + amount)
			}
		}
	}
}

// plasma is a diamond-square fractal on a torus of side by side points, scaled to 0..1.
func plasma(r *linalg.Rand, side int, decay float64) []float64 {
	m := make([]float64, side*side)
	at := func(i, j int) float64 { return m[((i+side)%side)*side+(j+side)%side] }
	wibble := 100.0
	for step := side; step >= 2; step /= 2 {
		half := step / 2
		for i := 0; i < side; i += step { // squares
			for j := 0; j < side; j += step {
				mean := (at(i, j) + at(i+step, j) + at(i, j+step) + at(i+step, j+step)) / 4
				m[(i+half)%side*side+(j+half)%side] = mean + wibble*(2*r.Float64()-1)
			}
		}
		for i := 0; i < side; i += half { // diamonds
			for j := (i/half + 1) % 2 * half; j < side; j += step {
				mean := (at(i-half, j) + at(i+half, j) + at(i, j-half) + at(i, j+half)) / 4
				m[i*side+j] = mean + wibble*(2*r.Float64()-1)
			}
		}
		wibble /= decay
	}
	lo, hi := m[0], m[0]
	for _, v := range m {
		lo, hi = math.Min(lo, v), math.Max(hi, v)
	}
	for k := range m {
		m[k] = (m[k] - lo) / math.Max(hi-lo, 1e-12)
	}
	return m
}
