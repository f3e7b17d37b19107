package nn

import "github.com/priorlab/priorlab/linalg"

// gather takes rows of a table; the gradient is added up row by row in the order of ids, so it does not depend on
// anything but its inputs.
func gather(table *linalg.Tensor, ids []int) *linalg.Tensor {
	V, E := table.Shape()[0], table.Shape()[1]
	dt := table.DType()
	if dt == linalg.F32 {
		src, out := table.Float32s(), make([]float32, len(ids)*E)
		for i, id := range ids {
			copy(out[i*E:(i+1)*E], src[id*E:])
		}
		return linalg.Custom([]*linalg.Tensor{table}, linalg.FromFloat32(out, len(ids), E), func(g *linalg.Tensor) []*linalg.Tensor {
			sum := make([]float32, V*E)
			addRows(sum, g.Float32s(), ids, E)
			return []*linalg.Tensor{linalg.FromFloat32(sum, V, E)}
		})
	}
	src, out := table.Float64s(), make([]float64, len(ids)*E)
	for i, id := range ids {
		copy(out[i*E:(i+1)*E], src[id*E:])
	}
	return linalg.Custom([]*linalg.Tensor{table}, linalg.FromFloat64(out, len(ids), E), func(g *linalg.Tensor) []*linalg.Tensor {
		sum := make([]float64, V*E)
		addRows(sum, g.Float64s(), ids, E)
		return []*linalg.Tensor{linalg.FromFloat64(sum, V, E)}
	})
}

func addRows[T float32 | float64](sum, g []T, ids []int, E int) {
	for i, id := range ids {
		row := sum[id*E : (id+1)*E]
		for j, v := range g[i*E : (i+1)*E] {
			row[j] += v
		}
	}
}
