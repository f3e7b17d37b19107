//go:build amd64 || arm64

package par

// pause tells the processor that the caller is waiting, for some tens of nanoseconds.
func pause()
