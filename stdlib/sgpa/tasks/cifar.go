package tasks

import (
	"fmt"

	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

// Channel means and standard deviations of CIFAR-10.
var cifarMean, cifarSD = []float64{.4914, .4822, .4465}, []float64{.2470, .2435, .2616}

// CIFAR10 is image classification with n training pictures, in 16 patches of 8 by 8. Classes 8 and 9 (ships and trucks) are
// held out as strangers; eight remain. Half of the development pictures validate, half test; corruptions at severities 1,
// 3 and 5 stand in for CIFAR-10-C. The folder cifar10 of PRIORLAB_DATA must be there.
func CIFAR10(n int, seed uint64) (*Task, error) {
	if n < 1 || n > 40000 {
		return nil, fmt.Errorf("tasks: %d training pictures; there are 40000", n)
	}
	train, err := sheets(0, n)
	if err != nil {
		return nil, err
	}
	dev, err := sheets(40000, 2000)
	if err != nil {
		return nil, err
	}
	inside, outside := known(dev, 8)
	train, _ = known(train, 8)
	half := inside.n / 2
	test := inside.part(half, inside.n)
	t := &Task{Name: fmt.Sprintf("CIFAR-10, classes 0 to 7 of %d pictures", n), Rate: 3e-3, Batch: 32,
		Train: train.data(cifarMean, cifarSD), Valid: inside.part(0, half).data(cifarMean, cifarSD), Test: test.data(cifarMean, cifarSD),
		Outside: outside.inputs(cifarMean, cifarSD), OutsideName: "ships and trucks",
		Config: sgpa.Config{Width: 32, Heads: 2, Depth: 2, Inducing: 8, Classes: 8, Dropout: 0.1, Channels: 3, Size: 32, Patch: 8}}
	for _, severity := range []int{1, 3, 5} {
		set, err := shiftedPhotos(test, severity, mostShifted, seed, cifarMean, cifarSD)
		if err != nil {
			return nil, err
		}
		t.Shifted = append(t.Shifted, set)
	}
	return t, nil
}

// sheets are n pictures from number first on.
func sheets(first, n int) (*pictures, error) {
	m, err := data.CIFAR10Sheets(first, n)
	if err != nil {
		return nil, err
	}
	return fromImages(m)
}

// known parts pictures into those with labels below classes and the others.
func known(p *pictures, classes int) (inside, outside *pictures) {
	var in, out []int
	for i, y := range p.y {
		if y < classes {
			in = append(in, i)
		} else {
			out = append(out, i)
		}
	}
	return p.take(in), p.take(out)
}
