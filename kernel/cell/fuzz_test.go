package cell_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

var differential = flag.Duration("differential", 0, "how long to compare generated programs with the toolchain")

var differentialSeed = flag.Uint64("differential.seed", 0, "the first seed of the generated programs; 0 takes the time")

// addresses are what no two runs print alike.
var addresses = regexp.MustCompile("0xc0[0-9a-f]+")

// TestDifferential generates programs, builds and runs them with the Go
// toolchain and with the engine, whole and as the cells of a session, and
// compares what they print. Run it with
//
//	go test ./kernel/cell -run TestDifferential -differential 1h -timeout 0
func TestDifferential(t *testing.T) {
	if *differential == 0 {
		t.Skip("set -differential to a duration to compare generated programs with the toolchain")
	}
	dir := t.TempDir()
	seed := *differentialSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	count, refused := 0, 0
	for end := time.Now().Add(*differential); time.Now().Before(end); seed++ {
		// One build holds many functions: building is what takes the time.
		p := generate(seed, 25)
		file := filepath.Join(dir, "p.go")
		if err := os.WriteFile(file, []byte(p.whole()), 0o644); err != nil {
			t.Fatal(err)
		}
		binary := filepath.Join(dir, "p")
		out, err := exec.Command("go", "build", "-o", binary, file).CombinedOutput()
		if err == nil {
			out, err = exec.Command("sh", "-c", "ulimit -t 10; ulimit -v 8000000; exec "+binary).Output()
		}
		if err != nil {
			refused++
			t.Logf("seed %d: %v %.300s", seed, err, out)
			continue
		}
		for way, cells := range map[string][]string{"whole": {p.whole()}, "cells": p.cells()} {
			got, err := evaluate(t, cells...)
			got, want := addresses.ReplaceAllString(got, "0xc0"), addresses.ReplaceAllString(string(out), "0xc0")
			switch {
			case err != nil:
				t.Errorf("seed %d %s: %s", seed, way, explain(err))
			case got != want:
				t.Errorf("seed %d %s: %s", seed, way, difference(got, want))
			}
		}
		count++
	}
	t.Logf("%d programs of 25 functions, each run in two ways; the toolchain refused %d", count, refused)
	if count == 0 {
		t.Error("no program was compared")
	}
}
