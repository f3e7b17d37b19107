package sgpa

import (
	"github.com/priorlab/priorlab/linalg"
)

// gram is K(X, Y) for batches: x [..., n, d], y [..., m, d], logVar [H], logScale [H d]; the axis before the last two
// is the heads. With y nil it is K(X, X), whose diagonal is exactly the variance in the ARD case.
//
// Distances go through |a|^2 + |b|^2 - 2ab, after both sides were moved so that y has mean zero: without that move,
// points far from the origin lose their digits, and correlations above one appear.
func gram(kind Kind, x, y, logVar, logScale *linalg.Tensor) *linalg.Tensor {
	own := y == nil
	w := logScale.Neg().Exp().Unsqueeze(-2) // [H 1 d]
	v := logVar.Unsqueeze(-1).Unsqueeze(-1) // [H 1 1]
	if kind == Exponential {
		xs := x.Mul(w)
		ys := xs
		if !own {
			ys = y.Mul(w)
		}
		return xs.MatMul(ys.T()).Add(v).Exp()
	}
	if own {
		y = x
	}
	var centre *linalg.Tensor
	linalg.NoGrad(func() { centre = linalg.Detach(y).Mean(-2).Unsqueeze(-2) })
	xs := x.Sub(centre).Mul(w)
	ys := xs
	if !own {
		ys = y.Sub(centre).Mul(w)
	}
	dist := xs.Square().Sum(-1).Unsqueeze(-1).Add(ys.Square().Sum(-1).Unsqueeze(-2)).Sub(xs.MatMul(ys.T()).MulS(2)).MaxS(0)
	if own {
		n := dist.Shape()[len(dist.Shape())-1]
		dist = dist.Mul(linalg.Eye(dist.DType(), n).MulS(-1).AddS(1))
	}
	return dist.MulS(-0.5).Add(v).Exp()
}

// gramDiag is k(x, x) for x [B H T d]: [B H T] for the exponential kernel, [H 1] for ARD, to be broadcast.
func gramDiag(kind Kind, x, logVar, logScale *linalg.Tensor) *linalg.Tensor {
	if kind == ARD {
		return logVar.Exp().Unsqueeze(-1)
	}
	w := logScale.Neg().Exp().Unsqueeze(-2)
	return x.Mul(w).Square().Sum(-1).Add(logVar.Unsqueeze(-1)).Exp()
}
