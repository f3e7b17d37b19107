package experiments

import (
	"fmt"
	"math"
	"sort"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/ohsvgp"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// Studies are the chapter's comparisons that need no further files.
func Studies() []Study {
	return []Study{Solar(), Speech(), Covid(), Measures(), Moons(), Weather(),
		Continual("powerplant-input", data.PowerPlant(), ByFirstInput), Continual("powerplant-norm", data.PowerPlant(), ByNorm),
		Continual("skillcraft-input", data.SkillCraft(), ByFirstInput), Continual("skillcraft-norm", data.SkillCraft(), ByNorm)}
}

// lineTasks cuts a series into tasks and holds out a share of each.
func lineTasks(s data.Series, k int, test float64) func(seed uint64) ([]Task, error) {
	return func(seed uint64) ([]Task, error) {
		parts, err := s.Tasks(k, test, 100*seed)
		if err != nil {
			return nil, err
		}
		var out []Task
		for _, p := range parts {
			out = append(out, Task{X: gp.Column(p.X), Y: p.Y, TestX: gp.Column(p.TestX), TestY: p.TestY, End: p.To})
		}
		return out, nil
	}
}

func se(length float64) gp.Kernel       { return gp.SE(1, length/8) }
func matern52(length float64) gp.Kernel { return gp.Matern52(1, length/8) }

// Solar is the irradiance stream of 391 years in ten tasks.
func Solar() Study {
	s := data.Solar()
	s.Y, _ = data.Standardize(s.Y)
	return Study{
		Name: "solar", Sizes: []int{50, 150}, Seeds: 5, Tasks: lineTasks(s, 10, 0.2),
		Methods: lineMethods(se, matern52, 0.05, 200),
		Notes: "Lean (2000) solar irradiance, standardised; 10 equal consecutive tasks; 20% of each held out at random. SE kernel and noise by exact marginal " +
			"likelihood on task 1, then frozen (OVFF: Matern-5/2, features reaching one task beyond each end). Z of OSGPR and OVC-optZ by L-BFGS, at most 200 steps a task.",
	}
}

// Speech is one frequency band of a spoken digit in ten tasks.
func Speech() Study {
	a := data.Speech()
	rate := float64(a.Rate)
	return Study{
		Name: "speech", Sizes: []int{50, 100}, Seeds: 3,
		Tasks:   lineTasks(band("speech", a.Channel[0][800:], rate, 125, 0.03, 4), 10, 0.2),
		Methods: lineMethods(se, matern52, 0.05, 100),
		Notes: "The band about 125 Hz of a spoken digit (8 kHz, its first 0.1 s of silence left out), demodulated, low-passed by a 30 ms Hann window, every 4th sample, standardised, with noise of sd 1/50. " +
			"Kernel as in solar; Z by at most 100 steps a task.",
	}
}

// Subband is the sub-band of speech that streaming GP papers use, from the file
// audio/speech_subband_16k.npy in the data folder. It is licensed and not
// carried; without the file there is an error that says so.
func Subband() (Study, error) {
	y, err := subband()
	if err != nil {
		return Study{}, err
	}
	return Study{
		Name: "subband", Sizes: []int{100, 200}, Seeds: 3,
		Tasks:   lineTasks(band("sub-band", y[:20000], 16000, 152, 0.01, 4), 10, 0.2),
		Methods: lineMethods(se, matern52, 0.05, 50)[:6], // 4000 points are many for the exact GP after every task
		Notes: "Speech band-passed at 152 Hz (Bui and Turner 2014), demodulated, first 20000 samples, every 4th, standardised, with noise of sd 1/50; 10 tasks. " +
			"Kernel as in solar; Z by at most 50 steps a task.",
	}, nil
}

func subband() ([]float64, error) {
	const name = "audio/speech_subband_16k.npy"
	path, err := data.Find(name)
	if err != nil {
		return nil, fmt.Errorf("the sub-band study needs %s in the data folder: %w", name, err)
	}
	a, err := data.ReadNPY(path)
	if err != nil {
		return nil, err
	}
	return a.Value, nil
}

// band moves the frequency f0 (Hz) of a signal to zero, smooths with a Hann
// window (seconds) and keeps the real part of every so many samples,
// standardised, with noise of sd 1/50 as in the published preparation; x is in
// seconds.
func band(name string, y []float64, rate, f0, window float64, every int) data.Series {
	half := int(window * rate / 2)
	s := data.Series{Name: name, XName: "s", YName: "band"}
	for i := 0; i < len(y); i += every {
		v, total := 0.0, 0.0
		for j := max(0, i-half); j <= min(len(y)-1, i+half); j++ {
			h := 1 + math.Cos(math.Pi*float64(j-i)/float64(half+1))
			v += h * y[j] * math.Cos(2*math.Pi*f0*float64(j)/rate)
			total += h
		}
		s.X, s.Y = append(s.X, float64(i)/rate), append(s.Y, v/total)
	}
	s.Y, _ = data.Standardize(s.Y)
	r := linalg.NewRand(1)
	for i := range s.Y {
		s.Y[i] += r.Normal() / 50
	}
	return s
}

// Covid is daily deaths in Santa Catarina, March 2020 to February 2021.
func Covid() Study {
	s := data.Covid().Between(0, 354) // to the end of February 2021
	var methods []Method
	opt := func(lik *gp.Likelihood, z int) func(float64) ohsvgp.Options {
		return func(length float64) ohsvgp.Options {
			return ohsvgp.Options{Kernel: gp.Sum(gp.SE(1, length/2), gp.Constant(2)), Likelihood: lik, ZSteps: z, FitSteps: 60}
		}
	}
	counts := gp.NegativeBinomial(5)
	methods = append(methods, lineMethod("OHSVGP", ohsvgp.New, opt(counts, 0)), lineMethod("OSVGP", ohsvgp.NewOSGPR, opt(counts, 60)), lineMethod("OVC", ohsvgp.NewOVC, opt(counts, 0)),
		lineMethod("OHSVGP, Poisson", ohsvgp.New, opt(gp.Poisson(), 0)),
		Method{"renewal, offline", func(_ int, seed uint64, _ []Task) (Model, error) {
			return newRenewal(param.SampleOptions{Draws: 200, Warmup: 200, Depth: 6, Seed: seed}), nil
		}})
	return Study{
		Name: "covid", Sizes: []int{15, 30}, Seeds: 3, Tasks: lineTasks(s, 5, 0.2), Methods: methods,
		Notes: "Daily deaths, negative binomial likelihood with log link (in one row Poisson); 5 tasks; 20% held out. SE + constant kernel and dispersion by the bound on task 1, then frozen; " +
			"q by natural gradients to convergence; Z of OSVGP by L-BFGS, at most 60 steps a task. The renewal equation with a reproduction number for every week, " +
			"autoregressive of order two, is no online method: it sees all data so far after every task, and M is nothing to it; 200 draws by NUTS.",
	}
}

// Criterion sorts a regression into tasks.
type Criterion string

// The published criteria.
const (
	ByFirstInput Criterion = "first input"
	ByNorm       Criterion = "norm"
)

// Continual is a regression met in ten parts, sorted by a criterion.
func Continual(name string, r data.Regression, by Criterion) Study {
	const waves = 1000
	kernel := func(d int) gp.Kernel {
		ls := make([]float64, d)
		for i := range ls {
			ls[i] = 0.5 * math.Sqrt(float64(d))
		}
		return gp.SE(1, ls...)
	}
	_, d := r.X.Dims()
	model := func(name string, make func(ohsvgp.Options) (*ohsvgp.Model, error), o ohsvgp.Options) Method {
		return Method{name, func(M int, seed uint64, _ []Task) (Model, error) {
			o := o
			o.Kernel, o.Noise, o.M, o.Seed, o.Features, o.FitSteps = kernel(d), 0.1, M, seed, waves, 50
			m, err := make(o)
			return anywhere(m), err
		}}
	}
	return Study{
		Name: name, Sizes: []int{32, 256}, Seeds: 3,
		Tasks: func(seed uint64) ([]Task, error) { return parts(r, by, seed) },
		Methods: []Method{
			model("OHSVGP-o", ohsvgp.NewPath, ohsvgp.Options{}),
			model("OHSVGP-k", ohsvgp.NewPath, ohsvgp.Options{Order: ohsvgp.OrderNearest}),
			model("OSVGP", ohsvgp.NewOSGPR, ohsvgp.Options{ZSteps: 20}),
			model("OVC", ohsvgp.NewOVC, ohsvgp.Options{}),
		},
		Notes: fmt.Sprintf("%s: inputs to [-1, 1], target standardised, both by all data; 10%% held out; 10 tasks sorted by %s. ARD-SE kernel and noise by exact marginal "+
			"likelihood on task 1 (50 steps), then frozen; %d random waves, bilinear recurrence; M = 256 as published, and 32 where memory is short; Z of OSVGP by L-BFGS, at most 20 steps a task.", r.Name, by, waves),
	}
}

// parts sorts, cuts and holds out.
func parts(r data.Regression, by Criterion, seed uint64) ([]Task, error) {
	n, d := r.X.Dims()
	x := mat.NewDense(n, d, nil)
	for j := 0; j < d; j++ {
		c := mat.Col(nil, j, r.X)
		lo, hi := c[0], c[0]
		for _, v := range c {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
		if hi == lo {
			hi = lo + 1
		}
		for i, v := range c {
			x.Set(i, j, 2*(v-lo)/(hi-lo)-1)
		}
	}
	y, _ := data.Standardize(r.Y)
	key := make([]float64, n)
	for i := range key {
		key[i] = x.At(i, 0)
		if by == ByNorm {
			key[i] = mat.Norm(x.RowView(i), 2)
		}
	}
	return sortedParts(x, y, key, 10, 0.1, seed)
}

// sortedParts cuts data, sorted by key, into k tasks and holds out a share.
func sortedParts(x *mat.Dense, y, key []float64, k int, test float64, seed uint64) ([]Task, error) {
	n := len(y)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return key[order[a]] < key[order[b]] })
	where, rank := make([]int, n), make([]int, n) // task and place of every row
	for p, i := range order {
		where[i], rank[i] = p*k/n, p
	}
	train, held := data.Split(n, test, seed)
	sort.Slice(train, func(a, b int) bool { return rank[train[a]] < rank[train[b]] })
	out := make([]Task, k)
	for t := range out {
		out[t].X, out[t].Y = choose(x, y, train, where, t)
		out[t].TestX, out[t].TestY = choose(x, y, held, where, t)
		if len(out[t].TestY) == 0 {
			return nil, fmt.Errorf("task %d of %d has nothing held out", t+1, k)
		}
	}
	return out, nil
}

func choose(x *mat.Dense, y []float64, rows, where []int, task int) (*mat.Dense, []float64) {
	_, d := x.Dims()
	var flat, target []float64
	for _, i := range rows {
		if where[i] == task {
			flat = append(flat, x.RawRowView(i)...)
			target = append(target, y[i])
		}
	}
	if len(target) == 0 {
		return &mat.Dense{}, nil
	}
	return mat.NewDense(len(target), d, flat), target
}
