package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"

	"github.com/priorlab/priorlab/kernel/build"
	"github.com/priorlab/priorlab/kernel/nbfile"
)

// buildCommand makes a program of a notebook.
func buildCommand(args []string) error {
	// What follows "--" is for the program.
	var forProgram []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, forProgram = args[:i], args[i+1:]
	}
	f := newFlags("build", "NOTEBOOK [-- FLAGS OF THE PROGRAM]", "Make a Go program of a notebook: a folder with main.go and go.mod, compiled when\na Go toolchain is installed. The notebook's parameters are the program's flags.")
	dir := f.String("o", "", "write the program to the folder `DIR` (default: the notebook's name)")
	source := f.String("source", "", "compile against the checkout of PriorLab in `DIR` (default: $"+build.SourceVariable+", or what this command was built from)")
	run := f.Bool("run", false, "run the program")
	textOnly := f.Bool("no-compile", false, "write the source only")
	files, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("needs one NOTEBOOK, found %d", len(files))
	}
	nb, err := nbfile.ReadFile(files[0])
	if err != nil {
		return err
	}
	p, err := build.Notebook(nb)
	if err != nil {
		return fmt.Errorf("%s does not make a program:\n%w", files[0], err)
	}
	m, err := build.FindModule(*source)
	if err != nil {
		return err
	}
	if *dir == "" {
		*dir = p.Name
	}
	if err := p.Write(*dir, m); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Source:  %s\n", filepath.Join(*dir, "main.go"))
	for _, n := range p.Notes {
		fmt.Fprintf(os.Stderr, "note: %s\n", n)
	}
	if *textOnly {
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	program, err := p.Compile(ctx, *dir, m)
	if errors.Is(err, build.ErrNoCompiler) && !*run {
		fmt.Fprintf(os.Stderr, "Not compiled: %v. Where there is one, run \"go build\" in %s.\n", err, *dir)
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Program: %s\n", program)
	if !*run {
		return nil
	}
	stop() // the program gets the interrupts
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	return runProgram(program, forProgram)
}

func runProgram(program string, args []string) error {
	path, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		return errSaid // the program has said why
	} else if err != nil {
		return err
	}
	return nil
}
