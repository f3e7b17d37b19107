package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// Show displays each value below the cell, one after the other.
func Show(values ...any) {
	for _, v := range values {
		// A front end that has gone away is no reason to stop a computation.
		_ = host().Display(renderOne(v), "", false)
	}
}

// A Handle is something on display that can be replaced in place, from the
// same cell, a later one, a widget callback or another goroutine. It follows on
// the page from which the cell was run; a page that is opened or loaded again
// later shows it as it was stored, and only widgets come back to life there.
// Use an [Output] for what must stay live everywhere.
type Handle struct {
	id string

	mu   sync.Mutex
	sent time.Time
	next *Bundle // waits to be sent
}

// updatePace is how often a handle is sent to the page at most: a loop that
// updates without rest would leave the page no time for the person's hand.
const updatePace = 100 * time.Millisecond

// Display shows the values together and gives a handle to replace them with.
func Display(values ...any) *Handle {
	h := &Handle{id: newID(), sent: time.Now()}
	_ = host().Display(Render(values...), h.id, false)
	return h
}

// Update replaces what is shown. Updates that come faster than a page can draw
// are left out, but never the last.
func (h *Handle) Update(values ...any) {
	b := Render(values...)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next != nil {
		h.next = &b
		return
	}
	rest := updatePace - time.Since(h.sent)
	cells, ok := host().(CellHost)
	if !ok || rest <= 0 {
		h.send(b)
		return
	}
	h.next = &b
	waiting.add(h)
	cell, _ := cells.Cell()
	time.AfterFunc(rest, func() { cells.Callback(context.Background(), cell, h.flush) })
}

// flush sends what waits.
func (h *Handle) flush() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b := h.next; b != nil {
		h.next = nil
		waiting.remove(h)
		h.send(*b)
	}
}

func (h *Handle) send(b Bundle) {
	h.sent = time.Now()
	_ = host().Display(b, h.id, true)
}

// waiting is the handles with something to send. A cell that ends has shown
// all of it.
var waiting = handleSet{set: map[*Handle]bool{}}

type handleSet struct {
	mu  sync.Mutex
	set map[*Handle]bool
}

func (s *handleSet) add(h *Handle)    { s.mu.Lock(); s.set[h] = true; s.mu.Unlock() }
func (s *handleSet) remove(h *Handle) { s.mu.Lock(); delete(s.set, h); s.mu.Unlock() }

func (s *handleSet) flush() {
	s.mu.Lock()
	all := slices.Collect(maps.Keys(s.set))
	s.mu.Unlock()
	for _, h := range all {
		h.flush()
	}
}

// ID is the handle's display id.
func (h *Handle) ID() string { return h.id }

// String names the handle.
func (h *Handle) String() string { return "display " + h.id }

// ClearOutput empties the output of the cell. With wait it stays until
// something new is shown, which avoids flicker.
func ClearOutput(wait bool) { _ = host().ClearOutput(wait) }

// Input asks for one line of text. It fails when nobody can be asked, as in
// a headless run.
func Input(prompt string) (string, error) {
	return host().ReadLine(Context(), prompt, false)
}

// Password asks for one line that is not echoed.
func Password(prompt string) (string, error) {
	return host().ReadLine(Context(), prompt, true)
}

// NextInput puts text into the next input: a new cell below this one, or the
// prompt of a console. It fails where there is none, as in a headless run, a
// callback or a goroutine that outlived its cell.
func NextInput(text string) error {
	if h, ok := host().(CellHost); ok && h.NextInput(text) {
		return nil
	}
	return errors.New("lab: NextInput works in a running cell of a notebook or console only")
}

// newID is a fresh identifier for a display or a comm.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}
