package data

import (
	"encoding/binary"
	"io"
)

var idxTypes = map[byte]numberType{0x08: u1, 0x09: i1, 0x0b: i2, 0x0c: i4, 0x0d: f4, 0x0e: f8}

// ReadIDX reads a file in the format of MNIST, plain or gzipped.
func ReadIDX(path string) (*Array, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return DecodeIDX(path, r)
}

// DecodeIDX reads IDX from r; name stands for it in errors.
func DecodeIDX(name string, r io.Reader) (*Array, error) {
	r, err := Gunzip(r)
	if err != nil {
		return nil, fault(name, "", 0, "%v", err)
	}
	head, err := readFull(r, 4)
	if err != nil {
		return nil, fault(name, "", 0, "%v", err)
	}
	t, known := idxTypes[head[2]]
	if head[0] != 0 || head[1] != 0 || !known || head[3] == 0 {
		return nil, fault(name, "", 0, "not an IDX file: it begins with % x", head)
	}
	sizes, err := readFull(r, 4*int(head[3]))
	if err != nil {
		return nil, fault(name, "", 0, "in the sizes: %v", err)
	}
	a := &Array{Name: name}
	for i := 0; i < len(sizes); i += 4 {
		a.Shape = append(a.Shape, int(binary.BigEndian.Uint32(sizes[i:])))
	}
	n, err := elements(a.Shape, t.width)
	if err != nil {
		return nil, fault(name, "", 0, "%v", err)
	}
	raw, err := readFull(r, n*t.width)
	if err != nil {
		return nil, fault(name, "", 0, "shape %v: %v", a.Shape, err)
	}
	t.fill(a, raw, binary.BigEndian)
	return a, nil
}
