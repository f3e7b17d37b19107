package hippo

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// RunMany advances many LegS memories at once: column j of c (N by C) is the
// memory of the signal in column j of f (steps by C), whose rows are samples
// number first, first+1, ... (1 for a memory that is still zero). It is Step
// for every column; columns are independent and shared out among cores.
func RunMany(c *mat.Dense, first int, f *mat.Dense, rule Rule) error {
	N, C := c.Dims()
	steps, cols := f.Dims()
	if cols != C && steps > 0 {
		return fmt.Errorf("hippo: %d memories and %d signals", C, cols)
	}
	if first < 1 {
		return fmt.Errorf("hippo: step %d: the first step is 1", first)
	}
	if rule == ZOH || rule == ZOHLeft {
		return runHeld(c, first, f, rule)
	}
	if rule != Euler && rule != Backward && rule != Bilinear && rule != "" {
		return fmt.Errorf("hippo: no rule %q; there are bilinear, euler, backward, zoh, zoh-left", rule)
	}
	if rule != Euler { // whose blocks may grow beyond all bounds
		const block = 64
		done := 0
		for ; C > 4*(N+block) && steps-done >= block; done += block {
			runBlock(c, first+done, f.Slice(done, done+block, 0, C).(*mat.Dense), rule)
		}
		if done == steps {
			return nil
		}
		first, f, steps = first+done, f.Slice(done, steps, 0, C).(*mat.Dense), steps-done
	}
	runPieces(c, first, f, rule)
	return nil
}

// runBlock takes all steps of f at once, when there are many more memories than
// N: they are one linear map, c <- P c + Q f, whose columns are the recurrence on
// unit impulses. P is a product of contractions, so nothing grows.
func runBlock(c *mat.Dense, first int, f *mat.Dense, rule Rule) {
	N, C := c.Dims()
	steps, _ := f.Dims()
	PQ := mat.NewDense(N, N+steps, nil)
	unit := mat.NewDense(steps, N+steps, nil)
	for i := 0; i < N; i++ {
		PQ.Set(i, i, 1)
	}
	for i := 0; i < steps; i++ {
		unit.Set(i, N+i, 1)
	}
	runPieces(PQ, first, unit, rule)
	next := mat.NewDense(N, C, nil)
	next.Mul(PQ.Slice(0, N, 0, N), c)
	var input mat.Dense
	input.Mul(PQ.Slice(0, N, N, N+steps), f)
	c.Add(next, &input)
}

// runPieces runs columns in pieces, on all cores.
func runPieces(c *mat.Dense, first int, f *mat.Dense, rule Rule) {
	N, C := c.Dims()
	steps, _ := f.Dims()
	const width = 64 // columns of one piece: N rows of them stay in the cache
	pieces := (C + width - 1) / width
	next := make(chan int, pieces)
	for p := 0; p < pieces; p++ {
		next <- p
	}
	close(next)
	var wait sync.WaitGroup
	for g := 0; g < min(pieces, runtime.GOMAXPROCS(0)); g++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for p := range next {
				lo, hi := p*width, min(C, (p+1)*width)
				runPiece(c.Slice(0, N, lo, hi).(*mat.Dense), first, f.Slice(0, steps, lo, hi).(*mat.Dense), rule)
			}
		}()
	}
	wait.Wait()
}

// runPiece is one pass over the rows for every step: s gathers q_n x_n for the
// product with A, t the same of the solution for the implicit part.
func runPiece(c *mat.Dense, first int, f *mat.Dense, rule Rule) {
	N, C := c.Dims()
	steps, _ := f.Dims()
	s, t := make([]float64, C), make([]float64, C)
	for i := 0; i < steps; i++ {
		k := float64(first + i)
		explicit, implicit := 1/(2*k), 1/(2*k)
		switch rule {
		case Euler:
			explicit, implicit = 1/k, 0
		case Backward:
			explicit, implicit = 0, 1/k
		}
		in := f.RawRowView(i)
		clear(s)
		clear(t)
		for n := 0; n < N; n++ {
			q := math.Sqrt(2*float64(n) + 1)
			keep := 1 - explicit*float64(n+1)
			scale := 1 / (1 + implicit*float64(n+1))
			row := c.RawRowView(n)
			for j, x := range row {
				b := keep*x - explicit*q*s[j] + q*in[j]/k
				y := (b - implicit*q*t[j]) * scale
				s[j] += q * x
				t[j] += q * y
				row[j] = y
			}
		}
	}
}

// runHeld is the exact recurrence for held inputs: c <- E c + (I-E) e_0 f.
func runHeld(c *mat.Dense, first int, f *mat.Dense, rule Rule) error {
	N, C := c.Dims()
	steps, _ := f.Dims()
	var next mat.Dense
	for i := 0; i < steps; i++ {
		k := float64(first + i)
		if rule == ZOHLeft {
			k++
		}
		E, err := Transition(N, k-1, k)
		if err != nil {
			return err
		}
		top := c.RawRowView(0)
		in := f.RawRowView(i)
		for j := 0; j < C; j++ {
			top[j] -= in[j]
		}
		next.Mul(E, c)
		c.Copy(&next)
		top = c.RawRowView(0)
		for j := 0; j < C; j++ {
			top[j] += in[j]
		}
	}
	return nil
}
