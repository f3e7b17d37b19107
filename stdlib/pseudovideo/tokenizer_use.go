package pseudovideo

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
)

// Encode turns images into tokens, L for each, in the order time, row, column. Random constructions are drawn from rng.
func (t *Tokenizer) Encode(x *linalg.Tensor, rng *linalg.Rand) ([][]int, error) {
	var out [][]int
	err := t.inBatches(x.Dim(0), func(from, to int) error {
		v, err := t.videos(x.Slice(0, from, to), rng)
		if err != nil {
			return err
		}
		idx := t.Book.Assign(t.code(v).Float64s())
		for l := t.Tokens(); len(idx) > 0; idx = idx[l:] {
			out = append(out, idx[:l:l])
		}
		return nil
	})
	return out, err
}

// Decode turns tokens back into pseudo videos [N, C, F, H, W].
func (t *Tokenizer) Decode(tokens [][]int) (*linalg.Tensor, error) {
	var parts []*linalg.Tensor
	err := t.inBatches(len(tokens), func(from, to int) error {
		var idx []int
		for i, seq := range tokens[from:to] {
			if len(seq) != t.Tokens() {
				return fmt.Errorf("pseudovideo: sequence %d has %d tokens; this tokenizer has %d for an image", from+i, len(seq), t.Tokens())
			}
			for _, k := range seq {
				if k < 0 || k >= t.Book.K {
					return fmt.Errorf("pseudovideo: token %d in sequence %d; the codebook has 0 to %d", k, from+i, t.Book.K-1)
				}
			}
			idx = append(idx, seq...)
		}
		q := linalg.FromFloat64(t.Book.Lookup(idx), to-from, t.Grid[0], t.Grid[1], t.Grid[2], t.Book.D).To(t.Config.Precision)
		parts = append(parts, firstChannels(t.picture(q)).Keep())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return linalg.Concat(0, parts...), nil
}

// inBatches calls f for ranges of n, without recording gradients, keeping no memory in between.
func (t *Tokenizer) inBatches(n int, f func(from, to int) error) (err error) {
	const size = 256
	if n < 1 {
		return fmt.Errorf("pseudovideo: there are no images")
	}
	failed := linalg.Try(func() {
		for from := 0; from < n && err == nil; from += size {
			linalg.NoGrad(func() { linalg.Scope(func() { err = f(from, min(from+size, n)) }) })
		}
	})
	if failed != nil {
		return failed
	}
	return err
}

// Reconstruct encodes and decodes images and returns the last frames, clipped to [-1, 1], with the tokens used.
func (t *Tokenizer) Reconstruct(x *linalg.Tensor, rng *linalg.Rand) (*linalg.Tensor, [][]int, error) {
	tokens, err := t.Encode(x, rng)
	if err != nil {
		return nil, nil, err
	}
	v, err := t.Decode(tokens)
	if err != nil {
		return nil, nil, err
	}
	return lastFrame(v), tokens, nil
}

// lastFrame takes the images out of videos [N, C, F, H, W], clipped to [-1, 1].
func lastFrame(v *linalg.Tensor) *linalg.Tensor {
	return v.Select(2, v.Dim(2)-1).Clamp(-1, 1).Contiguous()
}
