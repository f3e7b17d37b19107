package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

const (
	checkpointKind    = "train.Checkpoint"
	checkpointVersion = 1
)

// snapshot is what a checkpoint holds beside tensors. NaN has no JSON form: a missing validation score is null.
type snapshot struct {
	Seed, N    uint64
	Batch      int
	AdamSteps  int
	Position   position
	BestEpoch  int
	Epochs     []Epoch
	Validation []*float64
	HasBest    bool
}

// checkpoint writes the state to the file of the options, if there is one.
func (t *Trainer) checkpoint() error {
	if t.Options.Checkpoint == "" {
		return nil
	}
	var err error
	try := linalg.Try(func() { err = t.Save(t.Options.Checkpoint) })
	return errors.Join(try, err)
}

// Save writes the whole state of training: model, optimiser, place in the data and history.
func (t *Trainer) Save(path string) error {
	steps, moments := t.adam.state()
	s := snapshot{Seed: t.Options.Seed, N: uint64(t.Problem.N), Batch: t.Options.Batch, AdamSteps: steps, Position: t.pos,
		BestEpoch: t.History.Best, HasBest: len(t.best) > 0}
	for _, e := range t.History.Epochs {
		var v *float64
		if x := e.Valid; !math.IsNaN(x) {
			v = &x
		}
		e.Valid = 0
		s.Epochs, s.Validation = append(s.Epochs, e), append(s.Validation, v)
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	f := &File{Kind: checkpointKind, Version: checkpointVersion, Extra: raw, Tensors: nn.Join(t.params, moments)}
	for i, b := range t.best {
		f.Tensors = append(f.Tensors, nn.Param{Name: "best." + t.params[i].Name, Value: b})
	}
	return f.Save(path)
}

func (t *Trainer) restore(path string) error {
	f, err := Load(path)
	if err != nil {
		return err
	}
	if f.Kind != checkpointKind || f.Version != checkpointVersion {
		return fmt.Errorf("train: %s holds a %s, version %d, not a checkpoint of version %d", path, f.Kind, f.Version, checkpointVersion)
	}
	var s snapshot
	if err := json.Unmarshal(f.Extra, &s); err != nil {
		return fmt.Errorf("train: %s: %w", path, err)
	}
	if s.Seed != t.Options.Seed || s.N != uint64(t.Problem.N) || s.Batch != t.Options.Batch {
		return fmt.Errorf("train: %s was written with seed %d, %d examples and batches of %d, not %d, %d and %d; remove it to begin anew",
			path, s.Seed, s.N, s.Batch, t.Options.Seed, t.Problem.N, t.Options.Batch)
	}
	if len(s.Epochs) != len(s.Validation) {
		return fmt.Errorf("train: %s: %d epochs but %d validation scores", path, len(s.Epochs), len(s.Validation))
	}
	_, moments := t.adam.state()
	if err := f.Into(nn.List(nn.Join(t.params, moments))); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	t.adam.setState(s.AdamSteps, moments)
	if s.HasBest {
		t.best = nil
		byName := map[string]*linalg.Tensor{}
		for _, p := range f.Tensors {
			byName[p.Name] = p.Value
		}
		for _, p := range t.params {
			b, ok := byName["best."+p.Name]
			if !ok {
				return fmt.Errorf("train: %s lacks the best value of %s", path, p.Name)
			}
			t.best = append(t.best, linalg.Param(b))
		}
	}
	for i := range s.Epochs {
		s.Epochs[i].Valid = math.NaN()
		if v := s.Validation[i]; v != nil {
			s.Epochs[i].Valid = *v
		}
	}
	t.pos = s.Position
	t.History.Epochs, t.History.Best = s.Epochs, s.BestEpoch
	return nil
}
