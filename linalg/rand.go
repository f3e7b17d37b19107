package linalg

import (
	"math"
	"math/bits"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// Rand is a counter-based source of random numbers (Philox 4x32-10; Salmon, Moraes, Dror and Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", 2011). A Rand is a key, a stream and a position: number i of a stream depends on these
// three alone, so that work can be divided in any way and still sees the same numbers. It is a math/rand/v2 Source,
// which the samplers of gonum accept too.
//
// Positions count 64-bit words. A call of Uint64, Float64 or Normal takes one word; FillNormal over n numbers is the
// same as n calls of Normal. A Rand is not safe for use by several goroutines at once: give each its own Split.
type Rand struct {
	key, stream, pos uint64
}

// NewRand returns the source that belongs to seed, at its beginning.
func NewRand(seed uint64) *Rand { return &Rand{key: seed} }

// RandFromState returns the source that State described.
func RandFromState(s [3]uint64) *Rand { return &Rand{key: s[0], stream: s[1], pos: s[2]} }

// State is the whole state (key, stream, position), for checkpoints.
func (r *Rand) State() [3]uint64 { return [3]uint64{r.key, r.stream, r.pos} }

// splitTag keeps the blocks that derive children apart from the blocks that are drawn.
const splitTag = 0x9e3779b97f4a7c15

// Split returns an independent source named by stream. It depends on the seed and the chain of splits, not on how many
// numbers were drawn, and r is not advanced.
func (r *Rand) Split(stream uint64) *Rand {
	b := kernel.Philox(stream, r.stream^splitTag, r.key^splitTag)
	return &Rand{key: word(b, 0), stream: word(b, 1)}
}

// word i (0 or 1) of a block of four 32-bit numbers.
func word(b [4]uint32, i uint64) uint64 { return uint64(b[2*i]) | uint64(b[2*i+1])<<32 }

// Skip moves on by n words without drawing them.
func (r *Rand) Skip(n uint64) { r.pos += n }

// Pos is the number of words drawn or skipped.
func (r *Rand) Pos() uint64 { return r.pos }

// Uint64At is word i of the stream, whatever was drawn before.
func (r *Rand) Uint64At(i uint64) uint64 {
	return word(kernel.Philox(i/2, r.stream, r.key), i&1)
}

// Uint64 draws 64 random bits.
func (r *Rand) Uint64() uint64 {
	v := r.Uint64At(r.pos)
	r.pos++
	return v
}

// Float64 draws uniformly from [0, 1), in steps of 2^-53.
func (r *Rand) Float64() float64 { return float64(r.Uint64()>>11) * 0x1p-53 }

// normalTag keeps the blocks of normal numbers apart from those of uniform ones: a normal number is made of a pair of
// words, of which a uniform draw on the same source could otherwise use one again.
const normalTag = 0xd1b54a32d192ed03

// NormalAt is the standard normal number at position i of the stream: positions i and i+1 make one Box-Muller pair.
func (r *Rand) NormalAt(i uint64) float64 {
	z0, z1 := kernel.NormalPair(kernel.Philox(i/2, r.stream, r.key^normalTag))
	if i&1 == 0 {
		return z0
	}
	return z1
}

// Normal draws from the standard normal distribution.
func (r *Rand) Normal() float64 {
	v := r.NormalAt(r.pos)
	r.pos++
	return v
}

// Exp draws from the exponential distribution with mean one.
func (r *Rand) Exp() float64 { return -math.Log1p(-r.Float64()) }

// FillNormal fills dst with standard normal numbers: the same ones as len(dst) calls of Normal.
func (r *Rand) FillNormal(dst []float64) {
	r.fillNormalAt(dst, r.pos)
	r.pos += uint64(len(dst))
}

// fillNormalAt writes the numbers of words from, from+1, ... into dst.
func (r *Rand) fillNormalAt(dst []float64, from uint64) {
	if from&1 == 1 && len(dst) > 0 {
		dst[0] = r.NormalAt(from)
		dst, from = dst[1:], from+1
	}
	n := len(dst) &^ 1
	kernel.FillNormal64(dst[:n], from/2, r.stream, r.key^normalTag)
	if n < len(dst) {
		dst[n] = r.NormalAt(from + uint64(n))
	}
}

// FillNormal32 fills dst with standard normal numbers of single precision, two to a word.
func (r *Rand) FillNormal32(dst []float32) {
	r.fillNormal32At(dst, r.pos)
	r.pos += uint64(len(dst)+1) / 2
}

// fillNormal32At writes the numbers of words from, from+1, ... into dst, two to a word.
func (r *Rand) fillNormal32At(dst []float32, from uint64) {
	if from&1 == 1 && len(dst) > 0 {
		var t [4]float32
		kernel.FillNormal32(t[:], from/2, r.stream, r.key^normalTag)
		n := copy(dst, t[2:])
		dst, from = dst[n:], from+1
	}
	n := len(dst) &^ 3
	kernel.FillNormal32(dst[:n], from/2, r.stream, r.key^normalTag)
	if n < len(dst) {
		var t [4]float32
		kernel.FillNormal32(t[:], from/2+uint64(n/4), r.stream, r.key^normalTag)
		copy(dst[n:], t[:])
	}
}

// FillUniform fills dst with numbers from [0, 1): the same ones as len(dst) calls of Float64.
func (r *Rand) FillUniform(dst []float64) {
	for i := range dst {
		dst[i] = r.Float64()
	}
}

// Intn draws an integer uniformly from 0 to n-1. It panics with an *Error unless n is positive.
func (r *Rand) Intn(n int) int {
	if n <= 0 {
		fail("Rand.Intn", "n is %d, but there must be at least one number to draw from", n)
	}
	// Lemire's bounded draw: the high half of a product, rejecting the few low halves that would make it uneven.
	m := uint64(n)
	hi, lo := bits.Mul64(r.Uint64(), m)
	if lo < m {
		for t := -m % m; lo < t; {
			hi, lo = bits.Mul64(r.Uint64(), m)
		}
	}
	return int(hi)
}

// Perm draws a random order of 0 ... n-1.
func (r *Rand) Perm(n int) []int {
	p := make([]int, max(n, 0))
	for i := range p {
		p[i] = i
	}
	r.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
	return p
}

// Shuffle puts n things into random order by calls of swap.
func (r *Rand) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, r.Intn(i+1))
	}
}
