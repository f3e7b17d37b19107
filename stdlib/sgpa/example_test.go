package sgpa

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

// Attention on a line: near a global point with a small variance the posterior is narrow, far from all points it is as
// wide as the prior.
func ExampleDecoupled() {
	k := NewKernel(ARD, 1, 0.5, 1)
	q := mat.NewDense(3, 1, []float64{0, 1, 5})
	kg := mat.NewDense(2, 1, []float64{0, 1})
	va, vg := mat.NewDense(3, 1, nil), mat.NewDense(2, 1, []float64{1, -1})
	R := []*mat.Dense{mat.NewDense(2, 2, []float64{0.1, 0, 0, 0.1})}
	p, err := Decoupled(k, q, kg, va, vg, R, 1e-6)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, x := range []float64{0, 1, 5} {
		fmt.Printf("x = %g: mean %.2f, variance %.2f\n", x, p.Mean.At(i, 0), p.Var.At(i, 0))
	}
	// Output:
	// x = 0: mean 0.86, variance 0.01
	// x = 1: mean -0.86, variance 0.01
	// x = 5: mean -0.00, variance 1.00
}

func ExampleKAttention() {
	k := NewKernel(Exponential, 1, 1, 1)
	keys := mat.NewDense(2, 1, []float64{0, 1})
	F := KAttention(k, keys, keys, mat.NewDense(2, 1, []float64{1, 1}))
	fmt.Printf("%.3f\n", F.RawMatrix().Data)
	// Output: [2.000 3.718]
}

func ExampleNew() {
	net := New(linalg.NewRand(1), Config{Channels: 1, Size: 8, Patch: 4, Classes: 3})
	in := &Inputs{Images: linalg.Zeros(linalg.F32, 2, 1, 8, 8)}
	pass := nn.Sampling(linalg.NewRand(2), 5)
	logits := net.Forward(in, pass, nil)
	fmt.Println(logits.Shape(), "from", pass.Penalties[0].Name, "to", pass.Penalties[3].Name)
	// Output: [10 3] from layer 0 KL_a to layer 1 KL_g
}

func ExamplePaperCIFAR10() {
	c := PaperCIFAR10()
	fmt.Printf("%d layers, width %d, %d heads, %d global points a head\n", c.Depth, c.Width, c.Heads, c.Inducing)
	// Output: 5 layers, width 128, 4 heads, 16 global points a head
}

func ExampleFit() {
	d, valid := glyphs(1, 400, 0.1), glyphs(2, 100, 0.1)
	net := New(linalg.NewRand(1), Config{Width: 16, Heads: 2, Inducing: 4, Classes: 4, Channels: 1, Size: 8, Patch: 2})
	_, err := Fit(context.Background(), net, d, valid, RampUp, train.Options{Epochs: 15, Batch: 50, Seed: 1, Schedule: train.Constant(5e-3)})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := (&Passes{Net: net, Samples: 10}).Predict(context.Background(), valid.X)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("accuracy above one half:", calib.Accuracy(p.Probs(), valid.Y) > 0.5)
	// Output: accuracy above one half: true
}
