package kernel

// packB writes a panel of kb rows by nr columns of B (cols of them real, the rest zero) row after row.
func packB[T Float](ts *tileset, dst []T, b Matrix[T], kb, cols int) {
	nr := ts.nr
	switch {
	case b.CS == 1 && cols == nr:
		copyRows(kb, nr, dst, nr, b.Data, b.RS)
		return
	case b.CS == 1 && cols <= 8:
		clear(dst[:kb*nr])
		for p := 0; p < kb; p++ {
			row := dst[p*nr : p*nr+cols]
			for q, v := range b.Data[p*b.RS : p*b.RS+cols] {
				row[q] = v
			}
		}
		return
	case b.CS == 1:
		for p := 0; p < kb; p++ {
			row := dst[p*nr : p*nr+nr]
			copy(row, b.Data[p*b.RS:p*b.RS+cols])
			clear(row[cols:])
		}
		return
	}
	j := 0
	if b.RS == 1 {
		if j = transposeB(ts, dst, b, kb, cols); j == nr {
			return
		}
	}
	for p := 0; p < kb; p++ {
		row := dst[p*nr : p*nr+nr]
		for q := j; q < cols; q++ {
			row[q] = b.Data[p*b.RS+q*b.CS]
		}
		clear(row[cols:])
	}
}

// packA writes mb rows of A in panels of mr rows, each panel by columns.
func packA[T Float](ts *tileset, dst []T, a Matrix[T], mb, kb int) {
	mr := ts.mr
	if a.RS == 1 {
		// Stored by columns: sixteen columns at a time for all panels, so that the source stays in L1.
		for p0 := 0; p0 < kb; p0 += 16 {
			p1 := min(kb, p0+16)
			for i := 0; i < mb; i += mr {
				r := min(mr, mb-i)
				d := dst[i*kb:]
				copyRows(p1-p0, r, d[p0*mr:], mr, a.Data[p0*a.CS+i:], a.CS)
			}
		}
		return
	}
	for i := 0; i < mb; i += mr {
		r := min(mr, mb-i)
		d := dst[i*kb:]
		if r == 12 && a.CS == 1 {
			packTwelve(d, a.at(i, 0), kb)
			continue
		}
		if mr == 6 && a.CS == 1 && i+8 <= mb && packSix(d, a.at(i, 0), kb) {
			continue
		}
		for x := 0; x < r; x++ {
			row := a.Data[(i+x)*a.RS:]
			for p := 0; p < kb; p++ {
				d[p*mr+x] = row[p*a.CS]
			}
		}
	}
}

// packTwelve interleaves twelve rows of kb numbers.
func packTwelve[T Float](dst []T, a Matrix[T], kb int) {
	var r [12][]T
	for i := range r {
		r[i] = a.Data[i*a.RS:][:kb]
	}
	for p := 0; p < kb; p++ {
		d := (*[12]T)(dst[p*12:])
		d[0], d[1], d[2], d[3] = r[0][p], r[1][p], r[2][p], r[3][p]
		d[4], d[5], d[6], d[7] = r[4][p], r[5][p], r[6][p], r[7][p]
		d[8], d[9], d[10], d[11] = r[8][p], r[9][p], r[10][p], r[11][p]
	}
}
