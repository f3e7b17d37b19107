package tasks

import (
	"fmt"

	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

// Fashion is Fashion-MNIST with handwritten digits as strangers, from the pictures that the program carries: 600 for
// training, 150 for validation, 250 for testing, in patches of 4 by 4, with corrupted test sets.
func Fashion(seed uint64) (*Task, error) {
	p, err := fromImages(data.FashionMNIST())
	if err != nil {
		return nil, err
	}
	digits, err := fromImages(data.MNIST())
	if err != nil {
		return nil, err
	}
	if p.n < 1000 || digits.n < 250 {
		return nil, fmt.Errorf("tasks: %d pictures of clothes and %d of digits; 1000 and 250 are needed", p.n, digits.n)
	}
	mean, sd := []float64{.286}, []float64{.353}
	test := p.part(750, 1000)
	t := &Task{Name: "Fashion-MNIST, 600 pictures", Rate: 2e-3, Batch: 50,
		Train: p.part(0, 600).data(mean, sd), Valid: p.part(600, 750).data(mean, sd), Test: test.data(mean, sd),
		Outside: digits.part(0, 250).inputs(mean, sd), OutsideName: "handwritten digits",
		Config: sgpa.Config{Width: 32, Heads: 4, Depth: 2, Inducing: 8, Classes: 10, Dropout: 0.1, Channels: 1, Size: 28, Patch: 4}}
	for _, severity := range []int{1, 3, 5} {
		t.Shifted = append(t.Shifted, shifted(test, corruptions, severity, seed, mean, sd))
	}
	return t, nil
}
