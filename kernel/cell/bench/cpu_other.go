//go:build !unix

package main

import "time"

var begun = time.Now()

// cpuTime stands in for processor time where it cannot be had.
func cpuTime() time.Duration { return time.Since(begun) }
