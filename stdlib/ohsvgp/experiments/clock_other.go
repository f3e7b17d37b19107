//go:build !unix

package experiments

import "time"

var began = time.Now()

// cpuTime is wall time where the process cannot ask for its own.
func cpuTime() time.Duration { return time.Since(began) }
