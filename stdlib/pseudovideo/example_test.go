package pseudovideo_test

import (
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
