package ohsvgp

import (
	"math"

	"github.com/priorlab/priorlab/stdlib/internal/scratch"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// decay is the rule for the integrals that half-integer Matern kernels need,
//
//	A_jm(y) = int_{-1}^{y} u^j exp(-u) P_m(s) ds,  u = a(y-s),  j < J, m < M.
//
// Parts, with (2m+1) P_m = P'_{m+1} - P'_{m-1}, give for m > 0
//
//	a A_{j,m+1} + (2m+1) A_jm - a A_{j,m-1} = r_jm
//	r_0m = P_{m+1}(y) - P_{m-1}(y),  r_jm = j (r_{j-1,m} - (2m+1) A_{j-1,m})
//
// Solutions without r grow in either direction, so that no plain recurrence
// serves. But the diagonal is positive and the rest antisymmetric: eliminated
// from high orders down, all pivots e_m = 2m+1 + a^2/e_{m+1} exceed a, and
//
//	A_jm = r'_m/e_m + (a/e_m) A_{j,m-1},  r'_m = r_m - (a/e_{m+1}) r'_{m+1}
//
// damps every error on the way down and up again. No quadrature is left.
type decay struct {
	a    float64
	J, M int
	rows int       // orders computed: what lies beyond does not reach those below M
	inv  []float64 // 1/e_m
	damp []float64 // a/e_m
}

func newDecay(a float64, J, M int) *decay {
	// (2m+1 + sqrt((2m+1)^2 + 4a^2))/2 is where the pivots settle
	settled := func(m int) float64 {
		b := float64(2*m + 1)
		return (b + math.Hypot(b, 2*a)) / 2
	}
	d := &decay{a: a, J: J, M: M, rows: M + 1}
	for left := 1.0; left > 1e-19; d.rows++ {
		left *= a / settled(d.rows)
	}
	d.inv, d.damp = make([]float64, d.rows), make([]float64, d.rows)
	e := settled(d.rows)
	for m := d.rows - 1; m >= 0; m-- {
		e = float64(2*m+1) + a/e*a
		d.inv[m], d.damp[m] = 1/e, a/e
	}
	return d
}

// at computes A_jm(y) and A_jm(-y), y = u/a - 1 = 1 - v/a, at n points given by
// u and v, and shows them j by j: row m of A is A_jm(y), then A_jm(-y).
func (d *decay) at(u, v []float64, show func(j int, A *mat.Dense)) {
	n := len(u)
	A, R := scratch.Lease(d.rows, 2*n), scratch.Lease(d.rows, 2*n)
	defer scratch.Release(A, R)
	first := make([]float64, 2*n*d.J) // A_j0
	for i := range u {
		gammas(first[i*d.J:(i+1)*d.J], u[i])
		gammas(first[(n+i)*d.J:(n+i+1)*d.J], v[i])
	}
	d.ends(R, u, v)
	beyond := make([]float64, 2*n)
	for j := 0; j < d.J; j++ {
		above := beyond
		for m := d.rows - 1; m > 0; m-- {
			r, to := R.RawRowView(m), A.RawRowView(m)
			if j > 0 {
				c := -float64(2*m + 1)
				for i, x := range to {
					r[i] = float64(j) * (r[i] + c*x)
				}
			}
			inv, damp := d.inv[m], d.damp[m]
			above, r = above[:len(to)], r[:len(to)]
			for i := range to {
				to[i] = inv*r[i] - damp*above[i]
			}
			above = to
		}
		below := A.RawRowView(0)
		for i := range below {
			below[i] = first[i*d.J+j] / d.a
		}
		for m := 1; m < d.rows; m++ {
			to := A.RawRowView(m)
			floats.AddScaled(to, d.damp[m], below)
			below = to
		}
		show(j, A)
	}
}

// ends fills row m > 0 of R with P_{m+1} - P_{m-1} at y, then at -y.
func (d *decay) ends(R *mat.Dense, u, v []float64) {
	n := len(u)
	y, last, now := make([]float64, n), make([]float64, n), make([]float64, n) // P_{m-1}, P_m
	for i := range y {
		y[i] = (u[i] - v[i]) / (2 * d.a)
		last[i], now[i] = 1, y[i]
	}
	for m := 1; m < d.rows; m++ {
		up, back := float64(2*m+1)/float64(m+1), float64(m)/float64(m+1)
		sign := float64(m%2*2 - 1)
		r, q, p := R.RawRowView(m), last[:n], now[:n]
		right, mirror := r[:n], r[n:][:n]
		for i, x := range y {
			next := up*x*p[i] - back*q[i]
			w := next - q[i]
			right[i], mirror[i] = w, sign*w
			q[i] = next
		}
		last, now = now, last
	}
}

// gammas fills dst[j] with int_0^u v^j exp(-v) dv.
func gammas(dst []float64, u float64) {
	e := math.Exp(-u)
	top := len(dst) - 1
	if u >= 1 {
		power := e
		dst[0] = -math.Expm1(-u)
		for j := 1; j <= top; j++ {
			power *= u
			dst[j] = float64(j)*dst[j-1] - power
		}
		return
	}
	// u^(j+1) exp(-u) sum_k u^k/((j+1)...(j+1+k)), then down: nothing cancels
	term := math.Pow(u, float64(top+1)) * e / float64(top+1)
	for k := top + 2; term > 0x1p-60*dst[top]; k++ {
		dst[top] += term
		term *= u / float64(k)
	}
	for j := top; j > 0; j-- {
		dst[j-1] = (dst[j] + math.Pow(u, float64(j))*e) / float64(j)
	}
}
