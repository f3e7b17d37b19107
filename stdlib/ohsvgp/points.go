package ohsvgp

import (
	"fmt"

	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// points is the basis of function values at inducing inputs Z.
type points struct {
	Z *mat.Dense // M x D
}

func (b *points) size() int { n, _ := b.Z.Dims(); return n }

func (b *points) check(gp.Kernel) error { return nil }

func (b *points) kuf(k gp.Kernel, x *mat.Dense) (*mat.Dense, error) { return k.Matrix(b.Z, x), nil }

func (b *points) blocks(k gp.Kernel, x *mat.Dense, old basis) (*blocks, error) {
	out, err := b.without(k, x, old)
	if err == nil {
		out.Kbf = k.Matrix(b.Z, x)
	}
	return out, err
}

// view implements viewer.
func (b *points) view(k gp.Kernel, x *mat.Dense, y []float64, old basis) (*blocks, error) {
	out, err := b.without(k, x, old)
	if err == nil {
		out.data = gp.NewPointData(k, b.Z, x, y)
	}
	return out, err
}

// without makes the blocks but Kbf.
func (b *points) without(k gp.Kernel, x *mat.Dense, old basis) (*blocks, error) {
	out := &blocks{Kbb: k.Matrix(b.Z, b.Z), kff: k.Diag(x)}
	if old != nil {
		a, ok := old.(*points)
		if !ok {
			return nil, fmt.Errorf("ohsvgp: the old memory is of another kind (%T)", old)
		}
		out.Kba, out.Kaa = k.Matrix(b.Z, a.Z), k.Matrix(a.Z, a.Z)
	}
	return out, nil
}

// backward returns dF/dZ, row by row.
func (b *points) backward(k gp.Kernel, x *mat.Dense, old basis, g *blocks, grad []float64) ([]float64, error) {
	k.BackwardDiag(x, g.kff, grad)
	dZ := gp.BackwardAll(k, b.Z, b.Z, g.of.Kbb, g.Kbb, grad)
	dZ.Scale(2, dZ) // Z stands on both sides, and g.Kbb is symmetric
	if g.byKbf != nil {
		dZ.Add(dZ, g.of.data.(*gp.PointData).Pull(g.byKbf.A, g.byKbf.u, grad))
	} else {
		dZ.Add(dZ, gp.BackwardAll(k, b.Z, x, g.of.Kbf, g.Kbf, grad))
	}
	if a, ok := old.(*points); ok {
		gp.BackwardAll(k, a.Z, a.Z, g.of.Kaa, g.Kaa, grad)
		dZ.Add(dZ, gp.BackwardAll(k, b.Z, a.Z, g.of.Kba, g.Kba, grad))
	}
	n, d := dZ.Dims()
	out := make([]float64, 0, n*d)
	for i := 0; i < n; i++ {
		out = append(out, dZ.RawRowView(i)...)
	}
	return out, nil
}
