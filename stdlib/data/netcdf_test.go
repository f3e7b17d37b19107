package data

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
)

func ncName(s string) []byte {
	b := append(be32(len(s)), s...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func ncText(name, value string) []byte {
	return append(append(ncName(name), be32(2)...), ncName(value)...)
}

func ncDouble(name string, v float64) []byte {
	b := append(ncName(name), be32(6, 1)...)
	return binary.BigEndian.AppendUint64(b, math.Float64bits(v))
}

// ncFile is a file with a record dimension "time" of three records, a packed
// int16 variable along it and a fixed double variable.
func ncFile() []byte {
	var h bytes.Buffer
	h.WriteString("CDF\x01")
	h.Write(be32(3))       // records
	h.Write(be32(0x0a, 2)) // dimensions
	h.Write(append(ncName("time"), be32(0)...))
	h.Write(append(ncName("x"), be32(2)...))
	h.Write(be32(0x0c, 1))
	h.Write(ncText("title", "test"))
	h.Write(be32(0x0b, 3))
	variable := func(name string, dims []int, atts [][]byte, kind, size, begin int) {
		h.Write(ncName(name))
		h.Write(be32(len(dims)))
		h.Write(be32(dims...))
		if atts == nil {
			h.Write(be32(0, 0))
		} else {
			h.Write(be32(0x0c, len(atts)))
			h.Write(bytes.Join(atts, nil))
		}
		h.Write(be32(kind, size, begin))
	}
	atts := [][]byte{ncDouble("scale_factor", 0.5), ncDouble("add_offset", 10), ncDouble("_FillValue", -1)}
	build := func(base int) {
		variable("t", []int{0}, [][]byte{ncText("units", "hours since 2000-01-01 00:00:0.0")}, 4, 4, base+16)
		variable("v", []int{0, 1}, atts, 3, 4, base+20)
		variable("d", []int{1}, nil, 6, 16, base)
	}
	before := h.Len()
	build(0)
	size := h.Len()
	h.Truncate(before)
	build(size)
	for _, v := range []float64{1.5, -2} {
		h.Write(binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
	}
	for k, rec := range [][]int16{{2, 4}, {-1, 0}, {100, 6}} {
		h.Write(be32(k * 24))
		for _, v := range rec {
			h.Write(binary.BigEndian.AppendUint16(nil, uint16(v)))
		}
	}
	return h.Bytes()
}

func TestNetCDF(t *testing.T) {
	f, err := DecodeNetCDF("f.nc", ncFile())
	if err != nil {
		t.Fatal(err)
	}
	if f.Attributes["title"] != "test" || len(f.Variables) != 3 {
		t.Errorf("file %+v", f.Attributes)
	}
	v, err := f.Read("v")
	if err != nil || !reflect.DeepEqual(v.Shape, []int{3, 2}) {
		t.Fatalf("v: %v %v", v, err)
	}
	if !math.IsNaN(v.Value[2]) {
		t.Errorf("the fill value is %v", v.Value[2])
	}
	v.Value[2] = 0
	if want := []float64{11, 12, 0, 10, 60, 13}; !reflect.DeepEqual(v.Value, want) {
		t.Errorf("v = %v, want %v", v.Value, want)
	}
	if d, err := f.Read("d"); err != nil || !reflect.DeepEqual(d.Value, []float64{1.5, -2}) {
		t.Errorf("d: %v %v", d, err)
	}
	years, err := f.Times("t")
	if err != nil || years[0] != 2000 || math.Abs(years[2]-(2000+2.0/366)) > 1e-9 {
		t.Errorf("times %v %v", years, err)
	}
	if _, err := f.Times("d"); err == nil || !strings.Contains(err.Error(), "units") {
		t.Errorf("times of d: %v", err)
	}
	if _, err := f.Read("q"); err == nil || !strings.Contains(err.Error(), "there are t, v, d") {
		t.Errorf("no variable: %v", err)
	}
}

func TestNetCDFDamaged(t *testing.T) {
	whole := ncFile()
	for n := range len(whole) { // every way of being cut off
		f, err := DecodeNetCDF("f.nc", whole[:n])
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.nc") {
				t.Fatalf("cut at %d: %v", n, err)
			}
			continue
		}
		if _, err := f.Read("v"); err == nil {
			t.Errorf("cut at %d of %d bytes, yet v was read", n, len(whole))
		}
	}
	if _, err := DecodeNetCDF("f", []byte("\x89HDF\r\n\x1a\n....")); err == nil || !strings.Contains(err.Error(), "netCDF-4") {
		t.Errorf("HDF5: %v", err)
	}
	if _, err := DecodeNetCDF("f", []byte("hello world")); err == nil || !strings.Contains(err.Error(), "not a netCDF-3") {
		t.Errorf("other: %v", err)
	}
}

func FuzzNetCDF(f *testing.F) {
	f.Add(ncFile())
	f.Fuzz(func(t *testing.T, raw []byte) {
		nc, err := DecodeNetCDF("f", raw)
		if err != nil {
			return
		}
		for _, v := range nc.Variables {
			nc.Read(v.Name)
			nc.Times(v.Name)
		}
	})
}

// FuzzBinary feeds every other reader: none may panic or run away.
func FuzzBinary(f *testing.F) {
	f.Add(idx(0x08, []int{2, 2}, []byte{1, 2, 3, 4}))
	f.Add(npy(1, "{'descr': '<U2', 'fortran_order': True, 'shape': (2,2), }", make([]byte, 32)))
	f.Add(wav(wavFmt(1, 2, 10, 24), chunk("data", make([]byte, 13))))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("{\"a\":1}\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if a, err := DecodeIDX("f", bytes.NewReader(raw)); err == nil {
			joinIDX(a, a)
			a.Dense()
			a.Ints()
		}
		if a, err := DecodeNPY("f", bytes.NewReader(raw)); err == nil && a.Len() > 0 {
			a.Dense()
		}
		DecodeNPZ("f", raw)
		DecodeWAV("f", bytes.NewReader(raw))
		DecodeJSONL("f", bytes.NewReader(raw))
		DecodeArchive("f", bytes.NewReader(raw), func(string, io.Reader) error { return nil })
		m := &Images{H: 32, W: 32, C: 3}
		m.decodeCIFAR("f", bytes.NewReader(raw), 1, 10)
	})
}
