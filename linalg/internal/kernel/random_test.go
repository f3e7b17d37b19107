package kernel

import (
	"math"
	"testing"
)

// The known answers published with Random123 for philox4x32-10.
func TestPhiloxKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		lo, hi, key uint64
		want        [4]uint32
	}{
		{0, 0, 0, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{math.MaxUint64, math.MaxUint64, math.MaxUint64, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{0x85a308d3_243f6a88, 0x03707344_13198a2e, 0x299f31d0_a4093822, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := Philox(c.lo, c.hi, c.key); got != c.want {
			t.Errorf("Philox(%x, %x, %x) = %x, want %x", c.lo, c.hi, c.key, got, c.want)
		}
	}
}

func TestNormalPairParts(t *testing.T) {
	for _, u := range []float64{0x1p-53, 1e-10, 0.1, 0.3, 0.5, 0.7, 0.70710678, 0.9, 0.999999999, 1} {
		if got, want := logUnit(u), math.Log(u); math.Abs(got-want) > 4e-16*math.Abs(want) {
			t.Errorf("log(%g) = %.17g, want %.17g", u, got, want)
		}
	}
	for i := uint64(0); i < 4096; i++ {
		v := i<<40 + i*12345
		s, c := sincosTurn(v)
		ws, wc := math.Sincos(float64(v) * 0x1p-52 * 2 * math.Pi)
		if math.Abs(s-ws) > 1e-15 || math.Abs(c-wc) > 1e-15 {
			t.Fatalf("turn %d: sin, cos = %g, %g, want %g, %g", v, s, c, ws, wc)
		}
	}
}

// Every level gives the same bits, from any counter, stream and key.
func TestNormalBitsOfLevels(t *testing.T) {
	old := CurrentLevel()
	defer SetLevel(old)
	for _, c := range [][3]uint64{{0, 0, 1}, {5, 77, 0x123456789abcdef0}, {1<<32 - 3, 1 << 40, 9}, {math.MaxUint64 - 7, math.MaxUint64, math.MaxUint64}} {
		var d [3][]float64
		var f [3][]float32
		for i, l := range []Level{Portable, AVX2, Best} {
			SetLevel(l)
			d[i], f[i] = make([]float64, 40002), make([]float32, 40004)
			FillNormal64(d[i], c[0], c[1], c[2])
			FillNormal32(f[i], c[0], c[1], c[2])
		}
		for i := range d[0] {
			if d[0][i] != d[1][i] || d[0][i] != d[2][i] {
				t.Fatalf("float64 %d: %v plain, %v with AVX2, %v at the best level", i, d[0][i], d[1][i], d[2][i])
			}
		}
		for i := range f[0] {
			if f[0][i] != f[1][i] || f[0][i] != f[2][i] {
				t.Fatalf("float32 %d: %v plain, %v with AVX2, %v at the best level", i, f[0][i], f[1][i], f[2][i])
			}
		}
	}
}

// The masks of dropout are those of the uniform numbers, with the same bits at every level.
func TestDropBitsOfLevels(t *testing.T) {
	old := CurrentLevel()
	defer SetLevel(old)
	for _, c := range [][3]uint64{{0, 0, 1}, {5, 77, 0x123456789abcdef0}, {1<<32 - 3, 1 << 40, 9}, {math.MaxUint64 - 7, math.MaxUint64, math.MaxUint64}} {
		for _, rate := range []float32{0.1, 0.5} {
			for _, l := range []Level{Portable, AVX2, Best} {
				SetLevel(l)
				f, d := make([]float32, 40002), make([]float64, 1000)
				Drop(f, rate, 1.25, c[0], c[1], c[2])
				Drop(d, float64(rate), 1.25, c[0], c[1], c[2])
				kept := 0
				for i, v := range f {
					b := Philox(c[0]+uint64(i/2), c[1], c[2])
					word := uint64(b[i%2*2]) | uint64(b[i%2*2+1])<<32
					want := float32(0)
					if float32(word>>40)*0x1p-24 > rate {
						want = 1.25
						kept++
					}
					if v != want {
						t.Fatalf("level %v, rate %v: number %d is %v, want %v", l, rate, i, v, want)
					}
					if i < len(d) && (d[i] == 1.25) != (float64(word>>11)*0x1p-53 > float64(rate)) {
						t.Fatalf("rate %v: number %d in double precision is %v", rate, i, d[i])
					}
				}
				if share := float64(kept) / float64(len(f)); math.Abs(share-1+float64(rate)) > 0.01 {
					t.Errorf("rate %v keeps %v", rate, share)
				}
			}
		}
	}
}
