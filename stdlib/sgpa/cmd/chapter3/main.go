// Command chapter3 trains every method of the chapter on a task, at equal budget, and writes the tables of accuracy,
// likelihood, calibration, robustness, detection and cost, with spreads over seeds:
//
//	chapter3 -task glyphs -o results/glyphs.md
//	PRIORLAB_DATA=folder chapter3 -task cifar10 -o results/cifar10.md
//	PRIORLAB_DATA=folder chapter3 -task cola -n 8000 -epochs 50 -seeds 5
//
// Without -n and -epochs a task has the size that fits minutes of a laptop.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/sgpa/tasks"
)

// size is how much a task takes when nothing is said.
type size struct{ n, epochs, tests int }

var laptop = map[string]size{
	"glyphs":  {1000, 20, 300},
	"fashion": {600, 20, 250},
	"mnist":   {600, 20, 250},
	"cifar10": {400, 4, 80},
	"cola":    {1000, 6, 300},
	"imdb":    {400, 5, 150},
	"zinc":    {500, 8, 300},
}

// options are the flags.
type options struct {
	task, vectors string
	n, tests      int // inputs to learn from, and at most of each set to measure on
	words         int
	budget        tasks.Budget
	seeds         int
}

func main() {
	var o options
	flag.StringVar(&o.task, "task", "glyphs", "glyphs, fashion, mnist, cifar10, cola, imdb or zinc")
	flag.IntVar(&o.n, "n", 0, "training examples (fashion and mnist have 600); 0 is the task's own number")
	flag.IntVar(&o.tests, "tests", 0, "measure on at most so many inputs of each set; 0 is the task's own number")
	flag.IntVar(&o.words, "words", 64, "longest review of imdb")
	flag.IntVar(&o.budget.Epochs, "epochs", 0, "epochs of every method; 0 is the task's own number")
	flag.IntVar(&o.budget.Samples, "samples", 10, "Monte Carlo passes of a prediction")
	flag.IntVar(&o.budget.Members, "members", 3, "members of an ensemble")
	flag.IntVar(&o.seeds, "seeds", 3, "runs of every method")
	flag.StringVar(&o.vectors, "vectors", "", "file of word vectors in the text form of GloVe, for cola and imdb")
	methods := flag.String("methods", "", "some of "+strings.Join(tasks.Methods(), ", ")+"; empty for all that can do the task")
	out := flag.String("o", "", "write the tables to this file; empty prints them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *methods != "" {
		o.budget.Methods = strings.Split(*methods, ",")
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
	command := "chapter3"
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
	text := r.Markdown() + "\nWritten by\n\n    " + command + "\n"
	return os.WriteFile(path, []byte(text), 0o644)
}

func run(ctx context.Context, o options) (*tasks.Result, error) {
	own, known := laptop[o.task]
	if !known {
		var names []string
		for name := range laptop {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil, fmt.Errorf("there is no task %q; there are %v", o.task, names)
	}
	if o.n == 0 {
		o.n = own.n
	}
	if o.tests == 0 {
		o.tests = own.tests
	}
	if o.budget.Epochs == 0 {
		o.budget.Epochs = own.epochs
	}
	seeds := make([]uint64, max(o.seeds, 0))
	for i := range seeds {
		seeds[i] = uint64(i + 1)
	}
	if o.task == "zinc" {
		return tasks.RunZINC(ctx, o.n, o.tests, o.budget, seeds, os.Stderr)
	}
	t, err := load(o)
	if err != nil {
		return nil, err
	}
	if o.vectors != "" {
		w, err := data.ReadWordVectors(o.vectors)
		if err != nil {
			return nil, err
		}
		share, err := t.UseVectors(w)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "%.0f %% of the words have vectors of %d numbers\n", 100*share, t.Config.VectorWidth)
	}
	fmt.Fprintln(os.Stderr, t.Limit(o.tests))
	return tasks.RunLog(ctx, t, o.budget, seeds, os.Stderr)
}

func load(o options) (*tasks.Task, error) {
	switch o.task {
	case "glyphs":
		return tasks.Glyphs(o.n, 1), nil
	case "fashion":
		return tasks.Fashion(1)
	case "mnist":
		return tasks.MNIST(1)
	case "cifar10":
		return tasks.CIFAR10(o.n, 1)
	case "cola":
		return tasks.CoLA(o.n, 1)
	}
	return tasks.IMDB(o.n, o.words, 1)
}
