package pseudovideo

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
)

// importance draws diffusion steps in proportion to the root mean square of the last losses seen there, mixed with a
// little of the uniform distribution. Until every step has enough losses it is uniform.
type importance struct {
	history [][]float64 // the last losses of each step, oldest first
}

const (
	importanceDepth = 10
	importanceMix   = 0.001
)

func newImportance(steps int) *importance { return &importance{make([][]float64, steps)} }

// weights are the probabilities of the steps.
func (m *importance) weights() []float64 {
	p := make([]float64, len(m.history))
	total := 0.0
	for t, h := range m.history {
		if len(h) < importanceDepth {
			for i := range p {
				p[i] = 1 / float64(len(p))
			}
			return p
		}
		s := 0.0
		for _, l := range h {
			s += l * l
		}
		p[t] = math.Sqrt(s / float64(len(h)))
		total += p[t]
	}
	for t := range p {
		if total > 0 {
			p[t] /= total
		}
		p[t] = (1-importanceMix)*p[t] + importanceMix/float64(len(p))
	}
	return p
}

// draw returns n steps and the weights 1/(T p_t) that keep the expectation of the loss what it is.
func (m *importance) draw(n int, rng *linalg.Rand) (t []int, weight []float64) {
	p := m.weights()
	for range n {
		u, k := rng.Float64(), 0
		for k < len(p)-1 && u >= p[k] {
			u -= p[k]
			k++
		}
		t, weight = append(t, k), append(weight, 1/(float64(len(p))*p[k]))
	}
	return t, weight
}

// record notes the unweighted losses seen at steps t.
func (m *importance) record(t []int, loss []float64) {
	for i, k := range t {
		h := append(m.history[k], loss[i])
		if len(h) > importanceDepth {
			h = h[1:]
		}
		m.history[k] = h
	}
}

// numbers are the history as a table for checkpoints: for each step how many losses, then the losses.
func (m *importance) numbers() []float64 {
	out := make([]float64, len(m.history)*(importanceDepth+1))
	for t, h := range m.history {
		row := out[t*(importanceDepth+1):]
		row[0] = float64(len(h))
		copy(row[1:], h)
	}
	return out
}

// setNumbers takes a history from such a table.
func (m *importance) setNumbers(x []float64) {
	for t := range m.history {
		row := x[t*(importanceDepth+1):]
		m.history[t] = append([]float64(nil), row[1:1+min(max(int(row[0]), 0), importanceDepth)]...)
	}
}

// timeEmbedding is [cos(t f_0), ..., sin(t f_0), ...] with f_i = 10000^(-i/half); an odd size ends with a zero.
func timeEmbedding(t []float64, dim int) []float64 {
	half := dim / 2
	out := make([]float64, len(t)*dim)
	for n, v := range t {
		for i := range half {
			a := v * math.Exp(-math.Log(10000)*float64(i)/float64(half))
			out[n*dim+i], out[n*dim+half+i] = math.Cos(a), math.Sin(a)
		}
	}
	return out
}

// maskCounts are how many of n tokens are still hidden before each of the steps of parallel decoding.
func maskCounts(n, steps int) []int {
	out := make([]int, steps)
	for k := range out {
		out[k] = max(1, int(math.RoundToEven(float64(n)*math.Cos(math.Pi/2*float64(k)/float64(steps)))))
	}
	return out
}
