package pseudovideo

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// The families of priors over tokens.
const (
	Autoregressive = "autoregressive" // one token after the other in the order time, row, column
	Masked         = "masked"         // all at once, the surest kept first, in a few rounds
)

// PriorConfig describes a distribution over the token grids of a tokenizer.
type PriorConfig struct {
	Family    string  // Autoregressive (default) or Masked
	Width     int     // 0 means 64
	Layers    int     // 0 means 3
	Heads     int     // 0 means 4
	Dropout   float64 // while training
	Attention float64 // dropout of the attention weights, while training
	Precision linalg.DType
	Seed      uint64
}

// Prior is a transformer over the tokens of an image with all its frames.
type Prior struct {
	Config PriorConfig
	Grid   [3]int // token frames, rows, columns
	Codes  int    // K

	table, start *linalg.Tensor    // [K (+1 for the mask), width], [width]
	positions    [3]*linalg.Tensor // one table for each axis; their widths add up
	blocks       []*block
	gain, bias   *linalg.Tensor
	logits       *linearLayer
	params       []nn.Param
	count        int
	run          training
}

// NewPrior makes an untrained prior for the tokens of t.
func NewPrior(cfg PriorConfig, t *Tokenizer) (*Prior, error) {
	return newPrior(cfg, t.Grid, t.Config.Codes, false)
}

func newPrior(cfg PriorConfig, grid [3]int, codes int, dry bool) (*Prior, error) {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&cfg.Width, 64)
	set(&cfg.Layers, 3)
	set(&cfg.Heads, 4)
	if cfg.Family == "" {
		cfg.Family = Autoregressive
	}
	if cfg.Family != Autoregressive && cfg.Family != Masked {
		return nil, fmt.Errorf("pseudovideo: prior family %q is not known; use %s or %s", cfg.Family, Autoregressive, Masked)
	}
	if cfg.Width < 3 || cfg.Layers < 1 || cfg.Heads < 1 || cfg.Width%cfg.Heads != 0 || cfg.Dropout < 0 || cfg.Dropout >= 1 || cfg.Attention < 0 || cfg.Attention >= 1 {
		return nil, fmt.Errorf("pseudovideo: a prior of width %d, %d layers, %d heads and dropout %g and %g; the width must be a multiple of the heads and at least 3, the dropout in [0, 1)",
			cfg.Width, cfg.Layers, cfg.Heads, cfg.Dropout, cfg.Attention)
	}
	b := newBuilder(cfg.Precision, cfg.Seed, dry)
	p := &Prior{Config: cfg, Grid: grid, Codes: codes}
	words := codes
	if cfg.Family == Masked {
		words++
	}
	p.table = b.normal("embedding", 0.02, words, cfg.Width)
	p.start = b.normal("start", 0.02, cfg.Width)
	third := cfg.Width / 3
	for i, w := range [3]int{third, third, cfg.Width - 2*third} {
		p.positions[i] = b.normal("positions."+[3]string{"time", "row", "column"}[i], 0.02, grid[i], w)
	}
	for i := range cfg.Layers {
		p.blocks = append(p.blocks, b.block(fmt.Sprintf("blocks.%d", i), cfg.Width, cfg.Heads, 4*cfg.Width))
	}
	p.gain, p.bias = b.full("norm.gain", 1, cfg.Width), b.full("norm.bias", 0, cfg.Width)
	p.logits = b.zeroLinear("logits", cfg.Width, codes)
	p.params, p.count = b.params, b.count
	return p, nil
}

// Params are the trained parameters.
func (p *Prior) Params() []nn.Param { return p.params }

// Parameters is how many numbers are trained.
func (p *Prior) Parameters() int { return p.count }

// Tokens is the length L of a sequence.
func (p *Prior) Tokens() int { return p.Grid[0] * p.Grid[1] * p.Grid[2] }

// MACs are the multiply-adds of one pass over one whole sequence: training, or sampling with a cache.
func (p *Prior) MACs() int64 {
	l := int64(p.Tokens())
	seen := l
	if p.Config.Family == Autoregressive {
		seen = (l + 1) / 2
	}
	total := l * int64(p.Config.Width) * int64(p.Codes)
	for _, k := range p.blocks {
		total += k.macs(l, seen)
	}
	return total
}

// places are the position embeddings of all tokens: [L, width].
func (p *Prior) places() *linalg.Tensor {
	t, y, x := p.Grid[0], p.Grid[1], p.Grid[2]
	spread := func(i int, shape ...int) *linalg.Tensor {
		w := p.positions[i].Dim(1)
		return p.positions[i].Reshape(append(shape, w)...).BroadcastTo(t, y, x, w)
	}
	return linalg.Concat(3, spread(0, t, 1, 1), spread(1, 1, y, 1), spread(2, 1, 1, x)).Reshape(t*y*x, p.Config.Width)
}

// head turns hidden states into logits.
func (p *Prior) head(h *linalg.Tensor) *linalg.Tensor {
	return p.logits.apply(linalg.LayerNorm(h, p.gain, p.bias))
}

// forward gives logits [N, L, K] for sequences of L tokens. The autoregressive prior's logits at a position depend on
// earlier tokens only; the masked one's on all, where token K is the mask.
func (p *Prior) forward(tokens [][]int, c *call) *linalg.Tensor {
	n, l := len(tokens), p.Tokens()
	flat := make([]int, 0, n*l)
	for _, s := range tokens {
		flat = append(flat, s...)
	}
	h := p.table.Gather(0, linalg.FromInts(flat, n, l))
	opt := linalg.AttentionOptions{}
	if p.Config.Family == Autoregressive {
		opt.Causal = true
		h = linalg.Concat(1, p.start.Reshape(1, 1, -1).BroadcastTo(n, 1, p.Config.Width), h.Slice(1, 0, l-1))
	}
	h = c.dropout(h.Add(p.places()))
	for _, k := range p.blocks {
		h = k.apply(h, opt, c)
	}
	return p.head(h)
}

// loss is the mean of -log p over the tokens that are to be predicted: all, or the masked ones.
func (p *Prior) loss(tokens [][]int, rng *linalg.Rand) *linalg.Tensor {
	c := &call{rng: rng.Split(streamDropout), rate: p.Config.Dropout, attention: p.Config.Attention}
	l := p.Tokens()
	if p.Config.Family == Autoregressive {
		var flat []int
		for _, s := range tokens {
			flat = append(flat, s...)
		}
		return linalg.CrossEntropy(p.forward(tokens, c).Reshape(-1, p.Codes), linalg.FromInts(flat))
	}
	var at, labels []int
	hidden := make([][]int, len(tokens))
	draw := rng.Split(streamTimes)
	for i, s := range tokens {
		hidden[i] = append([]int(nil), s...)
		m := max(1, int(math.RoundToEven(float64(l)*math.Cos(math.Pi*draw.Float64()/2))))
		for _, j := range draw.Perm(l)[:m] {
			hidden[i][j] = p.Codes
			at, labels = append(at, i*l+j), append(labels, s[j])
		}
	}
	logits := p.forward(hidden, c).Reshape(-1, p.Codes).Gather(0, linalg.FromInts(at))
	return linalg.CrossEntropy(logits, linalg.FromInts(labels))
}

// Fit trains the prior on the tokens that t gives for images [N, C, H, W]. The tokenizer stays as it is. Random pseudo
// videos are drawn and encoded anew for every batch.
func (p *Prior) Fit(ctx context.Context, t *Tokenizer, x *linalg.Tensor, o TrainOptions) error {
	if t.Grid != p.Grid || t.Config.Codes != p.Codes {
		return fmt.Errorf("pseudovideo: this prior is for a grid of %v tokens of %d codes, the tokenizer has %v of %d", p.Grid, p.Codes, t.Grid, t.Config.Codes)
	}
	var all [][]int
	if !t.Config.Video.Random() {
		var err error
		if all, err = t.Encode(x, nil); err != nil {
			return err
		}
	}
	return p.run.fit(ctx, p.params, x.Dim(0), o, func(rows []int, rng *linalg.Rand) (*linalg.Tensor, stepResult, error) {
		batch := make([][]int, len(rows))
		for i, r := range rows {
			if all != nil {
				batch[i] = all[r]
			}
		}
		if all == nil {
			var err error
			if batch, err = t.Encode(rowsOf(x, rows), rng.Split(streamVideo)); err != nil {
				return nil, stepResult{}, err
			}
		}
		loss := p.loss(batch, rng)
		return loss, stepResult{note: fmt.Sprintf("%.3f bits per token", loss.Item()/math.Ln2)}, nil
	})
}

// LogProb is the mean over sequences of log p(tokens), in nats for a whole sequence. It is defined for the
// autoregressive prior.
func (p *Prior) LogProb(tokens [][]int) (float64, error) {
	if p.Config.Family != Autoregressive {
		return 0, fmt.Errorf("pseudovideo: the %s prior gives no likelihood; use %s", p.Config.Family, Autoregressive)
	}
	var v float64
	err := linalg.Try(func() {
		linalg.NoGrad(func() {
			linalg.Scope(func() {
				var flat []int
				for _, s := range tokens {
					flat = append(flat, s...)
				}
				v = -linalg.CrossEntropy(p.forward(tokens, nil).Reshape(-1, p.Codes), linalg.FromInts(flat)).Item() * float64(p.Tokens())
			})
		})
	})
	return v, err
}
