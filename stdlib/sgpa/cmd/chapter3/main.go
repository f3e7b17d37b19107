// Command chapter3 trains every method of the chapter on a task, at equal budget, and writes the tables of accuracy,
// likelihood, calibration, robustness, detection and cost, with spreads over seeds:
//
//	chapter3 -task glyphs -o results/glyphs.md
//	PRIORLAB_DATA=folder chapter3 -task cifar10 -o results/cifar10.md
//	PRIORLAB_DATA=folder chapter3 -task cola -n 8000 -epochs 50 -seeds 5
//
// Without -n and -epochs a task has the size that fits minutes of a laptop, at most some ten minutes of one core. Networks are
// trained by processes of one thread each, as many at a time as -jobs says.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"

	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/sgpa/tasks"
)

// size is how much a task takes when nothing is said.
type size struct{ n, epochs, tests int }

var laptop = map[string]size{
	"glyphs":  {2000, 20, 500},
	"fashion": {600, 20, 250},
	"mnist":   {600, 20, 250},
	"cifar10": {4000, 6, 300},
	"cola":    {8000, 5, 400},
	"imdb":    {3200, 4, 500},
	"zinc":    {3000, 5, 500},
}

// options are the flags.
type options struct {
	Task, Vectors string
	N, Tests      int // inputs to learn from, and at most of each set to measure on
	Words         int
	Budget        tasks.Budget
	Seeds, Jobs   int
}

func main() {
	if os.Getenv(partVariable) != "" {
		os.Exit(partMain())
	}
	var o options
	flag.StringVar(&o.Task, "task", "glyphs", "glyphs, fashion, mnist, cifar10, cola, imdb or zinc")
	flag.IntVar(&o.N, "n", 0, "training examples (fashion and mnist have 600); 0 is the task's own number")
	flag.IntVar(&o.Tests, "tests", 0, "measure on at most so many inputs of each set; 0 is the task's own number")
	flag.IntVar(&o.Words, "words", 80, "longest review of imdb")
	flag.IntVar(&o.Budget.Epochs, "epochs", 0, "epochs of every method; 0 is the task's own number")
	flag.IntVar(&o.Budget.Samples, "samples", 10, "Monte Carlo passes of a prediction")
	flag.IntVar(&o.Budget.Members, "members", 3, "members of an ensemble")
	flag.IntVar(&o.Seeds, "seeds", 3, "runs of every method")
	flag.IntVar(&o.Jobs, "jobs", runtime.GOMAXPROCS(0), "networks trained at a time, each by a process with one thread; the tables do not depend on it")
	flag.StringVar(&o.Vectors, "vectors", "", "file of word vectors in the text form of GloVe, for cola and imdb")
	methods := flag.String("methods", "", "some of "+strings.Join(tasks.Methods(), ", ")+"; empty for all that can do the task")
	out := flag.String("o", "", "write the tables to this file; empty prints them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *methods != "" {
		o.Budget.Methods = strings.Split(*methods, ",")
	}
	if err := write(ctx, o, *out); err != nil {
		fmt.Fprintln(os.Stderr, "chapter3:", err)
		os.Exit(1)
	}
}

// write runs a task and puts its tables where they are wanted, with the command that made them.
func write(ctx context.Context, o options, path string) error {
	r, err := run(ctx, o)
	if err != nil {
		return err
	}
	if path == "" {
		fmt.Println(r)
		return nil
	}
	command := "go run ./stdlib/sgpa/cmd/chapter3"
	skip := false
	for _, a := range os.Args[1:] { // all but where the file goes
		switch {
		case skip:
			skip = false
		case a == "-o" || a == "--o":
			skip = true
		case strings.Contains(a, " ") || strings.Contains(a, ","):
			command += fmt.Sprintf(" %q", a)
		default:
			command += " " + a
		}
	}
	text := r.Markdown() + "\nWritten by\n\n    " + command + "\n\nwith any -jobs; " + data.DirVariable + " names the folder of data sets that a task reads.\n"
	return os.WriteFile(path, []byte(text), 0o644)
}

func run(ctx context.Context, o options) (*tasks.Result, error) {
	own, known := laptop[o.Task]
	if !known {
		return nil, fmt.Errorf("there is no task %q; there are %v", o.Task, slices.Sorted(maps.Keys(laptop)))
	}
	for _, d := range []struct {
		p *int
		v int
	}{{&o.N, own.n}, {&o.Tests, own.tests}, {&o.Budget.Epochs, own.epochs}} {
		if *d.p == 0 {
			*d.p = d.v
		}
	}
	seeds := make([]uint64, max(o.Seeds, 0))
	for i := range seeds {
		seeds[i] = uint64(i + 1)
	}
	t, err := load(o)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, t)
	parts, err := tasks.Parts(t, o.Budget, seeds)
	if err != nil {
		return nil, err
	}
	all, err := divide(ctx, o, parts)
	if err != nil {
		return nil, err
	}
	return tasks.Collect(t, o.Budget, seeds, all)
}

// load reads the task at the size of the options.
func load(o options) (*tasks.Task, error) {
	t, err := read(o)
	if err != nil {
		return nil, err
	}
	if o.Vectors != "" {
		w, err := data.ReadWordVectors(o.Vectors)
		if err != nil {
			return nil, err
		}
		share, err := t.UseVectors(w)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "%.0f %% of the words have vectors of %d numbers\n", 100*share, t.Config.VectorWidth)
	}
	return t.Limit(o.Tests), nil
}

func read(o options) (*tasks.Task, error) {
	switch o.Task {
	case "glyphs":
		return tasks.Glyphs(o.N, 1), nil
	case "fashion":
		return tasks.Fashion(1)
	case "mnist":
		return tasks.MNIST(1)
	case "cifar10":
		return tasks.CIFAR10(o.N, 1)
	case "cola":
		return tasks.CoLA(o.N, 1)
	case "imdb":
		return tasks.IMDB(o.N, o.Words, 1)
	}
	return tasks.ZINC(o.N)
}
