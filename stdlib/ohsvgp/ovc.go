package ohsvgp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// NewOVC makes online variational conditioning (Maddox, Stanton and Wilson
// 2021): inducing points are the first M picks of a pivoted Cholesky
// factorisation of the kernel over the old points and the new inputs; nothing
// is optimised unless Options.ZSteps is positive (OVC-optZ).
func NewOVC(o Options) (*Model, error) {
	how := &ovcMethod{optimise: o.ZSteps > 0}
	return newModel(o, how)
}

type ovcMethod struct{ optimise bool }

func (v *ovcMethod) name() string {
	if v.optimise {
		return "OVC-optZ"
	}
	return "OVC"
}

func (v *ovcMethod) begin(m *Model, k gp.Kernel, x *mat.Dense, end float64) (basis, error) {
	return pickPoints(k, x, m.oldBasis(), m.opt.M)
}

// pickPoints is the basis of M picks among the old points and the new inputs.
func pickPoints(k gp.Kernel, x *mat.Dense, oldBasis basis, M int) (basis, error) {
	candidates := x
	if old, ok := oldBasis.(*points); ok {
		var all mat.Dense
		all.Stack(old.Z, x)
		candidates = &all
	}
	picks, _ := Pivots(k, candidates, M)
	if len(picks) == 0 {
		return nil, fmt.Errorf("ohsvgp: the kernel %s has no variance at any candidate", k)
	}
	_, d := candidates.Dims()
	Z := mat.NewDense(len(picks), d, nil)
	for i, p := range picks {
		Z.SetRow(i, candidates.RawRowView(p))
	}
	return &points{Z: Z}, nil
}

func (v *ovcMethod) free(m *Model, b basis) (*param.Param, func([]float64) basis) {
	if !v.optimise {
		return nil, nil
	}
	return (&pointMethod{}).free(m, b)
}

// Pivots are the first M picks of a pivoted Cholesky factorisation of k over
// the rows of x, each the row of largest remaining variance (the lowest index
// on ties), with that variance. It stops early when less than 1e-10 remains.
func Pivots(k gp.Kernel, x *mat.Dense, M int) (picks []int, variance []float64) {
	n, cols := x.Dims()
	d := k.Diag(x)
	var columns [][]float64
	for len(picks) < M {
		best := -1
		for i, v := range d {
			if !math.IsNaN(v) && (best < 0 || v > d[best]) {
				best = i
			}
		}
		if best < 0 || d[best] < 1e-10 {
			break
		}
		picks, variance = append(picks, best), append(variance, d[best])
		c := mat.Col(nil, 0, k.Matrix(x, mat.NewDense(1, cols, x.RawRowView(best))))
		root := math.Sqrt(d[best])
		for _, o := range columns {
			for i := range c {
				c[i] -= o[best] * o[i]
			}
		}
		for i := 0; i < n; i++ {
			c[i] /= root
			d[i] -= c[i] * c[i]
		}
		d[best] = math.NaN() // taken
		columns = append(columns, c)
	}
	return picks, variance
}
