package data

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A Regression has d inputs and one output: X is n × d, Y has length n.
type Regression struct {
	Name   string
	XNames []string
	YName  string
	Credit string
	X      *mat.Dense
	Y      []float64
}

// String tells name and shape.
func (r Regression) String() string {
	n, d := r.X.Dims()
	return fmt.Sprintf("%s: %d rows, %d inputs, output %s", r.Name, n, d, r.YName)
}

// Regression makes a regression of the columns of a table: y is the output,
// xs the inputs (all other columns when none is named). Rows with a missing
// value are left out.
func (t *Table) Regression(y string, xs ...string) (Regression, error) {
	if len(xs) == 0 {
		for _, c := range t.Columns {
			if c != y {
				xs = append(xs, c)
			}
		}
	}
	r := Regression{Name: t.Name, XNames: xs, YName: y}
	cols := make([][]float64, 0, len(xs)+1)
	for _, c := range append(append([]string(nil), xs...), y) {
		v, err := t.Numbers(c)
		if err != nil {
			return Regression{}, err
		}
		cols = append(cols, v)
	}
	var flat []float64
	for i := range t.Len() {
		row := make([]float64, len(cols))
		whole := true
		for k, c := range cols {
			row[k] = c[i]
			whole = whole && !math.IsNaN(c[i])
		}
		if whole {
			flat, r.Y = append(flat, row[:len(xs)]...), append(r.Y, row[len(xs)])
		}
	}
	if len(r.Y) == 0 || len(xs) == 0 {
		return Regression{}, fault(t.Name, "", 0, "no whole row of inputs and output is left of %d rows", t.Len())
	}
	r.X = mat.NewDense(len(r.Y), len(xs), flat)
	return r, nil
}

// Standardized gives the same data with every input and the output at mean 0
// and standard deviation 1, and the scaling of the output.
func (r Regression) Standardized() (Regression, Scaling) {
	n, d := r.X.Dims()
	x := mat.NewDense(n, d, nil)
	for j := range d {
		z, _ := Standardize(mat.Col(nil, j, r.X))
		x.SetCol(j, z)
	}
	y, s := Standardize(r.Y)
	r.X, r.Y = x, y
	return r, s
}

// Rows gives the rows with the given indices, in that order.
func (r Regression) Rows(index []int) Regression {
	_, d := r.X.Dims()
	x := mat.NewDense(max(len(index), 1), d, nil)
	y := make([]float64, len(index))
	for k, i := range index {
		x.SetRow(k, r.X.RawRowView(i))
		y[k] = r.Y[i]
	}
	r.X, r.Y = x, y
	return r
}
