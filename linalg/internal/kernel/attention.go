package kernel

import (
	"math"

	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Heads is a tensor of [batch, heads, tokens, width] with unit stride along the width.
type Heads[T Float] struct {
	Data              []T
	Batch, Head, Row  int // strides
	NB, NH, NT, Width int // lengths
}

// of is the matrix of one batch entry and head, counted together.
func (h Heads[T]) of(i int) Matrix[T] {
	return Matrix[T]{h.Data[i/h.NH*h.Batch+i%h.NH*h.Head:], h.Row, 1}
}

func (m Matrix[T]) transposed() Matrix[T] { return Matrix[T]{m.Data, m.CS, m.RS} }

// Attention computes out = softmax(scale q k^T + mask) v head by head and keeps the weights p, [NB, NH, Tq, Tk]. With
// causal, a query sees keys up to its own position; bias (or nil) is added to the scores of every head, [Tq, Tk].
func Attention[T Float](out, q, k, v Heads[T], p []T, scale T, causal bool, bias []T) {
	tq, tk := q.NT, k.NT
	par.For(q.NB*q.NH, headChunk(tq, tk, q.Width), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			s := p[i*tq*tk : (i+1)*tq*tk]
			gemm(tq, tk, q.Width, 1, q.of(i), k.of(i).transposed(), s, tk, false, false)
			if bias != nil {
				for r := range s {
					s[r] = T(s[r]*scale) + bias[r]
				}
			}
			for r := 0; r < tq; r++ {
				row := s[r*tk : (r+1)*tk]
				seen := row
				if causal {
					seen = row[:min(tk, r+1)]
					clear(row[len(seen):])
				}
				if bias != nil {
					softmaxRow(seen, seen, 1)
				} else {
					softmaxRow(seen, seen, scale)
				}
			}
			gemm(tq, v.Width, tk, 1, Matrix[T]{s, tk, 1}, v.of(i), out.of(i).Data, out.Row, false, false)
		}
	})
}

// headChunk is how many heads a chunk takes.
func headChunk(tq, tk, w int) int { return max(1, parallelFlops/(4*tq*tk*w+1)) }

// AttentionGrad computes the gradients of q, k and v from that of out and the kept weights. With dbias, the gradient
// of the bias is added up over all heads.
func AttentionGrad[T Float](dq, dk, dv, g, q, k, v Heads[T], p []T, scale T, dbias []T) {
	tq, tk := q.NT, k.NT
	heads := q.NB * q.NH
	chunk := headChunk(tq, tk, q.Width)
	if dbias != nil {
		chunk = (heads + 7) / 8 // one partial sum of the bias a chunk, at most eight
	}
	chunks := (heads + chunk - 1) / chunk
	var part []T
	if dbias != nil {
		part = make([]T, chunks*tq*tk)
	}
	par.For(heads, chunk, func(lo, hi int) {
		raw, _ := mem.Get(tq * tk * size[T]())
		defer mem.Put(raw)
		s := mem.Slice[T](raw)[:tq*tk]
		for i := lo; i < hi; i++ {
			w := p[i*tq*tk : (i+1)*tq*tk]
			gi := g.of(i)
			gemm(tk, v.Width, tq, 1, Matrix[T]{w, 1, tk}, gi, dv.of(i).Data, dv.Row, false, false)
			gemm(tq, tk, v.Width, 1, gi, v.of(i).transposed(), s, tk, false, false)
			for r := 0; r < tq; r++ {
				row := s[r*tk : (r+1)*tk]
				softmaxGradRow(row, row, w[r*tk:(r+1)*tk], 1)
			}
			if dbias != nil {
				b := part[lo/chunk*tq*tk:][:tq*tk]
				Zip(Add, b, b, s)
			}
			gemm(tq, q.Width, tk, scale, Matrix[T]{s, tk, 1}, k.of(i), dq.of(i).Data, dq.Row, false, false)
			gemm(tk, q.Width, tq, scale, Matrix[T]{s, 1, tk}, q.of(i), dk.of(i).Data, dk.Row, false, false)
		}
	})
	sumParts(dbias, part, chunks, tq*tk)
}

// DefaultScale is 1/sqrt(width).
func DefaultScale(width int) float64 { return 1 / math.Sqrt(float64(width)) }
