package pseudovideo

import (
	"encoding/json"
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

// The kinds of saved models, and their version.
const (
	kindDiffusion = "pseudovideo.Diffusion"
	kindTokenizer = "pseudovideo.Tokenizer"
	kindPrior     = "pseudovideo.Prior"
	kindHVAE      = "pseudovideo.HVAE"
	savedVersion  = 1
)

// saved is the configuration part of a file.
type saved[C any] struct {
	Config  C
	H, W, C int
	Grid    [3]int // of a prior
	Codes   int
	Mean    []float64 // of each frame, or of the first state
	Std     []float64
}

// write saves a model with its weight average, if it has one.
func (r *training) write(path, kind string, config any, params []nn.Param) error {
	r.params = params
	f, err := train.NewFile(kind, savedVersion, config, r.everything())
	if err != nil {
		return err
	}
	return f.Save(path)
}

// open reads a file of the given kind and its configuration.
func open[C any](path, kind string) (*train.File, saved[C], error) {
	var s saved[C]
	f, err := train.Load(path)
	if err != nil {
		return nil, s, err
	}
	if f.Kind != kind || f.Version != savedVersion {
		return nil, s, fmt.Errorf("pseudovideo: %s holds a %s, version %d; a %s, version %d, was asked for", path, f.Kind, f.Version, kind, savedVersion)
	}
	if err := json.Unmarshal(f.Config, &s); err != nil {
		return nil, s, fmt.Errorf("pseudovideo: %s: %w", path, err)
	}
	return f, s, nil
}

// fill puts the numbers of a file into a model.
func (r *training) fill(f *train.File, params []nn.Param) error {
	r.params = params
	for _, t := range f.Tensors {
		if len(params) > 0 && t.Name == "average."+params[0].Name {
			r.makeShadow()
		}
	}
	if err := f.Into(r.everything()); err != nil {
		return err
	}
	if r.loaded != nil {
		r.loaded()
	}
	return nil
}

// Save writes the model to a file that LoadDiffusion reads.
func (d *Diffusion) Save(path string) error {
	return d.run.write(path, kindDiffusion, saved[DiffusionConfig]{Config: d.Config, H: d.H, W: d.W, C: d.C, Mean: d.mean, Std: d.std}, d.Params())
}

// LoadDiffusion reads a model that Save wrote.
func LoadDiffusion(path string) (*Diffusion, error) {
	f, s, err := open[DiffusionConfig](path, kindDiffusion)
	if err != nil {
		return nil, err
	}
	d, err := NewDiffusion(s.Config, s.H, s.W, s.C)
	if err != nil {
		return nil, err
	}
	if len(s.Mean) != len(d.mean) || len(s.Std) != len(d.std) {
		return nil, fmt.Errorf("pseudovideo: %s has means of %d frames for a model of %d", path, len(s.Mean), len(d.mean))
	}
	d.mean, d.std = s.Mean, s.Std
	return d, d.run.fill(f, d.Params())
}

// Save writes the tokenizer, its codebook included, to a file that LoadTokenizer reads.
func (t *Tokenizer) Save(path string) error {
	t.noteBook()
	return t.run.write(path, kindTokenizer, saved[TokenizerConfig]{Config: t.Config, H: t.H, W: t.W, C: t.C}, t.params)
}

// LoadTokenizer reads a tokenizer that Save wrote.
func LoadTokenizer(path string) (*Tokenizer, error) {
	f, s, err := open[TokenizerConfig](path, kindTokenizer)
	if err != nil {
		return nil, err
	}
	t, err := NewTokenizer(s.Config, s.H, s.W, s.C)
	if err != nil {
		return nil, err
	}
	return t, t.run.fill(f, t.params)
}

// Save writes the prior to a file that LoadPrior reads.
func (p *Prior) Save(path string) error {
	return p.run.write(path, kindPrior, saved[PriorConfig]{Config: p.Config, Grid: p.Grid, Codes: p.Codes}, p.params)
}

// LoadPrior reads a prior that Save wrote.
func LoadPrior(path string) (*Prior, error) {
	f, s, err := open[PriorConfig](path, kindPrior)
	if err != nil {
		return nil, err
	}
	p, err := newPrior(s.Config, s.Grid, s.Codes, false)
	if err != nil {
		return nil, err
	}
	return p, p.run.fill(f, p.params)
}

// Save writes the model to a file that LoadHVAE reads.
func (m *HVAE) Save(path string) error {
	return m.run.write(path, kindHVAE, saved[HVAEConfig]{Config: m.Config, H: m.H, W: m.W, C: m.C}, m.params)
}

// LoadHVAE reads a model that Save wrote.
func LoadHVAE(path string) (*HVAE, error) {
	f, s, err := open[HVAEConfig](path, kindHVAE)
	if err != nil {
		return nil, err
	}
	m, err := NewHVAE(s.Config, s.H, s.W, s.C)
	if err != nil {
		return nil, err
	}
	return m, m.run.fill(f, m.params)
}

// keepStart makes the distribution of a supervised model's first state part of what is saved: mean and Cholesky factor.
func (m *HVAE) keepStart() {
	d := m.H * m.W * m.C
	m.start = [2]*linalg.Tensor{linalg.Param(linalg.Zeros(linalg.F64, d)), linalg.Param(linalg.Zeros(linalg.F64, d, d))}
	m.run.state = []nn.Param{{Name: "start.mean", Value: m.start[0]}, {Name: "start.root", Value: m.start[1]}}
}
