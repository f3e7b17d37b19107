package sgpa

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// Covariance names a family of covariances for q(v), the variational posterior of the inducing values: with n inducing points
// (M global ones, or the T keys of standard SGPA) and L L' their Gram matrix, S_j = L R_j R_j' L' for channel j of d.
//
// The variances of B sequences of T tokens take B T H times d n^2, n^2 and d n multiply-adds, after the B T H n^2 of
// A = L^-1 K_kq, which all families need.
type Covariance string

// The families: every channel its own lower-triangular R_j (the published form), one R for all channels of a head, or every
// channel its own diagonal R_j. A diagonal factor is whitened like the others: S_j is not diagonal, and R = I is the prior.
const (
	FullCovariance     Covariance = "full"     // Ltri [H d n n], LogDiag [H d n]
	SharedCovariance   Covariance = "shared"   // Ltri [H 1 n n], LogDiag [H 1 n]
	DiagonalCovariance Covariance = "diagonal" // Ltri nil, LogDiag [H d n]
)

func (c Covariance) check() {
	if c != FullCovariance && c != SharedCovariance && c != DiagonalCovariance {
		fail("New", `use sgpa.FullCovariance ("full"), sgpa.SharedCovariance ("shared") or sgpa.DiagonalCovariance ("diagonal")`,
			"there is no family of covariances %q", string(c))
	}
}

// factor is R = strict_tril(ltri) + diag(exp(logdiag)): ltri [..., dv, n, n], logdiag [..., dv, n], where dv is 1 if the
// channels share it. R is nil if it is diagonal, which ltri nil says.
type factor struct{ R, logdiag *linalg.Tensor }

func whitened(ltri, logdiag *linalg.Tensor) factor {
	f := factor{logdiag: logdiag}
	if ltri != nil {
		f.R = linalg.Tril(ltri).Sub(ltri.Diag().DiagEmbed()).Add(logdiag.Exp().DiagEmbed())
	}
	return f
}

// drawFactor makes the parameters of the factors of all heads for n inducing points.
func drawFactor(r *linalg.Rand, c Config, n int) (ltri, logdiag *linalg.Tensor) {
	H, d, dt := c.Heads, c.Width/c.Heads, c.dtype()
	c.Covariance.check()
	if c.Covariance == SharedCovariance {
		d = 1
	}
	start := func(calm float64, shape ...int) *linalg.Tensor {
		if c.Start == Cold {
			return linalg.Param(linalg.Normal(r, dt, shape...))
		}
		return linalg.Param(linalg.Full(dt, calm, shape...))
	}
	if c.Covariance != DiagonalCovariance {
		ltri = start(0, H, d, n, n)
	}
	return ltri, start(math.Log(c.Rho), H, d, n)
}

func factorParams(ltri, logdiag *linalg.Tensor) []nn.Param {
	diag := nn.Param{Name: "LogDiag", Value: logdiag}
	if ltri == nil {
		return []nn.Param{diag}
	}
	return []nn.Param{{Name: "Ltri", Value: ltri}, diag}
}

// times is R_j'A for A [B H n T]: [B H dv n T].
func (f factor) times(A *linalg.Tensor) *linalg.Tensor {
	if f.R == nil {
		return A.Unsqueeze(2).Mul(f.logdiag.Exp().Unsqueeze(-1))
	}
	return f.R.T().MatMul(A.Unsqueeze(2))
}

// sumSquares is |R_j'a|^2 for each column a of A [..., n, N]: [..., dv, N].
func (f factor) sumSquares(A *linalg.Tensor) *linalg.Tensor {
	if f.R == nil {
		return f.logdiag.MulS(2).Exp().MatMul(A.Square())
	}
	return linalg.SumSquaresMatMul(f.R.T(), A.Unsqueeze(-3), -2)
}

// variance is |R_j'a|^2 for each token [B H T dv] of A [B H n T], with a factor common to all sequences, whose tokens then make
// one long row, or one for each.
func (f factor) variance(A *linalg.Tensor) *linalg.Tensor {
	if len(f.logdiag.Shape()) == 4 {
		return f.sumSquares(A).T()
	}
	s := A.Shape()
	all := A.Permute(1, 2, 0, 3).Reshape(s[1], s[2], s[0]*s[3])
	return partTokens(f.sumSquares(all), s[0], s[3]).T()
}

// divergence is 1/2 (|L'v_j|^2 + |R_j|^2 - n) - sum log R_j[i,i] of every channel: Lv [..., n, dv].
func (f factor) divergence(Lv *linalg.Tensor) *linalg.Tensor {
	s := f.logdiag.Shape()
	var squares *linalg.Tensor
	if f.R == nil {
		squares = f.logdiag.MulS(2).Exp().Sum(-1)
	} else {
		squares = f.R.Square().Sum(-1, -2)
	}
	return Lv.Square().Sum(-2).Add(squares).AddS(-float64(s[len(s)-1])).MulS(0.5).Sub(f.logdiag.Sum(-1))
}
