package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// terminal is the host of programs that run without a front end: it prints
// the text form of what is shown.
type terminal struct {
	mu    sync.Mutex
	in    *bufio.Reader
	shown map[string]string // display id to the text last printed for it
}

func newTerminal() *terminal { return &terminal{shown: map[string]string{}} }

// Context never ends: a terminal program is interrupted by its signal.
func (t *terminal) Context() context.Context { return context.Background() }

// Display prints the text form. An update prints again only when the text has
// changed, so a picture redrawn in place does not repeat its one line.
func (t *terminal) Display(b Bundle, id string, update bool) error {
	text := b.text()
	t.mu.Lock()
	defer t.mu.Unlock()
	if id != "" {
		if update && t.shown[id] == text {
			return nil
		}
		t.shown[id] = text
	}
	if text == "" {
		return nil
	}
	_, err := fmt.Fprintln(os.Stdout, text)
	return err
}

// ClearOutput leaves a terminal's scroll-back alone.
func (t *terminal) ClearOutput(bool) error { return nil }

// ReadLine reads one line of standard input.
func (t *terminal) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	fmt.Fprint(os.Stdout, prompt)
	if fd := int(os.Stdin.Fd()); password && term.IsTerminal(fd) {
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(os.Stdout)
		return string(b), err
	}
	t.mu.Lock()
	if t.in == nil {
		t.in = bufio.NewReader(os.Stdin)
	}
	in := t.in
	t.mu.Unlock()
	line, err := in.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	if errors.Is(err, io.EOF) {
		return "", fmt.Errorf("asked %q, but standard input has ended", prompt)
	}
	return strings.TrimRight(line, "\r\n"), err
}

// Comm drops widget messages: there is nobody to draw them.
func (t *terminal) Comm(CommMessage) error { return nil }

// Widgets is false.
func (t *terminal) Widgets() bool { return false }
