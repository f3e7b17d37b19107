//go:build !unix

package meter

import "time"

var began = time.Now()

// CPU is wall time where the process cannot ask for its own.
func CPU() time.Duration { return time.Since(began) }
