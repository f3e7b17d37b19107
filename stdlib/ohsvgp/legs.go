package ohsvgp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"gonum.org/v1/gonum/mat"
)

// legs is the LegS basis of M variables with end time T, with exact integrals:
// K_uu from the lag table, K_uf by the route that suits the kernel, and
//
//	K_ba = E(T_a,T) K_aa + int_{T_a}^{T} phi^(T)(x) K_fu^(T_a)(x) dx,
//
// which holds because the old variables are linear in the new memory's past.
type legs struct {
	M int
	T float64
}

func (b *legs) size() int { return b.M }

func (b *legs) check(k gp.Kernel) error {
	_, err := b.stationary(k)
	return err
}

// finest is how many scales of a kernel the past may be long. Far fewer are of
// use (some two for every three polynomials), but the cost of all integrals
// grows with them, and a search for hyper-parameters may ask for any.
const finest = 4000

// stationary is k as a function of the lag, unless it changes too fast.
func (b *legs) stationary(k gp.Kernel) (gp.Stationary, error) {
	s, err := gp.StationaryOf(k)
	if err != nil {
		return nil, err
	}
	return s, tooFine(s, b.T, b.M)
}

func tooFine(s gp.Stationary, T float64, M int) error {
	if h := s.Scale(); !(T <= finest*h) {
		return fmt.Errorf("ohsvgp: %s changes over %.3g, which is %.3g times shorter than the past of %.3g: %d variables cannot follow, and more than %d times is not computed; use a longer length-scale", s, h, T/h, T, M, finest)
	}
	return nil
}

func (b *legs) kuf(k gp.Kernel, x *mat.Dense) (*mat.Dense, error) {
	s, err := b.stationary(k)
	if err != nil {
		return nil, err
	}
	xs, err := column(x)
	if err != nil || len(xs) == 0 {
		return &mat.Dense{}, err
	}
	K, _ := kufLegS(s, xs, b.T, b.M, false)
	return K, nil
}

func (b *legs) blocks(k gp.Kernel, x *mat.Dense, old basis) (*blocks, error) {
	w, xs, err := b.waves(k, x, old)
	if err != nil {
		return nil, err
	}
	if w != nil {
		out := w.blocks(k.Diag(x))
		w.data(out, xs)
		return out, nil
	}
	out, _, err := b.all(k, x, old, false)
	return out, err
}

// waves are what the blocks under the SE kernel are made of, with the inputs; nil
// for another kernel.
func (b *legs) waves(k gp.Kernel, x *mat.Dense, old basis) (*seWaves, []float64, error) {
	a, same := old.(*legs)
	r, ok := k.(*gp.Radial)
	if !ok || r.Family != gp.FamilySE || r.Lengthscale.Len() != 1 || old != nil && !(same && a.M == b.M) {
		return nil, nil, nil
	}
	if _, err := b.stationary(k); err != nil {
		return nil, nil, err
	}
	xs, err := column(x)
	if err != nil {
		return nil, nil, err
	}
	return newWaves(r, xs, b, a), xs, nil
}

func (b *legs) backward(k gp.Kernel, x *mat.Dense, old basis, g *blocks, grad []float64) ([]float64, error) {
	if r, ok := k.(*gp.Radial); ok && g.of != nil && g.of.se != nil {
		g.of.se.backward(r, g, grad)
		k.BackwardDiag(x, g.kff, grad)
		return nil, nil
	}
	_, d, err := b.all(k, x, old, true)
	if err != nil {
		return nil, err
	}
	contract(d, g, grad)
	k.BackwardDiag(x, g.kff, grad)
	return nil, nil
}

// all computes the blocks and, on request, their derivatives by every number
// of the kernel. Every block is linear in k, so one path serves both.
func (b *legs) all(k gp.Kernel, x *mat.Dense, old basis, grad bool) (*blocks, []*blocks, error) {
	s, err := b.stationary(k)
	if err != nil {
		return nil, nil, err
	}
	xs, err := column(x)
	if err != nil {
		return nil, nil, err
	}
	table := lagTableOf(b.M)
	kappa, dkappa := table.moments(s, b.T, grad)
	Kbf, dKbf := kufLegS(s, xs, b.T, b.M, grad)
	out := &blocks{Kbb: table.kuu(kappa), Kbf: Kbf, kff: k.Diag(x)}
	d := make([]*blocks, len(dkappa))
	for i := range d {
		d[i] = &blocks{Kbb: table.kuu(dkappa[i]), Kbf: dKbf[i]}
	}
	if old == nil {
		return out, d, nil
	}
	a, ok := old.(*legs)
	if !ok {
		return nil, nil, fmt.Errorf("ohsvgp: the old memory is of another kind (%T)", old)
	}
	move, err := newMove(a, b, s)
	if err != nil {
		return nil, nil, err
	}
	oldTable := lagTableOf(a.M)
	kappa, dkappa = oldTable.moments(s, a.T, grad)
	Kxa, dKxa := kufLegS(s, move.x, a.T, a.M, grad)
	out.Kaa = oldTable.kuu(kappa)
	out.Kba = move.cross(out.Kaa, Kxa)
	for i := range d {
		d[i].Kaa = oldTable.kuu(dkappa[i])
		d[i].Kba = move.cross(d[i].Kaa, dKxa[i])
	}
	return out, d, nil
}

// move carries covariances with old variables to the new end time.
type move struct {
	E   *mat.Dense // M x M transition
	x   []float64  // nodes on [Ta,T]
	phi *mat.Dense // M x nodes, weights included
}

func newMove(a, b *legs, k gp.Stationary) (*move, error) {
	if a.M != b.M {
		return nil, fmt.Errorf("ohsvgp: the memory has %d variables and cannot become one of %d", a.M, b.M)
	}
	if b.T == a.T {
		return &move{E: eye(b.M)}, nil
	}
	E, err := hippo.Transition(b.M, a.T, b.T)
	if err != nil {
		return nil, err
	}
	m := &move{E: E}
	x, w := hippo.Panels(a.T, b.T, math.Min(b.T-a.T, k.Scale()), max(32, b.M/2+20))
	m.x = x
	p := hippo.Projection(x, b.M, b.T)
	m.phi = mat.NewDense(b.M, len(x), nil)
	for q := range x {
		for n := 0; n < b.M; n++ {
			m.phi.Set(n, q, p.At(q, n)*w[q])
		}
	}
	return m, nil
}

// cross is Cov(b, a) from Cov(a, a) and Cov(a, f(x)).
func (m *move) cross(Kaa, Kax *mat.Dense) *mat.Dense {
	r, c := m.E.Dims()
	out := mat.NewDense(r, c, nil)
	out.Mul(m.E, Kaa)
	if m.phi != nil {
		var s mat.Dense
		s.Mul(m.phi, Kax.T())
		out.Add(out, &s)
	}
	return out
}

func eye(n int) *mat.Dense {
	out := mat.NewDense(n, n, nil)
	for i := 0; i < n; i++ {
		out.Set(i, i, 1)
	}
	return out
}
