package lab

import (
	"context"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

func TestAnInterruptReachesNumericWork(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	end := BeginCell(ctx, "")
	work := func() (p any) {
		defer func() { p = recover() }()
		a := linalg.Normal(linalg.NewRand(1), linalg.F64, 600, 600)
		for range 2000 {
			a = a.MatMul(a).MulS(1e-3)
		}
		return nil
	}
	done := make(chan any)
	go func() { done <- work() }()
	cancel()
	if p := <-done; !WasInterrupted(p) {
		t.Errorf("the work ended with %v", p)
	}
	end()
	end = BeginCell(t.Context(), "")
	defer end()
	if p := linalg.Try(func() { linalg.Eye(linalg.F64, 3).MatMul(linalg.Eye(linalg.F64, 3)) }); p != nil {
		t.Errorf("the next cell's work ended with %v", p)
	}
}
