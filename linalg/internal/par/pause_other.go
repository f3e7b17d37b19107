//go:build !amd64 && !arm64

package par

import "runtime"

// pause lets other goroutines run where the processor's own hint is not at hand.
func pause() { runtime.Gosched() }
