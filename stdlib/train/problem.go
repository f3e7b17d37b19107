package train

import (
	"context"
	"fmt"
	"io"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// Moment is where training stands.
type Moment struct {
	Epoch, Epochs int
	Step          int // from 0, over all epochs
}

// Problem is what to minimise.
type Problem struct {
	Model nn.Module
	N     int // training examples

	// Loss gives the mean loss of the examples at the given positions, and its parts for the history. It is called
	// inside a linalg.Scope.
	Loss func(batch []int, p *nn.Pass, at Moment) (*linalg.Tensor, []Part)

	// Validate gives a score after each epoch, smaller is better; nil for none.
	Validate func(ctx context.Context) (float64, error)
}

// Options say how to minimise. The zero value of a field means the default in brackets.
type Options struct {
	Epochs   int      // [1]
	Batch    int      // [32]
	Seed     uint64   // of the order of examples, dropout and noise
	Samples  int      // Monte Carlo samples of stochastic layers in training [1]
	Schedule Schedule // [Constant(1e-3)]
	Adam     Adam
	ClipNorm float64 // scales gradients down to this norm; 0 for no limit

	Patience     int  // ends after this many epochs without a better validation score, and takes the best model back; 0 for never
	ResetMoments bool // begins Adam anew in each epoch, as some published code does

	Checkpoint string // file written after every epoch and on interrupt; "" for none
	Resume     bool   // goes on from Checkpoint if that file exists

	OnEpoch func(e Epoch) error // called after each epoch; an error ends training
	OnStep  func(at Moment, loss float64)
	Log     io.Writer // one line an epoch; nil for none
	Show    string    // title of a progress bar; "" for none
}

func (o Options) withDefaults() Options {
	if o.Epochs == 0 {
		o.Epochs = 1
	}
	if o.Batch == 0 {
		o.Batch = 32
	}
	if o.Samples == 0 {
		o.Samples = 1
	}
	if o.Schedule == nil {
		o.Schedule = Constant(1e-3)
	}
	return o
}

func (p *Problem) check(o Options) error {
	switch {
	case p == nil || p.Model == nil || p.Loss == nil:
		return fmt.Errorf("train: a problem needs a Model and a Loss")
	case p.N < 1:
		return fmt.Errorf("train: there are %d training examples", p.N)
	case o.Epochs < 0 || o.Batch < 1 || o.Samples < 1:
		return fmt.Errorf("train: %d epochs, batches of %d, %d samples: all must be positive", o.Epochs, o.Batch, o.Samples)
	case o.ClipNorm < 0 || o.Patience < 0:
		return fmt.Errorf("train: ClipNorm is %v and Patience %d: neither may be negative", o.ClipNorm, o.Patience)
	case o.Patience > 0 && p.Validate == nil:
		return fmt.Errorf("train: Patience is %d, but the problem has no Validate", o.Patience)
	case o.Resume && o.Checkpoint == "":
		return fmt.Errorf("train: Resume needs the name of a Checkpoint file")
	}
	seen := map[string]bool{}
	for _, q := range p.Model.Params() {
		if seen[q.Name] {
			return fmt.Errorf("train: two parameters of the model are called %q", q.Name)
		}
		if q.Value == nil || !q.Value.IsParam() {
			return fmt.Errorf("train: %q is not a parameter; make it with linalg.Param", q.Name)
		}
		seen[q.Name] = true
	}
	if len(seen) == 0 {
		return fmt.Errorf("train: the model has no parameters")
	}
	return nil
}
