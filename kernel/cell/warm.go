package cell

import "context"

// Warm loads what the first cells will need: the declarations of common
// packages, and, by running a cell in a session of its own, the code of the
// engine. It may run while cells do.
func (s *Session) Warm() {
	for _, path := range []string{"fmt", "math", "strings", "time", "github.com/priorlab/priorlab/stdlib/lab"} {
		_, _ = s.importer.Import(path) // a fault shows in the cell that needs it
	}
	w, err := NewSession(Options{})
	if err != nil {
		return
	}
	w.Eval(context.Background(), Cell{Source: "x := []float64{1}\nfmt.Fprintln(io.Discard, len(x))\nx[0] + 1"})
	_ = w.Close() // it has nothing open
}
