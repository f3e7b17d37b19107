package tasks

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/internal/meter"
	"github.com/priorlab/priorlab/stdlib/sgpa"
	"github.com/priorlab/priorlab/stdlib/train"
)

// regressionMethod predicts a number.
type regressionMethod struct {
	name    string
	of      variant
	members bool // an ensemble
	dropout bool // stays on
}

// regressions are the methods of comparisons with numbers to predict: those that need classes are not among them.
var regressions = []regressionMethod{
	{"MLE", softmax, false, false},
	{"MLE kernel", kernel, false, false},
	{"MC dropout", softmax, false, true},
	{"MFVI", variant{"mean field", func(c *sgpa.Config) { c.Method, c.MeanField = sgpa.Softmax, true }}, false, false},
	{"SGPA", posterior, false, false},
	{"SGPA per dataset", perDataset, false, false},
	{"SGPA tempered", tempered, false, false},
	{"KEP-SVGP", pairs, false, false},
	{"ensemble", softmax, true, false},
	{"SGPA ensemble", posterior, true, false},
}

func runRegression(ctx context.Context, t *Task, train, test *molecules, b Budget, seeds []uint64, log func(format string, args ...any)) (*Result, error) {
	if len(seeds) == 0 {
		return nil, errNoSeeds
	}
	chosen, err := chooseRegressions(b.Methods)
	if err != nil {
		return nil, err
	}
	out := &Result{Task: t, Costs: costTable(), Budget: b, Seeds: seeds,
		Table: calib.NewTable([]string{"MAE", "RMSE", "NLL", "coverage of 95 %"}, []int{-1, -1, -1, 0})}
	for _, seed := range seeds {
		r := &regressionBench{bench: newBench(t, b, seed, log), train: train, nets: map[string]*sgpa.Regressor{}}
		for _, m := range chosen {
			r.used = nil
			if err := r.run(ctx, out, m, test); err != nil {
				return nil, fmt.Errorf("tasks: %s, %s, seed %d: %w", t.Name, m.name, seed, err)
			}
		}
	}
	return out, nil
}

// chooseRegressions finds methods by name; nil is all.
func chooseRegressions(names []string) ([]regressionMethod, error) {
	if names == nil {
		return regressions, nil
	}
	var out []regressionMethod
	for _, name := range names {
		i := slices.IndexFunc(regressions, func(m regressionMethod) bool { return m.name == name })
		if i < 0 {
			var all []string
			for _, m := range regressions {
				all = append(all, m.name)
			}
			return nil, fmt.Errorf("tasks: there is no method %q that predicts numbers; there are %q", name, all)
		}
		out = append(out, regressions[i])
	}
	return out, nil
}

// regressionBench is one seed of a comparison; methods that share a network train it once.
type regressionBench struct {
	*bench
	train *molecules
	nets  map[string]*sgpa.Regressor
}

// net is the trained network of a variant and seed.
func (r *regressionBench) net(ctx context.Context, v variant, seed uint64) (*sgpa.Regressor, error) {
	key := fmt.Sprintf("%s, seed %d", v.name, seed)
	if n := r.nets[key]; n != nil {
		r.used = append(r.used, key)
		return n, nil
	}
	c := r.task.Config
	c.TrainSize = len(r.train.y)
	v.change(&c)
	n := sgpa.NewRegressor(linalg.NewRand(seed), c)
	err := r.metered(key, n, r.train.x, func() (*train.History, error) {
		return n.Fit(ctx, r.train.x, r.train.y, sgpa.RampUp, r.options(seed))
	})
	r.nets[key] = n
	return n, err
}

// run trains what a method needs, and adds its row for this seed to both tables.
func (r *regressionBench) run(ctx context.Context, out *Result, m regressionMethod, test *molecules) error {
	members := 1
	if m.members {
		members = r.budget.Members
	}
	nets := make([]*sgpa.Regressor, members)
	for i := range nets {
		var err error
		if nets[i], err = r.net(ctx, m.of, r.seed+1000*uint64(i)); err != nil {
			return err
		}
	}
	began := meter.CPU()
	var all mixture
	for i, n := range nets {
		pred, err := n.Predict(ctx, test.x, sgpa.Passes{Samples: r.budget.Samples, Seed: r.seed + 1000*uint64(i), Dropout: m.dropout})
		if err != nil {
			return err
		}
		all = append(all, pred)
	}
	perInput := (meter.CPU() - began) / time.Duration(len(test.y))
	mean, sd := all.moments()
	return linalg.Try(func() {
		out.Table.Add(m.name, calib.MAE(test.y, mean), calib.RMSE(test.y, mean), all.nll(test.y), calib.Coverage(test.y, mean, sd, 0.95))
		r.addCosts(out.Costs, m.name, perInput)
	})
}

// mixture is the predictive distribution of one network or of several together: normal distributions round all their
// samples, each with the noise of its network.
type mixture []*sgpa.Means

// moments are mean and standard deviation of each prediction.
func (m mixture) moments() (mean, sd []float64) {
	for _, p := range m {
		mu, s := p.Moments()
		if mean == nil {
			mean, sd = make([]float64, len(mu)), make([]float64, len(mu))
		}
		for i := range mu { // sd holds the second moment for now
			mean[i] += mu[i] / float64(len(m))
			sd[i] += (mu[i]*mu[i] + s[i]*s[i]) / float64(len(m))
		}
	}
	for i := range sd {
		sd[i] = math.Sqrt(max(sd[i]-mean[i]*mean[i], 0))
	}
	return mean, sd
}

// nll is the mean of -log p(y).
func (m mixture) nll(y []float64) (sum float64) {
	for i, v := range y {
		var logs []float64
		for _, p := range m {
			samples, _ := p.Means.Dims()
			for s := range samples {
				logs = append(logs, distuv.Normal{Mu: p.Means.At(s, i), Sigma: p.Noise}.LogProb(v))
			}
		}
		sum -= (floats.LogSumExp(logs) - math.Log(float64(len(logs)))) / float64(len(y))
	}
	return sum
}
