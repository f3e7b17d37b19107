package tasks

import (
	"time"

	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/internal/meter"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/sgpa"
	"github.com/priorlab/priorlab/stdlib/train"
)

// effort is what the training of one network took.
type effort struct {
	parameters int
	tokens     int // read in all epochs
	cpu        time.Duration
	peak       float64 // megabytes; 0 if unknown
}

// metered runs the training of a network on inputs and keeps what it took under a name, for the method at hand.
func (b *bench) metered(key string, n nn.Module, in *sgpa.Inputs, fit func() (*train.History, error)) error {
	b.used = append(b.used, key)
	known := meter.ResetPeak() == nil
	began := meter.CPU()
	h, err := fit()
	if err != nil {
		return err
	}
	e := effort{cpu: meter.CPU() - began, tokens: len(h.Epochs) * tokens(in, b.task.Config)}
	if known {
		e.peak = meter.Peak()
	}
	for _, p := range n.Params() {
		e.parameters += p.Value.Len()
	}
	b.spent[key] = e
	b.log("%s: %v", key, h)
	return nil
}

// tokens counts what attention sees of the inputs, without padding.
func tokens(in *sgpa.Inputs, c sgpa.Config) (count int) {
	switch {
	case in.Images != nil:
		side := c.Size / c.Patch
		return in.Len() * side * side
	case in.Tokens != nil:
		for _, s := range in.Tokens {
			count += len(s)
		}
	default:
		for _, g := range in.Graphs {
			count += len(g.Atoms)
		}
	}
	return count
}

// costTable is an empty table of costs.
func costTable() *calib.Table {
	return calib.NewTable([]string{"networks", "parameters of each", "training, CPU s", "training, tokens/s", "peak MB", "prediction, CPU ms an input"}, []int{-1, -1, -1, 1, -1, -1})
}

// cost adds up the networks that the method at hand has used, whoever trained them, as a row of the table of costs.
func (b *bench) cost(perInput time.Duration) []float64 {
	var all effort
	count := 0
	seen := map[string]bool{}
	for _, key := range b.used {
		if seen[key] {
			continue
		}
		seen[key] = true
		e := b.spent[key]
		count++
		all.parameters, all.peak = max(all.parameters, e.parameters), max(all.peak, e.peak)
		all.tokens, all.cpu = all.tokens+e.tokens, all.cpu+e.cpu
	}
	return []float64{float64(count), float64(all.parameters), all.cpu.Seconds(), float64(all.tokens) / all.cpu.Seconds(), all.peak, 1e3 * perInput.Seconds()}
}
