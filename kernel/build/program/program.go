package program

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/priorlab/priorlab/stdlib/lab"
)

// P is a running program.
type P struct {
	name    string
	flags   *flag.FlagSet
	given   []func() // sets the parameters that the command line names
	host    *host
	started bool
	results string
	stop    context.CancelFunc
}

// New begins the program called name; title is what it is about.
func New(name, title string) *P {
	p := &P{name: name, flags: flag.NewFlagSet(name, flag.ContinueOnError)}
	p.flags.Usage = func() {
		fmt.Fprintf(p.flags.Output(), "%s: %s\n\nFlags:\n", name, title)
		p.flags.PrintDefaults()
	}
	return p
}

// Flag makes the variable that v points to a flag. value is what the notebook
// sets it to, about a line of help.
func (p *P) Flag(v any, name, value, about string) {
	s := &setting{target: v, shown: value}
	p.flags.Var(s, name, about)
	p.given = append(p.given, s.apply)
}

// start reads the command line before the first cell.
func (p *P) start() {
	if p.started {
		return
	}
	p.started = true
	own := func(name string) string { // a parameter of that name comes first
		if p.flags.Lookup(name) != nil {
			return "program-" + name
		}
		return name
	}
	pictures := p.flags.String(own("pictures"), p.name+"-pictures", "write pictures to the folder `DIR`; \"none\" writes none")
	results := p.flags.String(own("results"), "", "write what cells publish to `FILE` as JSON")
	quiet := p.flags.Bool(own("q"), false, "print only what cells print themselves, and write no pictures")
	err := p.flags.Parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		os.Exit(2)
	case p.flags.NArg() > 0:
		fmt.Fprintf(os.Stderr, "%s: takes flags only, found %q; \"%s -h\" lists them\n", p.name, p.flags.Arg(0), p.name)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p.stop, p.results = stop, *results
	p.host = newHost(ctx, *pictures, *quiet)
	lab.SetHost(p.host)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
}

// Settings gives the parameters the values of the command line.
func (p *P) Settings() {
	p.start()
	for _, set := range p.given {
		set()
	}
}

// Cell runs a cell. One that panics ends the program.
func (p *P) Cell(n int, f func()) {
	p.start()
	if message := p.run(n, f); message != "" {
		fmt.Fprintln(os.Stderr, message)
		p.finish()
		os.Exit(1)
	}
}

// MayFail runs a cell whose failure is part of the lesson.
func (p *P) MayFail(n int, f func()) {
	p.start()
	if message := p.run(n, f); message != "" {
		fmt.Fprintln(os.Stderr, message)
	}
}

func (p *P) run(n int, f func()) (failure string) {
	p.host.cell = n
	defer func() {
		if v := recover(); v != nil {
			if p.host.ctx.Err() != nil {
				failure = fmt.Sprintf("%s: interrupted in cell %d", p.name, n)
				return
			}
			failure = fmt.Sprintf("%s: cell %d failed: %s%s", p.name, n, panicText(v), where())
		}
	}()
	f()
	if p.host.ctx.Err() != nil {
		return fmt.Sprintf("%s: interrupted in cell %d", p.name, n)
	}
	return ""
}

// End writes the results and ends the program.
func (p *P) End() {
	p.start()
	if err := p.finish(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", p.name, err)
		os.Exit(1)
	}
}

func (p *P) finish() error {
	p.stop()
	if p.results == "" {
		return nil
	}
	data, err := json.MarshalIndent(p.host.published(), "", "  ")
	if err != nil {
		return fmt.Errorf("what the cells published cannot be written as JSON: %w", err)
	}
	// A reader sees the whole file or none.
	part := p.results + ".part"
	if err := os.WriteFile(part, append(data, '\n'), 0o666); err != nil {
		return err
	}
	return os.Rename(part, p.results)
}

func panicText(v any) string {
	switch v := v.(type) {
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprint(v)
}

// where names the lines of the program that led to a panic, innermost first.
func where() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	var b strings.Builder
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "main.") && f.Function != "main.main" {
			fmt.Fprintf(&b, "\n    at %s:%d, in %s", filepath.Base(f.File), f.Line, strings.TrimPrefix(f.Function, "main."))
		}
		if !more {
			return b.String()
		}
	}
}
