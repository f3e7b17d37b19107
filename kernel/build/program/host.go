package program

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/priorlab/priorlab/stdlib/lab"
)

// host shows on the terminal, and writes pictures to files.
type host struct {
	ctx      context.Context
	pictures string // folder, "none" for no pictures
	quiet    bool
	cell     int

	mu      sync.Mutex
	in      *bufio.Reader
	count   map[int]int       // pictures of a cell
	shown   map[string]string // display id to the text last printed
	files   map[string]string // display id to the picture's file
	results map[string]any
}

func newHost(ctx context.Context, pictures string, quiet bool) *host {
	if quiet {
		pictures = "none"
	}
	return &host{ctx: ctx, pictures: pictures, quiet: quiet, count: map[int]int{}, shown: map[string]string{}, files: map[string]string{}, results: map[string]any{}}
}

// Context implements lab.Host.
func (h *host) Context() context.Context { return h.ctx }

// Display prints the text form and writes the picture, if there is one.
func (h *host) Display(b lab.Bundle, id string, update bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if update && id != "" && h.shown[id] == "" {
		return nil // nothing of that name is on display
	}
	h.publish(b.Data[lab.ResultMIME])
	path, err := h.picture(b, id)
	line := textOf(b)
	if path != "" {
		line = strings.TrimSpace(line + " → " + path)
	}
	if id != "" {
		if h.shown[id] == line {
			return err
		}
		h.shown[id] = line
	}
	if line == "" || h.quiet {
		return err
	}
	if _, e := fmt.Fprintln(os.Stdout, line); err == nil {
		err = e
	}
	return err
}

// textOf is the plain form of a bundle; pages show their markup's name only.
func textOf(b lab.Bundle) string {
	if s, ok := b.Data["text/plain"].(string); ok {
		return s
	}
	if _, ok := b.Data[lab.ResultMIME]; ok && len(b.Data) == 1 {
		return ""
	}
	return strings.Join(slices.Sorted(maps.Keys(b.Data)), ", ")
}

// forms are the picture forms, the best first.
var forms = []struct{ mime, ext string }{
	{"image/svg+xml", ".svg"},
	{"image/png", ".png"},
	{"image/jpeg", ".jpg"},
	{"application/vnd.vegalite.v5+json", ".vl.json"},
}

// picture writes the picture in b, over the old one when it is on display.
func (h *host) picture(b lab.Bundle, id string) (string, error) {
	if h.pictures == "none" {
		return "", nil
	}
	for _, f := range forms {
		v, ok := b.Data[f.mime]
		if !ok {
			continue
		}
		data, err := bytesOf(v)
		if err != nil {
			return "", err
		}
		path := h.files[id]
		if id == "" || path == "" {
			h.count[h.cell]++
			path = filepath.Join(h.pictures, fmt.Sprintf("cell%02d-%d%s", h.cell, h.count[h.cell], f.ext))
		}
		if id != "" {
			h.files[id] = path
		}
		if err := os.MkdirAll(h.pictures, 0o777); err != nil {
			return "", err
		}
		return path, os.WriteFile(path, data, 0o666)
	}
	return "", nil
}

func bytesOf(v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return []byte(v), nil
	case []byte:
		return v, nil
	}
	return json.MarshalIndent(v, "", " ")
}

// publish remembers results; of two with one name the later stays.
func (h *host) publish(v any) {
	if v == nil {
		return
	}
	raw, err := json.Marshal(v)
	var m map[string]any
	if err != nil || json.Unmarshal(raw, &m) != nil {
		fmt.Fprintf(os.Stderr, "a result is not an object of names and values: %v\n", v)
		return
	}
	maps.Copy(h.results, m)
}

func (h *host) published() map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.results)
}

// ClearOutput leaves what has been printed alone.
func (h *host) ClearOutput(bool) error { return nil }

// ReadLine reads one line of standard input.
func (h *host) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	fmt.Fprint(os.Stdout, prompt)
	if fd := int(os.Stdin.Fd()); password && term.IsTerminal(fd) {
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(os.Stdout)
		return string(b), err
	}
	h.mu.Lock()
	if h.in == nil {
		h.in = bufio.NewReader(os.Stdin)
	}
	in := h.in
	h.mu.Unlock()
	line, err := in.ReadString('\n')
	if errors.Is(err, io.EOF) {
		if line == "" {
			return "", fmt.Errorf("asked %q, but standard input has ended", prompt)
		}
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

// Comm drops messages of widgets: there is nobody to draw them.
func (h *host) Comm(lab.CommMessage) error { return nil }

// Widgets is false.
func (h *host) Widgets() bool { return false }
