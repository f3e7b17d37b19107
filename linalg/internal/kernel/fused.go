package kernel

import "math"

// expSumGo computes dst = exp(scale x + shift) and returns the sum, in the order of Row.
func expSumGo[T Float](dst, x []T, scale, shift T) T {
	for i, v := range x {
		dst[i] = T(math.Exp(float64(T(v*scale) + shift)))
	}
	return Row(Sum, dst[:len(x)])
}

// dotGo is the inner product: sixteen partial sums, joined in a fixed tree.
func dotGo[T Float](x, y []T) T {
	var a [16]T
	for ; len(x) >= 16; x, y = x[16:], y[16:] {
		v, w := (*[16]T)(x), (*[16]T)(y)
		for i := range a {
			a[i] += T(v[i] * w[i])
		}
	}
	for w := 8; w > 0; w /= 2 {
		for i := 0; i < w; i++ {
			a[i] += a[i+w]
		}
	}
	for i, v := range x {
		a[0] += T(v * y[i])
	}
	return a[0]
}

// sumSquaresFromGo is the sum of (x - mu)^2.
func sumSquaresFromGo[T Float](x []T, mu T) T {
	var a [16]T
	for ; len(x) >= 16; x = x[16:] {
		v := (*[16]T)(x)
		for i := range a {
			d := v[i] - mu
			a[i] += T(d * d)
		}
	}
	for w := 8; w > 0; w /= 2 {
		for i := 0; i < w; i++ {
			a[i] += a[i+w]
		}
	}
	for _, v := range x {
		a[0] += T((v - mu) * (v - mu))
	}
	return a[0]
}

// shiftMulGo computes dst = scale (x + c) y.
func shiftMulGo[T Float](dst, x, y []T, c, scale T) {
	for i, v := range x {
		dst[i] = (v + c) * y[i] * scale
	}
}

// affineGo computes dst = a x + b.
func affineGo[T Float](dst, x []T, a, b T) {
	for i, v := range x {
		dst[i] = T(v*a) + b
	}
}

// mulAddGo computes dst += x y.
func mulAddGo[T Float](dst, x, y []T) {
	for i, v := range x {
		dst[i] += T(v * y[i])
	}
}

// axpyToGo computes dst = x + a y.
func axpyToGo[T Float](dst, x, y []T, a T) {
	for i, v := range x {
		dst[i] = v + T(a*y[i])
	}
}

// layerNormGrad1Go makes one row's part of the gradients of gain and bias, with xh = rs x + shift, and returns the sums of
// g gain and g gain xh.
func layerNormGrad1Go[T Float](dgain, dbias, g, x, gain []T, rs, shift T) (a, b T) {
	for i, v := range x {
		xh := T(v*rs) + shift
		dgain[i] += T(g[i] * xh)
		dbias[i] += g[i]
		gg := g[i] * gain[i]
		a += gg
		b += T(gg * xh)
	}
	return a, b
}

// layerNormGrad2Go computes dx = s0 g gain + s1 x + s2.
func layerNormGrad2Go[T Float](dx, g, x, gain []T, s0, s1, s2 T) {
	for i, v := range x {
		dx[i] = T(s0*T(g[i]*gain[i])) + T(s1*v) + s2
	}
}

// addSquaresGo computes dst += (x + v)^2.
func addSquaresGo[T Float](dst, x, v []T) {
	for i, a := range x {
		d := a + v[i]
		dst[i] += T(d * d)
	}
}

// groupNormGrad1Go computes s1 += g and s2 += (x + v) g.
func groupNormGrad1Go[T Float](s1, s2, g, x, v []T) {
	for i, w := range g {
		s1[i] += w
		s2[i] += T((x[i] + v[i]) * w)
	}
}

// groupNormGrad2Go computes dx = x a + b + g c.
func groupNormGrad2Go[T Float](dx, x, a, b, g, c []T) {
	for i, v := range x {
		dx[i] = T(v*a[i]) + b[i] + T(g[i]*c[i])
	}
}

// AdamW is one step of Adam with decoupled weight decay (Loshchilov and Hutter, 2019) over a run of parameters:
// m, v are the moments; C1, C2 the corrections 1/(1-beta^t); Scale multiplies the gradients.
type AdamW struct {
	LR, Beta1, Beta2, Eps, Decay, C1, C2, Scale float64
}

func adamWGo[T Float](w, g, m, v []T, o AdamW) {
	b1, b2, c1, c2 := T(o.Beta1), T(o.Beta2), T(o.C1*o.LR), T(o.C2)
	d1, d2, eps, keep, gs := T(1-o.Beta1), T(1-o.Beta2), T(o.Eps), T(1-o.LR*o.Decay), T(o.Scale)
	for i, x := range g {
		x *= gs
		m[i] = T(b1*m[i]) + T(d1*x)
		v[i] = T(b2*v[i]) + T(d2*T(x*x))
		w[i] = T(keep*w[i]) - T(c1*m[i])/(T(math.Sqrt(float64(c2*v[i])))+eps)
	}
}

// mulAddToGo computes dst = x a + b.
func mulAddToGo[T Float](dst, x, a, b []T) {
	for i, v := range x {
		dst[i] = T(v*a[i]) + b[i]
	}
}
