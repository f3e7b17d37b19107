package linalg

import (
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
)

// Every long operation answers an interrupt soon. The figures are in the log; the bound is wide, as the machine may be busy.
func TestInterruptLatency(t *testing.T) {
	defer Interrupt(false)
	r := NewRand(1)
	big32, big64 := Normal(r, F32, 1500, 1500), Normal(r, F64, 1200, 1200)
	spd := big64.MatMul(big64.T()).AddDiag(1200)
	image, filter := Normal(r, F32, 64, 32, 32, 64), Normal(r, F32, 3, 3, 64, 64)
	heads, points := Normal(r, F32, 50, 4, 128, 32), Normal(r, F64, 1500, 3)
	small := Eye(F32, 64).MulS(2).BroadcastTo(400, 64, 64).Contiguous()
	batch := Normal(r, F32, 400, 64, 64)
	long := Normal(r, F32, 1<<21)
	zero := Scalar(F64, 0)
	factor := Cholesky(spd, 0)
	narrow, long64 := factor.Slice(0, 0, 100).Slice(1, 0, 100), Normal(r, F64, 100, 20000)
	dense := big64.Dense()
	UseInGonum()
	for name, op := range map[string]func(){
		"product f32":    func() { big32.MatMul(big32) },
		"product f64":    func() { big64.MatMul(big64) },
		"batch product":  func() { batch.MatMul(batch) },
		"cholesky":       func() { Cholesky(spd, 0) },
		"cholesky batch": func() { Cholesky(small, 0) },
		"cholesky gradient": func() {
			p := Param(spd)
			Cholesky(p, 0).Sum().Backward()
		},
		"solve":         func() { SolveTri(factor, big64, false) },
		"convolution":   func() { Conv(image, filter, nil, ConvOptions{Pad: 1}) },
		"transposed":    func() { ConvTranspose(image, filter, nil, ConvOptions{Stride: 2}) },
		"attention":     func() { Attention(heads, heads, heads, AttentionOptions{}) },
		"kernel matrix": func() { KernelMatrix("matern52", points, points, zero, zero) },
		"quadratic":     func() { QuadraticForm(spd, big64) },
		"conditional": func() {
			mean, variance := SparseConditional(Param(narrow), long64, zero, Zeros(F64, 100, 1), spd.Slice(0, 0, 100).Slice(1, 0, 100))
			mean.Sum().Add(variance.Sum()).Backward()
		},
		"squares":       func() { SumSquaresMatMul(big64, big64, -2) },
		"element-wise":  func() { long.GELU() },
		"sum":           func() { big64.Square().Sum(0) },
		"normal":        func() { Normal(r, F32, 1<<21) },
		"permutation":   func() { big64.T().Contiguous() },
		"layer norm":    func() { LayerNorm(image, nil, nil) },
		"group norm":    func() { GroupNorm(image, 8, nil, nil) },
		"eigenvectors":  func() { EigSym(spd) },
		"gonum product": func() { new(mat.Dense).Mul(dense, dense) },
	} {
		Interrupt(false)
		done := make(chan error, 1)
		begun := make(chan struct{})
		go func() {
			close(begun)
			done <- Try(func() {
				for { // again and again, so that the interrupt comes in the middle
					Scope(op)
				}
			})
		}()
		<-begun
		time.Sleep(15 * time.Millisecond)
		from := time.Now()
		Interrupt(true)
		select {
		case err := <-done:
			d := time.Since(from)
			if _, ok := err.(Interrupted); !ok {
				t.Errorf("%s ended with %v", name, err)
			}
			t.Logf("%-18s answered after %.1f ms", name, d.Seconds()*1e3)
		case <-time.After(30 * time.Second):
			t.Fatalf("%s did not answer", name)
		}
	}
}
