// Command pseudovideo runs the chapter's experiment and writes its tables, with the mean and the spread over seeds:
//
//	pseudovideo -o results.md                    # digits of 8 x 8, all parts, four seeds
//	pseudovideo -parts C -scale 4 -data mnist    # tokenizers, four times the steps, 28 x 28
//	pseudovideo -data cifar10 data_batch_1.bin   # without files: the sheets in the folder of PRIORLAB_DATA
package main

import (
	"context"
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
	parts := flag.String("parts", "ABCD", "which parts: A what older frames know, B states, C tokenizers, D diffusion")
	seeds := flag.Int("seeds", 4, "seeds for each arm; as many run at a time as there are threads")
	scale := flag.Float64("scale", 1, "multiplies all numbers of training steps")
	samples := flag.Int("samples", 720, "images that each arm generates")
	images := flag.Int("n", 0, "use so many images at most; 0 means all")
	set := flag.String("data", "digits", "digits, mnist, fashion, cifar10 or folder; files follow as arguments")
	out := flag.String("o", "", "write the tables to this file (default: standard output)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := experiment.Options{Parts: strings.Split(*parts, ""), Seeds: *seeds, Scale: *scale, Samples: *samples, Images: *images, Log: os.Stderr}
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
	if e := os.WriteFile(*out, []byte(report.Markdown()), 0o644); e != nil {
		return e
	}
	return err
}
