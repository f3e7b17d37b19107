package ohsvgp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// NewOVFF makes online variational Fourier features (Hensman, Durrande and
// Solin 2018): cosines and sines on a fixed interval Options.Interval, widened
// at each end by Options.Margin. The kernel is a Matern; M counts a constant and
// pairs, so an even M is lowered by one.
//
// The features repeat themselves on the interval: exactly at an end half of the
// prior variance is out of reach however many there are. A margin of three
// length-scales or more is advised; none mirrors the published comparison.
func NewOVFF(o Options) (*Model, error) {
	if !(o.Interval[1] > o.Interval[0]) {
		return nil, fmt.Errorf("ohsvgp: OVFF needs Options.Interval, the smallest and largest input of all tasks; %v was given", o.Interval)
	}
	if o.Margin < 0 {
		return nil, fmt.Errorf("ohsvgp: a margin of %g is negative", o.Margin)
	}
	return newModel(o, fourierMethod{})
}

type fourierMethod struct{}

func (fourierMethod) name() string { return "OVFF" }

func (fourierMethod) begin(m *Model, k gp.Kernel, x *mat.Dense, end float64) (basis, error) {
	o := m.opt
	b := &vff{A: o.Interval[0] - o.Margin - o.Origin, B: o.Interval[1] + o.Margin - o.Origin, F: (o.M - 1) / 2}
	return b, b.check(k)
}

// notice warns of ends that the features do not reach.
func (fourierMethod) notice(m *Model) string {
	r, ok := m.kernel.(*gp.Radial)
	if !ok || m.opt.Margin >= 3*r.Lengthscale.Value() {
		return ""
	}
	return fmt.Sprintf("Options.Margin is %.4g, less than three length-scales: near the ends of the interval part of the prior is out of reach", m.opt.Margin)
}

func (fourierMethod) free(*Model, basis) (*param.Param, func([]float64) basis) { return nil, nil }

// vff is the basis of 2F+1 Fourier features on [A,B]: cos(w_j(x-A)), j = 0..F,
// then sin(w_j(x-A)), j = 1..F, w_j = 2 pi j/(B-A). Cov(u, f(x)) is these
// functions; K_uu is diagonal plus low rank, cosines and sines apart.
type vff struct {
	A, B float64
	F    int
}

func (b *vff) size() int { return 2*b.F + 1 }

func (b *vff) check(k gp.Kernel) error {
	r, ok := k.(*gp.Radial)
	if !ok || r.Lengthscale.Len() != 1 || r.Family == gp.FamilySE || r.Family == gp.FamilyRQ {
		return fmt.Errorf("ohsvgp: Fourier features need one Matern kernel on the line, not %s", k)
	}
	return nil
}

func (b *vff) kuf(k gp.Kernel, x *mat.Dense) (*mat.Dense, error) {
	xs, err := column(x)
	if err != nil || len(xs) == 0 {
		return &mat.Dense{}, err
	}
	out := mat.NewDense(b.size(), len(xs), nil)
	for i, v := range xs {
		if v < b.A || v > b.B {
			return nil, fmt.Errorf("ohsvgp: input %d is outside the interval of the Fourier features (%g beyond an end); widen Options.Interval", i, math.Max(b.A-v, v-b.B))
		}
		for j := 0; j <= b.F; j++ {
			s, c := math.Sincos(2 * math.Pi * float64(j) / (b.B - b.A) * (v - b.A))
			out.Set(j, i, c)
			if j > 0 {
				out.Set(b.F+j, i, s)
			}
		}
	}
	return out, nil
}

// kuu is K_uu and its derivative by log length-scale; that by log variance is
// -K_uu.
func (b *vff) kuu(k *gp.Radial) (K, dK *mat.Dense) {
	n := b.size()
	K, dK = mat.NewDense(n, n, nil), mat.NewDense(n, n, nil)
	variance := k.Variance.Value()
	p := map[gp.Family]int{gp.FamilyMatern12: 0, gp.FamilyMatern32: 1, gp.FamilyMatern52: 2}[k.Family]
	lam := math.Sqrt(float64(2*p+1)) / k.Lengthscale.Value()
	scale := []float64{1.0 / 2, 1.0 / 4, 3.0 / 16}[p] * (b.B - b.A) / variance
	at := func(i int) (w, t float64) {
		j, t := i, 2.0
		if i > b.F {
			j = i - b.F
		} else if i == 0 {
			t = 1
		}
		return 2 * math.Pi * float64(j) / (b.B - b.A), t
	}
	for i := 0; i < n; i++ {
		w, t := at(i)
		q := lam*lam + w*w
		d := scale * math.Pow(q, float64(p+1)) / math.Pow(lam, float64(2*p+1)) / t
		K.Set(i, i, d)
		// by log length-scale: lam falls
		dK.Set(i, i, -d*(2*float64(p+1)*lam*lam/q-float64(2*p+1)))
	}
	add := func(from, to int, v func(w float64) (v, d float64)) {
		for i := from; i < to; i++ {
			wi, _ := at(i)
			vi, di := v(wi)
			for j := from; j < to; j++ {
				wj, _ := at(j)
				vj, dj := v(wj)
				K.Set(i, j, K.At(i, j)+vi*vj/variance)
				dK.Set(i, j, dK.At(i, j)+(vi*dj+di*vj)/variance)
			}
		}
	}
	add(0, b.F+1, func(float64) (float64, float64) { return 1, 0 })
	switch p {
	case 1:
		add(b.F+1, n, func(w float64) (float64, float64) { return w / lam, w / lam })
	case 2:
		add(b.F+1, n, func(w float64) (float64, float64) { v := math.Sqrt(3) * w / lam; return v, v })
		add(0, b.F+1, func(w float64) (float64, float64) {
			u := 3 * w * w / (lam * lam)
			return (u - 1) / math.Sqrt(8), 2 * u / math.Sqrt(8)
		})
	}
	return K, dK
}

func (b *vff) blocks(k gp.Kernel, x *mat.Dense, old basis) (*blocks, error) {
	if err := b.check(k); err != nil {
		return nil, err
	}
	Kbf, err := b.kuf(k, x)
	if err != nil {
		return nil, err
	}
	K, _ := b.kuu(k.(*gp.Radial))
	out := &blocks{Kbb: K, Kbf: Kbf, kff: k.Diag(x)}
	if old != nil {
		if a, ok := old.(*vff); !ok || *a != *b {
			return nil, fmt.Errorf("ohsvgp: the old memory is of another kind (%T)", old)
		}
		out.Kba, out.Kaa = K, K
	}
	return out, nil
}

func (b *vff) backward(k gp.Kernel, x *mat.Dense, old basis, g *blocks, grad []float64) ([]float64, error) {
	r := k.(*gp.Radial)
	K, dK := b.kuu(r)
	d := []*blocks{{Kbb: scaled(K, -r.Variance.Slope(0)/r.Variance.Value())}, {Kbb: scaled(dK, r.Lengthscale.Slope(0)/r.Lengthscale.Value())}}
	n, _ := x.Dims()
	for _, di := range d {
		di.Kbf = mat.NewDense(b.size(), n, nil)
		if old != nil {
			di.Kba, di.Kaa = di.Kbb, di.Kbb
		}
	}
	contract(d, g, grad)
	k.BackwardDiag(x, g.kff, grad)
	return nil, nil
}
