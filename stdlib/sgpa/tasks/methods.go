package tasks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/sgpa"
	"github.com/priorlab/priorlab/stdlib/train"
)

// Budget is what every method of a comparison may use.
type Budget struct {
	Epochs  int      // [20]
	Samples int      // Monte Carlo passes of a prediction [10]
	Members int      // of an ensemble [3]
	Methods []string // names of Methods; nil for all that can do the task in a comparable time
	SNGPF   int      // random features of SNGP [256]
}

func (b Budget) withDefaults() Budget {
	for _, d := range []struct {
		p *int
		v int
	}{{&b.Epochs, 20}, {&b.Samples, 10}, {&b.Members, 3}, {&b.SNGPF, 256}} {
		if *d.p == 0 {
			*d.p = d.v
		}
	}
	return b
}

// Methods are the names of all methods, in the order of the tables.
func Methods() []string {
	return namesOf(methods)
}

// method measures one way of predicting. Methods that share networks find them in the bench.
type method struct {
	name   string
	shares string // the name of the variant whose networks it uses
	run    func(ctx context.Context, b *bench) (o Outcome, perInput time.Duration, err error)
}

// together are the names of the variants that methods share, those that one part of a comparison trains in a line, the longest
// parts first. Loading a task takes a second or two, so that a part for each variant would waste time.
var together = [][]string{
	{posterior.name},
	{standard.name, pairs.name},
	{perDataset.name, tempered.name},
	{shared.name, diagonal.name, features.name},
	{softmax.name},
	{meanField.name, kernel.name, sngpName},
}

// standardName is the one method that needs inputs of one length. With more than standardTokens tokens it takes ten times as
// long as the others, or worse, and has to be asked for.
const (
	standardName   = "SGPA standard"
	standardTokens = 32
)

// choose are the methods of a budget, or all that can do the task.
func choose(t *Task, names []string) ([]method, error) {
	of := methods
	if t.regression() {
		of = regressions
	}
	c := t.Config
	oneLength := c.Size > 0
	short := oneLength && c.Size/c.Patch*(c.Size/c.Patch) <= standardTokens
	var out []method
	if names == nil {
		for _, m := range of {
			if m.name != standardName || short {
				out = append(out, m)
			}
		}
		return out, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(of, func(m method) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("tasks: %s: there is no method %q for it; there are %q", t.Name, name, namesOf(of))
		}
		if name == standardName && !oneLength {
			return nil, fmt.Errorf("tasks: %s: %s has one covariance factor a token and needs inputs of one length; use SGPA, the decoupled form", t.Name, name)
		}
		out = append(out, of[i])
	}
	return out, nil
}

func namesOf(ms []method) []string {
	names := make([]string, len(ms))
	for i, m := range ms {
		names[i] = m.name
	}
	return names
}

// classifier is a method that predicts classes.
func classifier(name, shares string, fit func(ctx context.Context, b *bench) (sgpa.Predictor, error)) method {
	return method{name, shares, func(ctx context.Context, b *bench) (o Outcome, perInput time.Duration, err error) {
		p, err := fit(ctx, b)
		if err == nil {
			o.Reports, perInput, err = measure(ctx, b.task, name, p)
		}
		return o, perInput, err
	}}
}

var methods = []method{
	classifier("MLE", softmax.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, softmax, b.seed)
	}),
	classifier("MLE kernel", kernel.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, kernel, b.seed)
	}),
	classifier("temperature", softmax.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		p, err := b.passes(ctx, softmax, b.seed)
		if err != nil {
			return nil, err
		}
		return sgpa.Temper(ctx, *p, b.task.Valid)
	}),
	classifier("MC dropout", softmax.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		p, err := b.passes(ctx, softmax, b.seed)
		if err != nil {
			return nil, err
		}
		return &sgpa.Passes{Net: p.Net, Samples: b.budget.Samples, Dropout: true, Seed: b.seed}, nil
	}),
	classifier("MFVI", meanField.name, fitMeanField),
	classifier("SNGP", sngpName, fitSNGP),
	classifier("Laplace", softmax.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		p, err := b.passes(ctx, softmax, b.seed)
		if err != nil {
			return nil, err
		}
		return sgpa.NewLaplace(ctx, sgpa.Passes{Net: p.Net, Samples: b.budget.Samples, Seed: b.seed}, b.task.Train, b.task.Valid)
	}),
	classifier("SGPA", posterior.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, posterior, b.seed)
	}),
	classifier(standardName, standard.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, standard, b.seed)
	}),
	classifier("SGPA per dataset", perDataset.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, perDataset, b.seed)
	}),
	classifier("SGPA tempered", tempered.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, tempered, b.seed)
	}),
	classifier("SGPA shared", shared.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, shared, b.seed)
	}),
	classifier("SGPA diagonal", diagonal.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, diagonal, b.seed)
	}),
	classifier("RFF-GPA", features.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, features, b.seed)
	}),
	classifier("KEP-SVGP", pairs.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, pairs, b.seed)
	}),
	classifier("ensemble", softmax.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) { return b.ensemble(ctx, softmax) }),
	classifier("SGPA ensemble", posterior.name, func(ctx context.Context, b *bench) (sgpa.Predictor, error) { return b.ensemble(ctx, posterior) }),
}

// legend says what each row of the tables is.
var legend = map[string]string{
	"MLE":              "softmax attention, a point estimate",
	"MLE kernel":       "kernel attention K v without uncertainty, a point estimate",
	"temperature":      "MLE with logits divided by a temperature, fitted to the validation data",
	"MC dropout":       "MLE with dropout left on in prediction",
	"MFVI":             "softmax attention with a normal distribution over each weight",
	"SNGP":             "softmax attention with bounded weights below a Gaussian process by random features",
	"Laplace":          "MLE with a Kronecker-factored Laplace approximation of the last layer",
	"SGPA":             "decoupled SGPA, divergences whole",
	standardName:       "the tokens' own keys are the inducing points",
	"SGPA per dataset": "SGPA with KL_g divided by the number of training inputs",
	"SGPA tempered":    "SGPA with all divergences divided by a hundred, begun at R = 0.3 I",
	"SGPA shared":      "SGPA with one covariance factor for all channels of a head",
	"SGPA diagonal":    "SGPA with diagonal whitened covariance factors",
	"RFF-GPA":          "regression of values on keys by random Fourier features, no divergence",
	"KEP-SVGP":         "eigen-pairs of an asymmetric kernel",
	"ensemble":         "probabilities of several MLE networks, averaged",
	"SGPA ensemble":    "probabilities of several SGPA networks, averaged",
}

// bench is one seed of a comparison. Trained networks are kept, so that methods that share one train it once.
type bench struct {
	task   *Task
	budget Budget
	seed   uint64
	log    func(format string, args ...any)
	nets   map[string]*sgpa.Network
	models map[string]*sgpa.Regressor // where numbers are predicted
	spent  map[string]effort          // on each network
	used   []string                   // the networks of the method at hand
}

func newBench(t *Task, b Budget, seed uint64, log func(format string, args ...any)) *bench {
	return &bench{task: t, budget: b, seed: seed, log: log, nets: map[string]*sgpa.Network{}, models: map[string]*sgpa.Regressor{}, spent: map[string]effort{}}
}

func (b *bench) options(seed uint64) train.Options {
	e := b.budget.Epochs
	return train.Options{Epochs: e, Batch: b.task.Batch, Seed: seed, ClipNorm: 10,
		Schedule: train.Cosine{Warmup: max(e/10, 1), Epochs: e, Base: b.task.Rate, Min: b.task.Rate / 50}}
}

// variant is a kind of network that methods share.
type variant struct {
	name   string
	change func(c *sgpa.Config)
}

// shared and diagonal are posterior with the cheaper families of covariances.
//
// perDataset divides the divergence of the global points by the number of training inputs: one function for all of them.
//
// tempered divides all divergences by a hundred. With short training on small data, whole divergences hold the posterior
// at the prior, attention carries next to nothing, and accuracy is lost; a tempered posterior keeps both.
var (
	softmax    = variant{"softmax", func(c *sgpa.Config) { c.Method = sgpa.Softmax }}
	kernel     = variant{"kernel", func(c *sgpa.Config) { c.Method = sgpa.KernelAttention }}
	posterior  = variant{"sgpa", func(c *sgpa.Config) { c.Method = sgpa.SGPA }}
	perDataset = variant{"sgpa per dataset", func(c *sgpa.Config) { c.Method, c.KLGlobalScale = sgpa.SGPA, sgpa.PerDataset }}
	shared     = variant{"sgpa, shared covariance", func(c *sgpa.Config) { c.Method, c.Covariance = sgpa.SGPA, sgpa.SharedCovariance }}
	diagonal   = variant{"sgpa, diagonal covariance", func(c *sgpa.Config) { c.Method, c.Covariance = sgpa.SGPA, sgpa.DiagonalCovariance }}
	features   = variant{"random features", func(c *sgpa.Config) { c.Method = sgpa.RandomFeatures }}
	standard   = variant{"standard sgpa", func(c *sgpa.Config) { c.Method = sgpa.StandardSGPA }}
	meanField  = variant{"mean field", func(c *sgpa.Config) { c.Method, c.MeanField = sgpa.Softmax, true }}
	pairs      = variant{"eigenpairs", func(c *sgpa.Config) { c.Method = sgpa.EigenPairs }}
	tempered   = variant{"tempered sgpa", func(c *sgpa.Config) { c.Method, c.KLWeight, c.Rho = sgpa.SGPA, 0.01, 0.3 }}
)

// net is the trained network of a variant and seed.
func (b *bench) net(ctx context.Context, v variant, seed uint64) (*sgpa.Network, error) {
	key := fmt.Sprintf("%s, seed %d", v.name, seed)
	b.used = append(b.used, key)
	if n := b.nets[key]; n != nil {
		return n, nil
	}
	c := b.task.Config
	c.TrainSize = len(b.task.Train.Y)
	v.change(&c)
	n := sgpa.New(linalg.NewRand(seed), c)
	if err := b.task.vectors(n); err != nil {
		return nil, err
	}
	err := b.metered(key, n, b.task.Train.X, func() (*train.History, error) {
		return sgpa.Fit(ctx, n, b.task.Train, nil, sgpa.RampUp, b.options(seed))
	})
	if err != nil {
		return nil, err
	}
	b.nets[key] = n
	return n, nil
}

func (b *bench) passes(ctx context.Context, v variant, seed uint64) (*sgpa.Passes, error) {
	n, err := b.net(ctx, v, seed)
	if err != nil {
		return nil, err
	}
	p := &sgpa.Passes{Net: n, Samples: 1, Seed: seed}
	if n.Stochastic() {
		p.Samples = b.budget.Samples
	}
	return p, nil
}

// ensemble trains members from seeds of their own; the first is the single network of this seed.
func (b *bench) ensemble(ctx context.Context, v variant) (sgpa.Predictor, error) {
	var e sgpa.Ensemble
	for i := 0; i < b.budget.Members; i++ {
		p, err := b.passes(ctx, v, b.seed+1000*uint64(i))
		if err != nil {
			return nil, err
		}
		e = append(e, p)
	}
	return e, nil
}

func fitMeanField(ctx context.Context, b *bench) (sgpa.Predictor, error) {
	p, err := b.passes(ctx, meanField, b.seed)
	if err != nil {
		return nil, err
	}
	p.Samples = b.budget.Samples
	return p, nil
}

// sngpName is the name under which SNGP's networks are known; they are no variant of the others.
const sngpName = "sngp"

func fitSNGP(ctx context.Context, b *bench) (sgpa.Predictor, error) {
	s := sgpa.NewSNGP(linalg.NewRand(b.seed), b.task.Config, b.budget.SNGPF, 0.95)
	if err := b.task.vectors(s.Net); err != nil {
		return nil, err
	}
	err := b.metered(fmt.Sprintf("SNGP, seed %d", b.seed), s.Net, b.task.Train.X, func() (*train.History, error) {
		return s.Fit(ctx, b.task.Train, nil, b.options(b.seed))
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}
