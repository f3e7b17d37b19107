package kernel

import (
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
)

// tileGo is the plain form of the product kernels: see asm.Tile. It writes rows by cols elements of C.
func tileGo[T Float](rows, cols int, t *asm.Tile) {
	var acc [12][32]T
	b, steps := t.B, t.K*t.NSeg
	for _, off := range unsafe.Slice(t.Segs, t.NSeg) {
		a := unsafe.Add(t.A, off)
		for p := 0; p < t.K; p++ {
			row := unsafe.Slice((*T)(b), cols)
			for i := 0; i < rows; i++ {
				v := *(*T)(unsafe.Add(a, uintptr(i)*t.RSA))
				d := acc[i][:len(row)]
				for j, w := range row {
					d[j] += T(v * w)
				}
			}
			// Beyond the last element the pointers may leave their arrays, so they are not formed.
			if p < t.K-1 {
				a = unsafe.Add(a, t.CSA)
			}
			if steps--; steps > 0 {
				b = unsafe.Add(b, t.LDB)
			}
		}
	}
	alpha := T(0)
	if t.Mode >= 2 {
		alpha = *(*T)(unsafe.Pointer(&t.Alpha))
	}
	for i := 0; i < rows; i++ {
		c := unsafe.Slice((*T)(unsafe.Add(t.C, uintptr(i)*t.LDC)), cols)
		for j := range c {
			switch v := acc[i][j]; t.Mode {
			case 0:
				c[j] = v
			case 1:
				c[j] += v
			case 2:
				c[j] += T(alpha * v)
			case 3:
				c[j] = alpha * v
			default:
				c[j] -= v
			}
		}
		if t.Mode == 4 {
			substitute(i, c, t)
		}
	}
}

// substitute makes row i of a tile of D X = C, whose rows above are solved.
func substitute[T Float](i int, c []T, t *asm.Tile) {
	d := unsafe.Slice((*T)(unsafe.Add(t.D, i*portableRows*int(unsafe.Sizeof(c[0])))), i+1)
	for p, v := range d[:i] {
		x := unsafe.Slice((*T)(unsafe.Add(t.C, uintptr(p)*t.LDC)), len(c))
		for j := range c {
			c[j] -= T(v * x[j])
		}
	}
	for j := range c {
		c[j] *= d[i]
	}
}
