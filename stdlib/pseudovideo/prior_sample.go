package pseudovideo

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/priorlab/priorlab/linalg"
)

// TokenOptions say how tokens are drawn. The zero value is temperature 1 with all codes.
type TokenOptions struct {
	Temperature float64 // divides the logits; 0 means 1
	TopK        int     // only the likeliest codes; 0 means all
	Rounds      int     // of the masked prior; 0 means 18
	Batch       int     // sequences drawn together; 0 means 256
	// Watch sees each frame as soon as its tokens exist (autoregressive prior only): tokens so far, frames finished.
	Watch func(frames int, tokens [][]int)
}

// Sample draws n token sequences. Equal positions of rng give equal tokens.
func (p *Prior) Sample(ctx context.Context, n int, rng *linalg.Rand, o TokenOptions) ([][]int, error) {
	if o.Temperature == 0 {
		o.Temperature = 1
	}
	if n < 1 || o.Temperature < 0 || o.TopK < 0 || o.Rounds < 0 {
		return nil, fmt.Errorf("pseudovideo: %d sequences at temperature %g, top %d, %d rounds; none may be negative, and one sequence is the least", n, o.Temperature, o.TopK, o.Rounds)
	}
	size := o.Batch
	if size <= 0 {
		size = 256
	}
	base := linalg.NewRand(rng.Uint64())
	var out [][]int
	for from := 0; from < n; from += size {
		var part [][]int
		var err error
		failed := linalg.Try(func() {
			p.run.withAverage(func() {
				linalg.NoGrad(func() {
					if p.Config.Family == Masked {
						part, err = p.uncover(ctx, min(size, n-from), base.Split(uint64(from)), o)
					} else {
						part, err = p.proceed(ctx, min(size, n-from), base.Split(uint64(from)), o)
					}
				})
			})
		})
		if failed != nil {
			return nil, failed
		}
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

// proceed draws token after token; keys and values of earlier tokens are kept, so that each costs one position.
func (p *Prior) proceed(ctx context.Context, n int, rng *linalg.Rand, o TokenOptions) ([][]int, error) {
	out := make([][]int, n)
	past := make([]cache, len(p.blocks))
	for k, b := range p.blocks {
		past[k] = b.room(n, p.Tokens(), p.Config.Precision)
	}
	places := p.places()
	perFrame := p.Grid[1] * p.Grid[2]
	var last []int
	for i := range p.Tokens() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var logits []float64
		linalg.Scope(func() { logits = p.extend(last, n, places.Slice(0, i, i+1), past) })
		last = make([]int, n)
		for s := range out {
			last[s] = draw(logits[s*p.Codes:(s+1)*p.Codes], o, rng.Float64())
			out[s] = append(out[s], last[s])
		}
		if o.Watch != nil && (i+1)%perFrame == 0 {
			o.Watch((i+1)/perFrame, out)
		}
	}
	return out, nil
}

// extend feeds the last tokens of n sequences (the start, if there are none) through the blocks and returns the logits of
// what follows.
func (p *Prior) extend(last []int, n int, place *linalg.Tensor, past []cache) []float64 {
	h := p.start.Reshape(1, 1, -1).BroadcastTo(n, 1, p.Config.Width)
	if last != nil {
		h = p.table.Gather(0, linalg.FromInts(last, n, 1))
	}
	h = h.Add(place)
	for k, b := range p.blocks {
		h = b.next(h, &past[k])
	}
	return p.head(h).Float64s()
}

// draw picks a code from logits with the uniform number u.
func draw(logits []float64, o TokenOptions, u float64) int {
	w := make([]float64, len(logits))
	for i, v := range logits {
		w[i] = v / o.Temperature
	}
	if o.TopK > 0 && o.TopK < len(w) {
		order := slices.Clone(w)
		slices.Sort(order)
		least := order[len(order)-o.TopK]
		for i, v := range w {
			if v < least {
				w[i] = math.Inf(-1)
			}
		}
	}
	top, total := slices.Max(w), 0.0
	for i, v := range w {
		w[i] = math.Exp(v - top)
		total += w[i]
	}
	u *= total
	last := 0
	for i, v := range w {
		if v > 0 {
			last = i
			if u < v {
				return i
			}
			u -= v
		}
	}
	return last
}

// uncover starts from masks only. In each round every masked token is drawn and the surest stay, so that as many remain
// masked as maskCounts says; the noise on the sureness falls to zero.
func (p *Prior) uncover(ctx context.Context, n int, rng *linalg.Rand, o TokenOptions) ([][]int, error) {
	rounds, l := o.Rounds, p.Tokens()
	if rounds == 0 {
		rounds = 18
	}
	out := make([][]int, n)
	for i := range out {
		out[i] = slices.Repeat([]int{p.Codes}, l)
	}
	counts := append(maskCounts(l, rounds)[1:], 0)
	for k := range rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var logits []float64
		linalg.Scope(func() { logits = p.forward(out, nil).Float64s() })
		heat := 1 - float64(k+1)/float64(rounds)
		for s := range out {
			p.keepSurest(out[s], logits[s*l*p.Codes:(s+1)*l*p.Codes], counts[k], heat, o, rng)
		}
	}
	return out, nil
}

// keepSurest fills the masked places of one sequence and masks again the given number of those it was least sure of.
func (p *Prior) keepSurest(seq []int, logits []float64, masked int, heat float64, o TokenOptions, rng *linalg.Rand) {
	type guess struct {
		at, code int
		sure     float64
	}
	var g []guess
	for j, code := range seq {
		if code != p.Codes {
			continue
		}
		row := logits[j*p.Codes : (j+1)*p.Codes]
		code = draw(row, o, rng.Float64())
		gumbel := -math.Log(rng.Exp() + 1e-300)
		g = append(g, guess{j, code, row[code] - logSumExp(row) + heat*gumbel})
	}
	slices.SortStableFunc(g, func(a, b guess) int {
		switch {
		case a.sure > b.sure:
			return -1
		case a.sure < b.sure:
			return 1
		}
		return 0
	})
	for _, c := range g[:max(len(g)-masked, 0)] {
		seq[c.at] = c.code
	}
}

func logSumExp(x []float64) float64 {
	top, s := slices.Max(x), 0.0
	for _, v := range x {
		s += math.Exp(v - top)
	}
	return top + math.Log(s)
}

// Generate draws n images [n, C, H, W]: tokens from the prior, pictures from the tokenizer, last frames kept.
func Generate(ctx context.Context, t *Tokenizer, p *Prior, n int, rng *linalg.Rand, o TokenOptions) (*linalg.Tensor, error) {
	tokens, err := p.Sample(ctx, n, rng, o)
	if err != nil {
		return nil, err
	}
	v, err := t.Decode(tokens)
	if err != nil {
		return nil, err
	}
	return lastFrame(v), nil
}
