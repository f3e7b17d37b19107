//go:build amd64 || arm64

package kernel

// transposeB packs as many columns of a B stored by columns as fill whole registers, and says how many it did.
func transposeB[T Float](ts *tileset, dst []T, b Matrix[T], kb, cols int) int {
	if ts.portable {
		return 0
	}
	w := laneCount[T]()
	blocks := kb / w
	j := 0
	for ; j+w <= cols && blocks > 0; j += w {
		transposeBlocks(blocks, b.Data[j*b.CS:], b.CS, w, dst[j:], ts.nr, w*ts.nr)
		for p := blocks * w; p < kb; p++ {
			row := dst[p*ts.nr+j : p*ts.nr+j+w]
			for q := range row {
				row[q] = b.Data[p+(j+q)*b.CS]
			}
		}
	}
	return j
}

// packSix interleaves six of eight rows of kb numbers, with AVX2 or NEON. A transposed column is written whole, the last rows
// first, and its rubbish overwritten by the next one; up to four numbers beyond the panel are rubbish too.
func packSix[T Float](dst []T, a Matrix[T], kb int) bool {
	if level != AVX2 {
		return false
	}
	w := laneCount[T]()
	blocks := kb / w
	for i := 5 / w * w; i >= 0 && blocks > 0; i -= w {
		transposeBlocks(blocks, a.Data[i*a.RS:], a.RS, w, dst[i:], 6, 6*w)
	}
	for p := blocks * w; p < kb; p++ {
		for i := 0; i < 6; i++ {
			dst[6*p+i] = a.Data[i*a.RS+p]
		}
	}
	return true
}
