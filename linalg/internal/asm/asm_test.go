package asm

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"testing"
)

// The generated files must come from the generator as it stands.
func TestGeneratedIsFresh(t *testing.T) {
	names, err := filepath.Glob("gen/*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no generator sources: %v", err)
	}
	sort.Strings(names)
	h := sha256.New()
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(n), len(b))
		h.Write(b)
	}
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != sourceHash {
		t.Error("the generator changed after the assembly was written: run `go run .` in internal/asm/gen")
	}
}

// With PRIORLAB_GENERATE=1 the generator runs, and its output must be what is checked in.
func TestGenerateAgain(t *testing.T) {
	if os.Getenv("PRIORLAB_GENERATE") == "" {
		t.Skip("set PRIORLAB_GENERATE=1 to run the generator")
	}
	dir := t.TempDir()
	cmd := exec.Command("go", "run", ".", "-dir", dir)
	cmd.Dir = "gen"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	made, err := os.ReadDir(dir)
	if err != nil || len(made) < 10 {
		t.Fatalf("%d files: %v", len(made), err)
	}
	for _, f := range made {
		a, _ := os.ReadFile(filepath.Join(dir, f.Name()))
		b, err := os.ReadFile(f.Name())
		if err != nil || string(a) != string(b) {
			t.Errorf("%s is not what the generator writes", f.Name())
		}
	}
}
