package ohsvgp

import (
	"fmt"
	"math"
	"testing"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"gonum.org/v1/gonum/mat"
)

// The covariances of interdomain variables are integrals. Here they are made
// from their definition, by quadrature in space and without the tables,
// recurrences and closed forms of the package.

// space is a measure's projections phi_m and where they live.
type space struct {
	lo, hi float64
	phi    func(x float64) []float64
}

func spaceOf(s span, M int) space {
	lo, hi := s.support()
	if s.measure == hippo.LagT { // to where the polynomials have faded too
		lo = s.T - 70*s.window
	}
	return space{lo, hi, func(x float64) []float64 {
		p := make([]float64, M)
		switch s.measure {
		case hippo.LegT:
			hippo.Legendre(p, 2*(x-lo)/s.window-1)
			for m := range p {
				p[m] /= s.window
			}
		case hippo.LagT:
			a := (s.T - x) / s.window
			e, l0, l1 := math.Exp(-a)/s.window, 1.0, 1-a
			for m := range p {
				p[m] = e * l0
				l0, l1 = l1, ((float64(2*m+3)-a)*l1-float64(m+1)*l0)/float64(m+2)
			}
		case hippo.FouT:
			a := 2 * math.Pi * (s.T - x) / s.window
			p[0] = 1 / s.window
			for m := 1; m < M; m++ {
				by := math.Cos
				if m%2 == 0 {
					by = math.Sin
				}
				p[m] = math.Sqrt2 * by(float64((m+1)/2)*a) / s.window
			}
		default:
			hippo.Legendre(p, 2*x/s.T-1)
			for m := range p {
				p[m] /= s.T
			}
		}
		return p
	}}
}

// project is int f(x) phi(x) dx over the support, split at the given places.
func (s space) project(h float64, f func(x float64) []float64, splits ...float64) *mat.Dense {
	var out *mat.Dense
	edges := []float64{s.lo}
	for _, v := range splits {
		if v > edges[len(edges)-1] && v < s.hi {
			edges = append(edges, v)
		}
	}
	edges = append(edges, s.hi)
	for i := range edges[1:] {
		x, w := hippo.Panels(edges[i], edges[i+1], h, 64)
		for q, v := range x {
			p, y := s.phi(v), f(v)
			if out == nil {
				out = mat.NewDense(len(p), len(y), nil)
			}
			for m, pm := range p {
				r := out.RawRowView(m)
				for j, yj := range y {
					r[j] += w[q] * pm * yj
				}
			}
		}
	}
	return out
}

// kuf is Cov(u, f(x)) by quadrature.
func (s space) kuf(k func(r float64) float64, x []float64, h float64) *mat.Dense {
	var out *mat.Dense
	for i, v := range x {
		c := s.project(h, func(u float64) []float64 { return []float64{k(v - u)} }, v)
		if out == nil {
			M, _ := c.Dims()
			out = mat.NewDense(M, len(x), nil)
		}
		out.SetCol(i, mat.Col(nil, 0, c))
	}
	return out
}

// lag is k as a function of one lag.
func lag(k gp.Stationary) func(r float64) float64 {
	return func(r float64) float64 { return k.Lag([]float64{r})[0] }
}

// projectKuf is the projection of a basis's own K_uf.
func (s space) projectKuf(t *testing.T, b basis, k gp.Kernel, h float64, splits ...float64) *mat.Dense {
	t.Helper()
	var x []float64
	s.project(h, func(v float64) []float64 { x = append(x, v); return []float64{0} }, splits...)
	K, err := b.kuf(k, gp.Column(x))
	must(t, err)
	at := 0
	return s.project(h, func(float64) []float64 { at++; return mat.Col(nil, at-1, K) }, splits...)
}

func stationaries(t *testing.T) map[string]gp.Stationary {
	out := map[string]gp.Stationary{}
	for _, name := range []string{"se", "matern12", "matern32", "matern52", "periodic", "se_x_periodic"} {
		out[name] = kernelNamed(t, name, 1.3, []float64{0.4, 1.1}, 0.9)
	}
	return out
}

// K_uf is its integral, K_uu the projection of K_uf, the lag table's K_uu the
// plain sum over its polynomials, and odd entries vanish.
func TestCovariancesAreTheirIntegrals(t *testing.T) {
	x := []float64{-0.3, 0.2, 0.8, 2.9}
	for name, k := range stationaries(t) {
		for _, T := range []float64{0.5, 1, 2.5} {
			for _, M := range []int{4, 8, 20} {
				if M == 20 && T < 2 {
					continue
				}
				what := fmt.Sprintf("%s, t = %g, M = %d: ", name, T, M)
				b := &legs{M, T}
				s := spaceOf(span{T: T}, M)
				bl, err := b.blocks(k, gp.Column(x), nil)
				must(t, err)
				if M == 8 {
					near(t, what+"K_uf", flat(bl.Kbf), flat(s.kuf(lag(k), x, 0.1)), 1e-12)
				}
				near(t, what+"K_uu from K_uf", flat(bl.Kbb), flat(s.projectKuf(t, b, k, 0.3)), 1e-12)
				for l := 0; l < M; l++ {
					for m := (l + 1) % 2; m < M; m += 2 {
						if bl.Kbb.At(l, m) != 0 {
							t.Fatalf("%sK_uu[%d,%d] = %g", what, l, m, bl.Kbb.At(l, m))
						}
					}
				}
				if T == 1 {
					continue
				}
				var sum *mat.Dense // half the panels' length, more nodes
				r, w := hippo.Panels(0, 1, 0.5*math.Min(0.25, k.Scale()/T), 48)
				for q, v := range r {
					h := lagPolynomials(M, v)
					h.Scale(w[q]*lag(k)(T*v), h)
					if sum == nil {
						sum = h
					} else {
						sum.Add(sum, h)
					}
				}
				near(t, what+"K_uu from H", flat(bl.Kbb), flat(sum), 5e-14)
			}
		}
	}
	near(t, "H(0)", flat(lagPolynomials(12, 0)), flat(scaled(eye(12), 2)), 1e-12)
}

// Single entries of K_uu by a double integral that is split along its diagonal.
func TestEntriesByDoubleIntegrals(t *testing.T) {
	const T, M = 1.5, 8
	for _, name := range []string{"matern12", "matern32", "se"} {
		k := stationaries(t)[name]
		bl, err := (&legs{M, T}).blocks(k, gp.Column([]float64{1}), nil)
		must(t, err)
		s := spaceOf(span{T: T}, M)
		double := s.project(0.3, func(x float64) []float64 {
			return mat.Col(nil, 0, s.kuf(lag(k), []float64{x}, 0.3))
		})
		for _, lm := range [][2]int{{0, 0}, {2, 4}, {7, 1}, {3, 3}} {
			near(t, fmt.Sprintf("%s %v", name, lm), []float64{bl.Kbb.At(lm[0], lm[1])}, []float64{double.At(lm[0], lm[1])}, 1e-12)
		}
	}
}

// Covariances across end times are projections too, and K_uf moves in time by
// the exact recursion.
func TestCovariancesAcrossTime(t *testing.T) {
	const t1, t2, M = 0.9, 1.4, 10
	x := []float64{-0.2, 0.5, 1.1, 2}
	for name, k := range stationaries(t) {
		a, b := &legs{M, t1}, &legs{M, t2}
		bl, err := b.blocks(k, gp.Column(x), a)
		must(t, err)
		near(t, name+": K_ba", flat(bl.Kba), flat(spaceOf(span{T: t2}, M).projectKuf(t, a, k, 0.3, t1)), 1e-12)
		old, err := a.kuf(k, gp.Column(x))
		must(t, err)
		E, err := hippo.Transition(M, t1, t2)
		must(t, err)
		moved := mul(E, old)
		segment := space{t1, t2, spaceOf(span{T: t2}, M).phi}
		for i, v := range x {
			c := segment.project(0.1, func(u float64) []float64 { return []float64{lag(k)(v - u)} }, v)
			for m := 0; m < M; m++ {
				moved.Set(m, i, moved.At(m, i)+c.At(m, 0))
			}
		}
		near(t, name+": recursion", flat(bl.Kbf), flat(moved), 1e-12)
	}
}

// Overlaps with waves are integrals, for every measure; and the covariances of
// every measure, across time as well, are those integrals' consequence.
func TestMeasuresAreTheirIntegrals(t *testing.T) {
	const M = 7
	x := []float64{-0.5, 0.4, 1.3, 1.9}
	for _, c := range []struct{ a, b span }{
		{span{hippo.LegS, 0.8, 0}, span{hippo.LegS, 1.5, 0}},
		{span{hippo.LegT, 1.0, 0.6}, span{hippo.LegT, 1.5, 0.6}},
		{span{hippo.LagT, 1.0, 0.2}, span{hippo.LagT, 1.5, 0.2}},
		{span{hippo.FouT, 1.0, 0.7}, span{hippo.FouT, 1.5, 0.7}},
	} {
		name := string(c.b.measure)
		s := spaceOf(c.b, M)
		for _, w := range []float64{-3, 0, 0.4, 11} {
			f := make([]complex128, M)
			c.b.overlap(w, f, nil)
			direct := s.project(0.4, func(x float64) []float64 { return []float64{math.Cos(w * x), math.Sin(w * x)} })
			for m, v := range f {
				near(t, fmt.Sprintf("%s, overlap %d at %g", name, m, w), []float64{real(v), imag(v)}, direct.RawRowView(m), 1e-12)
			}
		}
		k := gp.SE(1.2, 0.4)
		a, b := &features{M: M, at: c.a}, &features{M: M, at: c.b}
		bl, err := b.blocks(k, gp.Column(x), a)
		must(t, err)
		near(t, name+": K_uf", flat(bl.Kbf), flat(s.kuf(lag(k), x, 0.4)), 1e-11)
		near(t, name+": K_uu", flat(bl.Kbb), flat(s.projectKuf(t, b, k, 0.4)), 1e-11)
		near(t, name+": K_ba", flat(bl.Kba), flat(s.projectKuf(t, a, k, 0.4, c.a.T)), 1e-11)
	}
}

// The spectral routes: waves against the lag table, the frequency integral of two
// Bessel functions, random features against integrals of their own kernel, the
// line spectrum of the periodic kernel.
func TestSpectralRoutesAgree(t *testing.T) {
	x := []float64{-0.2, 0.3, 1.7, 2.2}
	for _, ls := range []float64{0.15, 0.5, 2} {
		k := gp.SE(1.4, ls)
		a, b := &legs{16, 1.1}, &legs{16, 2}
		waves, err := b.blocks(k, gp.Column(x), a)
		must(t, err)
		table, _, err := b.all(k, gp.Column(x), a, false)
		must(t, err)
		what := fmt.Sprintf("length-scale %g: ", ls)
		near(t, what+"K_bb", flat(waves.Kbb), flat(table.Kbb), 5e-14)
		near(t, what+"K_aa", flat(waves.Kaa), flat(table.Kaa), 5e-14)
		near(t, what+"K_ba", flat(waves.Kba), flat(table.Kba), 5e-14)
		near(t, what+"K_bf", flat(waves.Kbf), flat(spaceOf(span{T: 2}, 16).kuf(lag(k), x, 0.1)), 5e-14)
		w, q := hippo.Panels(0, 12/ls, 1, 40)
		j := make([]float64, 16)
		for _, lm := range [][2]int{{0, 0}, {1, 3}, {4, 10}, {15, 15}} {
			v := 0.0
			for i := range w {
				sphericalBessel(j, w[i]) // t/2 = 1
				v += 2 * q[i] * 1.4 * ls / math.Sqrt(2*math.Pi) * math.Exp(-0.5*w[i]*w[i]*ls*ls) * j[lm[0]] * j[lm[1]]
			}
			v *= math.Sqrt(float64((2*lm[0]+1)*(2*lm[1]+1))) * math.Pow(-1, float64((lm[0]-lm[1])/2))
			near(t, fmt.Sprintf("%sintegral %v", what, lm), []float64{table.Kbb.At(lm[0], lm[1])}, []float64{v}, 1e-11)
		}
	}
	base := []float64{-1.3, 0.2, 0.9, 2.1, -0.4}
	r := &features{M: 8, at: span{T: 1.5}, base: base}
	k := gp.SE(0.7, 0.5)
	own := func(lag float64) float64 {
		v := 0.0
		for _, z := range base {
			v += 0.7 * math.Cos(z/0.5*lag) / float64(len(base))
		}
		return v
	}
	bl, err := r.blocks(k, gp.Column(x), nil)
	must(t, err)
	s := spaceOf(span{T: 1.5}, 8)
	near(t, "random features: K_uf", flat(bl.Kbf), flat(s.kuf(own, x, 0.2)), 1e-12)
	near(t, "random features: K_uu", flat(bl.Kbb), flat(s.projectKuf(t, r, k, 0.2)), 1e-12)
	// periodic kernel: lines at 2 pi n/p, weights by the trapezoid rule
	p := gp.Periodic(1.1, 1.2, 0.8)
	lines := mat.NewDense(8, 8, nil)
	f := make([]complex128, 8)
	for n := -20; n <= 20; n++ {
		c := 0.0
		for i := 0; i < 64; i++ {
			c += lag(p)(0.8*float64(i)/64) * math.Cos(2*math.Pi*float64(n*i)/64) / 64
		}
		(span{T: 1.5}).overlap(2*math.Pi*float64(n)/0.8, f, nil)
		for l := range f {
			for m := range f {
				lines.Set(l, m, lines.At(l, m)+c*(real(f[l])*real(f[m])+imag(f[l])*imag(f[m])))
			}
		}
	}
	bl, err = (&legs{8, 1.5}).blocks(p, gp.Column(x), nil)
	must(t, err)
	near(t, "line spectrum", flat(bl.Kbb), flat(lines), 1e-13)
}
