package ohsvgp

import (
	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// NewOSGPR makes the online sparse GP of Bui, Nguyen and Turner (2017):
// inducing points Z are function values at places that are optimised anew in
// every task. A task begins with a random share Options.ZKeep of the old places
// and as many new inputs as are wanting, then takes Options.ZSteps steps up the
// online bound.
func NewOSGPR(o Options) (*Model, error) { return newModel(o, &pointMethod{}) }

// pointMethod is OSGPR.
type pointMethod struct{}

func (*pointMethod) name() string { return "OSGPR" }

func (*pointMethod) begin(m *Model, k gp.Kernel, x *mat.Dense, end float64) (basis, error) {
	old, _ := m.oldBasis().(*points)
	return startPoints(m.rand, old, x, m.opt.M, m.opt.ZKeep), nil
}

// startPoints are M places for a new task: a random share of the old ones, and
// inputs of the task for the rest.
func startPoints(r *linalg.Rand, old *points, x *mat.Dense, M int, share float64) *points {
	n, d := x.Dims()
	var rows [][]float64
	if old != nil {
		keep := int(share*float64(old.size()) + 0.5)
		if old.size() < M {
			keep = old.size()
		}
		for _, i := range r.Perm(old.size())[:keep] {
			rows = append(rows, old.Z.RawRowView(i))
		}
	}
	for _, i := range r.Perm(n) {
		if len(rows) == M {
			break
		}
		if !contains(rows, x.RawRowView(i)) {
			rows = append(rows, x.RawRowView(i))
		}
	}
	Z := mat.NewDense(len(rows), d, nil)
	for i, v := range rows {
		Z.SetRow(i, v)
	}
	return &points{Z: Z}
}

// contains tells whether a row is there already: two equal inducing points
// carry the same variable twice.
func contains(rows [][]float64, r []float64) bool {
	for _, o := range rows {
		same := true
		for j := range r {
			same = same && o[j] == r[j]
		}
		if same {
			return true
		}
	}
	return false
}

func (*pointMethod) free(m *Model, b basis) (*param.Param, func([]float64) basis) {
	if m.opt.ZSteps < 0 {
		return nil, nil
	}
	Z := b.(*points).Z
	n, d := Z.Dims()
	var flat []float64
	for i := 0; i < n; i++ {
		flat = append(flat, Z.RawRowView(i)...)
	}
	return param.Real("Z", flat...), func(v []float64) basis { return &points{Z: mat.NewDense(n, d, v)} }
}
