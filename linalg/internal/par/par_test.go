package par

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func withThreads(t *testing.T, n int) {
	old := Threads()
	SetThreads(n)
	t.Cleanup(func() { SetThreads(old) })
}

func TestForCoversEachIndexOnce(t *testing.T) {
	for _, th := range []int{1, 2, 3, 8} {
		withThreads(t, th)
		for _, n := range []int{0, 1, 2, 7, 100, 1001} {
			for _, chunk := range []int{0, 1, 3, 64, 5000} {
				for name, loop := range map[string]func(int, int, func(lo, hi int)){"For": For, "Brief": Brief} {
					got := make([]atomic.Int32, n)
					loop(n, chunk, func(lo, hi int) {
						for i := lo; i < hi; i++ {
							got[i].Add(1)
						}
					})
					for i := range got {
						if got[i].Load() != 1 {
							t.Fatalf("%s, threads %d, n %d, chunk %d: index %d ran %d times", name, th, n, chunk, i, got[i].Load())
						}
					}
				}
			}
		}
	}
}

func TestForManyCallersAndNesting(t *testing.T) {
	withThreads(t, 4)
	var total atomic.Int64
	var wg sync.WaitGroup
	for g := 0; g < 8; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for r := 0; r < 200; r++ {
				For(10, 1, func(lo, hi int) {
					For(5, 2, func(lo, hi int) { total.Add(int64(hi - lo)) })
				})
			}
		}()
	}
	wg.Wait()
	if total.Load() != 8*200*10*5 {
		t.Errorf("%d inner indices ran, want %d", total.Load(), 8*200*10*5)
	}
}

func TestForPassesPanicsOn(t *testing.T) {
	for _, th := range []int{1, 3} {
		withThreads(t, th)
		func() {
			defer func() {
				if p := recover(); p != "seven" {
					t.Errorf("threads %d: recovered %v, want seven", th, p)
				}
			}()
			For(100, 1, func(lo, hi int) {
				if lo == 7 {
					panic("seven")
				}
			})
		}()
	}
}

func TestInterruptUnwindsQuickly(t *testing.T) {
	withThreads(t, 2)
	defer Interrupt(false)
	begun := make(chan struct{})
	var once sync.Once
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		For(1<<30, 1, func(lo, hi int) {
			once.Do(func() { close(begun) })
			time.Sleep(10 * time.Microsecond)
		})
	}()
	<-begun
	t0 := time.Now()
	Interrupt(true)
	if _, ok := (<-done).(Interrupted); !ok {
		t.Error("the loop did not end with Interrupted")
	}
	if d := time.Since(t0); d > time.Second {
		t.Errorf("the loop took %v to unwind", d)
	}
}

func TestWorkersPark(t *testing.T) {
	withThreads(t, 2)
	For(4, 1, func(lo, hi int) { time.Sleep(time.Millisecond) })
	for i := 0; i < 200; i++ {
		time.Sleep(5 * time.Millisecond)
		runtime.Gosched()
		if parked.Load() > 0 {
			return
		}
	}
	t.Error("no worker parked within a second")
}

func TestAside(t *testing.T) {
	defer Interrupt(false)
	ran := false
	Aside(func() { ran = true })
	if !ran {
		t.Error("the function did not run")
	}
	catch := func(f func()) (p any) {
		defer func() { p = recover() }()
		Aside(f)
		return nil
	}
	if p := catch(func() { panic("fault") }); p != "fault" {
		t.Errorf("a panic comes out as %v", p)
	}
	release := make(chan struct{})
	defer close(release)
	Interrupt(true)
	if _, ok := catch(func() { <-release }).(Interrupted); !ok {
		t.Error("an interrupt did not end the wait")
	}
}
