package kernel

import (
	"math"

	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// GroupShape is N images of places positions by channels, normalised in groups of neighbouring channels.
type GroupShape struct {
	N, Places, Channels, Groups int
	Own                         bool // each image has a gain and a bias of its own
}

// of are the gains or biases of image i; nil stays nil.
func of[T Float](g GroupShape, v []T, i int) []T {
	if v == nil || !g.Own {
		return v
	}
	return v[i*g.Channels : (i+1)*g.Channels]
}

// repeat is how many positions are handled as one row, a power of two: rows of few channels would be calls of little work.
// Some rows fit into the first cache.
func (g GroupShape) repeat() int {
	r := 1
	for g.Places%(2*r) == 0 && r*g.Channels < 1024 {
		r *= 2
	}
	return r
}

// spread fills dst with copies of v, one after another.
func spread[T Float](dst, v []T) {
	for n := copy(dst, v); n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}

// fold writes to v the sum of its repetitions in src, which it uses up: their number is a power of two.
func fold[T Float](v, src []T) {
	for n := len(src) / 2; n >= len(v); n /= 2 {
		Zip(Add, src[:n], src[:n], src[n:2*n])
	}
	copy(v, src)
}

// GroupNorm normalises each group of channels of each image to mean zero and variance one, then applies gain and bias
// a channel (nil for none), [Channels] or [N, Channels]. It keeps means and reciprocal standard deviations, [N, Groups].
func GroupNorm[T Float](y, x, gain, bias, mean, rstd []T, g GroupShape, eps float64) {
	c, r := g.Channels, g.repeat()
	per := c / g.Groups
	par.For(g.N, 1, func(lo, hi int) {
		raw, _ := mem.Get((3*r + 2) * c * size[T]())
		defer mem.Put(raw)
		w := mem.Slice[T](raw)[:(3*r+2)*c]
		acc, va, vb, ca, cb := w[:r*c], w[r*c:2*r*c], w[2*r*c:3*r*c], w[3*r*c:3*r*c+c], w[3*r*c+c:]
		for i := lo; i < hi; i++ {
			xi, yi := x[i*g.Places*c:(i+1)*g.Places*c], y[i*g.Places*c:(i+1)*g.Places*c]
			columns(Sum, acc, xi, r*c, g.Places/r)
			fold(ca, acc)
			count := T(g.Places * per)
			for q := 0; q < g.Groups; q++ {
				m := Row(Sum, ca[q*per:(q+1)*per]) / count
				mean[i*g.Groups+q] = m
				fillSlice(cb[q*per:(q+1)*per], -m)
			}
			spread(va, cb)
			clear(acc)
			for p := 0; p < len(xi); p += r * c {
				addSquares(acc, xi[p:p+r*c], va)
			}
			fold(ca, acc)
			for q := 0; q < g.Groups; q++ {
				rs := T(1 / math.Sqrt(float64(Row(Sum, ca[q*per:(q+1)*per])/count)+eps))
				rstd[i*g.Groups+q] = rs
				fillSlice(ca[q*per:(q+1)*per], rs)
			}
			if gain != nil {
				Zip(Mul, ca, ca, of(g, gain, i))
			}
			Zip(Mul, cb, cb, ca)
			if bias != nil {
				Zip(Add, cb, cb, of(g, bias, i))
			}
			spread(va, ca)
			spread(vb, cb)
			for p := 0; p < len(xi); p += r * c {
				mulAddTo(yi[p:p+r*c], xi[p:p+r*c], va, vb)
			}
		}
	})
}

func fillSlice[T Float](x []T, v T) {
	for i := range x {
		x[i] = v
	}
}

// GroupNormGrad computes the gradients of GroupNorm; dgain and dbias may be nil.
func GroupNormGrad[T Float](dx, dgain, dbias, gr, x, gain, mean, rstd []T, g GroupShape) {
	c, r := g.Channels, g.repeat()
	per := c / g.Groups
	sums, _ := mem.Get(2 * g.N * c * size[T]())
	defer mem.Put(sums)
	part := mem.Slice[T](sums)[:2*g.N*c]
	par.For(g.N, 1, func(lo, hi int) {
		raw, _ := mem.Get((5*r + 3) * c * size[T]())
		defer mem.Put(raw)
		w := mem.Slice[T](raw)[:(5*r+3)*c]
		s1, s2, v1, v2, v3 := w[:r*c], w[r*c:2*r*c], w[2*r*c:3*r*c], w[3*r*c:4*r*c], w[4*r*c:5*r*c]
		cp, cq, cr := w[5*r*c:5*r*c+c], w[5*r*c+c:5*r*c+2*c], w[5*r*c+2*c:]
		for i := lo; i < hi; i++ {
			xi, gi, di := x[i*g.Places*c:(i+1)*g.Places*c], gr[i*g.Places*c:(i+1)*g.Places*c], dx[i*g.Places*c:(i+1)*g.Places*c]
			sumG, sumGX := part[2*i*c:(2*i+1)*c], part[(2*i+1)*c:(2*i+2)*c]
			for q := 0; q < g.Groups; q++ {
				fillSlice(cp[q*per:(q+1)*per], -mean[i*g.Groups+q])
			}
			spread(v1, cp)
			clear(s1)
			clear(s2)
			for p := 0; p < len(xi); p += r * c {
				groupNormGrad1(s1, s2, gi[p:p+r*c], xi[p:p+r*c], v1)
			}
			fold(sumG, s1)
			fold(sumGX, s2)
			count := T(g.Places * per)
			gain := of(g, gain, i)
			for q := 0; q < g.Groups; q++ {
				mu, rs := mean[i*g.Groups+q], rstd[i*g.Groups+q]
				var a, b T
				for k := q * per; k < (q+1)*per; k++ {
					sumGX[k] *= rs // now the gradient of the gain
					gk := T(1)
					if gain != nil {
						gk = gain[k]
					}
					a += gk * sumG[k]
					b += gk * sumGX[k]
					cp[k] = rs * gk
				}
				// dx = rstd (gain g - a/count - (x-mu) rstd b/count)
				slope := -rs * rs * b / count
				for k := q * per; k < (q+1)*per; k++ {
					cq[k] = slope
					cr[k] = -rs*a/count - mu*slope
				}
			}
			spread(v1, cp)
			spread(v2, cq)
			spread(v3, cr)
			for p := 0; p < len(xi); p += r * c {
				groupNormGrad2(di[p:p+r*c], xi[p:p+r*c], v2, v3, gi[p:p+r*c], v1)
			}
		}
	})
	if g.Own {
		for i := range g.N {
			copy(of(g, dbias, i), part[2*i*c:(2*i+1)*c])
			copy(of(g, dgain, i), part[(2*i+1)*c:(2*i+2)*c])
		}
		return
	}
	sumParts(dbias, part, g.N, 2*c)
	if len(part) > 0 {
		sumParts(dgain, part[c:], g.N, 2*c)
	}
}
