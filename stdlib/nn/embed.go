package nn

import (
	"github.com/priorlab/priorlab/linalg"
)

// Embedding is a table with one row for each token of a vocabulary.
type Embedding struct {
	Table *linalg.Tensor // [V E]
}

// NewEmbedding draws standard normal rows.
func NewEmbedding(r *linalg.Rand, dt linalg.DType, vocabulary, width int) *Embedding {
	positive("NewEmbedding", "the vocabulary", vocabulary)
	positive("NewEmbedding", "the width", width)
	return &Embedding{Table: linalg.Param(linalg.Normal(r, dt, vocabulary, width))}
}

// Params is the table.
func (e *Embedding) Params() []Param { return []Param{{"table", e.Table}} }

// Forward looks up B sequences of T ids each: [B T E].
func (e *Embedding) Forward(ids [][]int) *linalg.Tensor {
	V, E := e.Table.Shape()[0], e.Table.Shape()[1]
	if len(ids) == 0 || len(ids[0]) == 0 {
		fail("Embedding", "", "the batch is empty")
	}
	T := len(ids[0])
	flat := make([]int, 0, len(ids)*T)
	for b, seq := range ids {
		if len(seq) != T {
			fail("Embedding", "pad the sequences", "sequence %d has %d tokens, sequence 0 has %d", b, len(seq), T)
		}
		for t, id := range seq {
			if id < 0 || id >= V {
				fail("Embedding", "", "token %d of sequence %d is %d, but the vocabulary has %d", t, b, id, V)
			}
		}
		flat = append(flat, seq...)
	}
	return e.Table.Gather(0, linalg.FromInts(flat)).Reshape(len(ids), T, E)
}

// Position adds a learned row to each place of a sequence.
type Position struct {
	Table *linalg.Tensor // [Tmax D]
}

// NewPosition draws a table of scale times standard normal numbers for sequences of up to tokens places.
func NewPosition(r *linalg.Rand, dt linalg.DType, tokens, width int, scale float64) *Position {
	positive("NewPosition", "the number of tokens", tokens)
	positive("NewPosition", "the width", width)
	return &Position{Table: linalg.Param(linalg.Normal(r, dt, tokens, width).MulS(scale))}
}

// Params is the table.
func (e *Position) Params() []Param { return []Param{{"table", e.Table}} }

// Forward adds the first T rows to x [B T D].
func (e *Position) Forward(x *linalg.Tensor) *linalg.Tensor {
	s := x.Shape()
	last("Position", x, e.Table.Shape()[1])
	T := s[len(s)-2]
	if T > e.Table.Shape()[0] {
		fail("Position", "cut the sequences or make the table longer", "the sequence has %d tokens, the position table has %d", T, e.Table.Shape()[0])
	}
	return x.Add(e.Table.Slice(0, 0, T))
}

// PatchEmbed cuts images into square patches and maps each linearly: a strided convolution. A patch flattens as
// channel, row, column; patches follow one another row by row.
type PatchEmbed struct {
	Patch int
	Map   *Linear // [D C*patch*patch]
}

// NewPatchEmbed maps patches of images with the given channels to tokens of the given width.
func NewPatchEmbed(r *linalg.Rand, dt linalg.DType, channels, patch, width int) *PatchEmbed {
	positive("NewPatchEmbed", "the patch", patch)
	positive("NewPatchEmbed", "the number of channels", channels)
	return &PatchEmbed{Patch: patch, Map: NewLinear(r, dt, channels*patch*patch, width)}
}

// Params are those of the linear map.
func (e *PatchEmbed) Params() []Param { return e.Map.Params() }

// Forward maps images [B C H W] to tokens [B (H/patch)(W/patch) D].
func (e *PatchEmbed) Forward(x *linalg.Tensor, p *Pass) *linalg.Tensor {
	return e.Map.Forward(Patches(x, e.Patch), p)
}

// Patches cuts images [B C H W] into [B (H/n)(W/n) C*n*n].
func Patches(x *linalg.Tensor, n int) *linalg.Tensor {
	s := x.Shape()
	if len(s) != 4 || n < 1 || s[2]%n != 0 || s[3]%n != 0 {
		fail("Patches", "images are [B C H W], and the patch divides H and W", "the images have shape %v, the patch is %d", s, n)
	}
	B, C, H, W := s[0], s[1], s[2], s[3]
	return x.Reshape(B, C, H/n, n, W/n, n).Permute(0, 2, 4, 1, 3, 5).Reshape(B, (H/n)*(W/n), C*n*n)
}
