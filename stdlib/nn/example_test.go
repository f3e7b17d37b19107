package nn_test

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

func ExampleBlock() {
	block := nn.NewBlock(linalg.NewRand(1), linalg.F32, 8, 2, 16, 0)
	tokens := linalg.Normal(linalg.NewRand(2), linalg.F32, 3, 5, 8)
	fmt.Println(block.Forward(tokens, nil, nn.Eval()).Shape(), block.Params()[2].Name)
	// Output: [3 5 8] attention.q.W
}

func ExamplePatchEmbed() {
	embed := nn.NewPatchEmbed(linalg.NewRand(1), linalg.F32, 3, 4, 16)
	images := linalg.Zeros(linalg.F32, 2, 3, 32, 32)
	fmt.Println(embed.Forward(images, nn.Eval()).Shape())
	// Output: [2 64 16]
}

func ExamplePass() {
	pass := nn.Training(linalg.NewRand(1))
	x := pass.Dropout(linalg.Ones(linalg.F32, 1000), 0.5)
	fmt.Println(x.Mean().Item() > 0.8, nn.Eval().Dropout(x, 0.5) == x)
	// Output: true true
}

func ExampleMeanPool() {
	h := linalg.FromFloat64([]float64{1, 2, 9}, 1, 3, 1)
	mask := linalg.FromFloat64([]float64{1, 1, 0}, 1, 3)
	fmt.Println(nn.MeanPool(h, mask).Item())
	// Output: 1.5
}
