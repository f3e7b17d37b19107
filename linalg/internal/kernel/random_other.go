//go:build !amd64

package kernel

func normalSteps[T Float](dst []T, lo, stream, key uint64) int { return 0 }

func dropSteps(dst []float32, rate, scale float32, lo, stream, key uint64) int { return 0 }
