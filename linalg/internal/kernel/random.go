package kernel

import (
	"math"
	"math/bits"
)

// Philox is one block of Philox 4x32-10: counter (lo, hi), key of 64 bits, four numbers of 32 bits.
func Philox(lo, hi, key uint64) [4]uint32 {
	c0, c1, c2, c3 := uint32(lo), uint32(lo>>32), uint32(hi), uint32(hi>>32)
	k0, k1 := uint32(key), uint32(key>>32)
	for i := 0; i < 10; i++ {
		h0, l0 := bits.Mul32(0xd2511f53, c0)
		h1, l1 := bits.Mul32(0xcd9e8d57, c2)
		c0, c1, c2, c3 = h1^c1^k0, l1, h0^c3^k1, l0
		k0 += 0x9e3779b9
		k1 += 0xbb67ae85
	}
	return [4]uint32{c0, c1, c2, c3}
}

// NormalPair turns a block into two standard normal numbers (Box and Muller, 1958). The logarithm, sine and cosine are
// the polynomials below and not those of package math, so that every CPU level and machine gives the same bits.
func NormalPair(b [4]uint32) (z0, z1 float64) {
	u := (float64((uint64(b[0])|uint64(b[1])<<32)>>11) + 1) * 0x1p-53 // (0, 1]
	r := math.Sqrt(-2 * logUnit(u))
	s, c := sincosTurn((uint64(b[2]) | uint64(b[3])<<32) >> 12)
	return r * c, r * s
}

// logUnit is log(u) for normal u in (0, 1], in the manner of fdlibm's e_log.c: u = 2^k (1+f), s = f/(2+f), and a
// polynomial in s^2.
func logUnit(u float64) float64 {
	i := math.Float64bits(u)
	e := (int64(i) - 0x3fe6a09e667f3bcd) >> 52
	f := math.Float64frombits(i-uint64(e)<<52) - 1
	k := float64(e)
	s := f / (f + 2)
	s2 := s * s
	p := math.FMA(s2, 1.479819860511658591e-01, 1.531383769920937332e-01)
	p = math.FMA(s2, p, 1.818357216161805012e-01)
	p = math.FMA(s2, p, 2.222219843214978396e-01)
	p = math.FMA(s2, p, 2.857142874366239149e-01)
	p = math.FMA(s2, p, 3.999999999940941908e-01)
	p = math.FMA(s2, p, 6.666666666666735130e-01)
	R := s2 * p
	hf := float64(f*f) * 0.5
	y := math.FMA(s, hf+R, k*1.90821492927058770002e-10)
	return math.FMA(k, 6.93147180369123816490e-01, -((hf - y) - f))
}

// sincosTurn is sine and cosine of v/2^52 of a full turn. The top two bits say the quarter; the rest, moved to
// [-1/8, 1/8) of a turn, goes through the Taylor-like polynomials of fdlibm's k_sin.c and k_cos.c.
func sincosTurn(v uint64) (s, c float64) {
	v += 1 << 49 // so that each quarter is centred on its axis
	q := v >> 50
	t := (float64(v&(1<<50-1)) - 1<<49) * (0x1p-52 * 2 * math.Pi)
	z := t * t
	p := math.FMA(z, 1.58969099521155010221e-10, -2.50507602534068634195e-08)
	p = math.FMA(z, p, 2.75573137070700676789e-06)
	p = math.FMA(z, p, -1.98412698298579493134e-04)
	p = math.FMA(z, p, 8.33333333332248946124e-03)
	p = math.FMA(z, p, -1.66666666666666324348e-01)
	sn := math.FMA(t*z, p, t)
	p = math.FMA(z, -1.13596475577881948265e-11, 2.08757232129817482790e-09)
	p = math.FMA(z, p, -2.75573143513906633035e-07)
	p = math.FMA(z, p, 2.48015872894767294178e-05)
	p = math.FMA(z, p, -1.38888888888741095749e-03)
	p = math.FMA(z, p, 4.16666666666666019037e-02)
	cs := math.FMA(float64(z*z), p, math.FMA(z, -0.5, 1))
	if q&1 == 1 {
		sn, cs = cs, -sn
	}
	if q&2 == 2 {
		sn, cs = -sn, -cs
	}
	return sn, cs
}

// FillNormal64 fills dst, of even length, from blocks lo, lo+1, ... of the stream.
func FillNormal64(dst []float64, lo, stream, key uint64) {
	done := normalSteps(dst, lo, stream, key)
	dst, lo = dst[done:], lo+uint64(done/2)
	for i := 0; i+1 < len(dst); i += 2 {
		dst[i], dst[i+1] = NormalPair(Philox(lo, stream, key))
		lo++
	}
}

// FillNormal32 fills dst, of a length divisible by four, from blocks lo, lo+1, ... of the stream: each 64-bit word of
// a block makes one Box-Muller pair.
func FillNormal32(dst []float32, lo, stream, key uint64) {
	done := normalSteps(dst, lo, stream, key)
	dst, lo = dst[done:], lo+uint64(done/4)
	for i := 0; i+3 < len(dst); i += 4 {
		b := Philox(lo, stream, key)
		dst[i], dst[i+1] = normalPair32(b[0], b[1])
		dst[i+2], dst[i+3] = normalPair32(b[2], b[3])
		lo++
	}
}

// normalPair32 computes in double precision and rounds once.
func normalPair32(a, b uint32) (z0, z1 float32) {
	r := math.Sqrt(-2 * logUnit((float64(a)+0.5)*0x1p-32))
	s, c := sincosTurn(uint64(b) << 20)
	return float32(r * c), float32(r * s)
}

// Drop fills dst, of even length, from blocks lo, lo+1, ... of the stream: scale where the uniform number of a 64-bit word
// is above rate, zero elsewhere.
func Drop[T Float](dst []T, rate, scale T, lo, stream, key uint64) {
	if x, ok := any(dst).([]float32); ok {
		done := dropSteps(x, float32(rate), float32(scale), lo, stream, key)
		dst, lo = dst[done:], lo+uint64(done/2)
	}
	for i := 0; i+1 < len(dst); i += 2 {
		b := Philox(lo, stream, key)
		dst[i], dst[i+1] = 0, 0
		if Unit[T](uint64(b[0])|uint64(b[1])<<32) > rate {
			dst[i] = scale
		}
		if Unit[T](uint64(b[2])|uint64(b[3])<<32) > rate {
			dst[i+1] = scale
		}
		lo++
	}
}

// Unit is the uniform number in [0, 1) that the top bits of a word make: 24 in single precision, 53 in double.
func Unit[T Float](w uint64) T {
	if is32[T]() {
		return T(w>>40) * 0x1p-24
	}
	return T(w>>11) * 0x1p-53
}
