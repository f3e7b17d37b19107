package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/priorlab/priorlab/stdlib/plots"
)

// Part is a named share of the loss, for the history.
type Part struct {
	Name  string
	Value float64
}

// Epoch is what one pass over the data gave: means over its steps.
type Epoch struct {
	Epoch    int // from 0
	Steps    int
	Rate     float64 // learning rate
	Loss     float64
	Parts    []Part
	GradNorm float64
	Valid    float64 // NaN when there is no validation
	Seconds  float64
}

// History is the record of a fit.
type History struct {
	Epochs []Epoch
	Best   int    // epoch with the least validation score; -1 without one
	Ended  string // why training ended: "all epochs", "early stop", "interrupted"
}

// Final is the last epoch; its zero value if there was none.
func (h *History) Final() Epoch {
	if len(h.Epochs) == 0 {
		return Epoch{Epoch: -1, Valid: math.NaN()}
	}
	return h.Epochs[len(h.Epochs)-1]
}

// Losses are the mean losses, one an epoch.
func (h *History) Losses() []float64 {
	return h.column(func(e Epoch) float64 { return e.Loss })
}

func (h *History) column(f func(Epoch) float64) []float64 {
	out := make([]float64, len(h.Epochs))
	for i, e := range h.Epochs {
		out[i] = f(e)
	}
	return out
}

// String is one line for the whole fit.
func (h *History) String() string {
	if len(h.Epochs) == 0 {
		return "no epoch was trained; " + h.Ended
	}
	first, last := h.Epochs[0], h.Final()
	var seconds float64
	for _, e := range h.Epochs {
		seconds += e.Seconds
	}
	s := fmt.Sprintf("%d epochs in %.1f s (%s): loss %.4f -> %.4f", len(h.Epochs), seconds, h.Ended, first.Loss, last.Loss)
	if h.Best >= 0 {
		s += fmt.Sprintf("; best validation %.4f in epoch %d", h.Epochs[h.Best].Valid, h.Best)
	}
	return s
}

// String is one line for an epoch.
func (e Epoch) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "epoch %d: loss %.4f", e.Epoch, e.Loss)
	for _, p := range e.Parts {
		fmt.Fprintf(&s, ", %s %.4f", p.Name, p.Value)
	}
	if !math.IsNaN(e.Valid) {
		fmt.Fprintf(&s, ", validation %.4f", e.Valid)
	}
	fmt.Fprintf(&s, ", rate %.2g, %.1f s", e.Rate, e.Seconds)
	return s.String()
}

// Figure draws the loss, its parts and the validation score by epoch.
func (h *History) Figure() *plots.Figure {
	x := h.column(func(e Epoch) float64 { return float64(e.Epoch) })
	fig := plots.New("").Line(x, h.Losses(), "loss").Labels("epoch", "")
	if len(h.Epochs) == 0 {
		return fig
	}
	for k, p := range h.Epochs[0].Parts {
		fig.Line(x, h.column(func(e Epoch) float64 { return e.Parts[k].Value }), p.Name)
	}
	if h.Best >= 0 {
		fig.Line(x, h.column(func(e Epoch) float64 { return e.Valid }), "validation")
	}
	return fig
}

// SVG is Figure as SVG text.
func (h *History) SVG() string { return h.Figure().SVG() }
