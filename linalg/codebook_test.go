package linalg

import "testing"

func TestNearest(t *testing.T) {
	r := NewRand(4)
	for _, dt := range []DType{F32, F64} {
		z, codes := Normal(r, dt, 7, 30, 5), Normal(r, dt, 19, 5)
		got := Nearest(z, codes).Ints()
		zs, cs := z.Float64s(), codes.Float64s()
		for i := 0; i < 210; i++ {
			best, at := 1e300, 0
			for k := 0; k < 19; k++ {
				s := 0.0
				for j := 0; j < 5; j++ {
					d := zs[i*5+j] - cs[k*5+j]
					s += d * d
				}
				if s < best {
					best, at = s, k
				}
			}
			if got[i] != at {
				t.Fatalf("%v: vector %d goes to code %d, want %d", dt, i, got[i], at)
			}
		}
	}
	mustFail(t, "codes are [K, d]", func() { Nearest(Zeros(F32, 3, 4), Zeros(F32, 5, 6)) })
}

func TestEigSym(t *testing.T) {
	a := spd(Normal(NewRand(2), F64, 2, 6, 6))
	w, v := EigSym(a)
	near(t, "V diag(w) V^T", v.MatMul(w.DiagEmbed()).MatMul(v.T()).Float64s(), a.Float64s(), 1e-11)
	near(t, "V V^T", v.MatMul(v.T()).Select(0, 1).Float64s(), Eye(F64, 6).Float64s(), 1e-12)
	mustFail(t, "F64", func() { EigSym(Eye(F32, 2)) })
}
