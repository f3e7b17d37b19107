package kernel

import (
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// ConvShape is a convolution from N images of X by In channels to images of Y by Out channels, channels last: three
// spatial axes (the first of length one for plane images), kernel K, stride S, padding P on both sides. Weights are
// [K, In, Out].
type ConvShape struct {
	N, In, Out    int
	X, K, S, P, Y [3]int
}

func volume(s [3]int) int { return s[0] * s[1] * s[2] }

// pass is one sweep of tiles over images: output element (z, y, x) is the sum, over the segments of k numbers each, of
// the padded source (at its place, one row of segments after the other) times the packed weights.
type pass[T Float] struct {
	count        [3]int // outputs along each axis
	aStart, cAt0 int    // first element in the padded source and in the output
	aStep, cStep [3]int // elements between outputs
	segs         []int  // bytes
	k, cols      int
	packed       []T // panels of nr columns, len(segs)*k rows each
}

// run sweeps over one image. With acc it adds to the output.
func (p *pass[T]) run(ts *tileset, out, src []T, acc bool) {
	es := ts.es
	t := asm.Tile{
		K: p.k, RSA: uintptr(p.aStep[2] * es), CSA: uintptr(es), LDB: uintptr(ts.nr * es), LDC: uintptr(p.cStep[2] * es),
		NSeg: len(p.segs),
	}
	if acc {
		t.Mode = 1
	}
	if len(p.segs) == 0 || volume(p.count) == 0 {
		return
	}
	t.Segs = &p.segs[0]
	tiles := (p.count[2] + ts.mr - 1) / ts.mr
	rows := (p.count[2] + tiles - 1) / tiles
	tall := p.count[2] - tiles*(rows-1)
	sp, cp, bp := ptr(src), ptr(out), ptr(p.packed)
	for j := 0; j < p.cols; j += ts.nr {
		cols := min(ts.nr, p.cols-j)
		t.B = unsafe.Add(bp, j*p.k*len(p.segs)*es)
		for z := 0; z < p.count[0]; z++ {
			for y := 0; y < p.count[1]; y++ {
				a := p.aStart + z*p.aStep[0] + y*p.aStep[1]
				c := p.cAt0 + z*p.cStep[0] + y*p.cStep[1] + j
				for q := 0; q < tiles; q++ {
					r := rows
					if q >= tall {
						r--
					}
					t.A, t.C = unsafe.Add(sp, a*es), unsafe.Add(cp, c*es)
					runTile[T](ts, r, cols, &t)
					a += r * p.aStep[2]
					c += r * p.cStep[2]
				}
			}
		}
	}
}

// padded is a source image with a border of zeros.
type padded struct{ size, before [3]int }

func (p padded) rowStride(c int) [3]int {
	return [3]int{p.size[1] * p.size[2] * c, p.size[2] * c, c}
}

// fillPadded copies an image of the given size and c channels into dst, whose border is zero already.
func fillPadded[T Float](p padded, dst, src []T, size [3]int, c int) {
	st := p.rowStride(c)
	row := size[2] * c
	for z := 0; z < size[0]; z++ {
		for y := 0; y < size[1]; y++ {
			copy(dst[(z+p.before[0])*st[0]+(y+p.before[1])*st[1]+p.before[2]*c:][:row], src[(z*size[1]+y)*row:])
		}
	}
}

// sweep runs passes over every image: out has outLen numbers an image, src srcSize by c.
func sweep[T Float](n int, passes []pass[T], out []T, outLen int, src []T, size [3]int, c int, pad padded, bias []T, covers bool) {
	ts := tiles[T]()
	srcLen := volume(size) * c
	direct := pad.size == size
	par.For(n, 1, func(lo, hi int) {
		var buf []T
		if !direct {
			raw, _ := mem.Get(volume(pad.size) * c * ts.es)
			defer mem.Put(raw)
			buf = mem.Slice[T](raw)
			clear(buf)
		}
		for i := lo; i < hi; i++ {
			o, s := out[i*outLen:(i+1)*outLen], src[i*srcLen:(i+1)*srcLen]
			if !direct {
				fillPadded(pad, buf, s, size, c)
				s = buf
			}
			switch {
			case bias != nil:
				for r := 0; r < outLen; r += len(bias) {
					copy(o[r:r+len(bias)], bias)
				}
			case !covers:
				clear(o)
			}
			for q := range passes {
				passes[q].run(ts, o, s, bias != nil || !covers)
			}
		}
	})
}

// packTaps packs the weights of the given taps, in order, into panels of nr columns: rows are the input channels of each
// tap, columns the output channels, or the other way round if transposed.
func packTaps[T Float](ts *tileset, w []T, in, out int, taps []int, transposed bool) []T {
	rows, cols := in, out
	if transposed {
		rows, cols = out, in
	}
	panels := (cols + ts.nr - 1) / ts.nr
	packed := make([]T, max(1, panels*len(taps)*rows*ts.nr))
	for q := 0; q < panels; q++ {
		j := q * ts.nr
		for i, tap := range taps {
			m := Matrix[T]{w[tap*in*out:], out, 1}
			if transposed {
				m = m.transposed()
			}
			packB(ts, packed[(q*len(taps)+i)*rows*ts.nr:][:rows*ts.nr], m.at(0, j), rows, min(ts.nr, cols-j))
		}
	}
	return packed
}

// Conv computes y, the convolution of x with weights w [K, In, Out], plus bias (nil for none).
func Conv[T Float](y, x, w, bias []T, g ConvShape) {
	if len(y) == 0 {
		return
	}
	if is32[T]() && g.winograd() {
		convWinograd(y, x, w, bias, g, false)
		return
	}
	ts := tiles[T]()
	pad := padded{g.X, g.P}
	for i := range pad.size {
		pad.size[i] += 2 * g.P[i]
	}
	st := pad.rowStride(g.In)
	p := pass[T]{count: g.Y, cols: g.Out, k: g.K[2] * g.In}
	for i := range st {
		p.aStep[i] = st[i] * g.S[i]
	}
	p.cStep = [3]int{g.Y[1] * g.Y[2] * g.Out, g.Y[2] * g.Out, g.Out}
	var taps []int
	for kz := 0; kz < g.K[0]; kz++ {
		for ky := 0; ky < g.K[1]; ky++ {
			p.segs = append(p.segs, (kz*st[0]+ky*st[1])*ts.es)
			for kx := 0; kx < g.K[2]; kx++ {
				taps = append(taps, (kz*g.K[1]+ky)*g.K[2]+kx)
			}
		}
	}
	p.packed = packTaps(ts, w, g.In, g.Out, taps, false)
	sweep(g.N, []pass[T]{p}, y, volume(g.Y)*g.Out, x, g.X, g.In, pad, bias, true)
}

// ConvTransposed computes dx, the transpose of Conv applied to dy, plus bias (nil for none). Positions of dx that differ
// by a multiple of the stride see the same taps: each such class is a convolution of its own, of stride one.
func ConvTransposed[T Float](dx, dy, w, bias []T, g ConvShape) {
	if len(dx) == 0 {
		return
	}
	if is32[T]() && g.winograd() {
		convWinograd(dx, dy, w, bias, g, true)
		return
	}
	ts := tiles[T]()
	var pad padded
	for i := range pad.size {
		// The tap t of a class reads position q0 - t, q0 from 0 to (X+P-1)/S, t up to (K-1)/S.
		pad.before[i] = (g.K[i] - 1) / g.S[i]
		pad.size[i] = pad.before[i] + max(g.Y[i], (g.X[i]+g.P[i]-1)/g.S[i]+1)
	}
	st := pad.rowStride(g.Out)
	outStep := [3]int{g.X[1] * g.X[2] * g.In, g.X[2] * g.In, g.In}
	var passes []pass[T]
	covers := true
	for cls := 0; cls < volume(g.S); cls++ {
		c := [3]int{cls / (g.S[1] * g.S[2]), cls / g.S[2] % g.S[1], cls % g.S[2]}
		p := pass[T]{cols: g.In}
		var n [3]int // taps along each axis
		for i := range c {
			n[i] = (g.K[i] - c[i] + g.S[i] - 1) / g.S[i]
			first := ((c[i]-g.P[i])%g.S[i] + g.S[i]) % g.S[i] // first position of this class
			p.count[i] = max(0, (g.X[i]-first+g.S[i]-1)/g.S[i])
			q0 := (first + g.P[i] - c[i]) / g.S[i]
			p.aStart += (q0 + pad.before[i] - (n[i] - 1)) * st[i]
			p.aStep[i] = st[i]
			p.cAt0 += first * outStep[i]
			p.cStep[i] = outStep[i] * g.S[i]
		}
		if volume(p.count) == 0 {
			continue
		}
		if n[0] <= 0 || n[1] <= 0 || n[2] <= 0 {
			covers = false
			continue
		}
		p.k = n[2] * g.Out
		var taps []int
		for tz := 0; tz < n[0]; tz++ {
			for ty := 0; ty < n[1]; ty++ {
				p.segs = append(p.segs, (tz*st[0]+ty*st[1])*ts.es)
				for tx := 0; tx < n[2]; tx++ {
					k := [3]int{c[0] + (n[0]-1-tz)*g.S[0], c[1] + (n[1]-1-ty)*g.S[1], c[2] + (n[2]-1-tx)*g.S[2]}
					taps = append(taps, (k[0]*g.K[1]+k[1])*g.K[2]+k[2])
				}
			}
		}
		p.packed = packTaps(ts, w, g.In, g.Out, taps, true)
		passes = append(passes, p)
	}
	sweep(g.N, passes, dx, volume(g.X)*g.In, dy, g.Y, g.Out, pad, bias, covers)
}

// ConvWeights computes dw, the gradient of the weights [K, In, Out]: for each tap, the input channels times the output
// channels, summed over all places. The images are divided into at most eight groups with a partial sum each.
func ConvWeights[T Float](dw, x, dy []T, g ConvShape) {
	clear(dw)
	if len(dy) == 0 || len(x) == 0 {
		return
	}
	ts := tiles[T]()
	if is32[T]() && g.winograd() && ts.canRead(g.Out%ts.nr) {
		convWeightsWinograd(dw, x, dy, g)
		return
	}
	es := ts.es
	pad := padded{g.X, g.P}
	for i := range pad.size {
		pad.size[i] += 2 * g.P[i]
	}
	st := pad.rowStride(g.In)
	var segs []int // one for each row of the output
	for z := 0; z < g.Y[0]; z++ {
		for y := 0; y < g.Y[1]; y++ {
			segs = append(segs, (z*g.S[0]*st[0]+y*g.S[1]*st[1])*es)
		}
	}
	group := (g.N + 7) / 8
	groups := (g.N + group - 1) / group
	part := dw
	if groups > 1 {
		raw, _ := mem.Get(groups * len(dw) * es)
		defer mem.Put(raw)
		part = mem.Slice[T](raw)[:groups*len(dw)]
		clear(part)
	}
	rest := g.Out % ts.nr // a last panel that cannot be read where it lies is packed
	packRest := rest != 0 && !ts.canRead(rest)
	places, outLen := volume(g.Y), volume(g.Y)*g.Out
	par.For(groups, 1, func(lo, hi int) {
		raw, _ := mem.Get((volume(pad.size)*g.In + places*ts.nr) * es)
		defer mem.Put(raw)
		buf := mem.Slice[T](raw)[:volume(pad.size)*g.In]
		last := mem.Slice[T](raw)[len(buf):]
		clear(buf)
		for q := lo; q < hi; q++ {
			d := part[q*len(dw) : (q+1)*len(dw)]
			for i := q * group; i < min(g.N, (q+1)*group); i++ {
				par.Check()
				src := x[i*volume(g.X)*g.In : (i+1)*volume(g.X)*g.In]
				if pad.size != g.X {
					fillPadded(pad, buf, src, g.X, g.In)
					src = buf
				}
				gi := dy[i*outLen : (i+1)*outLen]
				if packRest {
					packB(ts, last[:places*ts.nr], Matrix[T]{gi[g.Out-rest:], g.Out, 1}, places, rest)
				}
				t := asm.Tile{
					K: g.Y[2], RSA: uintptr(es), CSA: uintptr(g.S[2] * g.In * es), LDC: uintptr(g.Out * es), Mode: 1,
					Segs: &segs[0], NSeg: len(segs),
				}
				for j := 0; j < g.Out; j += ts.nr {
					cols := min(ts.nr, g.Out-j)
					t.B, t.LDB = unsafe.Add(ptr(gi), j*es), uintptr(g.Out*es)
					if packRest && cols == rest {
						t.B, t.LDB = ptr(last), uintptr(ts.nr*es)
					}
					weightTiles(ts, &t, d[j:], src, st, cols, g)
				}
			}
		}
	})
	if groups > 1 {
		sumParts(dw, part, groups, len(dw))
	}
}

// weightTiles adds one image's gradients of cols output channels. The taps along the last axis and the input channels
// are one run of rows, as they are in memory.
func weightTiles[T Float](ts *tileset, t *asm.Tile, d, src []T, st [3]int, cols int, g ConvShape) {
	run := g.K[2] * g.In
	panels := (run + ts.mr - 1) / ts.mr
	rows := (run + panels - 1) / panels
	tall := run - panels*(rows-1)
	for kz := 0; kz < g.K[0]; kz++ {
		for ky := 0; ky < g.K[1]; ky++ {
			a, c := kz*st[0]+ky*st[1], (kz*g.K[1]+ky)*run*g.Out
			for q := 0; q < panels; q++ {
				r := rows
				if q >= tall {
					r--
				}
				t.A, t.C = unsafe.Add(ptr(src), a*ts.es), unsafe.Add(ptr(d), c*ts.es)
				runTile[T](ts, r, cols, t)
				a += r
				c += r * g.Out
			}
		}
	}
}
