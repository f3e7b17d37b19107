package lab

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"

	"github.com/priorlab/priorlab/stdlib/param"
	"github.com/priorlab/priorlab/stdlib/plots"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Process is a Gaussian process over one input, as the package gp has it. When
// it is a pointer to a struct whose exported fields are its settings, and what
// it learned from data is in the others, Explore draws the prior beside the
// posterior.
type Process interface {
	Params() param.Set
	// Condition gives the model its data: x is n × 1, y has length n.
	Condition(x *mat.Dense, y []float64) error
	// Predict is the mean and variance at the rows of x.
	Predict(x *mat.Dense) (mean, variance []float64, err error)
	// SampleWith draws one function for every row of standard normals base.
	SampleWith(x, base *mat.Dense) (*mat.Dense, error)
}

// dataOf reads the further arguments of Explore as data: none, or x and y.
func dataOf(more []any) (x, y []float64, ok bool) {
	switch len(more) {
	case 0:
		return nil, nil, true
	case 2:
		x, okX := more[0].([]float64)
		y, okY := more[1].([]float64)
		return x, y, okX && okY
	}
	return nil, nil, false
}

const (
	gridPoints  = 200
	draftPoints = 60
	pathCount   = 20
)

// process explores a Gaussian process: its posterior when there are data, its
// prior otherwise.
func (e *explorer) process(m Process, x, y []float64) error {
	if len(x) != len(y) {
		return fmt.Errorf("x has %d values but y has %d; they must be equally long", len(x), len(y))
	}
	lo, hi := 0.0, 1.0
	if len(x) > 0 {
		lo, hi = x[0], x[0]
		for _, v := range x {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
		air := 0.1 * math.Max(hi-lo, 1e-9)
		lo, hi = lo-air, hi+air
	} else if p, err := m.Params().Get("lengthscale"); err == nil { // a prior has no place of its own
		hi = 10 * p.Value()
	}
	pr := &processView{m: m, x: append([]float64(nil), x...), y: append([]float64(nil), y...), lo: lo, hi: hi}
	e.picture, e.data = pr.picture, pr
	variance := 1.0
	if v := stat.Variance(y, nil); v > 0 {
		variance = v
	}
	e.menu = menuFor(m, variance, lo, hi)
	if e.implies == nil {
		e.implies = pr.implies
	}
	if s, ok := m.(interface {
		LogMarginal() (float64, []float64, error)
	}); ok && e.score == nil && len(x) > 0 {
		e.scoreIs, e.score = "log marginal likelihood", s.LogMarginal
	}
	return nil
}

// processView draws a process and remembers what the picture showed.
type processView struct {
	m      Process
	x, y   []float64
	lo, hi float64
	words  string
}

func column(x []float64) *mat.Dense { return mat.NewDense(len(x), 1, append([]float64(nil), x...)) }

func (p *processView) picture(ctx context.Context, v View) ([]any, error) {
	n := gridPoints
	if v.Draft {
		n = draftPoints
	}
	grid := make([]float64, n)
	for i := range grid {
		grid[i] = p.lo + (p.hi-p.lo)*float64(i)/float64(n-1)
	}
	if len(p.x) > 0 {
		if err := p.m.Condition(column(p.x), p.y); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mean, variance, err := p.m.Predict(column(grid))
	if err != nil {
		return nil, err
	}
	sd := make([]float64, n)
	for i, s := range variance {
		sd[i] = math.Sqrt(math.Max(s, 0))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	paths, err := p.m.SampleWith(column(grid), baseNormals(v.Seed, n))
	if err != nil {
		return nil, err
	}
	p.words = p.describe(paths, mean, sd)
	title := "Prior"
	if len(p.x) > 0 {
		title = "Posterior"
	}
	f := plots.New(title).Band(grid, mean, sd, "mean ± 2 sd")
	if len(p.x) > 0 {
		if m, s, ok := p.prior(grid); ok {
			lo, hi := make([]float64, n), make([]float64, n)
			for i := range grid {
				lo[i], hi[i] = m[i]-2*s[i], m[i]+2*s[i]
			}
			f.Dashed(grid, lo, "prior ± 2 sd").Dashed(grid, hi, "prior ± 2 sd")
		}
	}
	f.Samples(grid, mat.DenseCopyOf(paths.T()), "samples")
	if len(p.x) > 0 {
		f.Scatter(p.x, p.y, "data")
	}
	return []any{f}, nil
}

// prior is the mean and standard deviation of the model before it saw data:
// the same settings without what data have left behind. ok is false for models
// that do not work so.
func (p *processView) prior(grid []float64) (mean, sd []float64, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false // its settings are not all exported
		}
	}()
	v := reflect.ValueOf(p.m)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil, nil, false
	}
	bare := reflect.New(v.Type().Elem())
	for i := range v.Elem().NumField() {
		if v.Elem().Type().Field(i).IsExported() {
			bare.Elem().Field(i).Set(v.Elem().Field(i))
		}
	}
	twin, ok := bare.Interface().(Process)
	if !ok || len(twin.Params()) != len(p.m.Params()) {
		return nil, nil, false
	}
	mean, variance, err := twin.Predict(column(grid))
	if err != nil {
		return nil, nil, false
	}
	for _, s := range variance {
		sd = append(sd, math.Sqrt(math.Max(s, 0)))
	}
	return mean, sd, true
}

// baseNormals are the random numbers behind the paths: for one seed always
// the same, so that a path keeps its character while parameters move. A draft
// on fewer points takes those of the places it keeps.
func baseNormals(seed uint64, n int) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 0x5851f42d4c957f2d))
	base := mat.NewDense(pathCount, n, nil)
	for i := range pathCount {
		for k := range gridPoints {
			z := rng.NormFloat64()
			if j := k * n / gridPoints; j < n && (k == 0 || (k-1)*n/gridPoints != j) {
				base.Set(i, j, z)
			}
		}
	}
	return base
}

// describe says what the settings imply, read off the picture.
func (p *processView) describe(paths *mat.Dense, mean, sd []float64) string {
	r, c := paths.Dims()
	crossings, lo, hi := 0.0, math.Inf(1), math.Inf(-1)
	for i := range r {
		for j := range c {
			if j > 0 && (paths.At(i, j) > 0) != (paths.At(i, j-1) > 0) {
				crossings++
			}
		}
	}
	for i, m := range mean {
		lo, hi = math.Min(lo, m-1.96*sd[i]), math.Max(hi, m+1.96*sd[i])
	}
	return fmt.Sprintf("%.1f zero crossings a path · 95 %% within %.3g to %.3g", crossings/float64(r), lo, hi)
}

func (p *processView) implies() string { return p.words }

// observing is a row of controls that add an observation and take the last
// one away. A model keeps at least one once it has any.
func (e *explorer) observing() *Widget {
	x, y := FloatText("x", (e.data.lo+e.data.hi)/2), FloatText("y", 0)
	add, remove := Button("Observe").With("icon", "plus"), Button("Forget the last").With("icon", "minus")
	for _, w := range []*Widget{x, y} {
		w.Style("description_width", "1.5em").Layout("width", "9em")
	}
	for _, w := range []*Widget{add, remove} {
		w.Layout("width", "auto")
	}
	add.OnClick(func() {
		e.data.x, e.data.y = append(e.data.x, x.Float()), append(e.data.y, y.Float())
		e.try(Context(), false)
	})
	remove.OnClick(func() {
		if n := len(e.data.x); n > 1 {
			e.data.x, e.data.y = e.data.x[:n-1], e.data.y[:n-1]
			e.try(Context(), false)
		}
	})
	row := HBox(x, y, add, remove)
	row.aside = true
	return row
}
