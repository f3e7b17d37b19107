package tasks

import (
	"fmt"
	"path/filepath"

	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

// walkSteps is the number of random-walk features of an atom.
const walkSteps = 8

// atomTypes and maxAtoms bound the molecules of the set.
const (
	atomTypes = 19
	maxAtoms  = 64
)

// WalkFeatures are, for each atom, the probabilities that a random walk along the bonds is back after 1, 2, ..., steps
// steps: they tell rings and chains apart, which atoms without an order would not.
func WalkFeatures(n int, edges [][2]int, steps int) [][]float64 {
	next := make([][]int, n)
	for _, e := range edges {
		next[e[0]], next[e[1]] = append(next[e[0]], e[1]), append(next[e[1]], e[0])
	}
	out := make([][]float64, n)
	for a := range out {
		at := make([]float64, n)
		at[a] = 1
		for range steps {
			to := make([]float64, n)
			for i, p := range at {
				for _, j := range next[i] {
					to[j] += p / float64(len(next[i]))
				}
			}
			at = to
			out[a] = append(out[a], at[a])
		}
	}
	return out
}

// molecules are graphs with targets.
type molecules struct {
	x *sgpa.Inputs
	y []float64
}

// take are the molecules at some positions.
func (m *molecules) take(at []int) *molecules {
	out := &molecules{x: m.x.Take(at)}
	for _, i := range at {
		out.y = append(out.y, m.y[i])
	}
	return out
}

func readZINC(part string, n int) (*molecules, error) {
	name := filepath.Join("zinc", "zinc_"+part+".jsonl.gz")
	lines, err := data.ReadJSONL(name)
	if err != nil {
		return nil, err
	}
	if n > 0 && n < len(lines) {
		lines = lines[:n]
	}
	m := &molecules{x: &sgpa.Inputs{}}
	for i, l := range lines {
		g, y, err := molecule(l)
		if err != nil {
			return nil, fmt.Errorf("tasks: %s, molecule %d: %w", name, i, err)
		}
		m.x.Graphs, m.y = append(m.x.Graphs, g), append(m.y, y)
	}
	return m, nil
}

func molecule(l map[string]any) (g sgpa.Graph, y float64, err error) {
	y, ok := l["y"].(float64)
	atoms, ok2 := l["atoms"].([]any)
	bonds, ok3 := l["edges"].([]any)
	if !ok || !ok2 || !ok3 {
		return g, 0, fmt.Errorf("y, atoms and edges are wanted")
	}
	for _, a := range atoms {
		v, ok := a.(float64)
		if !ok || v < 0 || v >= atomTypes {
			return g, 0, fmt.Errorf("atom type %v is not from 0 to %d", a, atomTypes-1)
		}
		g.Atoms = append(g.Atoms, int(v))
	}
	if len(g.Atoms) == 0 || len(g.Atoms) > maxAtoms {
		return g, 0, fmt.Errorf("%d atoms; from 1 to %d are read", len(g.Atoms), maxAtoms)
	}
	var edges [][2]int
	for _, b := range bonds {
		e, ok := b.([]any)
		if !ok || len(e) < 2 {
			return g, 0, fmt.Errorf("bond %v is not a list of two atoms and an order", b)
		}
		i, ok1 := e[0].(float64)
		j, ok2 := e[1].(float64)
		if !ok1 || !ok2 || i < 0 || j < 0 || int(i) >= len(g.Atoms) || int(j) >= len(g.Atoms) {
			return g, 0, fmt.Errorf("bond %v joins atoms that are not there", b)
		}
		edges = append(edges, [2]int{int(i), int(j)})
	}
	g.Walks = WalkFeatures(len(g.Atoms), edges, walkSteps)
	return g, y, nil
}

// ZINC is the regression of constrained solubility from molecular graphs, with n training molecules; all methods have a
// Gaussian likelihood of learned noise.
func ZINC(n int) (*Task, error) {
	learn, err := readZINC("train", n)
	if err != nil {
		return nil, err
	}
	test, err := readZINC("test", 0)
	if err != nil {
		return nil, err
	}
	return &Task{Name: fmt.Sprintf("ZINC, %d molecules", len(learn.y)), Rate: 2e-3, Batch: 32, learn: learn, tests: test,
		Config: sgpa.Config{Width: 32, Heads: 2, Depth: 2, Inducing: 8, Classes: 1, AtomTypes: atomTypes, WalkFeatures: walkSteps, MaxTokens: maxAtoms, Dropout: 0.1}}, nil
}
