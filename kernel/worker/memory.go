package worker

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
)

// MemoryVariable limits a worker's memory: a number of bytes, or one with the
// suffix MiB or GiB. Without it the limit is nine tenths of the machine's.
const MemoryVariable = "PRIORLAB_MEMORY"

// watchEvery is how often a running cell's memory is looked at.
const watchEvery = 100 * time.Millisecond

// memoryLimit is the limit in bytes; 0 where the system does not tell.
func memoryLimit() (uint64, error) {
	text := strings.TrimSpace(os.Getenv(MemoryVariable))
	if text == "" {
		return machineMemory() / 10 * 9, nil
	}
	unit := uint64(1)
	for suffix, size := range map[string]uint64{"MiB": 1 << 20, "GiB": 1 << 30} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			text, unit = strings.TrimSpace(number), size
		}
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is %q; write a number of bytes, or one such as 8GiB", MemoryVariable, os.Getenv(MemoryVariable))
	}
	return n * unit, nil
}

// machineMemory is the memory of the machine or of the control group that
// holds this process, whichever is less.
func machineMemory() uint64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	var total uint64
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		if f := bytes.Fields(b); len(f) > 1 {
			kib, _ := strconv.ParseUint(string(f[1]), 10, 64)
			total = kib << 10
		}
	}
	if b, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64); err == nil && n < total {
			total = n
		}
	}
	return total
}

// residentMemory is what a process holds; 0 where the system does not tell.
func residentMemory(pid int) uint64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	f := bytes.Fields(b)
	if len(f) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(string(f[1]), 10, 64)
	return pages * uint64(os.Getpagesize())
}

// watchMemory interrupts a cell that takes its process past limit, and ends
// the process when it goes on growing. What earlier cells left behind is not
// held against this one. It returns when done is closed.
func (p *process) watchMemory(done <-chan struct{}, limit uint64, interrupt func()) {
	if limit == 0 {
		return
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	before := residentMemory(p.cmd.Process.Pid)
	limit = max(limit, before+limit/20)
	interrupted := false
	for {
		select {
		case <-done:
			return
		case <-p.gone:
			return
		case <-tick.C:
		}
		held := residentMemory(p.cmd.Process.Pid)
		if held <= limit {
			continue
		}
		p.mu.Lock()
		p.outgrown = held
		p.mu.Unlock()
		if held > limit+limit/20 {
			_ = p.cmd.Process.Kill()
			return
		}
		if !interrupted {
			interrupted = true
			interrupt()
		}
	}
}

// takeOutgrown is the memory at which a cell was stopped, or 0.
func (p *process) takeOutgrown() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := p.outgrown
	p.outgrown = 0
	return held
}

// freeMemory has the worker give back what nothing refers to any more.
func (p *process) freeMemory() {
	_, _ = p.ask(context.Background(), frame{Kind: "free"}, nil) // a dead worker has given back all
}

// outOfMemory says that a cell was stopped for its hunger.
func outOfMemory(cell string, held uint64) *serve.Failure {
	value := fmt.Sprintf("%s was stopped when the session held %.1f GiB; the limit is set by %s", cell, float64(held)/(1<<30), MemoryVariable)
	return &serve.Failure{Name: "MemoryLimit", Value: value, Traceback: []string{"MemoryLimit: " + value, "Variables keep their values; set large ones to nil to free them."}}
}
