package ohsvgp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// NewPath makes OHSVGP for several inputs: the points of each task are put in
// an order and read as a path in pseudo-time, point after point across tasks;
// inducing variables are the LegS memory of f along that path, by the
// recurrence Options.Rule. With Route RandomFeatures (the default here) the
// model holds the memories of Options.Features random waves and no data; with
// Route Exact it holds the path, for small problems. Use UpdateX and PredictX.
//
// On features the length-scales are frozen once the first task is learned, as
// the memories of the waves depend on them.
func NewPath(o Options) (*Model, error) {
	if o.Route == "" {
		o.Route = RandomFeatures
	}
	if o.Route == RandomFeatures && o.Hyper == HyperOnline {
		return nil, fmt.Errorf("ohsvgp: a path on random features cannot learn length-scales after the first task; use HyperFirstTask, or Route Exact")
	}
	switch o.Order {
	case "", OrderGiven, OrderNearest, OrderFarthest, OrderRandom:
	default:
		return nil, fmt.Errorf("ohsvgp: no order %q; there are %q, %q, %q, %q", o.Order, OrderGiven, OrderNearest, OrderFarthest, OrderRandom)
	}
	if err := hippo.Step(make([]float64, 1), 1, 0, o.Rule); err != nil {
		return nil, fmt.Errorf("ohsvgp: %w", err)
	}
	return newModel(o, &pathMethod{})
}

// Order is how the points of a task become a path.
type Order string

// The orders. The zero value means OrderGiven.
const (
	OrderGiven    Order = "given"      // as they come: the criterion that made the tasks
	OrderNearest  Order = "kernel-max" // next the one most similar to the last
	OrderFarthest Order = "kernel-min" // next the one least similar to the last
	OrderRandom   Order = "random"
)

type pathMethod struct{}

func (*pathMethod) name() string { return "OHSVGP path" }

func (*pathMethod) free(*Model, basis) (*param.Param, func([]float64) basis) { return nil, nil }

func (*pathMethod) begin(m *Model, k gp.Kernel, x *mat.Dense, end float64) (basis, error) {
	if m.opt.Route == Exact {
		old, _ := m.oldBasis().(*pathExact)
		return beginExact(m, k, x, old)
	}
	old, _ := m.oldBasis().(*pathFeatures)
	return beginFeatures(m, k, x, old)
}

// arrange puts the rows of x in the model's order, after the last point of the
// path so far (the origin at first), keeping every Subsample-th.
func arrange(m *Model, k gp.Kernel, x *mat.Dense, last []float64) *mat.Dense {
	n, d := x.Dims()
	step := max(1, m.opt.Subsample)
	keep := (n + step - 1) / step
	out := mat.NewDense(keep, d, nil)
	var order []int
	switch m.opt.Order {
	case OrderRandom:
		order = m.rand.Perm(n)
	case OrderNearest, OrderFarthest:
		if last == nil {
			last = make([]float64, d)
		}
		order = PathOrder(k, x, last, m.opt.Order == OrderFarthest)
	default:
		for i := 0; i < n; i++ {
			order = append(order, i)
		}
	}
	for i := 0; i < keep; i++ {
		out.SetRow(i, x.RawRowView(order[i*step]))
	}
	return out
}

// PathOrder is the greedy order of the rows of x: from start on, always the
// unused row with the largest k to the one before (the smallest when farthest
// is set), the lowest index on ties.
func PathOrder(k gp.Kernel, x *mat.Dense, start []float64, farthest bool) []int {
	n, d := x.Dims()
	used := make([]bool, n)
	order := make([]int, 0, n)
	at := start
	for len(order) < n {
		c := k.Matrix(x, mat.NewDense(1, d, append([]float64(nil), at...)))
		best := -1
		for i := 0; i < n; i++ {
			if used[i] {
				continue
			}
			if best < 0 || (!farthest && c.At(i, 0) > c.At(best, 0)) || (farthest && c.At(i, 0) < c.At(best, 0)) {
				best = i
			}
		}
		used[best] = true
		order = append(order, best)
		at = x.RawRowView(best)
	}
	return order
}

// pathFeatures is the memory of random waves along the path: with Z the
// memories of cos(w'x) and sin(w'x), K_uu = var/N (Zc Zc' + Zs Zs') and K_uf =
// var/N (Zc cos + Zs sin); every block from the same waves.
type pathFeatures struct {
	M    int
	N    int        // points on the path so far
	W    *mat.Dense // frequencies, waves x D, for the frozen length-scales
	ls   []float64  // those length-scales
	Z    *mat.Dense // M x 2 waves: cosines, then sines
	Last []float64  // last point of the path
	Step float64    // ODE: the length of a step; 0 for a path of data
}

// beginFeatures continues the path with the points of a task, in order.
func beginFeatures(m *Model, k gp.Kernel, x *mat.Dense, old *pathFeatures) (basis, error) {
	var last []float64
	if old != nil {
		last = old.Last
	}
	return walk(m, k, arrange(m, k, x, last), old)
}

// beginGrid is the ODE route on the line: the path is time itself, in even steps
// up to the end of the task.
func beginGrid(m *Model, k gp.Kernel, end float64) (basis, error) {
	old, _ := m.oldBasis().(*pathFeatures)
	step, have := m.opt.Step, 0
	if step == 0 {
		step = end / 1000
	}
	if old != nil {
		step, have = old.Step, old.N
	}
	n := int(end/step + 0.5)
	if n <= have {
		return nil, fmt.Errorf("ohsvgp: a task that ends at %g is shorter than the step %g of the ODE", end, step)
	}
	grid := mat.NewDense(n-have, 1, nil)
	for i := 0; i < n-have; i++ {
		grid.Set(i, 0, float64(have+i+1)*step)
	}
	b, err := walk(m, k, grid, old)
	if err != nil {
		return nil, err
	}
	b.Step = step
	return b, nil
}

// walk runs the waves' memories along more of the path.
func walk(m *Model, k gp.Kernel, path *mat.Dense, old *pathFeatures) (*pathFeatures, error) {
	r, ok := k.(*gp.Radial)
	if !ok || r.Family == gp.FamilyRQ {
		return nil, fmt.Errorf("ohsvgp: random waves need one SE or Matern kernel, not %s; use Route Exact", k)
	}
	_, d := path.Dims()
	b := &pathFeatures{M: m.opt.M, ls: r.Lengthscale.Values()}
	if old != nil {
		if !equal(old.ls, b.ls) {
			return nil, fmt.Errorf("ohsvgp: the length-scales %v were changed to %v, but the memories of the waves belong to the old ones", old.ls, b.ls)
		}
		b.N, b.W, b.Z = old.N, old.W, mat.DenseCopyOf(old.Z)
	} else {
		b.W = drawWaves(r, m.opt.Features, d, m.rand)
		b.Z = mat.NewDense(b.M, 2*m.opt.Features, nil)
	}
	if err := hippo.RunMany(b.Z, b.N+1, waves(path, b.W), m.opt.Rule); err != nil {
		return nil, err
	}
	n, _ := path.Dims()
	b.N += n
	b.Last = append([]float64(nil), path.RawRowView(n-1)...)
	return b, nil
}

func equal(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// drawWaves draws frequencies for d inputs; an isotropic Matern shares one
// chi-squared number among the components of a frequency.
func drawWaves(k *gp.Radial, n, d int, r *linalg.Rand) *mat.Dense {
	freedom := map[gp.Family]int{gp.FamilyMatern12: 1, gp.FamilyMatern32: 3, gp.FamilyMatern52: 5}[k.Family]
	out := mat.NewDense(n, d, nil)
	ls := k.Lengthscale.Values()
	for i := 0; i < n; i++ {
		f := 1.0
		if freedom > 0 {
			g := 0.0
			for j := 0; j < freedom; j++ {
				z := r.Normal()
				g += z * z
			}
			f = math.Sqrt(float64(freedom) / g)
		}
		for j := 0; j < d; j++ {
			out.Set(i, j, f*r.Normal()/ls[min(j, len(ls)-1)])
		}
	}
	return out
}

// waves is cos(w'x) and then sin(w'x) for every wave, one row for every point.
func waves(x, W *mat.Dense) *mat.Dense {
	n, _ := x.Dims()
	c, _ := W.Dims()
	out := mat.NewDense(n, 2*c, nil)
	var a mat.Dense
	a.Mul(x, W.T())
	for i := 0; i < n; i++ {
		r := out.RawRowView(i)
		for j, v := range a.RawRowView(i) {
			r[c+j], r[j] = math.Sincos(v)
		}
	}
	return out
}

func (b *pathFeatures) size() int { return b.M }

func (b *pathFeatures) check(gp.Kernel) error { return nil }

// weight is var/N of a kernel, after checking that it still fits the waves.
func (b *pathFeatures) weight(k gp.Kernel) (float64, error) {
	r, ok := k.(*gp.Radial)
	if !ok || !equal(r.Lengthscale.Values(), b.ls) {
		return 0, fmt.Errorf("ohsvgp: kernel %s does not belong to waves drawn for length-scales %v", k, b.ls)
	}
	c, _ := b.W.Dims()
	return r.Variance.Value() / float64(c), nil
}

func (b *pathFeatures) kuf(k gp.Kernel, x *mat.Dense) (*mat.Dense, error) {
	w, err := b.weight(k)
	if err != nil {
		return nil, err
	}
	if _, d := x.Dims(); d != len(b.Last) {
		return nil, fmt.Errorf("ohsvgp: inputs with %d columns, the path has %d", d, len(b.Last))
	}
	n, _ := x.Dims()
	out := mat.NewDense(b.M, n, nil)
	out.Mul(b.Z, waves(x, b.W).T())
	out.Scale(w, out)
	return out, nil
}

func (b *pathFeatures) blocks(k gp.Kernel, x *mat.Dense, old basis) (*blocks, error) {
	w, err := b.weight(k)
	if err != nil {
		return nil, err
	}
	out := &blocks{Kbb: linalg.SymProduct(b.Z, false), kff: k.Diag(x)}
	out.Kbb.Scale(w, out.Kbb)
	if out.Kbf, err = b.kuf(k, x); err != nil {
		return nil, err
	}
	if old != nil {
		a, ok := old.(*pathFeatures)
		if !ok || a.W != b.W {
			return nil, fmt.Errorf("ohsvgp: the old memory is of another kind (%T)", old)
		}
		out.Kba = mat.NewDense(b.M, a.M, nil)
		out.Kba.Mul(b.Z, a.Z.T())
		out.Kba.Scale(w, out.Kba)
		out.Kaa = linalg.SymProduct(a.Z, false)
		out.Kaa.Scale(w, out.Kaa)
	}
	return out, nil
}

// backward knows the variance alone: every block is proportional to it.
func (b *pathFeatures) backward(k gp.Kernel, x *mat.Dense, old basis, g *blocks, grad []float64) ([]float64, error) {
	bl, err := b.blocks(k, x, old)
	if err != nil {
		return nil, err
	}
	for i := 1; i < len(grad); i++ {
		if k.(*gp.Radial).Lengthscale.Trainable {
			return nil, fmt.Errorf("ohsvgp: the length-scales of a path on random features cannot be learned here; fix them, or keep the first task below %d points", exactLimit)
		}
	}
	s := dot(g.Kbb, bl.Kbb) + dot(g.Kbf, bl.Kbf)
	if old != nil {
		s += dot(g.Kba, bl.Kba) + dot(g.Kaa, bl.Kaa)
	}
	v := k.(*gp.Radial).Variance
	grad[0] += s * v.Slope(0) / v.Value()
	k.BackwardDiag(x, g.kff, grad)
	return nil, nil
}

// pathExact is u = W f(path) with the path held: W is the recurrence run on unit
// impulses, so that K_uu = W K(path,path) W' for any kernel.
type pathExact struct {
	W    *mat.Dense // M x points
	Path *mat.Dense // points x D
	Rule hippo.Rule
}

func beginExact(m *Model, k gp.Kernel, x *mat.Dense, old *pathExact) (basis, error) {
	b := &pathExact{Rule: m.opt.Rule}
	if old == nil {
		b.Path = arrange(m, k, x, nil)
	} else {
		n, _ := old.Path.Dims()
		b.Path = &mat.Dense{}
		b.Path.Stack(old.Path, arrange(m, k, x, old.Path.RawRowView(n-1)))
	}
	n, _ := b.Path.Dims()
	b.W = mat.NewDense(m.opt.M, n, nil)
	return b, hippo.RunMany(b.W, 1, eye(n), b.Rule)
}

func (b *pathExact) size() int { m, _ := b.W.Dims(); return m }

func (b *pathExact) check(gp.Kernel) error { return nil }

func (b *pathExact) kuf(k gp.Kernel, x *mat.Dense) (*mat.Dense, error) {
	return mul(b.W, k.Matrix(b.Path, x)), nil
}

func mul(a, b mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Mul(a, b)
	return &out
}

func (b *pathExact) blocks(k gp.Kernel, x *mat.Dense, old basis) (*blocks, error) {
	out := &blocks{kff: k.Diag(x), Kbf: mul(b.W, k.Matrix(b.Path, x))}
	out.Kbb = mul(mul(b.W, k.Matrix(b.Path, b.Path)), b.W.T())
	symmetrise(out.Kbb)
	if old != nil {
		a, ok := old.(*pathExact)
		if !ok {
			return nil, fmt.Errorf("ohsvgp: the old memory is of another kind (%T)", old)
		}
		out.Kba = mul(mul(b.W, k.Matrix(b.Path, a.Path)), a.W.T())
		out.Kaa = mul(mul(a.W, k.Matrix(a.Path, a.Path)), a.W.T())
		symmetrise(out.Kaa)
	}
	return out, nil
}

func (b *pathExact) backward(k gp.Kernel, x *mat.Dense, old basis, g *blocks, grad []float64) ([]float64, error) {
	k.Backward(b.Path, b.Path, mul(mul(b.W.T(), g.Kbb), b.W), grad)
	k.Backward(b.Path, x, mul(b.W.T(), g.Kbf), grad)
	k.BackwardDiag(x, g.kff, grad)
	if a, ok := old.(*pathExact); ok {
		k.Backward(b.Path, a.Path, mul(mul(b.W.T(), g.Kba), a.W), grad)
		k.Backward(a.Path, a.Path, mul(mul(a.W.T(), g.Kaa), a.W), grad)
	}
	return nil, nil
}
