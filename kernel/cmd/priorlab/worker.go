package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/worker"
)

// workerCommand is the process that runs the cells; the others start it.
func workerCommand([]string) error {
	secret := os.Getenv(worker.SecretVariable)
	if secret == "" {
		return usagef("is started by the other commands, not by hand")
	}
	os.Unsetenv(worker.SecretVariable)
	// Interrupts come over the link. The terminal and some clients also signal
	// the whole process group, which must not end the session.
	signal.Ignore(os.Interrupt, syscall.SIGHUP)
	return worker.Main(worker.Descriptor(), secret, func() (serve.Backend, error) {
		return worker.NewLocal(os.Stdout, os.Stderr)
	})
}

// newBackend starts what runs the cells: a process of its own where the
// system has what that takes.
func newBackend() (serve.Backend, error) {
	if !worker.Separate {
		return worker.NewLocal(nil, nil)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return worker.NewRemote(program, "worker")
}

// headlessBackend is newBackend for cells that nobody watches: pictures stand
// for controls.
func headlessBackend() (serve.Backend, error) {
	if err := os.Setenv(worker.HeadlessVariable, "yes"); err != nil {
		return nil, err
	}
	return newBackend()
}
