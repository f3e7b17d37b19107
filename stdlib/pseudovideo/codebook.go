package pseudovideo

import (
	"fmt"
	"math"
	"slices"

	"github.com/priorlab/priorlab/linalg"
)

// A Codebook is a set of K vectors e_k of D numbers to which encoder outputs are rounded. Its vectors follow running
// averages of what is assigned to them (the default), or are trained by gradient, in which case only Code is used.
type Codebook struct {
	K, D   int
	Decay  float64   // g of the running averages
	Eps    float64   // smoothing of the counts
	Cosine bool      // compare directions: z and codes are normalised before the search
	Count  []float64 // N_k, running counts
	Sum    []float64 // S_k, running sums, K x D
	Code   []float64 // e_k, K x D
}

// NewCodebook makes a codebook whose running averages have the given decay (0 means 0.99). Its codes are standard
// normal until Init has seen encoder outputs.
func NewCodebook(k, d int, decay float64, rng *linalg.Rand) (*Codebook, error) {
	if k < 1 || d < 1 || decay < 0 || decay >= 1 {
		return nil, fmt.Errorf("pseudovideo: a codebook of %d codes of %d numbers with decay %g; all sizes must be positive and the decay in [0, 1)", k, d, decay)
	}
	if decay == 0 {
		decay = 0.99
	}
	b := &Codebook{K: k, D: d, Decay: decay, Eps: 1e-7, Count: make([]float64, k), Code: make([]float64, k*d)}
	rng.FillNormal(b.Code)
	b.restart()
	return b, nil
}

// restart makes the running averages agree with the codes.
func (b *Codebook) restart() {
	for i := range b.Count {
		b.Count[i] = 1
	}
	b.Sum = append(b.Sum[:0], b.Code...)
}

// Init takes the codes from K of the rows of z (M x D), drawn without repetition. If there are fewer than K rows they
// are used again with a little noise, since equal codes would never part.
func (b *Codebook) Init(z []float64, rng *linalg.Rand) {
	b.rows("Init", z)
	m := len(z) / b.D
	if m == 0 {
		return
	}
	std := spread(z)
	for k := 0; k < b.K; k += m {
		for i, row := range rng.Perm(m) {
			if k+i == b.K {
				break
			}
			for d := range b.D {
				v := z[row*b.D+d]
				if m < b.K {
					v += 0.01 * std * rng.Normal()
				}
				b.Code[(k+i)*b.D+d] = v
			}
		}
	}
	b.restart()
}

// spread is the standard deviation of all entries, at least a little.
func spread(z []float64) float64 {
	var s, s2 float64
	for _, v := range z {
		s, s2 = s+v, s2+v*v
	}
	n := float64(len(z))
	return math.Sqrt(max(s2/n-s*s/(n*n), 1e-12))
}

// assignPlain is argmin_k |z_m - e_k|^2 as it is written, ties to the lowest k. z is M x D.
func (b *Codebook) assignPlain(z []float64) []int {
	out := make([]int, len(z)/b.D)
	for m := range out {
		best := math.Inf(1)
		for k := range b.K {
			if d := b.distance(z[m*b.D:(m+1)*b.D], k); d < best {
				best, out[m] = d, k
			}
		}
	}
	return out
}

// distance is |z - e_k|^2, of the directions if Cosine is set.
func (b *Codebook) distance(z []float64, k int) float64 {
	e := b.Code[k*b.D : (k+1)*b.D]
	sz, se := 1.0, 1.0
	if b.Cosine {
		sz, se = inverseLength(z), inverseLength(e)
	}
	d := 0.0
	for i, v := range z {
		d += (v*sz - e[i]*se) * (v*sz - e[i]*se)
	}
	return d
}

func inverseLength(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v * v
	}
	return 1 / math.Sqrt(max(s, 1e-24))
}

// Assign returns the nearest code of each row of z (M x D), ties to the lowest number. The search expands the square
// and multiplies matrices in single precision; codes that come out nearly as near are compared again in double.
func (b *Codebook) Assign(z []float64) []int {
	b.rows("Assign", z)
	m := len(z) / b.D
	if m*b.K*b.D < 1<<15 {
		return b.assignPlain(z)
	}
	zt, et, half := make([]float32, len(z)), make([]float32, len(b.Code)), make([]float32, b.K)
	norm := func(dst []float32, src []float64) {
		s := 1.0
		if b.Cosine {
			s = inverseLength(src)
		}
		for i, v := range src {
			dst[i] = float32(v * s)
		}
	}
	for i := range m {
		norm(zt[i*b.D:(i+1)*b.D], z[i*b.D:(i+1)*b.D])
	}
	for k := range b.K {
		e := et[k*b.D : (k+1)*b.D]
		norm(e, b.Code[k*b.D:(k+1)*b.D])
		for _, v := range e {
			half[k] += v * v / 2
		}
	}
	var dot []float32
	linalg.NoGrad(func() {
		linalg.Scope(func() {
			dot = linalg.FromFloat32(zt, m, b.D).MatMul(linalg.FromFloat32(et, b.K, b.D).T()).Float32s()
		})
	})
	out := make([]int, m)
	for i := range out {
		out[i] = b.nearest(z[i*b.D:(i+1)*b.D], dot[i*b.K:(i+1)*b.K], half, 2*slices.Max(half))
	}
	return out
}

// nearest picks the code with the least |e|^2/2 - z.e, and decides by the plain distance where the runner-up comes
// closer than single precision can tell for terms of the given size.
func (b *Codebook) nearest(z []float64, dot, half []float32, size float32) int {
	best, second, arg := float32(math.Inf(1)), float32(math.Inf(1)), 0
	dot = dot[:len(half)]
	for k, h := range half {
		v := h - dot[k]
		if v < second {
			second = v
			if v < best {
				best, second, arg = v, best, k
			}
		}
	}
	limit := best + 1e-5*(size+max(best, -best))
	if second > limit {
		return arg
	}
	least := math.Inf(1)
	for k, h := range half {
		if h-dot[k] <= limit {
			if d := b.distance(z, k); d < least {
				least, arg = d, k
			}
		}
	}
	return arg
}

// rows refuses numbers that are no whole rows.
func (b *Codebook) rows(op string, z []float64) {
	if len(z)%b.D != 0 {
		panic(&linalg.Error{Op: "Codebook." + op, Msg: fmt.Sprintf("%d numbers are no whole rows of %d", len(z), b.D)})
	}
}

// known refuses indices of codes that do not exist.
func known(op string, idx []int, k int) {
	for i, c := range idx {
		if c < 0 || c >= k {
			panic(&linalg.Error{Op: op, Msg: fmt.Sprintf("index %d at place %d; the codes are 0 to %d", c, i, k-1)})
		}
	}
}

// Lookup returns the codes of the given indices, one row each.
func (b *Codebook) Lookup(idx []int) []float64 {
	known("Codebook.Lookup", idx, b.K)
	out := make([]float64, 0, len(idx)*b.D)
	for _, k := range idx {
		out = append(out, b.Code[k*b.D:(k+1)*b.D]...)
	}
	return out
}

// Update moves the running averages towards the rows of z assigned to each code, and the codes with them:
//
//	N_k <- g N_k + (1-g) n_k,  S_k <- g S_k + (1-g) sum z,  e_k = S_k / Nhat_k
//	Nhat_k = (N_k + eps) / (sum N + K eps) * sum N
func (b *Codebook) Update(z []float64, idx []int) {
	known("Codebook.Update", idx, b.K)
	if len(z) != len(idx)*b.D {
		panic(&linalg.Error{Op: "Codebook.Update", Msg: fmt.Sprintf("%d numbers for %d indices of codes of %d", len(z), len(idx), b.D)})
	}
	g := b.Decay
	scale(b.Count, g)
	scale(b.Sum, g)
	for m, k := range idx {
		b.Count[k] += 1 - g
		axpy(b.Sum[k*b.D:(k+1)*b.D], 1-g, z[m*b.D:(m+1)*b.D])
	}
	total := 0.0
	for _, n := range b.Count {
		total += n
	}
	for k, n := range b.Count {
		hat := (n + b.Eps) / (total + float64(b.K)*b.Eps) * total
		for d := range b.D {
			b.Code[k*b.D+d] = b.Sum[k*b.D+d] / hat
		}
	}
}

// Revive moves every code whose running count has fallen below threshold onto a random row of z and says which. The
// running count and sum restart with it, so that the next Update does not pull it back.
func (b *Codebook) Revive(z []float64, threshold float64, rng *linalg.Rand) []int {
	b.rows("Revive", z)
	var moved []int
	m := len(z) / b.D
	for k, n := range b.Count {
		if n >= threshold || m == 0 {
			continue
		}
		row := rng.Intn(m)
		copy(b.Code[k*b.D:(k+1)*b.D], z[row*b.D:(row+1)*b.D])
		copy(b.Sum[k*b.D:(k+1)*b.D], b.Code[k*b.D:(k+1)*b.D])
		b.Count[k] = 1
		moved = append(moved, k)
	}
	return moved
}

// Usage counts how often each of k codes occurs.
func Usage(idx []int, k int) []int {
	known("Usage", idx, k)
	n := make([]int, k)
	for _, i := range idx {
		n[i]++
	}
	return n
}

// Perplexity is exp(-sum p_k log p_k) of the code frequencies: how many codes are in use, effectively. Compute it over
// a whole set, not over one batch.
func Perplexity(idx []int, k int) float64 {
	h := 0.0
	for _, n := range Usage(idx, k) {
		p := float64(n) / float64(len(idx))
		h -= p * math.Log(p+1e-10)
	}
	return math.Exp(h)
}
