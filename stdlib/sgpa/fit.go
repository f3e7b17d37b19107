package sgpa

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

// Data are inputs with labels 0 ... C-1.
type Data struct {
	X *Inputs
	Y []int
}

// Take is the data at the given positions.
func (d *Data) Take(at []int) *Data {
	out := &Data{X: d.X.Take(at)}
	for _, i := range at {
		out.Y = append(out.Y, d.Y[i])
	}
	return out
}

// Split cuts data into the first n and the rest.
func (d *Data) Split(n int) (first, rest *Data) {
	N := len(d.Y)
	if n < 0 || n > N {
		fail("Data.Split", "", "a first part of %d from %d examples", n, N)
	}
	at := make([]int, N)
	for i := range at {
		at[i] = i
	}
	return d.Take(at[:n]), d.Take(at[n:])
}

// Anneal is how the weight beta of the divergences grows.
type Anneal string

// Weights of the divergences over training.
const (
	RampUp Anneal = "ramp" // from 0 to 1 over the first half of the epochs
	Whole  Anneal = "full" // 1 throughout
	NoKL   Anneal = "none" // 0: for looking at what the divergences do
)

func (a Anneal) beta(at train.Moment) float64 {
	switch a {
	case Whole:
		return 1
	case NoKL:
		return 0
	case RampUp, "":
		return train.Ramp(at.Epoch, at.Epochs)
	}
	fail("Fit", `use sgpa.RampUp ("ramp"), sgpa.Whole ("full") or sgpa.NoKL ("none")`, "there is no annealing %q", string(a))
	return 0
}

// Problem is the training problem of a classifier: cross-entropy plus the weighted divergences of all layers. With valid
// data, the score of an epoch is their NLL under averaged probabilities of five passes (one for a point estimate).
func (n *Network) Problem(d, valid *Data, anneal Anneal) (*train.Problem, error) {
	if err := n.checkData("training", d); err != nil {
		return nil, err
	}
	p := &train.Problem{Model: n, N: len(d.Y)}
	p.Loss = func(batch []int, pass *nn.Pass, at train.Moment) (*linalg.Tensor, []train.Part) {
		part := d.Take(batch)
		beta := anneal.beta(at)
		l := ClassLoss(n.Forward(part.X, pass, nil), part.Y, pass, beta)
		return l.Total, []train.Part{{Name: "cross-entropy", Value: l.CE}, {Name: "KL", Value: l.KL}, {Name: "beta", Value: beta}}
	}
	if valid == nil {
		return p, nil
	}
	if err := n.checkData("validation", valid); err != nil {
		return nil, err
	}
	S := 1
	if n.Stochastic() {
		S = 5
	}
	p.Validate = func(ctx context.Context) (float64, error) {
		pred, err := (&Passes{Net: n, Samples: S}).Predict(ctx, valid.X)
		if err != nil {
			return 0, err
		}
		return nllOf(pred, valid.Y), nil
	}
	return p, nil
}

func (n *Network) checkData(what string, d *Data) error {
	if d == nil || d.X == nil || d.X.Len() == 0 {
		return fmt.Errorf("sgpa: the %s data are empty", what)
	}
	if d.X.Len() != len(d.Y) {
		return fmt.Errorf("sgpa: the %s data have %d inputs and %d labels", what, d.X.Len(), len(d.Y))
	}
	for i, y := range d.Y {
		if y < 0 || y >= n.Config.Classes {
			return fmt.Errorf("sgpa: label %d of the %s data is %d, but the network has %d classes", i, what, y, n.Config.Classes)
		}
	}
	return nil
}

// Fit trains a network as a classifier; see Problem and train.Fit.
func Fit(ctx context.Context, n *Network, d, valid *Data, anneal Anneal, o train.Options) (*train.History, error) {
	p, err := n.Problem(d, valid, anneal)
	if err != nil {
		return &train.History{Best: -1}, err
	}
	return train.Fit(ctx, p, o)
}

// Saved networks.
const (
	fileKind    = "sgpa.Network"
	fileVersion = 1
)

// Save writes the network with its configuration.
func (n *Network) Save(path string) error {
	f, err := train.NewFile(fileKind, fileVersion, n.Config, n)
	if err != nil {
		return err
	}
	return f.Save(path)
}

// Load reads a network that Save wrote.
func Load(path string) (n *Network, err error) {
	var c Config
	f, err := open(path, fileKind, &c)
	if err != nil {
		return nil, err
	}
	if err := linalg.Try(func() { n = New(linalg.NewRand(0), c) }); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, f.Into(n)
}

// open reads a file of the given kind and its configuration.
func open(path, kind string, config any) (*train.File, error) {
	f, err := train.Load(path)
	if err != nil {
		return nil, err
	}
	if f.Kind != kind || f.Version != fileVersion {
		return nil, fmt.Errorf("%s holds a %s of version %d, not a %s of version %d", path, f.Kind, f.Version, kind, fileVersion)
	}
	if err := json.Unmarshal(f.Config, config); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}
