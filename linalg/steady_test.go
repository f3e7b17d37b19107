package linalg

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/priorlab/priorlab/linalg/internal/mem"
)

// smallTransformer is one training step of a transformer block with a classifier.
func smallTransformer(batch, tokens int) func() {
	r := NewRand(1)
	const width, heads = 32, 4
	var params []*Tensor
	param := func(shape ...int) *Tensor {
		p := Param(Normal(r, F32, shape...).MulS(0.1))
		params = append(params, p)
		return p
	}
	qkv, qb, o, w1, b1, w2 := param(3*width, width), param(3*width), param(width, width), param(4*width, width), param(4*width), param(width, 4*width)
	g, b, head := Param(Ones(F32, width)), param(width), param(3, width)
	params = append(params, g)
	x, y := Normal(r, F32, batch, tokens, width), RandInts(r, 3, batch)
	opt := NewAdamW(1e-3, params...)
	return func() {
		Scope(func() {
			p := Linear(LayerNorm(x, g, b), qkv, qb).Split(2, 3)
			a := Attention(p[0].SplitHeads(heads), p[1].SplitHeads(heads), p[2].SplitHeads(heads), AttentionOptions{}).MergeHeads()
			h := x.Add(Linear(a, o, nil))
			h = h.Add(Linear(Linear(h, w1, b1).GELU(), w2, nil))
			CrossEntropy(Linear(h.Mean(1), head, nil), y).Backward()
			opt.Step()
		})
	}
}

// A steady training step makes no large allocation, and many steps do not grow memory.
func TestSteadyStepDoesNotAllocate(t *testing.T) {
	step := smallTransformer(16, 16)
	for i := 0; i < 3; i++ {
		step()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const n = 50
	for i := 0; i < n; i++ {
		step()
	}
	runtime.ReadMemStats(&after)
	// The activations and gradients of a step are above 2 MB.
	if per := (after.TotalAlloc - before.TotalAlloc) / n; per > 200<<10 {
		t.Errorf("a step allocates %d bytes", per)
	}
	runtime.GC()
	var start runtime.MemStats
	runtime.ReadMemStats(&start)
	for i := 0; i < 300; i++ {
		step()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > start.HeapAlloc+1<<20 {
		t.Errorf("300 steps grew the heap from %d to %d bytes", start.HeapAlloc, after.HeapAlloc)
	}
}

func BenchmarkTransformerStep(b *testing.B) {
	step := smallTransformer(16, 16)
	step()
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}

// An interrupt ends an operation, and a loop of operations, soon.
func TestInterruptEndsOperations(t *testing.T) {
	defer Interrupt(false)
	x := Normal(NewRand(1), F64, 300, 300)
	done := make(chan error)
	started := make(chan struct{})
	go func() {
		close(started)
		done <- Try(func() {
			for {
				x.MatMul(x).Exp().Sum()
			}
		})
	}()
	<-started
	time.Sleep(20 * time.Millisecond)
	t0 := time.Now()
	Interrupt(true)
	select {
	case err := <-done:
		if _, ok := err.(Interrupted); !ok {
			t.Errorf("the loop ended with %v", err)
		}
		if d := time.Since(t0); d > time.Second {
			t.Errorf("the loop took %v to end", d)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the loop did not end")
	}
}

// Axes of length zero and one go through every operation of the table without a fault.
func TestSizesZeroAndOne(t *testing.T) {
	for _, n := range []int{0, 1} {
		x, w := Zeros(F32, n, 4, 3), Zeros(F32, 2, 3)
		Scope(func() {
			p := Param(x)
			y := Linear(p, w, nil).GELU().Softmax(-1).Sum(1).Square()
			y = LayerNorm(y.AddS(1), nil, nil).Exp()
			y.Sum().Backward()
			if g := p.Grad(); g.Len() != x.Len() {
				t.Errorf("n %d: the gradient has %d elements", n, g.Len())
			}
			img := Zeros(F32, n, 5, 5, 2)
			Conv(img, Zeros(F32, 3, 3, 2, 4), nil, ConvOptions{Pad: 1}).Sum()
			ConvTranspose(img, Zeros(F32, 3, 3, 4, 2), nil, ConvOptions{}).Sum()
			Attention(Zeros(F32, n, 2, 3, 4), Zeros(F32, n, 2, 3, 4), Zeros(F32, n, 2, 3, 4), AttentionOptions{}).Sum()
			Cholesky(Zeros(F64, n, 4, 4).AddDiag(1), 0).Sum()
			Cholesky(Zeros(F64, n, n), 1).Sum()
			SolveTri(Eye(F64, 4), Zeros(F64, 4, n), false).Sum()
			KernelMatrix("rbf", Zeros(F64, n, 2), Zeros(F64, 3, 2), Scalar(F64, 0), Scalar(F64, 0)).Sum()
			SumSquaresMatMul(Zeros(F64, 3, n), Zeros(F64, n, 5), -2).Sum()
			Zeros(F64, 3, n).Gather(0, FromInts([]int{2, 0})).Sum()
			Nearest(Zeros(F32, n, 4), Zeros(F32, 3, 4))
			Concat(1, Zeros(F64, 2, n), Zeros(F64, 2, 3)).Var()
		})
	}
}

// Memory stays where it is over ten thousand steps.
func TestManyStepsDoNotGrowMemory(t *testing.T) {
	if os.Getenv("PRIORLAB_LONG") == "" {
		t.Skip("PRIORLAB_LONG is not set: ten thousand steps take a while")
	}
	step := smallTransformer(2, 6)
	held := func() (heap, pooled uint64) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, uint64(mem.Held())
	}
	for i := 0; i < 10; i++ {
		step()
	}
	heap, pooled := held()
	for i := 0; i < 10000; i++ {
		step()
	}
	heapAfter, pooledAfter := held()
	t.Logf("heap %d and then %d bytes, of which wait for reuse %d and %d", heap, heapAfter, pooled, pooledAfter)
	if heapAfter > heap+2<<20 || pooledAfter > pooled+1<<20 {
		t.Errorf("10000 steps grew the heap from %d to %d bytes, what waits for reuse from %d to %d", heap, heapAfter, pooled, pooledAfter)
	}
}
