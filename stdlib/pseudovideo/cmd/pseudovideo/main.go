// Command pseudovideo runs the chapter's experiment and writes its tables, with the mean and the spread over seeds:
//
//	pseudovideo -o results.md                    # digits of 8 x 8, all parts, four seeds
//	pseudovideo -data mnist                      # 28 x 28, three seeds
//	pseudovideo -data mnist -parts C -scale 4    # tokenizers alone, four times the steps
//	pseudovideo -data cifar10 data_batch_1.bin   # without files: the sheets in the folder of PRIORLAB_DATA
//
// What is not said is chosen for the images, so that a run takes a quarter of an hour on two cores. An interrupt writes the
// tables that are finished.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/priorlab/priorlab/stdlib/pseudovideo/experiment"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	parts := flag.String("parts", "", "which parts: A what older frames know, B states, C tokenizers, D diffusion (default: all, without B above 16 x 16)")
	seeds := flag.Int("seeds", 0, "seeds for each arm; as many run at a time as there are threads (default: 4, or 3 above 16 x 16)")
	scale := flag.Float64("scale", 1, "multiplies all numbers of training steps")
	samples := flag.Int("samples", 0, "images that each arm generates (default: 720, or 150 above 16 x 16)")
	images := flag.Int("n", 0, "use so many images at most; 0 means all")
	set := flag.String("data", "digits", "digits, mnist, fashion, cifar10 or folder; files follow as arguments")
	out := flag.String("o", "", "write the tables to this file, below what it says above them (default: standard output)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := experiment.Options{Seeds: *seeds, Scale: *scale, Samples: *samples, Images: *images, Log: os.Stderr}
	if *parts != "" {
		o.Parts = strings.Split(*parts, "")
	}
	if err := o.Load(*set, flag.Args()...); err != nil {
		return err
	}
	report, err := experiment.Run(ctx, o)
	if report == nil {
		return err
	}
	if *out == "" {
		fmt.Print(report.Markdown())
		return err
	}
	return errors.Join(err, report.WriteFile(*out))
}
