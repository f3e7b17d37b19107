// Command chapter3 trains every method of the chapter on a task and writes the table of accuracy, likelihood,
// calibration and detection, with spreads over seeds.
//
//	chapter3 -task glyphs -n 2000 -epochs 20 -seeds 3
//	PRIORLAB_DATA=folder chapter3 -task cifar10 -n 5000 -methods "MLE,MLE kernel,SGPA"
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/sgpa/tasks"
)

func main() {
	name := flag.String("task", "glyphs", "glyphs, fashion, mnist, cifar10, cola, imdb or zinc")
	n := flag.Int("n", 1000, "training examples (fashion and mnist have 600)")
	words := flag.Int("words", 128, "longest review of imdb")
	epochs := flag.Int("epochs", 20, "epochs of every method")
	samples := flag.Int("samples", 10, "Monte Carlo passes of a prediction")
	members := flag.Int("members", 3, "members of an ensemble")
	seeds := flag.Int("seeds", 3, "runs of every method")
	vectors := flag.String("vectors", "", "file of word vectors in the text form of GloVe, for cola and imdb")
	methods := flag.String("methods", "", "some of "+strings.Join(tasks.Methods(), ", ")+"; empty for all")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := tasks.Budget{Epochs: *epochs, Samples: *samples, Members: *members}
	if *methods != "" {
		b.Methods = strings.Split(*methods, ",")
	}
	if err := run(ctx, *name, *n, *words, *vectors, b, *seeds); err != nil {
		fmt.Fprintln(os.Stderr, "chapter3:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string, n, words int, vectors string, b tasks.Budget, runs int) error {
	seeds := make([]uint64, max(runs, 0))
	for i := range seeds {
		seeds[i] = uint64(i + 1)
	}
	var t *tasks.Task
	var err error
	switch name {
	case "glyphs":
		t = tasks.Glyphs(n, 1)
	case "fashion":
		t, err = tasks.Fashion(1)
	case "mnist":
		t, err = tasks.MNIST(1)
	case "cifar10":
		t, err = tasks.CIFAR10(n, 1)
	case "cola":
		t, err = tasks.CoLA(n, 1)
	case "imdb":
		t, err = tasks.IMDB(n, words, 1)
	case "zinc":
		r, err := tasks.RunZINC(ctx, n, b, seeds, os.Stderr)
		if err != nil {
			return err
		}
		fmt.Println(r)
		return nil
	default:
		return fmt.Errorf("there is no task %q", name)
	}
	if err != nil {
		return err
	}
	if vectors != "" {
		w, err := data.ReadWordVectors(vectors)
		if err != nil {
			return err
		}
		share, err := t.UseVectors(w)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%.0f %% of the words have vectors of %d numbers\n", 100*share, t.Config.VectorWidth)
	}
	fmt.Fprintln(os.Stderr, t)
	r, err := tasks.RunLog(ctx, t, b, seeds, os.Stderr)
	if err != nil {
		return err
	}
	fmt.Println(r)
	return nil
}
