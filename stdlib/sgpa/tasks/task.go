package tasks

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

// Set is a named set of labelled inputs.
type Set struct {
	Name string
	Data *sgpa.Data
}

// Task is a problem with everything that is measured on it. ZINC predicts numbers and has molecules in place of the sets.
type Task struct {
	Name               string
	Train, Valid, Test *sgpa.Data
	Shifted            []Set        // the same classes, other circumstances
	Outside            *sgpa.Inputs // inputs to be detected as foreign; nil for none
	OutsideName        string
	Config             sgpa.Config // of every network; the method is filled in
	Rate               float64     // base learning rate
	Vectors            [][]float64 // fixed vectors of the words of the vocabulary, one a row; nil for none (see UseVectors)
	Batch              int

	words        *Vocabulary // of a text task
	learn, tests *molecules  // of a task that predicts numbers
}

func (t *Task) regression() bool { return t.learn != nil }

// UseVectors gives the networks of a text task fixed vectors of the words they know, beside the embeddings they learn. It
// returns the share of the vocabulary that has a vector.
func (t *Task) UseVectors(w *data.WordVectors) (float64, error) {
	if t.words == nil {
		return 0, fmt.Errorf("tasks: %s reads no words", t.Name)
	}
	if len(w.Words) == 0 {
		return 0, fmt.Errorf("tasks: the collection of word vectors is empty")
	}
	found := 0
	t.Vectors = make([][]float64, t.words.Len())
	for word, id := range t.words.ids {
		if v := w.Of(word); v != nil {
			t.Vectors[id] = v
			found++
		}
	}
	t.Config.VectorWidth = len(w.Vector[0])
	return float64(found) / float64(max(len(t.words.ids), 1)), nil
}

// vectors gives a network the task's word vectors, if it has any.
func (t *Task) vectors(n *sgpa.Network) error {
	if t.Vectors == nil {
		return nil
	}
	return n.SetVectors(t.Vectors)
}

// String tells the sizes.
func (t *Task) String() string { return t.Name + ": " + t.sizes() }

func (t *Task) sizes() string {
	if t.regression() {
		return fmt.Sprintf("%d inputs for training, %d for testing", len(t.learn.y), len(t.tests.y))
	}
	s := fmt.Sprintf("%d inputs for training, %d for validation, %d for testing", len(t.Train.Y), len(t.Valid.Y), len(t.Test.Y))
	for _, sh := range t.Shifted {
		s += fmt.Sprintf(", %d of %s", len(sh.Data.Y), sh.Name)
	}
	if t.Outside != nil {
		s += fmt.Sprintf(", %d of %s", t.Outside.Len(), t.OutsideName)
	}
	return s
}

// Limit measures on at most n inputs of each set, spread evenly over it so that every kind of corruption keeps its share, and
// returns the task.
func (t *Task) Limit(n int) *Task {
	if t.regression() {
		t.tests = t.tests.take(spread(len(t.tests.y), n))
		return t
	}
	t.Test = t.Test.Take(spread(t.Test.X.Len(), n))
	for i := range t.Shifted {
		d := t.Shifted[i].Data
		t.Shifted[i].Data = d.Take(spread(d.X.Len(), n))
	}
	if t.Outside != nil {
		t.Outside = t.Outside.Take(spread(t.Outside.Len(), n))
	}
	return t
}

// spread are n positions evenly over 0..of-1, or all if there are not so many.
func spread(of, n int) []int {
	n = min(of, n)
	at := make([]int, n)
	for i := range at {
		at[i] = i * of / n
	}
	return at
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
	out := &pictures{n: len(at), c: p.c, size: p.size, pix: make([]float64, 0, len(at)*p.c*p.size*p.size)}
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

// add appends pictures of the same size.
func (p *pictures) add(q *pictures) {
	p.n, p.pix, p.y = p.n+q.n, append(p.pix, q.pix...), append(p.y, q.y...)
}

// images is the way back, in 256 levels.
func (p *pictures) images() *data.Images {
	m := &data.Images{N: p.n, C: p.c, H: p.size, W: p.size, Pixels: make([]uint8, len(p.pix)), Labels: p.y}
	plane := p.size * p.size
	for i := range p.n {
		for c := range p.c {
			for k := range plane {
				m.Pixels[(i*plane+k)*p.c+c] = uint8(math.Round(255 * p.pix[(i*p.c+c)*plane+k]))
			}
		}
	}
	return m
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
