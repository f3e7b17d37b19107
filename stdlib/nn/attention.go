package nn

import "github.com/priorlab/priorlab/linalg"

// Attention is multi-head scaled dot-product attention with separate projections of queries, keys and values.
type Attention struct {
	Heads      int
	Q, K, V, O Mapper
}

// NewAttention makes one of the given width, which heads must divide. Queries, keys and values have no bias.
func NewAttention(r *linalg.Rand, dt linalg.DType, width, heads int) *Attention {
	positive("NewAttention", "the number of heads", heads)
	if width%heads != 0 {
		fail("NewAttention", "", "a width of %d cannot be divided among %d heads", width, heads)
	}
	a := &Attention{Heads: heads, Q: noBias(r, dt, width), K: noBias(r, dt, width), V: noBias(r, dt, width)}
	a.O = NewLinear(r, dt, width, width)
	return a
}

func noBias(r *linalg.Rand, dt linalg.DType, width int) *Linear {
	return &Linear{W: uniform(r, dt, fanIn(width), width, width)}
}

// Params are those of the four maps.
func (a *Attention) Params() []Param {
	return Join(Under("q", a.Q.Params()), Under("k", a.K.Params()), Under("v", a.V.Params()), Under("o", a.O.Params()))
}

// Forward maps x [B T D] to [B T D]. Padded tokens (mask [B T] with zeros; nil for none) are not attended to, and their
// own output is zero.
func (a *Attention) Forward(x, mask *linalg.Tensor, p *Pass) *linalg.Tensor {
	s := x.Shape()
	if len(s) != 3 {
		fail("Attention", "tokens are [B T D]", "the input has shape %v", s)
	}
	q, k, v := SplitHeads(a.Q.Forward(x, p), a.Heads), SplitHeads(a.K.Forward(x, p), a.Heads), SplitHeads(a.V.Forward(x, p), a.Heads)
	if mask != nil {
		checkMask("Attention", mask, s[0], s[1])
	}
	return ApplyMask(a.O.Forward(JoinHeads(weigh(q, k, v, mask)), p), mask)
}

// SplitHeads turns [B T H*d] into [B H T d].
func SplitHeads(x *linalg.Tensor, heads int) *linalg.Tensor {
	s := x.Shape()
	return x.Reshape(s[0], s[1], heads, s[2]/heads).Permute(0, 2, 1, 3)
}

// JoinHeads turns [B H T d] into [B T H*d], heads outer, channels inner.
func JoinHeads(x *linalg.Tensor) *linalg.Tensor {
	s := x.Shape()
	return x.Permute(0, 2, 1, 3).Reshape(s[0], s[2], s[1]*s[3])
}

// ApplyMask sets padded tokens of x [B T D] to zero; mask is [B T], or nil for none.
func ApplyMask(x, mask *linalg.Tensor) *linalg.Tensor {
	if mask == nil {
		return x
	}
	s := x.Shape()
	checkMask("ApplyMask", mask, s[0], s[1])
	return x.Mul(mask.Unsqueeze(-1))
}

func checkMask(op string, mask *linalg.Tensor, B, T int) {
	if s := mask.Shape(); len(s) != 2 || s[0] != B || s[1] != T {
		fail(op, "", "the mask has shape %v for %d sequences of %d tokens", s, B, T)
	}
}

// Block is one pre-norm transformer layer: h + Attention(LN(h)), then h + MLP(LN(h)).
type Block struct {
	Norm1, Norm2 *LayerNorm
	Attend       *Attention
	Feed         *MLP
	Rate         float64 // dropout of the attention's output
}

// NewBlock makes a block whose feed-forward part has the given number of hidden units.
func NewBlock(r *linalg.Rand, dt linalg.DType, width, heads, hidden int, dropout float64) *Block {
	return &Block{Norm1: NewLayerNorm(dt, width), Norm2: NewLayerNorm(dt, width),
		Attend: NewAttention(r, dt, width, heads), Feed: NewMLP(r, dt, width, hidden, width, dropout), Rate: dropout}
}

// Params are those of its four parts.
func (b *Block) Params() []Param {
	return Join(Under("norm1", b.Norm1.Params()), Under("attention", b.Attend.Params()),
		Under("norm2", b.Norm2.Params()), Under("mlp", b.Feed.Params()))
}

// Forward keeps the shape [B T D].
func (b *Block) Forward(h, mask *linalg.Tensor, p *Pass) *linalg.Tensor {
	h = h.Add(p.Dropout(b.Attend.Forward(b.Norm1.Forward(h, p), mask, p), b.Rate))
	return h.Add(b.Feed.Forward(b.Norm2.Forward(h, p), p))
}
