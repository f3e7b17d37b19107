package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
)

// A Series is one output along one input, both of length n.
type Series struct {
	Name, XName, YName string
	Credit             string // origin and licence, to be shown with it
	X, Y               []float64
}

// String tells what it is.
func (s Series) String() string {
	if len(s.X) == 0 {
		return s.Name + ": no values"
	}
	return fmt.Sprintf("%s: %d values, %s %.6g to %.6g, %s", s.Name, len(s.X), s.XName, s.X[0], s.X[len(s.X)-1], s.YName)
}

// Len is the number of values.
func (s Series) Len() int { return len(s.X) }

// Present leaves out the values where x or y is NaN.
func (s Series) Present() Series {
	var x, y []float64
	for i := range s.X {
		if !math.IsNaN(s.X[i]) && !math.IsNaN(s.Y[i]) {
			x, y = append(x, s.X[i]), append(y, s.Y[i])
		}
	}
	s.X, s.Y = x, y
	return s
}

// Between keeps the values with lo <= x < hi.
func (s Series) Between(lo, hi float64) Series {
	var x, y []float64
	for i, v := range s.X {
		if v >= lo && v < hi {
			x, y = append(x, v), append(y, s.Y[i])
		}
	}
	s.X, s.Y = x, y
	return s
}

// check reports the first thing that keeps a series from being modelled.
func (s Series) check() error {
	if len(s.X) != len(s.Y) {
		return fmt.Errorf("%s: x has %d values but y has %d; they must be equally long", s.Name, len(s.X), len(s.Y))
	}
	for i := range s.X {
		for _, v := range []struct {
			name  string
			value float64
		}{{"x", s.X[i]}, {"y", s.Y[i]}} {
			if math.IsNaN(v.value) || math.IsInf(v.value, 0) {
				return fmt.Errorf("%s: %s[%d] is %v; leave such values out with Present() first", s.Name, v.name, i, v.value)
			}
		}
	}
	return nil
}

// A Task is one part of a series that arrives at once, with a part of it held
// out for testing. From and To bound its interval on the x axis; the intervals
// of neighbouring tasks touch.
type Task struct {
	Index        int // counted from 0
	From, To     float64
	X, Y         []float64 // training part, in order of x
	TestX, TestY []float64 // held out, in order of x
}

// Tasks cuts the series, sorted by x, into k consecutive tasks of equal count
// (they differ by one when k does not divide n) and holds out the share test
// of each, chosen at random by the seed. The same seed gives the same split.
func (s Series) Tasks(k int, test float64, seed uint64) ([]Task, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	n := len(s.X)
	if k < 1 || k > n {
		return nil, fmt.Errorf("%s: asked for %d tasks of %d values; the number must lie between 1 and %d", s.Name, k, n, n)
	}
	if !(test >= 0 && test < 1) {
		return nil, fmt.Errorf("%s: the share held out is %v; it must be at least 0 and less than 1", s.Name, test)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return s.X[order[a]] < s.X[order[b]] })
	x := func(i int) float64 { return s.X[order[i]] }
	edge := func(i int) float64 { // between the values before and after place i
		switch i {
		case 0:
			return x(0)
		case n:
			return x(n - 1)
		}
		return (x(i-1) + x(i)) / 2
	}
	tasks := make([]Task, k)
	for t := range tasks {
		lo, hi := t*n/k, (t+1)*n/k
		task := Task{Index: t, From: edge(lo), To: edge(hi)}
		_, held := Split(hi-lo, test, seed+uint64(t))
		out := make([]bool, hi-lo)
		for _, i := range held {
			out[i] = true
		}
		for i := lo; i < hi; i++ {
			j := order[i]
			if out[i-lo] {
				task.TestX, task.TestY = append(task.TestX, s.X[j]), append(task.TestY, s.Y[j])
			} else {
				task.X, task.Y = append(task.X, s.X[j]), append(task.Y, s.Y[j])
			}
		}
		tasks[t] = task
	}
	return tasks, nil
}

// Edges are the boundaries of tasks that follow one another, one more than
// there are tasks.
func Edges(tasks []Task) []float64 {
	var out []float64
	for i, t := range tasks {
		if i == 0 {
			out = append(out, t.From)
		}
		out = append(out, t.To)
	}
	return out
}

// Split divides 0..n-1 at random into a training part and a held-out part of
// round(test*n) members, each in increasing order. At least one stays in the
// training part.
func Split(n int, test float64, seed uint64) (train, held []int) {
	m := min(int(math.Round(test*float64(n))), n-1)
	pick := make([]bool, n)
	for _, i := range rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)).Perm(n)[:max(m, 0)] {
		pick[i] = true
	}
	for i, p := range pick {
		if p {
			held = append(held, i)
		} else {
			train = append(train, i)
		}
	}
	return train, held
}

// A Scaling is the shift and scale that standardise a variable: z = (v - Mean) / SD.
type Scaling struct{ Mean, SD float64 }

// Standardize gives y with mean 0 and standard deviation 1 (divisor n) and
// the scaling that did it. A constant y keeps SD 1.
func Standardize(y []float64) ([]float64, Scaling) {
	s := Scaling{SD: 1}
	for _, v := range y {
		s.Mean += v / float64(len(y))
	}
	ss := 0.0
	for _, v := range y {
		ss += (v - s.Mean) * (v - s.Mean)
	}
	if len(y) > 0 && ss > 0 {
		s.SD = math.Sqrt(ss / float64(len(y)))
	}
	return s.Apply(y), s
}

// Apply standardises values by s.
func (s Scaling) Apply(y []float64) []float64 {
	return s.each(y, func(v float64) float64 { return (v - s.Mean) / s.SD })
}

// Undo brings standardised values back to the original unit.
func (s Scaling) Undo(z []float64) []float64 {
	return s.each(z, func(v float64) float64 { return s.Mean + s.SD*v })
}

// UndoSD brings standard deviations back to the original unit.
func (s Scaling) UndoSD(sd []float64) []float64 {
	return s.each(sd, func(v float64) float64 { return s.SD * v })
}

func (Scaling) each(in []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

// Linspace gives n evenly spaced values from lo to hi, both included.
func Linspace(lo, hi float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		if n == 1 {
			out[i] = lo
			break
		}
		out[i] = lo + (hi-lo)*float64(i)/float64(n-1)
	}
	return out
}
