// Priorlab is a Jupyter kernel and scripting environment in which cells are
// Go and the numerics are compiled.
//
// Run "priorlab help" for its commands.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // a cell or the work itself failed
	exitUsage   = 2 // the command line cannot be understood
)

// command is one subcommand.
type command struct {
	name, args, about string
	run               func(args []string) error
	hidden            bool
}

func commands() []command {
	return []command{
		{name: "run", args: "FILE.ipynb|FILE.go", about: "execute a notebook or a Go file, no Jupyter needed", run: runCommand},
		{name: "build", args: "NOTEBOOK", about: "make a compiled Go program of a notebook", run: buildCommand},
		{name: "sweep", args: "GRID.yaml", about: "run a notebook for a grid of settings", run: sweepCommand},
		{name: "repl", about: "type cells at a prompt", run: replCommand},
		{name: "install", about: "tell Jupyter about this kernel", run: installCommand},
		{name: "uninstall", about: "undo install", run: uninstallCommand},
		{name: "doctor", about: "say what is installed where, what is missing, and try the kernel", run: doctorCommand},
		{name: "kernel", args: "--connection-file F", about: "serve a Jupyter client (Jupyter starts this)", run: kernelCommand},
		{name: "version", about: "print the version", run: versionCommand},
		{name: "worker", run: workerCommand, hidden: true},
	}
}

// usageError is a command line that cannot be understood.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// errSaid is a failure whose message the person has already seen.
var errSaid = errors.New("failed")

func main() { os.Exit(dispatch(os.Args[1:])) }

func dispatch(args []string) int {
	if len(args) == 0 {
		printUsage(os.Stderr)
		return exitUsage
	}
	name, rest := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		printUsage(os.Stdout)
		return exitOK
	case "-v", "-version", "--version":
		name = "version"
	}
	for _, c := range commands() {
		if c.name == name {
			return exitCode(c.name, c.run(rest))
		}
	}
	fmt.Fprintf(os.Stderr, "priorlab: there is no command %q; \"priorlab help\" lists them\n", name)
	return exitUsage
}

// exitCode reports err once and turns it into the process's exit code.
func exitCode(name string, err error) int {
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errSaid):
		return exitFailure
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "priorlab %s: %s\n", name, usage.message)
		return exitUsage
	default:
		fmt.Fprintf(os.Stderr, "priorlab %s: %s\n", name, err)
		return exitFailure
	}
}

func printUsage(w io.Writer) {
	fmt.Fprintf(w, "PriorLab: Go cells, compiled numerics.\n\nusage: priorlab COMMAND [FLAGS]\n\n")
	for _, c := range commands() {
		if !c.hidden {
			fmt.Fprintf(w, "  %-28s %s\n", c.name+" "+c.args, c.about)
		}
	}
	fmt.Fprintf(w, "\n\"priorlab COMMAND -h\" lists a command's flags.\n")
}

// newFlags makes a flag set whose help names the command's arguments.
func newFlags(name, args, about string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {
		fmt.Fprintf(os.Stdout, "usage: priorlab %s [FLAGS] %s\n\n%s\n\n", name, args, about)
		f.SetOutput(os.Stdout)
		f.PrintDefaults()
		f.SetOutput(io.Discard)
	}
	return f
}

// parse reads args, with flags and other arguments in any order, and returns
// the others.
func parse(f *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usagef("%v; \"priorlab %s -h\" lists the flags", err, f.Name())
		}
		args = f.Args()
		if len(args) == 0 {
			return rest, nil
		}
		rest = append(rest, args[0])
		args = args[1:]
	}
}
