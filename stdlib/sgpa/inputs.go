package sgpa

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// Inputs are N inputs of one kind: images, token sequences, or graphs. Exactly one of the fields is set.
type Inputs struct {
	Images *linalg.Tensor // [N C H W]
	Tokens [][]int        // N sequences of ids, of any lengths
	Graphs []Graph
}

// Graph is a molecule: atom types and, for each atom, features of its surroundings (see WalkFeatures).
type Graph struct {
	Atoms []int
	Walks [][]float64 // one row an atom
}

// Len is N.
func (in *Inputs) Len() int {
	switch {
	case in.Images != nil:
		return in.Images.Shape()[0]
	case in.Tokens != nil:
		return len(in.Tokens)
	}
	return len(in.Graphs)
}

// Take are the inputs at the given positions, in that order.
func (in *Inputs) Take(at []int) *Inputs {
	n := in.Len()
	for _, i := range at {
		if i < 0 || i >= n {
			fail("Inputs.Take", "", "input %d of %d was asked for", i, n)
		}
	}
	out := &Inputs{}
	switch {
	case in.Images != nil:
		parts := make([]*linalg.Tensor, len(at))
		for k, i := range at {
			parts[k] = in.Images.Slice(0, i, i+1)
		}
		if len(parts) > 0 {
			out.Images = linalg.Concat(0, parts...)
		}
	case in.Tokens != nil:
		for _, i := range at {
			out.Tokens = append(out.Tokens, in.Tokens[i])
		}
	default:
		for _, i := range at {
			out.Graphs = append(out.Graphs, in.Graphs[i])
		}
	}
	return out
}

// pad brings sequences to the length of the longest with id 0, and gives the mask [B T]; the mask is nil when all have
// one length.
func pad(seqs [][]int, dt linalg.DType, limit int, what string) (ids [][]int, mask *linalg.Tensor) {
	if len(seqs) == 0 {
		fail("Forward", "", "the batch is empty")
	}
	T, even := 0, true
	for i, s := range seqs {
		if len(s) == 0 {
			fail("Forward", "", "%s %d is empty", what, i)
		}
		if len(s) > limit {
			fail("Forward", "cut it, or set a larger MaxTokens", "%s %d has %d tokens, the position table has %d", what, i, len(s), limit)
		}
		even = even && len(s) == len(seqs[0])
		T = max(T, len(s))
	}
	if even {
		return seqs, nil
	}
	m := make([]float64, len(seqs)*T)
	ids = make([][]int, len(seqs))
	for b, s := range seqs {
		ids[b] = make([]int, T)
		copy(ids[b], s)
		for t := range s {
			m[b*T+t] = 1
		}
	}
	return ids, linalg.FromFloat64(m, len(seqs), T).To(dt)
}

// Encoder turns inputs into tokens.
type Encoder interface {
	nn.Module
	Encode(in *Inputs, p *nn.Pass) (e, mask *linalg.Tensor) // [B T D]; [B T] or nil
}

// imageEncoder embeds patches and adds positions.
type imageEncoder struct {
	patch *nn.PatchEmbed
	pos   *nn.Position
	rate  float64
	c     Config
}

func newImageEncoder(r *linalg.Rand, c Config) *imageEncoder {
	return &imageEncoder{nn.NewPatchEmbed(r, c.dtype(), c.Channels, c.Patch, c.Width),
		nn.NewPosition(r, c.dtype(), c.tokens(), c.Width, 0.1), c.Dropout, c}
}

func (e *imageEncoder) Params() []nn.Param {
	return nn.Join(nn.Under("patch", e.patch.Params()), nn.Under("position", e.pos.Params()))
}

func (e *imageEncoder) Encode(in *Inputs, p *nn.Pass) (h, mask *linalg.Tensor) {
	if in.Images == nil {
		fail("Forward", "set Inputs.Images", "the network reads images, and there are none")
	}
	s := in.Images.Shape()
	if len(s) != 4 || s[0] == 0 || s[1] != e.c.Channels || s[2] != e.c.Size || s[3] != e.c.Size {
		fail("Forward", "", "the images have shape %v, the network reads [B %d %d %d]", s, e.c.Channels, e.c.Size, e.c.Size)
	}
	return p.Dropout(e.pos.Forward(e.patch.Forward(in.Images.To(e.c.dtype()), p)), e.rate), nil
}

// textEncoder adds a token and a position table, puts the fixed vector of the word beside the sum, if there are any, and
// maps both to the model width.
type textEncoder struct {
	table *nn.Embedding
	fixed *linalg.Tensor // [V VectorWidth], saved with the model and never trained; nil for none
	pos   *nn.Position
	out   *nn.Linear
	c     Config
}

func newTextEncoder(r *linalg.Rand, c Config) *textEncoder {
	e := &textEncoder{table: nn.NewEmbedding(r, c.dtype(), c.Vocabulary, c.EmbedWidth),
		pos: nn.NewPosition(r, c.dtype(), c.MaxTokens, c.EmbedWidth, 1), out: nn.NewLinear(r, c.dtype(), c.EmbedWidth+c.VectorWidth, c.Width), c: c}
	if c.VectorWidth > 0 {
		e.fixed = linalg.Param(linalg.Zeros(c.dtype(), c.Vocabulary, c.VectorWidth))
	}
	return e
}

func (e *textEncoder) Params() []nn.Param {
	all := nn.Join(nn.Under("tokens", e.table.Params()), nn.Under("position", e.pos.Params()), nn.Under("map", e.out.Params()))
	if e.fixed != nil {
		all = append(all, nn.Param{Name: "vectors", Value: e.fixed})
	}
	return all
}

func (e *textEncoder) Encode(in *Inputs, p *nn.Pass) (h, mask *linalg.Tensor) {
	if in.Tokens == nil {
		fail("Forward", "set Inputs.Tokens", "the network reads token sequences, and there are none")
	}
	ids, mask := pad(in.Tokens, e.c.dtype(), e.c.MaxTokens, "sequence")
	h = e.pos.Forward(e.table.Forward(ids))
	if e.fixed != nil {
		h = linalg.Concat(2, h, (&nn.Embedding{Table: linalg.Detach(e.fixed)}).Forward(ids))
	}
	return p.Dropout(e.out.Forward(h, p), e.c.Dropout), mask
}

// SetVectors gives a network that reads text the fixed vectors of its words: one row of VectorWidth numbers for each id, such
// as those of GloVe; a nil row is zero. They are saved with the network and never trained.
func (n *Network) SetVectors(rows [][]float64) error {
	e, ok := n.Encoder.(*textEncoder)
	if !ok || e.fixed == nil {
		return fmt.Errorf("sgpa: this network has no place for word vectors; set VectorWidth in the configuration of a network that reads text")
	}
	V, W := n.Config.Vocabulary, n.Config.VectorWidth
	if len(rows) != V {
		return fmt.Errorf("sgpa: %d word vectors for a vocabulary of %d", len(rows), V)
	}
	all := make([]float64, V*W)
	for i, r := range rows {
		if r != nil && len(r) != W {
			return fmt.Errorf("sgpa: the vector of word %d has %d numbers, not %d", i, len(r), W)
		}
		copy(all[i*W:], r)
	}
	e.fixed.Set(linalg.FromFloat64(all, V, W).To(e.fixed.DType()))
	return nil
}

// graphEncoder adds a table of atom types and a linear map of random-walk features; atoms have no order.
type graphEncoder struct {
	table *nn.Embedding
	walks *nn.Linear
	c     Config
}

func newGraphEncoder(r *linalg.Rand, c Config) *graphEncoder {
	return &graphEncoder{nn.NewEmbedding(r, c.dtype(), c.AtomTypes, c.Width), nn.NewLinear(r, c.dtype(), max(c.WalkFeatures, 1), c.Width), c}
}

func (e *graphEncoder) Params() []nn.Param {
	return nn.Join(nn.Under("atoms", e.table.Params()), nn.Under("walks", e.walks.Params()))
}

func (e *graphEncoder) Encode(in *Inputs, p *nn.Pass) (h, mask *linalg.Tensor) {
	if in.Graphs == nil {
		fail("Forward", "set Inputs.Graphs", "the network reads graphs, and there are none")
	}
	atoms := make([][]int, len(in.Graphs))
	for i, g := range in.Graphs {
		atoms[i] = g.Atoms
	}
	ids, mask := pad(atoms, e.c.dtype(), e.c.MaxTokens, "graph")
	B, T, F := len(ids), len(ids[0]), e.walks.W.Shape()[1]
	walks := make([]float64, B*T*F)
	for b, g := range in.Graphs {
		for t, row := range g.Walks {
			if len(row) != F {
				fail("Forward", "", "atom %d of graph %d has %d walk features, the network reads %d", t, b, len(row), F)
			}
			copy(walks[(b*T+t)*F:], row)
		}
	}
	w := e.walks.Forward(linalg.FromFloat64(walks, B, T, F).To(e.c.dtype()), p)
	return p.Dropout(e.table.Forward(ids).Add(w), e.c.Dropout), mask
}
