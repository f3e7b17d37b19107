package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// newRand is the source of everything drawn here: one seed, one data set.
func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x2545f4914f6cdd1d)) }

func atLeast(call string, n, least int) {
	if n < least {
		panic(fmt.Sprintf("data: %s with n = %d; at least %d is wanted", call, n, least))
	}
}

// TwoMoons is n points of two interleaved half circles of radius 1, with
// Gaussian noise of the given standard deviation; Y is the class, 0 or 1.
func TwoMoons(n int, noise float64, seed uint64) Regression {
	atLeast("TwoMoons", n, 2)
	rng := newRand(seed)
	r := Regression{Name: "two moons", XNames: []string{"x1", "x2"}, YName: "class", X: mat.NewDense(n, 2, nil), Y: make([]float64, n)}
	for i := range n {
		a := math.Pi * rng.Float64()
		x, y := math.Cos(a), math.Sin(a)
		if i%2 == 1 {
			x, y, r.Y[i] = 1-x, 0.5-y, 1
		}
		r.X.SetRow(i, []float64{x + noise*rng.NormFloat64(), y + noise*rng.NormFloat64()})
	}
	return r
}

// SmoothPath is n values on 0..1 of a function drawn from a Gaussian process
// with squared-exponential kernel of variance 1, approximated by 200 random
// waves (Rahimi and Recht 2007), plus noise.
func SmoothPath(n int, lengthscale, noise float64, seed uint64) Series {
	atLeast("SmoothPath", n, 1)
	if !(lengthscale > 0) {
		panic(fmt.Sprintf("data: SmoothPath with length-scale %v; it must be positive", lengthscale))
	}
	rng := newRand(seed)
	f := smoothFunction(rng, lengthscale)
	s := Series{Name: "smooth path", XName: "x", YName: "y", X: Linspace(0, 1, n)}
	for _, x := range s.X {
		s.Y = append(s.Y, f(x)+noise*rng.NormFloat64())
	}
	return s
}

// smoothFunction is sqrt(2/m) * sum cos(w x + b) with w normal and b uniform.
func smoothFunction(rng *rand.Rand, lengthscale float64) func(float64) float64 {
	const m = 200
	var w, b, a [m]float64
	for i := range m {
		w[i], b[i], a[i] = rng.NormFloat64()/lengthscale, 2*math.Pi*rng.Float64(), rng.NormFloat64()
	}
	return func(x float64) float64 {
		s := 0.0
		for i := range m {
			s += a[i] * math.Cos(w[i]*x+b[i])
		}
		return s * math.Sqrt(2.0/m)
	}
}

// Chirp is n samples on 0..1 of a tone whose frequency rises from f0 to f1
// periods a unit, plus noise: a free stand-in for speech.
func Chirp(n int, f0, f1, noise float64, seed uint64) Series {
	atLeast("Chirp", n, 1)
	rng := newRand(seed)
	s := Series{Name: "chirp", XName: "time", YName: "amplitude", X: Linspace(0, 1, n)}
	for _, t := range s.X {
		s.Y = append(s.Y, math.Sin(2*math.Pi*(f0*t+(f1-f0)*t*t/2))+noise*rng.NormFloat64())
	}
	return s
}

// SolarLike is n years that look like the irradiance of Solar: a cycle of
// about eleven years whose height wanders, on a slow background.
func SolarLike(n int, seed uint64) Series {
	atLeast("SolarLike", n, 1)
	rng := newRand(seed)
	slow, height, drift := smoothFunction(rng, 60), smoothFunction(rng, 30), smoothFunction(rng, 40)
	s := Series{Name: "solar-like series", XName: "year", YName: "W/m²"}
	for i := range n {
		t := float64(i)
		cycle := math.Pow(math.Cos(math.Pi*t/11+0.6*drift(t)), 2)
		s.X = append(s.X, 1610.5+t)
		s.Y = append(s.Y, 1365+0.7*slow(t)+math.Max(0.1, 0.8+0.4*height(t))*cycle+0.05*rng.NormFloat64())
	}
	return s
}

// QuasiPeriodic is n values over so many periods of a wave whose shape drifts,
// plus noise.
func QuasiPeriodic(n int, periods, noise float64, seed uint64) Series {
	atLeast("QuasiPeriodic", n, 1)
	rng := newRand(seed)
	a, b, c := smoothFunction(rng, periods/3), smoothFunction(rng, periods/3), smoothFunction(rng, periods/2)
	s := Series{Name: "quasi-periodic series", XName: "periods", YName: "y", X: Linspace(0, periods, n)}
	for _, t := range s.X {
		w := 2 * math.Pi * t
		s.Y = append(s.Y, (1+0.4*a(t))*math.Sin(w)+0.5*b(t)*math.Cos(2*w)+0.5*c(t)+noise*rng.NormFloat64())
	}
	return s
}

// Epidemic is daily counts over so many days: waves of a log rate, observed
// with a negative binomial of mean m and variance m + m²/size.
func Epidemic(days int, size float64, seed uint64) Series {
	atLeast("Epidemic", days, 1)
	if !(size > 0) {
		panic(fmt.Sprintf("data: Epidemic with size %v; it must be positive", size))
	}
	rng := newRand(seed)
	wave := smoothFunction(rng, 45)
	s := Series{Name: "epidemic", XName: "day", YName: "count a day"}
	for d := range days {
		mean := math.Exp(3 + 1.1*wave(float64(d)))
		rate := distuv.Gamma{Alpha: size, Beta: size / mean, Src: rng}.Rand()
		s.X = append(s.X, float64(d))
		s.Y = append(s.Y, distuv.Poisson{Lambda: math.Max(rate, 1e-9), Src: rng}.Rand())
	}
	return s
}

// WeatherLike is n hours of so many channels that share four hidden smooth
// functions, mixed by a random network of two layers: rows are hours.
func WeatherLike(n, channels int, noise float64, seed uint64) *mat.Dense {
	atLeast("WeatherLike", n, 1)
	atLeast("WeatherLike: channels", channels, 1)
	const hidden, units = 4, 16
	rng := newRand(seed)
	var latent []func(float64) float64
	for range hidden {
		latent = append(latent, smoothFunction(rng, 12+24*rng.Float64()))
	}
	w1, w2 := normals(rng, units, hidden, 1), normals(rng, channels, units, 1/math.Sqrt(units))
	out := mat.NewDense(n, channels, nil)
	z, h, y := mat.NewVecDense(hidden, nil), mat.NewVecDense(units, nil), mat.NewVecDense(channels, nil)
	for t := range n {
		for k, f := range latent {
			z.SetVec(k, f(float64(t)))
		}
		h.MulVec(w1, z)
		for k := range units {
			h.SetVec(k, math.Tanh(h.AtVec(k)))
		}
		y.MulVec(w2, h)
		for c := range channels {
			out.Set(t, c, y.AtVec(c)+noise*rng.NormFloat64())
		}
	}
	return out
}

func normals(rng *rand.Rand, r, c int, sd float64) *mat.Dense {
	m := mat.NewDense(r, c, nil)
	for i := range r {
		for j := range c {
			m.Set(i, j, sd*rng.NormFloat64())
		}
	}
	return m
}

// SortBy gives the rows ordered by one input, or by their distance from the
// origin when column is -1: ways to turn a table into a stream.
func (r Regression) SortBy(column int) Regression {
	n, d := r.X.Dims()
	if column < -1 || column >= d {
		panic(fmt.Sprintf("data: SortBy(%d) of %d inputs; give one of them, or -1 for the norm", column, d))
	}
	key := make([]float64, n)
	index := make([]int, n)
	for i := range n {
		index[i] = i
		if column >= 0 {
			key[i] = r.X.At(i, column)
			continue
		}
		for _, v := range r.X.RawRowView(i) {
			key[i] += v * v
		}
	}
	sort.SliceStable(index, func(a, b int) bool { return key[index[a]] < key[index[b]] })
	return r.Rows(index)
}

// MinMax gives the same data with every input scaled linearly to -1..1; a
// constant input becomes 0.
func (r Regression) MinMax() Regression {
	n, d := r.X.Dims()
	x := mat.NewDense(n, d, nil)
	for j := range d {
		col := mat.Col(nil, j, r.X)
		lo, hi := col[0], col[0]
		for _, v := range col {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
		for i, v := range col {
			if hi > lo {
				x.Set(i, j, 2*(v-lo)/(hi-lo)-1)
			}
		}
	}
	r.X = x
	return r
}
