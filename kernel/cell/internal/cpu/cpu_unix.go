//go:build unix

// Package cpu reads the clock of the processor time.
package cpu

import (
	"syscall"
	"time"
)

// Time is the processor time that this process has used.
func Time() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
