package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"

	"github.com/priorlab/priorlab/stdlib/sgpa/tasks"
)

// partVariable is set in the environment of a process that does one part: it reads a job from its standard input and writes
// the outcomes to its standard output.
const partVariable = "CHAPTER3_PART"

// job is what such a process is told.
type job struct {
	Options options
	Part    tasks.Part
}

// divide has the parts done by processes of one thread each, Jobs at a time: small networks gain little from a second thread,
// and time and memory of each process are those of its own networks. The first failure ends all.
func divide(ctx context.Context, o options, parts []tasks.Part) ([]tasks.Outcome, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		wg   sync.WaitGroup
		lock sync.Mutex
		all  []tasks.Outcome
		next = make(chan tasks.Part)
	)
	for range max(min(o.Jobs, len(parts)), 1) {
		wg.Go(func() {
			for p := range next {
				done, err := process(ctx, job{o, p})
				if err != nil {
					stop(err)
					continue
				}
				lock.Lock()
				all = append(all, done...)
				lock.Unlock()
			}
		})
	}
	for _, p := range parts {
		next <- p
	}
	close(next)
	wg.Wait()
	return all, context.Cause(ctx)
}

// process does a job in a process of its own.
func process(ctx context.Context, j job) (all []tasks.Outcome, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var in, out bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(j); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), partVariable+"=1", "GOMAXPROCS=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%v with seed %d: %w", j.Part.Methods, j.Part.Seed, err)
	}
	return all, gob.NewDecoder(&out).Decode(&all)
}

// partMain is the main function of such a process.
func partMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := partOf(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "chapter3:", err)
		return 1
	}
	return 0
}

func partOf(ctx context.Context) error {
	var j job
	if err := gob.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return err
	}
	t, err := load(j.Options)
	if err != nil {
		return err
	}
	all, err := tasks.RunPart(ctx, t, j.Options.Budget, j.Part, os.Stderr)
	if err != nil {
		return err
	}
	return gob.NewEncoder(os.Stdout).Encode(all)
}
