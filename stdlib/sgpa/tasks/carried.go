package tasks

import (
	"fmt"

	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

// Fashion is Fashion-MNIST with handwritten digits as strangers, from the pictures that the program carries: 600 for
// training, 150 for validation, 250 for testing, in patches of 4 by 4, with corrupted test sets.
func Fashion(seed uint64) (*Task, error) {
	return carried("Fashion-MNIST", data.FashionMNIST(), data.MNIST(), "handwritten digits", .286, .353, seed)
}

// MNIST is the reverse of Fashion: handwritten digits, with clothes as strangers.
func MNIST(seed uint64) (*Task, error) {
	return carried("MNIST", data.MNIST(), data.FashionMNIST(), "clothes", .131, .308, seed)
}

// carried is a task of two sets of a thousand pictures each, the second of which are strangers.
func carried(name string, inside, outside *data.Images, strangers string, mean, sd float64, seed uint64) (*Task, error) {
	p, err := fromImages(inside)
	if err != nil {
		return nil, err
	}
	other, err := fromImages(outside)
	if err != nil {
		return nil, err
	}
	if p.n < 1000 || other.n < 250 {
		return nil, fmt.Errorf("tasks: %s: %d pictures and %d %s; 1000 and 250 are needed", name, p.n, other.n, strangers)
	}
	m, s := []float64{mean}, []float64{sd}
	test := p.part(750, 1000)
	t := &Task{Name: name + ", 600 pictures", Rate: 2e-3, Batch: 50,
		Train: p.part(0, 600).data(m, s), Valid: p.part(600, 750).data(m, s), Test: test.data(m, s),
		Outside: other.part(0, 250).inputs(m, s), OutsideName: strangers,
		Config: sgpa.Config{Width: 32, Heads: 4, Depth: 2, Inducing: 8, Classes: 10, Dropout: 0.1, Channels: 1, Size: 28, Patch: 4}}
	for _, severity := range []int{1, 3, 5} {
		set, err := shiftedPhotos(test, severity, mostShifted, seed, m, s)
		if err != nil {
			return nil, err
		}
		t.Shifted = append(t.Shifted, set)
	}
	return t, nil
}
