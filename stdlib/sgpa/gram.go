package sgpa

import "github.com/priorlab/priorlab/linalg"

// gram is K(X, Y) for batches: x [..., n, d], y [..., m, d], logVar [H], logScale [H d]; the axis before the last two
// is the heads. With y nil it is K(X, X), whose diagonal is exactly the variance in the ARD case.
//
// Both sides are first moved so that y has mean zero: without that, points far from the origin lose their digits, and
// correlations above one appear. The ARD kernel does not notice the move; the exponential one would, and is not moved.
func gram(kind Kind, x, y, logVar, logScale *linalg.Tensor) *linalg.Tensor {
	if kind == ARD {
		of := y
		if of == nil {
			of = x
		}
		var centre *linalg.Tensor
		linalg.NoGrad(func() { centre = linalg.Detach(of).Mean(-2).Unsqueeze(-2) })
		x = x.Sub(centre)
		if y != nil {
			y = y.Sub(centre)
		}
	}
	if y == nil {
		y = x
	}
	return linalg.KernelMatrix(string(kind), x, y, logVar, logScale)
}

// gramDiag is k(x, x) for x [B H T d]: [B H T] for the exponential kernel, [H 1] for ARD, to be broadcast.
func gramDiag(kind Kind, x, logVar, logScale *linalg.Tensor) *linalg.Tensor {
	if kind == ARD {
		return logVar.Exp().Unsqueeze(-1)
	}
	w := logScale.Neg().Exp().Unsqueeze(-2)
	return x.Mul(w).Square().Sum(-1).Add(logVar.Unsqueeze(-1)).Exp()
}
