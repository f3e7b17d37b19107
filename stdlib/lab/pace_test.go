package lab

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// frontEnd behaves as the widget manager of a page does: it sends one change
// of a control, keeps back what follows until that one's idle (the return of
// HandleComm), and then sends only the newest.
type frontEnd struct {
	mu      sync.Mutex
	busy    bool
	pending any
	sent    int
}

func (f *frontEnd) move(w *Widget, value any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy {
		f.pending = value
		return
	}
	f.busy = true
	go f.deliver(w, value)
}

func (f *frontEnd) deliver(w *Widget, value any) {
	for value != nil {
		f.mu.Lock()
		f.sent++
		f.mu.Unlock()
		move(w, "value", value)
		f.mu.Lock()
		value, f.pending = f.pending, nil
		f.busy = value != nil
		f.mu.Unlock()
	}
}

func (f *frontEnd) atRest() bool { f.mu.Lock(); defer f.mu.Unlock(); return !f.busy }

// Two hundred moves of a slider leave nothing queued: pictures come while it
// moves, and soon after the last move the last picture is there.
func TestTwoHundredMoves(t *testing.T) {
	for name, work := range map[string]time.Duration{"quick": 2 * time.Millisecond, "slow": 2 * grace} {
		h := useHost(t, true)
		m := IntSlider("M", 0, 0, 1000)
		Interact(func(v int) any { time.Sleep(work); return fmt.Sprint("picture ", v) }, m)
		page := &frontEnd{}
		for v := 1; v <= 200; v++ {
			page.move(m, v)
			time.Sleep(time.Millisecond)
		}
		end := time.Now()
		eventually(t, "the last picture", func() bool { return h.last() == "picture 200" })
		if d := time.Since(end); d > 4*work+15*time.Second {
			t.Errorf("%s: the last picture came %v after the last move", name, d)
		}
		eventually(t, "the page is at rest", page.atRest)
		h.mu.Lock()
		pictures := len(h.shown)
		h.mu.Unlock()
		time.Sleep(3*work + 20*time.Millisecond)
		h.mu.Lock()
		after := len(h.shown)
		h.mu.Unlock()
		if after != pictures {
			t.Errorf("%s: %d pictures came after the last one", name, after-pictures)
		}
		if pictures < 3 || pictures > 203 || name == "slow" && pictures > 20 {
			t.Errorf("%s: %d pictures of 200 moves, %d messages", name, pictures-2, page.sent)
		}
	}
}

func ExampleInteract() {
	SetHost(nil) // a terminal: no sliders, but the picture
	Interact(func(scale float64, n int) any {
		return fmt.Sprintf("%d paths of length-scale %g", n, scale)
	}, FloatLogSlider("length-scale", 20, 1, 200), IntSlider("paths", 5, 1, 20))
	// Output:
	// *length-scale = 20, paths = 5*
	// 5 paths of length-scale 20
}

func ExampleDisplay() {
	SetHost(nil)
	d := Display("fitting ...")
	d.Update("done")
	// Output:
	// fitting ...
	// done
}
