package ohsvgp

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/internal/scratch"
	"gonum.org/v1/gonum/mat"
)

// basis is a set of inducing variables, whole but for the kernel: LegS
// projections up to a time, function values at points, Fourier features on an
// interval. One basis makes every covariance that an update needs, from one
// route, so that blocks of different routes cannot meet: together they are the
// covariances of one joint Gaussian.
type basis interface {
	// size is the number of variables.
	size() int
	// check says whether the kernel can be used with this basis.
	check(k gp.Kernel) error
	// blocks are the covariances with f(x) and with the variables of old
	// (nil for none), under k.
	blocks(k gp.Kernel, x *mat.Dense, old basis) (*blocks, error)
	// backward adds dF/dtheta, given dF by every block, with respect to the
	// free numbers of k, and returns that by the basis's own free numbers
	// (nil when it has none).
	backward(k gp.Kernel, x *mat.Dense, old basis, g *blocks, grad []float64) ([]float64, error)
	// kuf is Cov(u, f(x)), for prediction.
	kuf(k gp.Kernel, x *mat.Dense) (*mat.Dense, error)
}

// blocks are the covariances of one update: b new variables, a old ones, f the
// function at the data. Jitter is not in them.
type blocks struct {
	Kbb *mat.Dense // M x M
	Kbf *mat.Dense // M x N
	Kba *mat.Dense // M x Ma; nil in the first task
	Kaa *mat.Dense // Ma x Ma, under the new hyper-parameters
	kff []float64  // N, prior variances
	of  *blocks    // of a gradient: the covariances it belongs to

	se    *seWaves     // how LegS blocks under the SE kernel were made
	data  dataView     // in the place of Kbf; nil when there is one
	byKbf *throughData // of a gradient with data: that by Kbf
}

// dataView stands for K_bf in an update with Gaussian noise, which asks for little
// of it: with K_bb = L L' and W = L^-1 K_bf, products over the data.
type dataView interface {
	// See returns W W' and W y.
	See(L *linalg.CholFactor) (WW *mat.Dense, Wy []float64)
	// Done gives memory back.
	Done()
}

// throughData is a derivative A W + u y' by K_bf.
type throughData struct {
	A *mat.Dense
	u []float64
}

// viewer is a basis that has a view of the data. No view (nil) means that K_bf
// itself costs less.
type viewer interface {
	view(k gp.Kernel, x *mat.Dense, y []float64, old basis) (*blocks, error)
}

// release gives back the matrices over the data.
func (b *blocks) release() {
	scratch.Release(b.Kbf)
	if b.data != nil {
		b.data.Done()
	}
	if b.se != nil && b.se.cs != nil {
		scratch.Release(b.se.cs, b.se.sn)
	}
}

// column returns the one column of x.
func column(x *mat.Dense) ([]float64, error) {
	n, d := x.Dims()
	if n == 0 {
		return nil, nil
	}
	if d != 1 {
		return nil, fmt.Errorf("ohsvgp: inputs with %d columns given to a method on the line; use a path (Options.Path) for several inputs", d)
	}
	return mat.Col(nil, 0, x), nil
}

// dot is sum_ij a[i,j] b[i,j].
func dot(a, b *mat.Dense) float64 {
	ar, br := a.RawMatrix(), b.RawMatrix()
	s := 0.0
	for i := 0; i < ar.Rows; i++ {
		u, v := ar.Data[i*ar.Stride:i*ar.Stride+ar.Cols], br.Data[i*br.Stride:i*br.Stride+ar.Cols]
		for j := range u {
			s += u[j] * v[j]
		}
	}
	return s
}
