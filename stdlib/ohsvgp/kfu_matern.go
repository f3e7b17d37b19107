package ohsvgp

import (
	"math"
	"sort"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
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

// kufMatern is K_uf (M by len(x)) of a half-integer Matern kernel for LegS
// variables on [0,t]. Its kernel is a state-space model: with
//
//	A_j(x) = int_0^x (lambda(x-s))^j exp(-lambda(x-s)) phi(s) ds
//
// and B_j(x) the same integral from x to t, K_uf(x) = var sum_j c_j (A_j + B_j),
// and both run along the sorted points by a stable recursion, with
// Gauss-Legendre only between neighbours. The kink at s = x is met exactly and
// the cost is linear in the number of points.
func kufMatern(k *gp.Radial, x []float64, t float64, M int, grad bool) (*mat.Dense, []*mat.Dense) {
	root, value, dlog := maternTerms(k.Family)
	ls, variance := k.Lengthscale.Value(), k.Variance.Value()
	J := len(value)
	if grad {
		J = len(dlog)
	}
	run := newMaternRun(root/ls, t, M, J, x)
	n := len(x)
	K := mat.NewDense(M, n, nil)
	var dv, dl *mat.Dense
	if grad {
		dl = mat.NewDense(M, n, nil)
	}
	to := K.RawMatrix().Data
	run.each(func(i int, moment [][]float64) {
		for m := 0; m < M; m++ {
			v := 0.0
			for j, c := range value {
				v += c * moment[j][m]
			}
			to[m*n+i] = variance * v
			if grad {
				d := 0.0
				for j, c := range dlog {
					d += c * moment[j][m]
				}
				dl.Set(m, i, variance*d*k.Lengthscale.Slope(0)/ls)
			}
		}
	})
	if !grad {
		return K, nil
	}
	dv = scaled(K, k.Variance.Slope(0)/variance)
	return K, []*mat.Dense{dv, dl}
}

// maternRun holds the sorted points and the integrals between neighbours.
type maternRun struct {
	lambda, t float64
	M, J      int
	x         []float64
	order     []int       // points by position
	knots     []float64   // 0, the distinct points inside (0,t), t
	forward   [][]float64 // per interval, J*M: contribution to A at its right end
	backward  [][]float64 // per interval, J*M: contribution to B at its left end
	binomial  [4][4]float64
}

func newMaternRun(lambda, t float64, M, J int, x []float64) *maternRun {
	r := &maternRun{lambda: lambda, t: t, M: M, J: J, x: x, order: make([]int, len(x))}
	for i := range r.order {
		r.order[i] = i
	}
	sort.Slice(r.order, func(a, b int) bool { return x[r.order[a]] < x[r.order[b]] })
	r.knots = append(r.knots, 0)
	for _, i := range r.order {
		if x[i] > r.knots[len(r.knots)-1] && x[i] < t {
			r.knots = append(r.knots, x[i])
		}
	}
	r.knots = append(r.knots, t)
	for n := range r.binomial {
		r.binomial[n][0] = 1
		for m := 1; m <= n; m++ {
			r.binomial[n][m] = r.binomial[n-1][m-1] + r.binomial[n-1][m]
		}
	}
	r.integrate()
	return r
}

// integrate fills the contributions of every interval.
func (r *maternRun) integrate() {
	n, size := len(r.knots)-1, r.J*r.M
	all := make([]float64, 2*n*size)
	r.forward, r.backward = make([][]float64, n), make([][]float64, n)
	linalg.ParallelFor(n, 64, func(from, to int) {
		phi := make([]float64, r.M)
		for i := from; i < to; i++ {
			lo, hi := r.knots[i], r.knots[i+1]
			f, b := all[2*i*size:(2*i+1)*size], all[(2*i+1)*size:(2*i+2)*size]
			s, w := r.nodes(lo, hi)
			for q := range s {
				hippo.Legendre(phi, 2*s[q]/r.t-1)
				addPowers(f, phi, r.lambda*(hi-s[q]), w[q]/r.t)
				addPowers(b, phi, r.lambda*(s[q]-lo), w[q]/r.t)
			}
			r.forward[i], r.backward[i] = f, b
		}
	})
}

// addPowers adds w u^j exp(-u) phi to block j of dst.
func addPowers(dst, phi []float64, u, w float64) {
	c := w * math.Exp(-u)
	for M := len(phi); len(dst) > 0; dst = dst[M:] {
		floats.AddScaled(dst[:M], c, phi)
		c *= u
	}
}

// nodes is a rule on [lo,hi] that resolves phi and the exponential to
// rounding. Legendre polynomials of degree M turn at the rate M dtheta, with
// x = t (1-cos theta)/2.
func (r *maternRun) nodes(lo, hi float64) (s, w []float64) {
	theta := func(x float64) float64 { return math.Acos(math.Max(-1, math.Min(1, 1-2*x/r.t))) }
	turn := float64(r.M) * (theta(hi) - theta(lo)) / 2
	decay := r.lambda * (hi - lo) / 2
	pieces := max(1, int(math.Ceil(math.Max(turn, decay)/16)))
	turn, decay = turn/float64(pieces), decay/float64(pieces)
	n := 9 + r.J + int(math.Ceil(1.3*(turn+decay)))
	n = min(n, (r.M+r.J)/2+12+int(math.Ceil(1.3*decay)))
	if pieces > 1 {
		n += 6 // pieces are equal in x, not in angle
	}
	return hippo.Panels(lo, hi, (hi-lo)/float64(pieces)*(1+1e-12), n)
}

// shift moves the integrals by a distance: with u' = u + d,
// u'^j e^-u' = e^-d sum_i C(j,i) d^(j-i) u^i e^-u.
func (r *maternRun) shift(a []float64, distance float64) {
	d := r.lambda * distance
	e := math.Exp(-d)
	M := r.M
	for j := r.J - 1; j >= 0; j-- {
		dst := a[j*M : (j+1)*M]
		for m := range dst {
			dst[m] *= e
		}
		power := 1.0
		for i := j - 1; i >= 0; i-- {
			power *= d
			c := e * r.binomial[j][i] * power
			src := a[i*M : (i+1)*M] // not yet scaled: i < j
			for m := range dst {
				dst[m] += c * src[m]
			}
		}
	}
}

// each visits every point with its moments A_j + B_j.
func (r *maternRun) each(visit func(i int, moment [][]float64)) {
	K := len(r.knots)
	// B at every knot, from the right
	back := make([][]float64, K)
	back[K-1] = make([]float64, r.J*r.M)
	for i := K - 2; i >= 0; i-- {
		b := append([]float64(nil), back[i+1]...)
		r.shift(b, r.knots[i+1]-r.knots[i])
		for c, v := range r.backward[i] {
			b[c] += v
		}
		back[i] = b
	}
	a := make([]float64, r.J*r.M)
	sum := make([]float64, r.J*r.M)
	moment := make([][]float64, r.J)
	for j := range moment {
		moment[j] = sum[j*r.M : (j+1)*r.M]
	}
	at := 0 // the knot a belongs to
	for _, i := range r.order {
		x := r.x[i]
		switch {
		case x <= 0:
			copy(sum, back[0])
			r.shift(sum, -x)
		default:
			for at+1 < K && r.knots[at+1] <= x {
				r.shift(a, r.knots[at+1]-r.knots[at])
				for c, v := range r.forward[at] {
					a[c] += v
				}
				at++
			}
			copy(sum, a)
			if x > r.t {
				r.shift(sum, x-r.t)
			} else {
				for c, v := range back[at] {
					sum[c] += v
				}
			}
		}
		visit(i, moment)
	}
}
