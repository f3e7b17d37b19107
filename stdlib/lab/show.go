package lab

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
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
type Handle struct{ id string }

// Display shows the values together and gives a handle to replace them with.
func Display(values ...any) *Handle {
	h := &Handle{id: newID()}
	_ = host().Display(Render(values...), h.id, false)
	return h
}

// Update replaces what is shown.
func (h *Handle) Update(values ...any) {
	_ = host().Display(Render(values...), h.id, true)
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
