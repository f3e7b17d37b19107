package tasks

import (
	"context"
	"fmt"

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
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.name
	}
	return names
}

// method makes a predictor for a task. Those that correct or combine trained networks find them in the bench.
type method struct {
	name string
	fit  func(ctx context.Context, b *bench) (sgpa.Predictor, error)
}

// standardName is the one method that needs inputs of one length. With more than standardTokens tokens it takes ten times as
// long as the others, or worse, and has to be asked for.
const (
	standardName   = "SGPA standard"
	standardTokens = 32
)

// choose are the methods of a budget, or all that can do the task.
func choose(t *Task, names []string) ([]method, error) {
	c := t.Config
	oneLength := c.Size > 0
	short := oneLength && c.Size/c.Patch*(c.Size/c.Patch) <= standardTokens
	var out []method
	if names == nil {
		for _, m := range methods {
			if m.name != standardName || short {
				out = append(out, m)
			}
		}
		return out, nil
	}
	for _, name := range names {
		m, err := find(name)
		if err != nil {
			return nil, err
		}
		if name == standardName && !oneLength {
			return nil, fmt.Errorf("tasks: %s: %s has one covariance factor a token and needs inputs of one length; use SGPA, the decoupled form", t.Name, name)
		}
		out = append(out, m)
	}
	return out, nil
}

var methods = []method{
	{"MLE", func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, softmax, b.seed)
	}},
	{"MLE kernel", func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, kernel, b.seed)
	}},
	{"temperature", func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		p, err := b.passes(ctx, softmax, b.seed)
		if err != nil {
			return nil, err
		}
		return sgpa.Temper(ctx, *p, b.task.Valid)
	}},
	{"MC dropout", func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		p, err := b.passes(ctx, softmax, b.seed)
		if err != nil {
			return nil, err
		}
		return &sgpa.Passes{Net: p.Net, Samples: b.budget.Samples, Dropout: true, Seed: b.seed}, nil
	}},
	{"MFVI", fitMeanField},
	{"SNGP", fitSNGP},
	{"Laplace", func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		p, err := b.passes(ctx, softmax, b.seed)
		if err != nil {
			return nil, err
		}
		return sgpa.NewLaplace(ctx, sgpa.Passes{Net: p.Net, Samples: b.budget.Samples, Seed: b.seed}, b.task.Train, b.task.Valid)
	}},
	{"SGPA", func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, posterior, b.seed)
	}},
	{standardName, func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, standard, b.seed)
	}},
	{"SGPA per dataset", func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, perDataset, b.seed)
	}},
	{"SGPA tempered", func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, tempered, b.seed)
	}},
	{"KEP-SVGP", func(ctx context.Context, b *bench) (sgpa.Predictor, error) {
		return b.passes(ctx, pairs, b.seed)
	}},
	{"ensemble", func(ctx context.Context, b *bench) (sgpa.Predictor, error) { return b.ensemble(ctx, softmax) }},
	{"SGPA ensemble", func(ctx context.Context, b *bench) (sgpa.Predictor, error) { return b.ensemble(ctx, posterior) }},
}

func find(name string) (method, error) {
	for _, m := range methods {
		if m.name == name {
			return m, nil
		}
	}
	return method{}, fmt.Errorf("tasks: there is no method %q; there are %v", name, Methods())
}

// bench is one seed of a comparison. Trained networks are kept, so that methods that share one train it once.
type bench struct {
	task   *Task
	budget Budget
	seed   uint64
	log    func(format string, args ...any)
	nets   map[string]*sgpa.Network
	spent  map[string]effort // on each network
	used   []string          // the networks of the method at hand
}

func newBench(t *Task, b Budget, seed uint64, log func(format string, args ...any)) *bench {
	return &bench{task: t, budget: b, seed: seed, log: log, nets: map[string]*sgpa.Network{}, spent: map[string]effort{}}
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

// perDataset divides the divergence of the global points by the number of training inputs: one function for all of them.
//
// tempered divides all divergences by a hundred. With short training on small data, whole divergences hold the posterior
// at the prior, attention carries next to nothing, and accuracy is lost; a tempered posterior keeps both.
var (
	softmax    = variant{"softmax", func(c *sgpa.Config) { c.Method = sgpa.Softmax }}
	kernel     = variant{"kernel", func(c *sgpa.Config) { c.Method = sgpa.KernelAttention }}
	posterior  = variant{"sgpa", func(c *sgpa.Config) { c.Method = sgpa.SGPA }}
	perDataset = variant{"sgpa per dataset", func(c *sgpa.Config) { c.Method, c.KLGlobalScale = sgpa.SGPA, sgpa.PerDataset }}
	standard   = variant{"standard sgpa", func(c *sgpa.Config) { c.Method = sgpa.StandardSGPA }}
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
	n := sgpa.MeanFieldNetwork(linalg.NewRand(b.seed), b.task.Config, len(b.task.Train.Y))
	if err := b.task.vectors(n); err != nil {
		return nil, err
	}
	err := b.metered(fmt.Sprintf("MFVI, seed %d", b.seed), n, b.task.Train.X, func() (*train.History, error) {
		return sgpa.Fit(ctx, n, b.task.Train, nil, sgpa.RampUp, b.options(b.seed))
	})
	if err != nil {
		return nil, err
	}
	return &sgpa.Passes{Net: n, Samples: b.budget.Samples, Seed: b.seed}, nil
}

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
