package pseudovideo_test

import (
	"context"
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/pseudovideo"
)

func ExampleBuild() {
	images := linalg.Uniform(linalg.NewRand(1), linalg.F32, 10, 1, 8, 8).MulS(2).AddS(-1)
	s := pseudovideo.Spec{Frames: 4, Kind: pseudovideo.Blur, Ladder: pseudovideo.Linear(1.5)}
	video, err := pseudovideo.Build(images, s, nil)
	fmt.Println(s)
	fmt.Println(video.Shape(), err)
	// Output:
	// 4 frames, blur 1.5 1 0.5 0, deterministic first-order
	// [10 1 4 8 8] <nil>
}

func ExampleWhatThePastKnows() {
	markov, _ := pseudovideo.WhatThePastKnows(pseudovideo.NoiseMarkov, 1, 0.6, 0.4, 0.2)
	fresh, _ := pseudovideo.WhatThePastKnows(pseudovideo.NoiseIndependent, 1, 0.6, 0.4, 0.2)
	fmt.Println(markov)
	fmt.Println(fresh)
	// Output:
	// noise-markov: variance left 0.038462 (nearest frame), 0.038462 (all frames); older frames add 0.00000 nats per pixel
	// noise-independent: variance left 0.038462 (nearest frame), 0.028549 (all frames); older frames add 0.14902 nats per pixel
}

func ExampleNewDiffusion() {
	ctx := context.Background()
	digits := pseudovideo.Digits()
	model, err := pseudovideo.NewDiffusion(pseudovideo.DiffusionConfig{
		Video: pseudovideo.Spec{Frames: 2, Kind: pseudovideo.Blur, Ladder: pseudovideo.Levels(2)},
		UNet:  pseudovideo.UNetConfig{Width: 8, Multiples: []int{1, 2}, Blocks: 1, Groups: 4},
	}, 8, 8, 1)
	fmt.Println(err)
	fmt.Println(model.Fit(ctx, digits.Train, pseudovideo.TrainOptions{Steps: 2, Batch: 8}))
	x, err := model.Sample(ctx, 3, linalg.NewRand(1), pseudovideo.SampleOptions{Steps: 5, DDIM: true})
	fmt.Println(x.Shape(), err)
	// Output:
	// <nil>
	// <nil>
	// [3 1 8 8] <nil>
}

func ExampleNewTokenizer() {
	ctx := context.Background()
	digits := pseudovideo.Digits()
	tokenizer, _ := pseudovideo.NewTokenizer(pseudovideo.TokenizerConfig{
		Video: pseudovideo.Spec{Frames: 2, Kind: pseudovideo.Blur, Ladder: pseudovideo.Levels(2)},
		Width: 8, Codes: 8, Dim: 4,
	}, 8, 8, 1)
	fmt.Println(tokenizer.Fit(ctx, digits.Train, pseudovideo.TrainOptions{Steps: 2, Batch: 8}))
	fmt.Println(tokenizer.Tokens(), "tokens,", tokenizer.Bits(), "bits")
	prior, _ := pseudovideo.NewPrior(pseudovideo.PriorConfig{Width: 16}, tokenizer)
	fmt.Println(prior.Fit(ctx, tokenizer, digits.Train, pseudovideo.TrainOptions{Steps: 2, Batch: 8}))
	x, err := pseudovideo.Generate(ctx, tokenizer, prior, 3, linalg.NewRand(1), pseudovideo.TokenOptions{})
	fmt.Println(x.Shape(), err)
	// Output:
	// <nil>
	// 8 tokens, 24 bits
	// <nil>
	// [3 1 8 8] <nil>
}

func ExampleNewHVAE() {
	free, _ := pseudovideo.NewHVAE(pseudovideo.HVAEConfig{}, 8, 8, 1)
	supervised, _ := pseudovideo.NewHVAE(pseudovideo.HVAEConfig{States: pseudovideo.DiffusionStates(8)}, 8, 8, 1)
	fmt.Println(free.Parameters(), free.DecoderEvaluations())
	fmt.Println(supervised.Parameters(), supervised.DecoderEvaluations())
	// Output:
	// 366280 8
	// 166728 1
}

func ExampleNewSchedule() {
	s, _ := pseudovideo.NewSchedule("cosine", 1000)
	r, _ := s.Respace(5)
	fmt.Println(r.Index)
	_, err := pseudovideo.NewSchedule("linear", 10)
	fmt.Println(err)
	// Output:
	// [0 250 500 749 999]
	// pseudovideo: the linear schedule needs more than 20 steps, as its last beta reaches 1 at 20; 10 were asked for (cosine has no such limit)
}

func ExampleDistance() {
	digits := pseudovideo.Digits()
	blurred, _ := pseudovideo.Build(digits.Train, pseudovideo.Spec{Frames: 2, Ladder: pseudovideo.Levels(0.5)}, nil)
	floor, _ := pseudovideo.Distance(pseudovideo.RandomFeatures(), digits.Test, digits.Train)
	off, _ := pseudovideo.Distance(pseudovideo.RandomFeatures(), digits.Test, blurred.Select(2, 0))
	fmt.Println(floor)
	fmt.Println(off)
	// Output:
	// fd-pvrf1 0.052 (360 real, 1437 generated; fixed random convolutions; not comparable with published FID)
	// fd-pvrf1 0.684 (360 real, 1437 generated; fixed random convolutions; not comparable with published FID)
}

func ExampleConfig_DryRun() {
	c, _ := pseudovideo.Preset("cifar10-iddpm")
	s, err := c.DryRun()
	fmt.Println(s.Note, err)
	// Output:
	// building-block settings; the paper's own are not established <nil>
}

func ExampleCodebook() {
	book, _ := pseudovideo.NewCodebook(2, 2, 0.5, linalg.NewRand(1))
	copy(book.Code, []float64{0, 0, 4, 4})
	fmt.Println(book.Assign([]float64{1, 0, 3, 5, 2, 2})) // the last is as near to either: the lower wins
	// Output:
	// [0 1 0]
}
