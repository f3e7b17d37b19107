package experiments

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"github.com/priorlab/priorlab/stdlib/ohsvgp"
	"gonum.org/v1/gonum/mat"
)

// Measures compares LegS with the measures that forget, on a made-up series in
// three tasks.
func Measures() Study {
	model := func(name string, m hippo.Measure, window float64) Method {
		return lineMethod(name, ohsvgp.New, func(float64) ohsvgp.Options {
			return ohsvgp.Options{Kernel: gp.SE(1, 0.4), Noise: 0.01, Hyper: ohsvgp.HyperFixed, Measure: m, Window: window}
		})
	}
	return Study{
		Name: "measures", Sizes: []int{20}, Seeds: 5,
		Methods: []Method{model("LegS", hippo.LegS, 0), model("LegT", hippo.LegT, 2), model("LagT", hippo.LagT, 1), model("FouT", hippo.FouT, 2)},
		Notes:   "One function of an SE prior (length-scale 0.4) on [0, 6] for each seed, 300 points, noise sd 0.1, 3 tasks, true kernel; windows of one task (LegT, FouT: 2, LagT: time constant 1).",
		Tasks: func(seed uint64) ([]Task, error) {
			s := data.Series{Name: "made-up"}
			for i := 1; i <= 300; i++ {
				s.X = append(s.X, 6*float64(i)/300)
			}
			base := mat.NewDense(1, 300, nil)
			r := linalg.NewRand(seed)
			r.FillNormal(base.RawMatrix().Data)
			f, err := gp.DrawNormal(make([]float64, 300), gp.SE(1, 0.4).Matrix(gp.Column(s.X), gp.Column(s.X)), base)
			if err != nil {
				return nil, err
			}
			for i := range s.X {
				s.Y = append(s.Y, f.At(0, i)+0.1*r.Normal())
			}
			return lineTasks(s, 3, 0.2)(seed)
		},
	}
}

// Moons is two classes in three tasks from left to right, as a path in four
// orders.
func Moons() Study {
	model := func(name string, make func(ohsvgp.Options) (*ohsvgp.Model, error), order ohsvgp.Order) Method {
		return Method{name, func(M int, seed uint64, _ []Task) (Model, error) {
			m, err := make(ohsvgp.Options{M: M, Seed: seed, Kernel: gp.SE(4, 0.5), Likelihood: gp.BernoulliLogit(), Hyper: ohsvgp.HyperFixed,
				Features: 500, Order: order, ZSteps: 20})
			return anywhere(m), err
		}}
	}
	return Study{
		Name: "moons", Sizes: []int{20}, Seeds: 5, Tasks: moons,
		Methods: []Method{model("OHSVGP-o", ohsvgp.NewPath, ohsvgp.OrderGiven), model("OHSVGP-k", ohsvgp.NewPath, ohsvgp.OrderNearest),
			model("random order", ohsvgp.NewPath, ohsvgp.OrderRandom), model("kernel-min", ohsvgp.NewPath, ohsvgp.OrderFarthest),
			model("OSVGP", ohsvgp.NewOSGPR, "")},
		Notes: "Two moons, 300 points, Bernoulli likelihood, 3 tasks sorted by the first input, 20% held out, M = 20, fixed SE kernel; RMSE is between the predicted probability and the class.",
	}
}

// moons draws two interleaved half circles with noise.
func moons(seed uint64) ([]Task, error) {
	angle, noise := linalg.NewRand(seed).Split(1), linalg.NewRand(seed).Split(2)
	const n = 300
	r := data.Regression{Name: "two moons", X: mat.NewDense(n, 2, nil), Y: make([]float64, n)}
	for i := range r.Y {
		a := math.Pi * angle.Float64()
		x, y := math.Cos(a), math.Sin(a)
		if i%2 == 1 {
			x, y, r.Y[i] = 1-x, 0.5-y, 1
		}
		r.X.SetRow(i, []float64{x + 0.1*noise.Normal(), y + 0.1*noise.Normal()})
	}
	return sortedParts(r.X, r.Y, mat.Col(nil, 0, r.X), 3, 0.2, seed)
}
