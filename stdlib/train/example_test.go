package train_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

func ExampleWarmupLinear() {
	s := train.WarmupLinear{Warmup: 2, Decay: 4, Initial: 0.1, Base: 1, Min: 0.2}
	for e := range 7 {
		fmt.Printf("%.2f ", s.Rate(e))
	}
	// Output: 0.10 0.55 1.00 0.80 0.60 0.40 0.20
}

func ExampleFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	a := nn.NewLinear(linalg.NewRand(1), linalg.F32, 2, 3)
	f, err := train.NewFile("example.Linear", 1, map[string]int{"in": 2, "out": 3}, a)
	if err == nil {
		err = f.Save(filepath.Join(dir, "model"))
	}
	if err == nil {
		f, err = train.Load(filepath.Join(dir, "model"))
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	b := nn.NewLinear(linalg.NewRand(2), linalg.F32, 2, 3)
	fmt.Println(f.Kind, string(f.Config), f.Into(b), a.W.At(1, 1) == b.W.At(1, 1))
	// Output: example.Linear {"in":2,"out":3} <nil> true
}
