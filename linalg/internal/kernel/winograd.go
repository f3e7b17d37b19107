package kernel

import (
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Convolutions of plane images by 3x3 kernels that keep the size are computed by Winograd's minimal filtering F(2x2, 3x3)
// (A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", 2016): every square of 2x2 outputs comes from
// 16 products for each pair of channels instead of 36,
//
//	Y = A^T [ (G g G^T) * (B^T d B) ] A,  B^T = (1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1),
//	G = (1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1),  A^T = (1 1 1 0; 0 1 -1 -1),
//
// so that there are 16 matrix products, of all squares by the input channels with the input channels by the output channels.
// Rows and columns are kept apart by parity, so that all transforms are sums of whole arrays. Single precision alone: in
// double precision the direct sums serve as reference.

// winograd reports whether a convolution is computed in this way. The products grow with in x out, the transforms with
// in + out: measured, both sides need some 28 channels and images eight pixels.
func (g ConvShape) winograd() bool {
	plane := g.X[0] == 1 && g.K == [3]int{1, 3, 3} && g.S == [3]int{1, 1, 1} && g.P == [3]int{0, 1, 1}
	return plane && g.In*g.Out >= 14*(g.In+g.Out) && min(g.X[1], g.X[2]) >= 8
}

// quads is the division of images into squares of 2x2, a few rows of squares at a time.
type quads struct {
	h, w, c    int // of the source
	th, tw     int // rows and columns of squares
	rows, line int // rows of squares taken together; numbers in a row of one parity, (tw+1) c
}

// division takes so many rows of squares together that their 16 transforms, of source and result, stay in cache.
func division(h, w, c, other int) quads {
	s := quads{h: h, w: w, c: c, th: (h + 1) / 2, tw: (w + 1) / 2}
	s.rows = min(s.th, max(1, 2048/(s.tw*(c+other))))
	s.line = (s.tw + 1) * c
	return s
}

// transformed is how many numbers one of the 16 arrays of forward has.
func (s quads) transformed() int { return s.rows * s.line }

// scratch is what forward needs besides.
func (s quads) scratch() int { return 4*(s.rows+1)*s.line + 2*s.rows*s.line }

// forward writes B^T d B of the rows of squares from ty on to v: 16 arrays of rows lines, the last square of each of which
// means nothing.
func forward[T Float](s quads, v, scratch, src []T, ty, rows int) {
	n := (s.rows + 1) * s.line
	in := func(row, col int) []T { return scratch[(2*row+col)*n:][:(rows+1)*s.line] } // by parity
	for q := 0; q < 2*rows+2; q++ {
		y, at := 2*ty+q-1, q/2*s.line
		even, odd := in(q&1, 0)[at:at+s.line], in(q&1, 1)[at:at+s.line]
		if y < 0 || y >= s.h {
			clear(even)
			clear(odd)
			continue
		}
		// column 0 is the border
		row, half := src[y*s.w*s.c:], s.w/2
		clear(even[:s.c])
		if half > 0 {
			copyPixels(half, s.c, even[s.c:], s.c, row[s.c:], 2*s.c)
		}
		clear(even[(half+1)*s.c:])
		copyPixels(s.tw, s.c, odd, s.c, row, 2*s.c)
		clear(odd[s.tw*s.c:])
	}
	m := rows * s.line
	t := [2][]T{scratch[4*n:][:m], scratch[4*n+s.rows*s.line:][:m]}
	for i := range 4 {
		for col := range t {
			e, o := in(0, col), in(1, col)
			third(i, t[col], e[:m], o[:m], e[s.line:], o[s.line:])
		}
		k := m - s.c
		for j := range 4 {
			third(j, v[(4*i+j)*s.transformed():][:k], t[0][:k], t[1][:k], t[0][s.c:], t[1][s.c:])
		}
	}
}

// copyPixels copies n pixels of c channels, ldd and lds numbers apart: wide ones in pieces that copyRows is quick with.
func copyPixels[T Float](n, c int, dst []T, ldd int, src []T, lds int) {
	piece := 128 / size[T]()
	if c%piece != 0 {
		piece = c
	}
	for k := 0; k < c; k += piece {
		copyRows(n, piece, dst[k:], ldd, src[k:], lds)
	}
}

// third is row i of B^T applied to (a, b, c, d).
func third[T Float](i int, dst, a, b, c, d []T) {
	switch i {
	case 0:
		Zip(Sub, dst, a, c)
	case 1:
		Zip(Add, dst, b, c)
	case 2:
		Zip(Sub, dst, c, b)
	case 3:
		Zip(Sub, dst, b, d)
	}
}

// back applies A^T . A to the 16 arrays m of n numbers each, in place: the results, by the parity of row and column, are
// in arrays 0, 1, 4 and 5. tmp has n numbers.
func back[T Float](m, tmp []T, step, n int) {
	at := func(k int) []T { return m[k*step:][:n] }
	two := func(a, b, c, d []T) {
		Zip(Add, tmp, b, c)
		Zip(Add, a, a, tmp)
		Zip(Sub, b, b, c)
		Zip(Sub, b, b, d)
	}
	tmp = tmp[:n]
	for j := range 4 {
		two(at(j), at(4+j), at(8+j), at(12+j))
	}
	two(at(0), at(1), at(2), at(3))
	two(at(4), at(5), at(6), at(7))
}

// scatter writes the results of back to the image.
func (s quads) scatter(row, col int) (count int) {
	if row >= s.h {
		return 0
	}
	return (s.w + 1 - col) / 2
}

// filter writes G g G^T for the weights w [9, n] to u [16, n]; turned takes the kernel turned by 180 degrees.
func filter[T Float](u, w []T, n int, turned bool) {
	tap := func(y, x int) []T {
		if turned {
			y, x = 2-y, 2-x
		}
		return w[(3*y+x)*n:][:n]
	}
	raw, _ := mem.Get(14 * n * size[T]())
	defer mem.Put(raw)
	tmp := mem.Slice[T](raw)
	half, col := tmp[12*n:13*n], func(i, x int) []T { return tmp[(3*i+x)*n:][:n] }
	four := func(a, b, c, d, x, y, z []T) {
		copy(a, x)
		copy(d, z)
		Zip(Add, b, x, z)
		ZipScalar(Mul, b, b, 0.5)
		ZipScalar(Mul, half, y, 0.5)
		Zip(Sub, c, b, half)
		Zip(Add, b, b, half)
	}
	for x := range 3 {
		four(col(0, x), col(1, x), col(2, x), col(3, x), tap(0, x), tap(1, x), tap(2, x))
	}
	for i := range 4 {
		at := func(j int) []T { return u[(4*i+j)*n:][:n] }
		four(at(0), at(1), at(2), at(3), col(i, 0), col(i, 1), col(i, 2))
	}
}

// unfilter writes G^T u G of u [16, n] to the gradient dw [9, n]. It overwrites u.
func unfilter[T Float](dw, u []T, n int) {
	three := func(x, y, z, a, b, c, d []T) { // a + (b+c)/2, (b-c)/2, (b+c)/2 + d; overwrites b and c
		ZipScalar(Mul, b, b, 0.5)
		ZipScalar(Mul, c, c, 0.5)
		Zip(Sub, y, b, c)
		Zip(Add, b, b, c)
		Zip(Add, x, a, b)
		Zip(Add, z, b, d)
	}
	raw, _ := mem.Get(12 * n * size[T]())
	defer mem.Put(raw)
	tmp := mem.Slice[T](raw)
	at := func(i, j int) []T { return u[(4*i+j)*n:][:n] }
	for j := range 4 {
		three(tmp[j*n:][:n], tmp[(4+j)*n:][:n], tmp[(8+j)*n:][:n], at(0, j), at(1, j), at(2, j), at(3, j))
	}
	for y := range 3 {
		t := func(j int) []T { return tmp[(4*y+j)*n:][:n] }
		three(dw[3*y*n:][:n], dw[(3*y+1)*n:][:n], dw[(3*y+2)*n:][:n], t(0), t(1), t(2), t(3))
	}
}

// convWinograd computes y, the convolution of the n images x of h by w by in channels with weights [3, 3, in, out] plus
// bias, or the transposed convolution, which takes the out channels of x back to in.
func convWinograd[T Float](y, x, weights, bias []T, g ConvShape, transposed bool) {
	ts := tiles[T]()
	in, out := g.In, g.Out
	if transposed {
		in, out = out, in
	}
	n := g.In * g.Out
	raw, _ := mem.Get(16 * n * ts.es)
	u := mem.Slice[T](raw)
	filter(u, weights, n, transposed)
	taps := make([]int, 1)
	var products [16]pass[T]
	s := division(g.X[1], g.X[2], in, out)
	for k := range products {
		taps[0] = k
		products[k] = pass[T]{aStep: [3]int{0, s.line, in}, cStep: [3]int{0, s.tw * out, out}, segs: noSegs[:], k: in, cols: out,
			packed: packTaps(ts, u, g.In, g.Out, taps, transposed)}
	}
	mem.Put(raw)
	step := s.rows * s.tw * out
	par.For(g.N, 1, func(lo, hi int) {
		raw, _ := mem.Get((16*s.transformed() + s.scratch() + 17*step) * ts.es)
		defer mem.Put(raw)
		v := mem.Slice[T](raw)
		scratch := v[16*s.transformed():]
		m := scratch[s.scratch():]
		for i := lo; i < hi; i++ {
			src, dst := x[i*s.h*s.w*in:(i+1)*s.h*s.w*in], y[i*s.h*s.w*out:(i+1)*s.h*s.w*out]
			for ty := 0; ty < s.th; ty += s.rows {
				rows := min(s.rows, s.th-ty)
				forward(s, v, scratch, src, ty, rows)
				for k := range products {
					p := products[k]
					p.count = [3]int{1, rows, s.tw}
					to := m[k*step:][:rows*s.tw*out]
					if k == 5 && bias != nil { // this one enters all four results once
						spread(to, bias)
					}
					p.run(ts, to, v[k*s.transformed():], k == 5 && bias != nil)
				}
				back(m, m[16*step:], step, rows*s.tw*out)
				for r := range 2 * rows {
					row := 2*ty + r
					for col := range 2 {
						if count := s.scatter(row, col); count > 0 {
							copyPixels(count, out, dst[(row*s.w+col)*out:], 2*out, m[(4*(r&1)+col)*step+r/2*s.tw*out:], out)
						}
					}
				}
			}
		}
	})
}

// gather is the reverse of scatter: it brings the rows of squares of an image apart by parity into arrays 0, 3, 12 and
// 15 of z, and applies A . A^T but for signs: the last row and the last column of A count as positive.
func gather[T Float](s quads, z, src []T, step, ty, rows int) {
	line := s.tw * s.c
	at := func(k int) []T { return z[k*step:][:rows*line] }
	for r := range 2 * rows {
		row := 2*ty + r
		for col := range 2 {
			to := at(12*(r&1) + 3*col)[r/2*line:][:line]
			count := s.scatter(row, col)
			clear(to[count*s.c:])
			if count > 0 {
				copyPixels(count, s.c, to, s.c, src[(row*s.w+col)*s.c:], 2*s.c)
			}
		}
	}
	for _, j := range [2]int{0, 3} {
		Zip(Add, at(4+j), at(j), at(12+j))
		Zip(Sub, at(8+j), at(j), at(12+j))
	}
	for i := 0; i < 16; i += 4 {
		Zip(Add, at(i+1), at(i), at(i+3))
		Zip(Sub, at(i+2), at(i), at(i+3))
	}
}

// convWeightsWinograd computes dw, the gradient of the weights, summed over at most eight groups of images.
func convWeightsWinograd[T Float](dw, x, dy []T, g ConvShape) {
	ts := tiles[T]()
	n := g.In * g.Out
	group := (g.N + 7) / 8
	groups := (g.N + group - 1) / group
	raw, _ := mem.Get((groups + 1) * 16 * n * ts.es)
	defer mem.Put(raw)
	part := mem.Slice[T](raw)
	sum := part[groups*16*n:]
	clear(part[:groups*16*n])
	s, q := division(g.X[1], g.X[2], g.In, g.Out), division(g.X[1], g.X[2], g.Out, g.In)
	step := s.rows * s.tw * g.Out
	par.For(groups, 1, func(lo, hi int) {
		raw, _ := mem.Get((16*s.transformed() + s.scratch() + 16*step) * ts.es)
		defer mem.Put(raw)
		v := mem.Slice[T](raw)
		scratch := v[16*s.transformed():]
		z := scratch[s.scratch():]
		segs := make([]int, s.rows)
		for r := range segs {
			segs[r] = r * s.line * ts.es
		}
		for j := lo; j < hi; j++ {
			d := part[j*16*n:][:16*n]
			for i := j * group; i < min(g.N, (j+1)*group); i++ {
				par.Check()
				src, gr := x[i*s.h*s.w*g.In:(i+1)*s.h*s.w*g.In], dy[i*s.h*s.w*g.Out:(i+1)*s.h*s.w*g.Out]
				for ty := 0; ty < s.th; ty += s.rows {
					rows := min(s.rows, s.th-ty)
					forward(s, v, scratch, src, ty, rows)
					gather(q, z, gr, step, ty, rows)
					t := asm.Tile{K: s.tw, RSA: uintptr(ts.es), CSA: uintptr(g.In * ts.es), LDB: uintptr(g.Out * ts.es), LDC: uintptr(g.Out * ts.es),
						Mode: 1, Segs: &segs[0], NSeg: rows}
					for k := range 16 {
						channelTiles(ts, &t, d[k*n:][:n], v[k*s.transformed():], z[k*step:], g.In, g.Out)
					}
				}
			}
		}
	})
	sumParts(sum[:16*n], part, groups, 16*n)
	for k := range 16 { // the signs that gather left out
		if (k < 12) != (k%4 < 3) {
			ZipScalar(Mul, sum[k*n:][:n], sum[k*n:][:n], -1)
		}
	}
	unfilter(dw, sum[:16*n], n)
}

// channelTiles adds the product of the transpose of a, channels [.., in], and b, [.., out], to d [in, out].
func channelTiles[T Float](ts *tileset, t *asm.Tile, d, a, b []T, in, out int) {
	panels := (in + ts.mr - 1) / ts.mr
	rows := (in + panels - 1) / panels
	tall := in - panels*(rows-1)
	for j := 0; j < out; j += ts.nr {
		at := 0
		t.B = unsafe.Add(ptr(b), j*ts.es)
		for q := range panels {
			r := rows
			if q >= tall {
				r--
			}
			t.A, t.C = unsafe.Add(ptr(a), at*ts.es), unsafe.Add(ptr(d), (at*out+j)*ts.es)
			runTile[T](ts, r, min(ts.nr, out-j), t)
			at += r
		}
	}
}
