package linalg

import "github.com/priorlab/priorlab/linalg/internal/par"

// ParallelFor calls f over [0, n) in chunks of chunk indices, perhaps at the same time on as many threads as SetThreads
// allows. The division depends on n and chunk alone: if the chunks write to places of their own, the result has the same
// bits on any number of threads. A panic of f, an interrupt's too, comes out of ParallelFor. f may use this package.
func ParallelFor(n, chunk int, f func(lo, hi int)) { par.For(n, chunk, f) }
