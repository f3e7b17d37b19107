package lab

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

func TestShowAndUpdate(t *testing.T) {
	h := useHost(t, false)
	Show(1, "b")
	if len(h.shown) != 2 || h.shown[1].b.text() != "b" || h.shown[0].id != "" {
		t.Fatalf("Show: %+v", h.shown)
	}
	d := Display("one")
	d.Update("two")
	a, b := h.shown[2], h.shown[3]
	if a.id == "" || a.id != d.ID() || b.id != a.id || a.update || !b.update || b.b.text() != "two" {
		t.Errorf("Display and Update: %+v, %+v", a, b)
	}
	ClearOutput(true)
	if len(h.cleared) != 1 || !h.cleared[0] {
		t.Errorf("ClearOutput: %v", h.cleared)
	}
	h.answer = "x"
	if s, err := Input("p"); s != "xpfalse" || err != nil {
		t.Errorf("Input: %q %v", s, err)
	}
	if s, _ := Password("p"); s != "xptrue" {
		t.Errorf("Password: %q", s)
	}
}

// A callback and a running cell each have their own context.
func TestContextOfCallback(t *testing.T) {
	h := useHost(t, true)
	type key string
	h.ctx = context.WithValue(context.Background(), key("who"), "cell")
	mine := context.WithValue(context.Background(), key("who"), "callback")
	got := make(chan any)
	done := make(chan bool)
	go func() {
		restore := callbackContext(mine)
		got <- Context().Value(key("who"))
		<-done
		restore()
		got <- Context().Value(key("who"))
	}()
	if v := <-got; v != "callback" {
		t.Errorf("in the callback: %v", v)
	}
	if v := Context().Value(key("who")); v != "cell" {
		t.Errorf("in the cell meanwhile: %v", v)
	}
	done <- true
	if v := <-got; v != "cell" {
		t.Errorf("after the callback: %v", v)
	}
}

// captured runs f with standard output in a file and gives what was printed.
func captured(t *testing.T, f func()) string {
	t.Helper()
	old := os.Stdout
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout = w
	f()
	os.Stdout = old
	w.Close()
	text, _ := io.ReadAll(r)
	return string(text)
}

func TestTerminalHost(t *testing.T) {
	SetHost(nil)
	got := captured(t, func() {
		Show(1)
		d := Display("same")
		d.Update("same") // prints nothing new
		d.Update("new")
		Interact(func(m int) any { return m * 2 }, IntSlider("M", 3, 0, 9))
	})
	if got != "1\nsame\nnew\n*M = 3*\n6\n" {
		t.Errorf("printed %q", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newTerminal().ReadLine(ctx, "p", false); err == nil {
		t.Error("a cancelled context was not noticed")
	}
}

func TestTerminalReadLine(t *testing.T) {
	old := os.Stdin
	r, w, _ := os.Pipe()
	os.Stdin = r
	defer func() { os.Stdin = old }()
	w.WriteString("one\r\ntwo")
	w.Close()
	term := newTerminal()
	var lines []string
	var end error
	captured(t, func() {
		for range 3 {
			s, err := term.ReadLine(context.Background(), "? ", false)
			lines, end = append(lines, s), err
		}
	})
	if lines[0] != "one" || lines[1] != "two" || end == nil || !strings.Contains(end.Error(), "has ended") {
		t.Errorf("read %q, then %v", lines, end)
	}
}

// cellsHost is a host that knows cells, as the kernel is one.
type cellsHost struct{ *fakeHost }

func (cellsHost) Cell() (name, place string)                          { return "cell", "" }
func (cellsHost) Callback(ctx context.Context, cell string, f func()) { f() }
func (cellsHost) NextInput(string) bool                               { return false }

// A loop that updates without rest does not flood the page, and the last of its
// pictures is there when the cell ends.
func TestUpdatesArePaced(t *testing.T) {
	h := useHost(t, true)
	SetHost(cellsHost{h})
	end := BeginCell(context.Background(), "")
	start := time.Now()
	d := Display("begin")
	for i := range 5000 {
		d.Update(i)
	}
	end()
	took := time.Since(start)
	if got := h.last(); got != "4999" {
		t.Errorf("the cell ends with %q", got)
	}
	h.mu.Lock()
	n := len(h.shown)
	h.mu.Unlock()
	if most := int(took/updatePace) + 4; n > most {
		t.Errorf("%d displays in %v", n, took)
	}
	d.Update("later") // from what outlives the cell
	eventually(t, "the update after the cell", func() bool { return h.last() == "later" })
}
