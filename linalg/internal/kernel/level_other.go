//go:build !amd64 && !arm64

package kernel

var levelNames = []string{"go"}

func detect() Level { return Portable }
