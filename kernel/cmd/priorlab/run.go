package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/priorlab/priorlab/kernel/nbfile"
	"github.com/priorlab/priorlab/kernel/serve"
)

// runOptions are the flags of "priorlab run".
type runOptions struct {
	output, page string
	parameters   settings
	timeout      time.Duration
	keepGoing    bool
	quiet        bool
}

// settings collects a flag that may be given more than once.
type settings []string

func (s *settings) String() string { return strings.Join(*s, ", ") }

func (s *settings) Set(v string) error {
	*s = append(*s, v)
	return nil
}

func runCommand(args []string) error {
	var o runOptions
	f := newFlags("run", "FILE.ipynb|FILE.go", "Execute a notebook or a Go file. No Jupyter is needed.\nExit code: 0 all cells ran, 1 a cell failed, 2 the command line is wrong.")
	f.StringVar(&o.output, "o", "", "write the executed notebook to `FILE`")
	f.StringVar(&o.page, "html", "", "write a self-contained page to `FILE`")
	f.Var(&o.parameters, "p", "set a parameter of the cell tagged \"parameters\", as `name=value`; may be repeated")
	f.DurationVar(&o.timeout, "timeout", 0, "end a cell that runs longer, such as 5m")
	f.BoolVar(&o.keepGoing, "keep-going", false, "run the cells after one that failed")
	f.BoolVar(&o.quiet, "q", false, "show no progress, only what cells print")
	files, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("needs one FILE.ipynb or FILE.go, found %d", len(files))
	}
	switch ext := strings.ToLower(filepath.Ext(files[0])); ext {
	case ".ipynb":
		return o.runNotebook(files[0])
	case ".go":
		if o.output != "" || o.page != "" || len(o.parameters) > 0 {
			return usagef("-o, --html and -p are for notebooks; %s is a Go file", files[0])
		}
		return o.runGo(files[0])
	default:
		return usagef("%s is neither a notebook (.ipynb) nor a Go file (.go)", files[0])
	}
}

func (o *runOptions) runNotebook(path string) error {
	nb, err := nbfile.ReadFile(path)
	if err != nil {
		return err
	}
	if err := nb.SetParameters(o.parameters); err != nil {
		return usageError{err.Error()}
	}
	b, err := headlessBackend()
	if err != nil {
		return err
	}
	defer b.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	opts := nbfile.Options{KeepGoing: o.keepGoing, Timeout: o.timeout, Stream: printStream}
	if !o.quiet {
		opts.Progress = func(p nbfile.Progress) { printProgress(os.Stderr, p) }
	}
	failed := nbfile.Run(ctx, nb, b, opts)
	// What ran is worth keeping also when a later cell failed.
	if err := o.write(nb); err != nil {
		return errors.Join(failed, err)
	}
	var cell *nbfile.CellError
	if errors.As(failed, &cell) {
		fmt.Fprintf(os.Stderr, "\n%s: cell %d failed\n%s\n", cell.Notebook, cell.Cell, strings.Join(cell.Failure.Traceback, "\n"))
		return errSaid
	}
	if errors.Is(failed, context.Canceled) {
		return errors.New("interrupted; the cells after this one did not run")
	}
	return failed
}

func (o *runOptions) write(nb *nbfile.Notebook) error {
	if o.output != "" {
		if err := nb.WriteFile(o.output); err != nil {
			return err
		}
		o.say("Notebook: %s\n", o.output)
	}
	if o.page != "" {
		if err := writePage(nb, o.page); err != nil {
			return err
		}
		o.say("Page:     %s\n", o.page)
	}
	return nil
}

func (o *runOptions) say(format string, args ...any) {
	if !o.quiet {
		fmt.Fprintf(os.Stderr, format, args...)
	}
}

func writePage(nb *nbfile.Notebook, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(nb.HTML(f, nbfile.Page{}), f.Close())
}

func printStream(name, text string) {
	if name == "stderr" {
		fmt.Fprint(os.Stderr, text)
		return
	}
	fmt.Print(text)
}

// printProgress says in a line which cell runs, and then how long it took.
func printProgress(w io.Writer, p nbfile.Progress) {
	head, _, _ := strings.Cut(strings.TrimSpace(p.Source), "\n")
	if r := []rune(head); len(r) > 60 {
		head = string(r[:59]) + "…"
	}
	switch {
	case !p.Done:
		fmt.Fprintf(w, "[%*d/%d] %s\n", len(fmt.Sprint(p.Of)), p.Cell, p.Of, head)
	case p.Failed != nil:
		fmt.Fprintf(w, "        failed after %s\n", p.Took.Round(time.Millisecond))
	case p.Took > time.Second:
		fmt.Fprintf(w, "        %s\n", p.Took.Round(10*time.Millisecond))
	}
}

// runGo executes a Go file as one cell.
func (o *runOptions) runGo(path string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b, err := headlessBackend()
	if err != nil {
		return err
	}
	defer b.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	out := terminal{}
	reply := b.Execute(ctx, serve.Execution{Code: string(source), Count: 1, Cell: filepath.Base(path)}, out)
	if reply.Failure != nil {
		fmt.Fprintln(os.Stderr, strings.Join(reply.Failure.Traceback, "\n"))
		return errSaid
	}
	if reply.Result != nil {
		out.Display(*reply.Result, "", false)
	}
	return nil
}
