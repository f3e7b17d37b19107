package ohsvgp

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// maternTerms writes a Matern kernel and its derivative by log length-scale as
// exp(-u) times a polynomial in u = lambda r.
func maternTerms(f gp.Family) (root float64, value, dlog []float64) {
	switch f {
	case gp.FamilyMatern12:
		return 1, []float64{1}, []float64{0, 1}
	case gp.FamilyMatern32:
		return math.Sqrt(3), []float64{1, 1}, []float64{0, 0, 1}
	default:
		return math.Sqrt(5), []float64{1, 1, 1.0 / 3}, []float64{0, 0, 1.0 / 3, 1.0 / 3}
	}
}

// halfInteger says whether a kernel has maternTerms.
func halfInteger(k *gp.Radial) bool { return k.Family != gp.FamilySE && k.Family != gp.FamilyRQ }

// matern is a half-integer Matern kernel over [0,t] as exponentials times
// powers: the kernel and, on request, its derivative by the length-scale are
// sum_j terms[i][j] u^j exp(-u), u = lambda r.
type matern struct {
	lambda, t float64
	terms     [][]float64
	rule      *decay
}

// newMatern prepares integrals with M polynomials.
func newMatern(k *gp.Radial, t float64, M int, grad bool) *matern {
	root, value, dlog := maternTerms(k.Family)
	ls, variance := k.Lengthscale.Value(), k.Variance.Value()
	m := &matern{lambda: root / ls, t: t, terms: [][]float64{multiple(variance, value)}}
	J := len(value)
	if grad {
		J = len(dlog)
		m.terms = append(m.terms, multiple(variance*k.Lengthscale.Slope(0)/ls, dlog))
	}
	m.rule = newDecay(m.lambda*t/2, J, M)
	return m
}

func multiple(by float64, v []float64) []float64 {
	return floats.ScaleTo(make([]float64, len(v)), by, v)
}

// kufMatern is K_uf (M by len(x)) of a half-integer Matern kernel for LegS
// variables on [0,t]. With y = 2x/t - 1 the part of the integral to the left of x
// is sum_j c_j A_jm(y), see decay; the part to the right is its mirror image,
// (-1)^m A_jm(-y). The kink at x is met exactly and the cost is linear in the
// number of points.
func kufMatern(k *gp.Radial, x []float64, t float64, M int, grad bool) (*mat.Dense, []*mat.Dense) {
	r := newMatern(k, t, M, grad)
	out := make([]*mat.Dense, len(r.terms))
	for i := range out {
		out[i] = mat.NewDense(M, len(x), nil)
	}
	var inside, outside []int
	for i, v := range x {
		if v >= 0 && v <= t {
			inside = append(inside, i)
		} else {
			outside = append(outside, i)
		}
	}
	linalg.ParallelFor(len(inside), 32, func(lo, hi int) { r.inside(out, x, inside[lo:hi]) })
	r.outside(out, x, outside)
	for _, K := range out {
		for m := 0; m < M; m++ {
			norm := math.Sqrt(float64(2*m+1)) / 2 // of phi_m ds, s = t (y+1)/2
			row := K.RawRowView(m)
			for i := range row {
				row[i] *= norm
			}
		}
	}
	if !grad {
		return out[0], nil
	}
	return out[0], []*mat.Dense{scaled(out[0], k.Variance.Slope(0)/k.Variance.Value()), out[1]}
}

// inside adds the integrals at points of [0,t], but for the norm of phi.
func (r *matern) inside(out []*mat.Dense, x []float64, points []int) {
	n := len(points)
	u, v := make([]float64, n), make([]float64, n)
	for i, p := range points {
		u[i], v[i] = r.lambda*x[p], r.lambda*(r.t-x[p])
	}
	r.rule.at(u, v, func(j int, A *mat.Dense) {
		for i, K := range out {
			if j >= len(r.terms[i]) || r.terms[i][j] == 0 {
				continue
			}
			c := r.terms[i][j]
			mirrored := c
			for m := 0; m < r.rule.M; m++ {
				row, to := A.RawRowView(m), K.RawRowView(m)
				left, right := row[:n], row[n:][:n]
				for q, p := range points {
					to[p] += c*left[q] + mirrored*right[q]
				}
				mirrored = -mirrored
			}
		}
	})
}

// outside adds the integrals at points a distance d/lambda beyond an end of
// [0,t]: those at the end, with (u+d)^j exp(-u-d) in place of u^j exp(-u).
func (r *matern) outside(out []*mat.Dense, x []float64, points []int) {
	if len(points) == 0 {
		return
	}
	end := r.atEnd()
	for _, p := range points {
		d, mirror := r.lambda*(x[p]-r.t), 1.0
		if x[p] < 0 {
			d, mirror = -r.lambda*x[p], -1
		}
		for i, K := range out {
			sign := 1.0
			c := shifted(r.terms[i], d)
			for m := 0; m < r.rule.M; m++ {
				v := 0.0
				for j, cj := range c {
					v += cj * end.At(m, j)
				}
				K.Set(m, p, sign*v)
				sign *= mirror
			}
		}
	}
}

// atEnd is A_jm(1), M by J.
func (r *matern) atEnd() *mat.Dense {
	out := mat.NewDense(r.rule.M, r.rule.J, nil)
	r.rule.at([]float64{2 * r.rule.a}, []float64{0}, func(j int, A *mat.Dense) {
		for m := 0; m < r.rule.M; m++ {
			out.Set(m, j, A.At(m, 0))
		}
	})
	return out
}

// shifted are the coefficients of sum_j c_j (u+d)^j exp(-d) by powers of u.
func shifted(c []float64, d float64) []float64 {
	e := math.Exp(-d)
	if e == 0 { // where powers of d may be beyond all numbers
		return make([]float64, len(c))
	}
	out := append([]float64(nil), c...)
	for i := range out { // Horner's rule, the argument moved by d
		for j := len(out) - 2; j >= i; j-- {
			out[j] += d * out[j+1]
		}
	}
	floats.Scale(e, out)
	return out
}

// momentsMatern are the moments of lagTable for a half-integer Matern kernel:
// with r = (1-s)/2 they are integrals that end at y = 1.
func momentsMatern(k *gp.Radial, t float64, n int, grad bool) (kappa []float64, dkappa [][]float64) {
	r := newMatern(k, t, n, grad)
	end := r.atEnd()
	out := make([][]float64, len(r.terms))
	for i, terms := range r.terms {
		out[i] = make([]float64, n)
		sign := 0.5
		for m := range out[i] {
			for j, c := range terms {
				out[i][m] += sign * c * end.At(m, j)
			}
			sign = -sign
		}
	}
	if !grad {
		return out[0], nil
	}
	return out[0], [][]float64{multiple(k.Variance.Slope(0)/k.Variance.Value(), out[0]), out[1]}
}
