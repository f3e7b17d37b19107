// Command chapter4 runs the comparisons of thesis chapter 4 and writes their
// tables: go run ./stdlib/ohsvgp/cmd/chapter4 -out results
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"sort"
	"strings"

	"github.com/priorlab/priorlab/stdlib/ohsvgp/experiments"
)

func main() {
	out := flag.String("out", "results", "folder for the tables")
	only := flag.String("only", "", "studies to run, separated by commas; empty runs all")
	seeds := flag.Int("seeds", 0, "random splits; 0 means each study's own number")
	method := flag.String("method", "", "the one method to run, by its name in the tables; empty runs all")
	size := flag.Int("M", 0, "inducing variables; 0 means each study's own sizes")
	list := flag.Bool("list", false, "name the studies and stop")
	again := flag.Bool("summaries", false, "run nothing: write the summaries anew from the measurements that are there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := experiments.Options{Seeds: *seeds, Report: func(line string) { fmt.Println(line) }}
	if *size > 0 {
		o.Sizes = []int{*size}
	}
	if err := run(ctx, *out, *only, mode{*list, *again, *method}, o); err != nil {
		fmt.Fprintln(os.Stderr, "chapter4:", err)
		os.Exit(1)
	}
}

// mode is what else than running everything may be asked for.
type mode struct {
	list, summaries bool
	method          string
}

func run(ctx context.Context, out, only string, m mode, o experiments.Options) error {
	wanted := map[string]bool{}
	for _, n := range strings.Split(only, ",") {
		if n != "" {
			wanted[n] = true
		}
	}
	studies := experiments.Studies()
	for name, more := range map[string]func() (experiments.Study, error){"subband": experiments.Subband, "era5": experiments.ERA5} {
		s, err := more() // those that need a file
		if err == nil {
			studies = append(studies, s)
		} else if wanted[name] {
			return err
		}
	}
	sort.SliceStable(studies, func(a, b int) bool { return studies[a].Name < studies[b].Name })
	for _, s := range studies {
		if m.list {
			fmt.Printf("%-18s %s\n", s.Name, s.Notes)
			continue
		}
		if only != "" && !wanted[s.Name] {
			continue
		}
		delete(wanted, s.Name)
		if m.summaries {
			if err := experiments.Summarise(out, s); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			continue
		}
		part := s
		if m.method != "" {
			part.Methods = slices.DeleteFunc(slices.Clone(s.Methods), func(x experiments.Method) bool { return x.Name != m.method })
			if len(part.Methods) == 0 {
				return fmt.Errorf("%s has no method %q", s.Name, m.method)
			}
		}
		o.Done = func(rows []experiments.Row) error { return experiments.Write(out, s, rows) }
		if _, err := experiments.Run(ctx, part, o); err != nil {
			return err
		}
	}
	for n := range wanted {
		if !m.list {
			return fmt.Errorf("no study %q; -list names them", n)
		}
	}
	return nil
}
