package kernel

import "github.com/priorlab/priorlab/linalg/internal/asm"

func init() {
	for w := range tilesets {
		for d := range tilesets[w] {
			ts := tileset{mr: 6, nr: 64 >> (2 + d), es: 4 << d, kc: 512 >> d, mc: 192, nc: 4096, outerA: 300 << 10, wide: w == 1}
			if ts.wide {
				ts.mr, ts.nr, ts.mc, ts.outerA = 12, 2*ts.nr, 240-48*d, 600<<10
			}
			for kind := range ts.fn {
				for rows := 1; rows <= ts.mr; rows++ {
					if ts.wide {
						ts.fn[kind][rows] = asm.Tile512(d == 1, kind, rows)
					} else {
						ts.fn[kind][rows] = asm.Tile256(d == 1, kind >= asm.Half, rows)
					}
				}
			}
			tilesets[w][d] = ts
		}
	}
}

// run calls the kernel for a tile of so many rows and columns.
func (ts *tileset) run(rows, cols int, t *asm.Tile) {
	kind := asm.Full
	if 2*cols <= ts.nr {
		kind = asm.Half
	}
	if !ts.wide {
		t.Cols = uint64(cols)
	} else if cols != ts.nr && 2*cols != ts.nr {
		kind++
		t.Cols = 1<<cols - 1
	}
	asm.Run(ts.fn[kind][rows], t)
}
