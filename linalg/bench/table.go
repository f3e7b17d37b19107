package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// sections are the parts of the table: rows, threads, and time for a row.
var sections = []struct{ name, rows, threads, time string }{
	{"products", "^(gemm|shapes) ", "1", "400ms"},
	{"products2", "^(gemm|shapes) ", "2", "2s"},
	{"kernels", "^(chol|trsm|conv|maths|nn)", "1", "1200ms"},
	{"steps", "^steps/", "1", "9s"},
	{"steps2", "^steps/", "2", "9s"},
}

// printTable runs this program once for each section asked for.
func printTable() {
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	asked := strings.Split(*table, ",")
	known := []string{"all"}
	for _, s := range sections {
		known = append(known, s.name)
	}
	for _, a := range asked {
		if !slices.Contains(known, a) {
			fmt.Fprintf(os.Stderr, "bench: there is no section %q: use %s\n", a, strings.Join(known, ", "))
			os.Exit(1)
		}
	}
	for _, s := range sections {
		if !slices.Contains(asked, s.name) && !slices.Contains(asked, "all") {
			continue
		}
		fmt.Printf("== %s\n", s.name)
		cmd := exec.Command(exe, "-only", s.rows, "-threads", s.threads, "-time", s.time, "-peers", *peers, "-core", *core, "-aten", *aten, "-python", *python)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
}

// summary is the ratios of each group, in the order of their first rows.
type summary struct {
	order  []string
	ratios map[string][]float64
	worst  map[string]row
	least  map[string]float64
}

func (s *summary) add(r row, ratio float64) {
	if s.ratios == nil {
		s.ratios, s.worst, s.least = map[string][]float64{}, map[string]row{}, map[string]float64{}
	}
	if s.ratios[r.group] == nil {
		s.order = append(s.order, r.group)
		s.least[r.group] = math.Inf(1)
	}
	s.ratios[r.group] = append(s.ratios[r.group], ratio)
	if ratio < s.least[r.group] {
		s.least[r.group], s.worst[r.group] = ratio, r
	}
}

func (s *summary) print() {
	for _, g := range s.order {
		l := 0.0
		for _, v := range s.ratios[g] {
			l += math.Log(v)
		}
		n := len(s.ratios[g])
		fmt.Printf("%-16s geometric mean %.2f over %d, worst %.2f (%s)\n", g, math.Exp(l/float64(n)), n, s.least[g], s.worst[g].name)
	}
}
