//go:build amd64 || arm64

package linalg

// gid names the calling goroutine for as long as it lives: Scope and NoGrad concern the goroutine that called them.
func gid() uintptr
