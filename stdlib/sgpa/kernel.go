package sgpa

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

// Kind names a covariance function of projected tokens.
type Kind string

// The two covariance functions of the chapter.
const (
	ARD         Kind = "ard" // s2 exp(-1/2 sum_t (a_t-b_t)^2/ell_t^2), for images and graphs
	Exponential Kind = "exp" // s2 exp(sum_t a_t b_t/ell_t^2), for text
)

func fail(op, hint, format string, args ...any) {
	panic(&linalg.Error{Op: "sgpa." + op, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

func (k Kind) check(op string) {
	if k != ARD && k != Exponential {
		fail(op, `use sgpa.ARD ("ard") or sgpa.Exponential ("exp")`, "there is no kernel %q", string(k))
	}
}

// Kernel is the covariance function of one head, in float64: the plain version, written like the equations. Layers
// use the tensor version in gram.go.
type Kernel struct {
	Kind     Kind
	LogVar   float64   // log s2: of the variance, not of the standard deviation
	LogScale []float64 // log ell, one for each of the d dimensions
}

// NewKernel is a kernel with variance s2 and one length-scale for all d dimensions.
func NewKernel(kind Kind, variance, scale float64, d int) Kernel {
	kind.check("NewKernel")
	if !(variance > 0 && scale > 0) || d < 1 {
		fail("NewKernel", "", "variance %v, length-scale %v, %d dimensions: all must be positive", variance, scale, d)
	}
	k := Kernel{Kind: kind, LogVar: math.Log(variance), LogScale: make([]float64, d)}
	for i := range k.LogScale {
		k.LogScale[i] = math.Log(scale)
	}
	return k
}

// Gram is K(X, Y), n x m, for the rows of X (n x d) and Y (m x d). Distances are taken by direct differences, so points
// far from the origin lose no digits and K(X, X) has exactly s2 on its diagonal.
func (k Kernel) Gram(X, Y *mat.Dense) *mat.Dense {
	k.check("Gram", X)
	k.check("Gram", Y)
	n, _ := X.Dims()
	m, _ := Y.Dims()
	K := mat.NewDense(n, m, nil)
	for i := 0; i < n; i++ {
		for j := 0; j < m; j++ {
			K.Set(i, j, k.at(X.RawRowView(i), Y.RawRowView(j)))
		}
	}
	return K
}

func (k Kernel) check(op string, X *mat.Dense) {
	k.Kind.check(op)
	if _, d := X.Dims(); d != len(k.LogScale) {
		fail(op, "", "the points have %d dimensions, the kernel has %d length-scales", d, len(k.LogScale))
	}
}

func (k Kernel) at(a, b []float64) float64 {
	s := 0.0
	for t, l := range k.LogScale {
		w := math.Exp(-l)
		if k.Kind == ARD {
			s -= 0.5 * (w*a[t] - w*b[t]) * (w*a[t] - w*b[t])
		} else {
			s += (w * a[t]) * (w * b[t])
		}
	}
	return math.Exp(k.LogVar + s)
}

// Diag is k(x, x) for each row of X.
func (k Kernel) Diag(X *mat.Dense) []float64 {
	k.check("Diag", X)
	n, _ := X.Dims()
	out := make([]float64, n)
	for i := range out {
		out[i] = k.at(X.RawRowView(i), X.RawRowView(i))
	}
	return out
}
