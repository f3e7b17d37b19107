package experiment

import pv "github.com/priorlab/priorlab/stdlib/pseudovideo"

// laptop is the size of the experiment for one kind of images: models and training that, with all seeds, are for a quarter
// of an hour on two cores.
type laptop struct {
	seeds, samples int
	parts          []string

	past, pastBatch          int // A: steps, and images in each
	evaluations, statesBatch int // B: of the decoder, in the shorter runs
	batch, tokenizer, prior  int // C: images in a step, and steps
	denoiseBatch, denoise    int // D

	tokens  pv.TokenizerConfig
	follows pv.PriorConfig
	unet    pv.UNetConfig
	average float64 // of the U-Net's weights
	drawing pv.SampleOptions
}

// sizeFor chooses by the number of pixels, and of numbers, of an image. Larger images get smaller batches, and the U-Net
// takes squares of their pixels as channels. Part B is left out for them: its states are as large as the image and its
// dense layers would have to be wider than that, or they cannot take the noise out of every direction.
func sizeFor(h, w, c int) laptop {
	z := laptop{seeds: 4, samples: 720, parts: []string{"A", "B", "C", "D"},
		past: 1500, pastBatch: 128, evaluations: 1200, statesBatch: 128, batch: 64, tokenizer: 300, prior: 900, denoiseBatch: 64, denoise: 200,
		tokens:  pv.TokenizerConfig{Width: 48, Codes: 8, Dim: 16, Decay: 0.95},
		follows: pv.PriorConfig{Width: 64, Layers: 3, Heads: 4, Dropout: 0.2},
		unet:    pv.UNetConfig{Width: 16, Multiples: []int{1, 2}, Blocks: 1, Attention: []int{h / 2}, Groups: 8, Dropout: 0.05, Variant: pv.Stacked},
		average: 0.995, drawing: pv.SampleOptions{Steps: 25}}
	if h*w <= 256 {
		return z
	}
	z.seeds, z.samples, z.parts = 3, 150, []string{"A", "C", "D"}
	z.past, z.pastBatch, z.evaluations, z.statesBatch = 1000, 64, 1000, 64
	z.batch, z.tokenizer, z.prior, z.denoiseBatch, z.denoise = 16, 500, 750, 16, 750
	z.tokens.Width, z.follows.Width, z.follows.Layers = 32, 48, 2
	if h%8 == 0 && w%8 == 0 {
		z.tokens.Down = 8
	}
	z.unet.Patch, z.unet.Attention = 2, []int{h / 4}
	z.average = 0.98
	if h*w*c > 2048 {
		z.past = 600
	}
	return z
}
