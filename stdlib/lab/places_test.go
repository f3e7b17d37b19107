package lab

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

// cellHost is a fakeHost that knows cells.
type cellHost struct {
	*fakeHost
	mu          sync.Mutex
	name, place string
	next        string
	behalf      []string // cells on whose behalf callbacks ran
}

func (h *cellHost) Cell() (string, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.name, h.place
}

func (h *cellHost) Callback(_ context.Context, cell string, f func()) {
	h.mu.Lock()
	h.behalf = append(h.behalf, cell)
	h.mu.Unlock()
	f()
}

func (h *cellHost) NextInput(text string) bool { h.next = text; return h.name != "" }

func TestNextInput(t *testing.T) {
	h := useCells(t)
	if err := NextInput("x"); err == nil {
		t.Error("taken outside of a cell")
	}
	h.cell(t, "In[1]", "a", func() {
		if err := NextInput("fmt.Println()"); err != nil || h.next != "fmt.Println()" {
			t.Errorf("%v, next is %q", err, h.next)
		}
	})
	SetHost(nil)
	if err := NextInput("x"); err == nil {
		t.Error("a terminal takes it")
	}
}

func useCells(t *testing.T) *cellHost {
	h := &cellHost{fakeHost: useHost(t, true)}
	SetHost(h)
	return h
}

// cell runs f as a cell of the notebook.
func (h *cellHost) cell(t *testing.T, name, place string, f func()) {
	h.mu.Lock()
	h.name, h.place = name, place
	h.mu.Unlock()
	defer BeginCell(t.Context(), place)()
	f()
}

func isOpen(w *Widget) bool {
	registry.Lock()
	defer registry.Unlock()
	return w.open && registry.byID[w.id] == w
}

func TestRunningACellAgainClosesItsWidgets(t *testing.T) {
	h := useCells(t)
	var shared, own *Widget
	calls := map[string]int{}
	h.cell(t, "In[1]", "a", func() { shared = IntSlider("shared", 1, 0, 9); Show(shared) })
	show := func(run string) func() {
		return func() {
			own = IntSlider("own", 1, 0, 9)
			Interact(func(a, b int) string { calls[run]++; return fmt.Sprint(run, a, b) }, shared, own)
		}
	}
	h.cell(t, "In[2]", "b", show("first"))
	first, open := own, len(Comms(""))
	h.cell(t, "In[3]", "b", show("second"))
	if isOpen(first) || !isOpen(own) || !isOpen(shared) {
		t.Errorf("open: first %v, second %v, shared %v", isOpen(first), isOpen(own), isOpen(shared))
	}
	if n := len(Comms("")); n != open {
		t.Errorf("%d widgets are open after the second run, %d after the first", n, open)
	}
	move(shared, "value", 5)
	if calls["first"] != 1 || calls["second"] != 2 {
		t.Errorf("calls %v: the first function is still bound", calls)
	}
	// The same cell without widgets: nothing of it is left but what another shows.
	h.cell(t, "In[4]", "b", func() {})
	if isOpen(own) || !isOpen(shared) || len(Comms("")) >= open {
		t.Errorf("open: own %v, shared %v, %d in all", isOpen(own), isOpen(shared), len(Comms("")))
	}
	move(shared, "value", 6)
	if calls["second"] != 2 {
		t.Error("the second function is still bound")
	}
}

func TestAWidgetShownAgainStaysOpen(t *testing.T) {
	h := useCells(t)
	w := IntSlider("w", 1, 0, 9)
	h.cell(t, "In[1]", "a", func() { Show(w) })
	h.sent()
	h.cell(t, "In[2]", "a", func() { Show(w) })
	if msgs := h.sent(); len(msgs) != 0 || !isOpen(w) {
		t.Errorf("open %v, sent %v", isOpen(w), msgs)
	}
	h.cell(t, "In[3]", "", func() {}) // a client that does not tell places
	if !isOpen(w) {
		t.Error("closed by a cell of unknown place")
	}
	var other *Widget
	h.cell(t, "In[4]", "b", func() { other = IntSlider("o", 1, 0, 9); LinkInPage(w, "value", other, "value"); Show(other) })
	before := len(Comms(""))
	h.cell(t, "In[5]", "b", func() {})
	if isOpen(other) || len(Comms("")) != before-2 { // the slider and the link
		t.Errorf("%d comms of %d are open", len(Comms("")), before)
	}
}

func TestCallbacksBelongToTheCellThatShowsTheWidget(t *testing.T) {
	h := useCells(t)
	w := IntSlider("w", 1, 0, 9)
	w.OnChange(func() {})
	h.cell(t, "In[1]", "a", func() { Show(VBox(w)) })
	h.cell(t, "In[2]", "b", func() {})
	move(w, "value", 3)
	if len(h.behalf) != 1 || h.behalf[0] != "In[1]" {
		t.Errorf("on behalf of %v", h.behalf)
	}
}

func TestAnInterruptReachesNumericWorkOfACallback(t *testing.T) {
	useHost(t, true)
	w := IntSlider("a", 0, 0, 9)
	started, ended := make(chan bool, 1), make(chan any, 1)
	w.OnChange(func() {
		defer func() { ended <- recover() }()
		a := linalg.Normal(linalg.NewRand(1), linalg.F64, 300, 300)
		started <- true
		for { // no context is looked at
			a = a.MatMul(a).MulS(1e-3)
		}
	})
	Show(w)
	if err := w.Set(1); err != nil {
		t.Fatal(err)
	}
	<-started
	CancelCallbacks()
	if p := <-ended; !WasInterrupted(p) {
		t.Errorf("the work ended with %v", p)
	}
	eventually(t, "numeric work is possible again", func() bool {
		return linalg.Try(func() { linalg.Eye(linalg.F64, 3).MatMul(linalg.Eye(linalg.F64, 3)) }) == nil
	})
}
