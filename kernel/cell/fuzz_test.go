package cell_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

var differential = flag.Duration("differential", 0, "how long to compare generated programs with the toolchain")

var differentialSeed = flag.Uint64("differential.seed", 0, "the first seed of the generated programs; 0 takes the time")

var differentialNils = flag.Bool("differential.nils", false, "generate statements in which most things panic")

var differentialPart = flag.Bool("differential.part", false, "compare the programs of one process; TestDifferential starts itself so")

// addresses are what no two runs print alike.
var addresses = regexp.MustCompile("0x[0-9a-f]{10,12}")

// perProcess is how many programs one process runs: types with methods are made
// for good.
const perProcess = 40

// TestDifferential generates programs, builds and runs them with the Go
// toolchain and with the engine, whole and as the cells of a session, and
// compares what they print. Run it with
//
//	go test ./kernel/cell -run TestDifferential -differential 1h -timeout 0 -v
func TestDifferential(t *testing.T) {
	if *differentialPart {
		compareGenerated(t)
		return
	}
	if *differential == 0 {
		t.Skip("set -differential to a duration to compare generated programs with the toolchain")
	}
	seed := *differentialSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	var total tally
	for end := time.Now().Add(*differential); time.Now().Before(end); seed += perProcess {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestDifferential$", "-differential.part", "-test.v", "-test.timeout", "0",
			"-differential", time.Until(end).String(), "-differential.seed", fmt.Sprint(seed), fmt.Sprintf("-differential.nils=%v", *differentialNils))
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, &out), os.Stderr
		err := cmd.Run()
		part, ok := readTally(out.Bytes())
		if !ok || err != nil {
			t.Errorf("seeds from %d: %v", seed, err)
		}
		total.add(part)
		t.Logf("seeds from %d: %s", seed, total)
	}
	if total.programs <= total.refused {
		t.Errorf("hardly any program was compared: %s", total)
	}
}

// tally counts what was compared.
type tally struct{ programs, refused int }

func (c tally) String() string {
	return fmt.Sprintf("%d programs of 25 functions, each run in two ways; the toolchain refused %d", c.programs, c.refused)
}

func readTally(out []byte) (c tally, ok bool) {
	line := tallyLine.Find(out)
	_, err := fmt.Sscanf(string(line), "%d programs of 25 functions, each run in two ways; the toolchain refused %d", &c.programs, &c.refused)
	return c, err == nil
}

var tallyLine = regexp.MustCompile(`\d+ programs of .*`)

func (c *tally) add(d tally) {
	c.programs, c.refused = c.programs+d.programs, c.refused+d.refused
}

// compareGenerated is the work of one process of TestDifferential.
func compareGenerated(t *testing.T) {
	dir := t.TempDir()
	var c tally
	end := time.Now().Add(*differential)
	for seed := *differentialSeed; seed < *differentialSeed+perProcess && time.Now().Before(end); seed++ {
		p := generate(seed, 25, *differentialNils) // one build holds many functions: building is what takes the time
		file := filepath.Join(dir, "p.go")
		if err := os.WriteFile(file, []byte(p.whole()), 0o644); err != nil {
			t.Fatal(err)
		}
		want, err := toolchain(file)
		if err != nil {
			c.refused++
			t.Logf("seed %d: %v %.300s", seed, err, want)
			continue
		}
		c.programs++
		for way, cells := range map[string][]string{"whole": {p.whole()}, "cells": p.cells()} {
			got, err := evaluate(t, cells...)
			got = addresses.ReplaceAllString(got, "0xc0")
			if err != nil {
				t.Errorf("seed %d %s: %s", seed, way, explain(err))
			} else if got != want {
				t.Errorf("seed %d %s: %s", seed, way, difference(got, want))
			}
		}
	}
	t.Log(c)
}

// toolchain is what the program prints when the toolchain has built it.
func toolchain(file string) (string, error) {
	binary := filepath.Join(filepath.Dir(file), "p")
	out, err := exec.Command("go", "build", "-o", binary, file).CombinedOutput()
	if err == nil {
		out, err = exec.Command("sh", "-c", "ulimit -t 10; ulimit -v 8000000; exec "+binary).Output()
	}
	return addresses.ReplaceAllString(string(out), "0xc0"), err
}
