package tasks

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

// Set is a named set of labelled inputs.
type Set struct {
	Name string
	Data *sgpa.Data
}

// Task is a classification problem with everything that is measured on it.
type Task struct {
	Name               string
	Train, Valid, Test *sgpa.Data
	Shifted            []Set        // the same classes, other circumstances
	Outside            *sgpa.Inputs // inputs to be detected as foreign; nil for none
	OutsideName        string
	Config             sgpa.Config // of every network; the method is filled in
	Rate               float64     // base learning rate
	Batch              int
}

// String tells the sizes.
func (t *Task) String() string {
	return fmt.Sprintf("%s: %d training, %d validation, %d test inputs, %d shifted sets", t.Name, len(t.Train.Y), len(t.Valid.Y), len(t.Test.Y), len(t.Shifted))
}

// pictures are images as numbers from 0 to 1, [N C H W] flattened, before normalisation.
type pictures struct {
	n, c, size int
	pix        []float64
	y          []int
}

// fromImages converts pictures with labels.
func fromImages(m *data.Images) (*pictures, error) {
	if m.H != m.W || m.Labels == nil {
		return nil, fmt.Errorf("tasks: %v: square pictures with labels are wanted", m)
	}
	p := &pictures{n: m.N, c: m.C, size: m.H, pix: make([]float64, len(m.Pixels)), y: m.Labels}
	plane := m.H * m.W
	for i := 0; i < m.N; i++ {
		for k := 0; k < plane; k++ {
			for c := 0; c < m.C; c++ {
				p.pix[(i*m.C+c)*plane+k] = float64(m.Pixels[(i*plane+k)*m.C+c]) / 255
			}
		}
	}
	return p, nil
}

// one is the numbers of picture i.
func (p *pictures) one(i int) []float64 {
	k := p.c * p.size * p.size
	return p.pix[i*k : (i+1)*k]
}

// take are the pictures at some positions.
func (p *pictures) take(at []int) *pictures {
	out := &pictures{n: len(at), c: p.c, size: p.size}
	for _, i := range at {
		out.pix, out.y = append(out.pix, p.one(i)...), append(out.y, p.y[i])
	}
	return out
}

// part are the pictures from..to-1.
func (p *pictures) part(from, to int) *pictures {
	at := make([]int, to-from)
	for i := range at {
		at[i] = from + i
	}
	return p.take(at)
}

// inputs normalises the channels and makes a tensor.
func (p *pictures) inputs(mean, sd []float64) *sgpa.Inputs {
	x := make([]float32, len(p.pix))
	plane := p.size * p.size
	for k, v := range p.pix {
		c := k / plane % p.c
		x[k] = float32((v - mean[c]) / sd[c])
	}
	return &sgpa.Inputs{Images: linalg.FromFloat32(x, p.n, p.c, p.size, p.size)}
}

func (p *pictures) data(mean, sd []float64) *sgpa.Data {
	return &sgpa.Data{X: p.inputs(mean, sd), Y: p.y}
}
