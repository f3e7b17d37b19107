//go:build unix

package experiments

import (
	"syscall"
	"time"
)

// cpuTime is what the process has spent on all cores: unlike wall time it does
// not depend on what else the machine does.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
