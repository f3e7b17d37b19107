package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/par"
)

// indices checks an index tensor against n positions.
func indices(op string, idx *Tensor, n int) []int64 {
	if idx.dt != I64 {
		failHint(op, "convert with To(I64)", "the indices are %v, not I64", idx.dt)
	}
	x := vals[int64](idx.dense())
	for i, v := range x {
		if v < 0 || int(v) >= n {
			fail(op, "index number %d is %d, but there are %d positions", i, v, n)
		}
	}
	return x
}

// Gather takes positions idx (I64, any shape) of an axis: the axis is replaced by the shape of idx. With axis 0 and a
// table of vectors this is an embedding.
func (t *Tensor) Gather(axis int, idx *Tensor) *Tensor {
	axis = t.axis("Gather", axis)
	x := t.dense()
	n := t.shape[axis]
	at := indices("Gather", idx, n)
	outer, inner := numel(t.shape[:axis]), numel(t.shape[axis+1:])
	shape := slices.Concat(t.shape[:axis], idx.shape, t.shape[axis+1:])
	out := newTensor(t.dt, shape)
	switch t.dt.size() {
	case 4:
		gather(vals[float32](out), vals[float32](x), at, outer, n, inner)
	case 8:
		gather(vals[float64](out), vals[float64](x), at, outer, n, inner)
	default:
		gather(vals[bool](out), vals[bool](x), at, outer, n, inner)
	}
	return track(out, func(g *Tensor) []*Tensor {
		return []*Tensor{scatterAdd(t.dt, t.shape, axis, at, g.dense())}
	}, t)
}

func gather[T elem](dst, src []T, at []int64, outer, n, inner int) {
	par.For(outer*len(at), max(1, 4096/max(inner, 1)), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			s := (r/len(at)*n + int(at[r%len(at)])) * inner
			copy(dst[r*inner:(r+1)*inner], src[s:s+inner])
		}
	})
}

// ScatterAdd adds the slices of src to the positions idx of an axis of length n of a tensor of zeros: the inverse of
// Gather. src has the shape that Gather would give.
func ScatterAdd(axis, n int, idx, src *Tensor) *Tensor {
	src.mustFloat("ScatterAdd")
	k := len(idx.shape)
	if axis < 0 || axis+k > len(src.shape) || !slices.Equal(src.shape[axis:axis+k], idx.shape) {
		fail("ScatterAdd", "src is %v: its axes from %d on must be those of the indices, %v", src.shape, axis, idx.shape)
	}
	at := indices("ScatterAdd", idx, n)
	shape := slices.Concat(src.shape[:axis], []int{n}, src.shape[axis+k:])
	out := scatterAdd(src.dt, shape, axis, at, src.dense())
	idx = idx.detached()
	return track(out, func(g *Tensor) []*Tensor { return []*Tensor{g.Gather(axis, idx)} }, src)
}

// scatterAdd adds in the order of the indices, with one owner for each column range, so that threads do not matter.
func scatterAdd(dt DType, shape []int, axis int, at []int64, g *Tensor) *Tensor {
	out := zeros(dt, slices.Clone(shape))
	outer, n, inner := numel(shape[:axis]), shape[axis], numel(shape[axis+1:])
	if dt == F32 {
		scatter(vals[float32](out), vals[float32](g), at, outer, n, inner)
	} else {
		scatter(vals[float64](out), vals[float64](g), at, outer, n, inner)
	}
	return out
}

func scatter[T float32 | float64](dst, src []T, at []int64, outer, n, inner int) {
	const width = 64
	strips := (inner + width - 1) / width
	par.For(outer*strips, max(1, 65536/max(1, len(at)*width)), func(lo, hi int) {
		for q := lo; q < hi; q++ {
			o, c0 := q/strips, q%strips*width
			c1 := min(inner, c0+width)
			for k, v := range at {
				d := dst[(o*n+int(v))*inner+c0 : (o*n+int(v))*inner+c1]
				for i, w := range src[(o*len(at)+k)*inner+c0 : (o*len(at)+k)*inner+c1] {
					d[i] += w
				}
			}
		}
	})
}

// OneHot makes rows of zeros with a one at each label: labels I64 of any shape, result [..., classes].
func OneHot(dt DType, labels *Tensor, classes int) *Tensor {
	at := indices("OneHot", labels, classes)
	out := zeros(F64, append(slices.Clone(labels.shape), classes))
	x := vals[float64](out)
	for i, c := range at {
		x[i*classes+int(c)] = 1
	}
	return out.cast(dt)
}
