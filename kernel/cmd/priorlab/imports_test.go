package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/priorlab/priorlab/"

// The rooms of the house from the floor up: a package imports from its own
// room and from those below it.
var rooms = []string{"linalg", "stdlib", "symbols", "kernel"}

func room(path string) int {
	for i, r := range rooms {
		if path == module+r || strings.HasPrefix(path, module+r+"/") {
			return i
		}
	}
	return -1
}

func TestImportsRunOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); ; seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if room(p.ImportPath) < 0 {
			t.Errorf("%s stands in none of the rooms %v", p.ImportPath, rooms)
		}
		for _, imp := range p.Imports {
			if why := forbidden(p.ImportPath, imp); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imp, why)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

// forbidden says why from must not import to, or "".
func forbidden(from, to string) string {
	if strings.HasPrefix(to, "github.com/traefik/yaegi") && from != module+"kernel/cell" && room(from) != 2 {
		return "the interpreter stands behind kernel/cell"
	}
	if !strings.HasPrefix(to, module) {
		return ""
	}
	switch {
	case room(to) > room(from):
		return "imports run kernel → symbols → stdlib → linalg"
	case room(from) == 3 && room(to) == 1 && to != module+"stdlib/lab":
		return "of the standard library the kernel knows lab alone"
	case room(from) == 3 && room(to) == 0:
		return "the kernel knows nothing of numerics"
	}
	return ""
}

func TestForbiddenArrows(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"stdlib/gp", "linalg", true},
		{"linalg", "stdlib/gp", false},
		{"stdlib/lab", "symbols", false},
		{"kernel/serve", "stdlib/lab", true},
		{"kernel/serve", "stdlib/gp", false},
		{"kernel/worker", "linalg", false},
		{"kernel/cell", "symbols", true},
	} {
		if got := forbidden(module+c.from, module+c.to) == ""; got != c.ok {
			t.Errorf("%s importing %s: allowed %v, want %v", c.from, c.to, got, c.ok)
		}
	}
	if forbidden(module+"kernel/serve", "github.com/traefik/yaegi/interp") == "" {
		t.Error("kernel/serve may import the interpreter")
	}
}
