package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// kernelKinds are the covariance functions of KernelMatrix.
var kernelKinds = map[string]kernel.Covariance{
	"rbf": kernel.RBF, "ard": kernel.RBF, "exp": kernel.ExpDot,
	"matern12": kernel.Matern12, "matern32": kernel.Matern32, "matern52": kernel.Matern52,
}

// KernelMatrix is the covariance between the rows of x [..., n, d] and of y [..., m, d], with result [..., n, m]. Leading axes
// broadcast; logVar is the log variance, of a shape that broadcasts with the leading axes (or a scalar); logScale is the log
// length-scale, [..., d] or a scalar. With r the distance of rows divided by the length-scales, the kinds are
//
//	"rbf" or "ard"  var exp(-r^2/2)
//	"matern12"      var exp(-r)
//	"matern32"      var (1+sqrt3 r) exp(-sqrt3 r)
//	"matern52"      var (1+sqrt5 r+5 r^2/3) exp(-sqrt5 r)
//	"exp"           var exp(x.y), rows divided by the length-scales
//
// If y is x, the diagonal of the stationary kinds is the variance exactly.
func KernelMatrix(kind string, x, y, logVar, logScale *Tensor) *Tensor {
	const op = "KernelMatrix"
	cov, ok := kernelKinds[kind]
	if !ok {
		failHint(op, `use "rbf" (or "ard"), "matern12", "matern32", "matern52" or "exp"`, "there is no kind %q", kind)
	}
	x.mustFloat(op)
	if len(x.shape) < 2 || len(y.shape) < 2 || x.shape[len(x.shape)-1] != y.shape[len(y.shape)-1] {
		fail(op, "x is %v, y is %v: they must end in [n, d] and [m, d]", x.shape, y.shape)
	}
	for _, t := range []*Tensor{y, logVar, logScale} {
		if t.dt != x.dt {
			failHint(op, "convert with To", "the element types differ: %v and %v", x.dt, t.dt)
		}
	}
	w := logScale.Neg().Exp()
	if len(w.shape) > 0 {
		w = w.Unsqueeze(-2)
	}
	xs := x.Mul(w)
	ys := xs
	if y != x {
		ys = y.Mul(w)
	}
	if x.dt == F32 {
		return kernelCore[float32](op, cov, xs, ys, logVar)
	}
	return kernelCore[float64](op, cov, xs, ys, logVar)
}

// kernelCore is KernelMatrix of rows that are already scaled.
func kernelCore[T kernel.Float](op string, cov kernel.Covariance, x, y, logVar *Tensor) *Tensor {
	rx, ry := len(x.shape), len(y.shape)
	n, m, d := x.shape[rx-2], y.shape[ry-2], x.shape[rx-1]
	batch, ok := broadcastShape(x.shape[:rx-2], y.shape[:ry-2])
	if ok {
		batch, ok = broadcastShape(batch, logVar.shape)
	}
	if !ok {
		fail(op, "leading axes of x %v, y %v and logVar %v do not go together", x.shape, y.shape, logVar.shape)
	}
	out := newTensor(x.dt, append(slices.Clone(batch), n, m))
	xd, yd := x.dense(), y.dense()
	a := kernel.CovArgs[T]{
		Cov: cov, N: n, M: m, D: d, X: data[T](xd), Y: data[T](yd), Same: x == y,
		OffX: batchOffsets(xd, batch), OffY: batchOffsets(yd, batch),
		LogVar: vals[T](logVar.detached().BroadcastTo(batch...).dense()),
	}
	slope := out // d out / d s where s = -r^2/2
	if own := cov != kernel.RBF && cov != kernel.ExpDot; own && recording(x, y, logVar) {
		slope = like(out)
		a.Forward(vals[T](out), vals[T](slope))
	} else {
		a.Forward(vals[T](out), nil)
	}
	return track(out, func(g *Tensor) []*Tensor {
		gs := make([]*Tensor, 3)
		gradient := func(i int, t *Tensor, shape ...int) []T {
			if t != logVar && !wanted(t) {
				return nil
			}
			gs[i] = newTensor(x.dt, append(slices.Clone(batch), shape...))
			return vals[T](gs[i])
		}
		var value []T
		if slope != out {
			value = vals[T](out.detached())
		}
		a.Backward(gradient(0, x, n, d), gradient(1, y, m, d), gradient(2, logVar), vals[T](g.dense()), vals[T](slope.detached()), value)
		for i, t := range []*Tensor{x, y, logVar} {
			if gs[i] != nil {
				gs[i] = sumTo(gs[i], t.shape)
			}
		}
		return gs
	}, x, y, logVar)
}
