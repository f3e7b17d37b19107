package tasks

import (
	"context"
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/internal/meter"
	"github.com/priorlab/priorlab/stdlib/sgpa"
	"github.com/priorlab/priorlab/stdlib/train"
)

// regressions are the methods of comparisons with numbers to predict: those that need classes are not among them.
var regressions = []method{
	regressor("MLE", softmax, false, false),
	regressor("MLE kernel", kernel, false, false),
	regressor("MC dropout", softmax, false, true),
	regressor("MFVI", meanField, false, false),
	regressor("SGPA", posterior, false, false),
	regressor("SGPA per dataset", perDataset, false, false),
	regressor("SGPA tempered", tempered, false, false),
	regressor("SGPA shared", shared, false, false),
	regressor("SGPA diagonal", diagonal, false, false),
	regressor("RFF-GPA", features, false, false),
	regressor("KEP-SVGP", pairs, false, false),
	regressor("ensemble", softmax, true, false),
	regressor("SGPA ensemble", posterior, true, false),
}

// regressor is a method that predicts a number, with one network or as many as an ensemble has; dropout may stay on.
func regressor(name string, of variant, ensemble, dropout bool) method {
	return method{name, of.name, func(ctx context.Context, b *bench) (o Outcome, perInput time.Duration, err error) {
		members := 1
		if ensemble {
			members = b.budget.Members
		}
		nets := make([]*sgpa.Regressor, members)
		for i := range nets {
			if nets[i], err = b.model(ctx, of, b.seed+1000*uint64(i)); err != nil {
				return o, 0, err
			}
		}
		test := b.task.tests
		began := meter.CPU()
		var all mixture
		for i, n := range nets {
			pred, err := n.Predict(ctx, test.x, sgpa.Passes{Samples: b.budget.Samples, Seed: b.seed + 1000*uint64(i), Dropout: dropout})
			if err != nil {
				return o, 0, err
			}
			all = append(all, pred)
		}
		perInput = (meter.CPU() - began) / time.Duration(len(test.y))
		mean, sd := all.moments()
		err = linalg.Try(func() {
			o.Errors = []float64{calib.MAE(test.y, mean), calib.RMSE(test.y, mean), all.nll(test.y), calib.Coverage(test.y, mean, sd, 0.95)}
		})
		return o, perInput, err
	}}
}

// errorTable is an empty table of the measures of predicted numbers.
func errorTable() *calib.Table {
	return calib.NewTable([]string{"MAE", "RMSE", "NLL", "coverage of 95 %"}, []int{-1, -1, -1, 0})
}

// model is the trained network of a variant and seed that predicts numbers.
func (b *bench) model(ctx context.Context, v variant, seed uint64) (*sgpa.Regressor, error) {
	key := fmt.Sprintf("%s, seed %d", v.name, seed)
	if n := b.models[key]; n != nil {
		b.used = append(b.used, key)
		return n, nil
	}
	learn := b.task.learn
	c := b.task.Config
	c.TrainSize = len(learn.y)
	v.change(&c)
	n := sgpa.NewRegressor(linalg.NewRand(seed), c)
	err := b.metered(key, n, learn.x, func() (*train.History, error) {
		return n.Fit(ctx, learn.x, learn.y, sgpa.RampUp, b.options(seed))
	})
	b.models[key] = n
	return n, err
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
