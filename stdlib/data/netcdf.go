package data

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// A NetCDF is a file in one of the two classic forms of netCDF-3, read whole.
type NetCDF struct {
	Name       string
	Attributes map[string]any // a string or a []float64 each
	Variables  []Variable
	dims       []ncDim
	records    int
	stride     int // bytes from one record to the next
	raw        []byte
}

// A Variable of a NetCDF file; Shape belongs to Dims.
type Variable struct {
	Name       string
	Dims       []string
	Shape      []int
	Attributes map[string]any
	kind       int
	begin      int
	record     bool
}

type ncDim struct {
	name   string
	length int
}

// The types of numbers a file may hold, by their codes.
var ncTypes = map[int]numberType{1: i1, 2: u1, 3: i2, 4: i4, 5: f4, 6: f8}

// ReadNetCDF reads a netCDF-3 file, classic or with 64-bit offsets.
func ReadNetCDF(path string) (*NetCDF, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes))
	if err != nil {
		return nil, fault(path, "", 0, "%v", err)
	}
	return DecodeNetCDF(path, raw)
}

// DecodeNetCDF reads a file held in memory.
func DecodeNetCDF(name string, raw []byte) (f *NetCDF, err error) {
	if len(raw) >= 8 && string(raw[:4]) == "\x89HDF" {
		return nil, fault(name, "", 0, `this is netCDF-4 (HDF5), which is not read; convert it with "nccopy -k classic"`)
	}
	if len(raw) < 8 || string(raw[:3]) != "CDF" || raw[3] != 1 && raw[3] != 2 {
		return nil, fault(name, "", 0, "not a netCDF-3 file")
	}
	f = &NetCDF{Name: name, raw: raw}
	p := &ncParser{raw: raw, at: 4, wide: raw[3] == 2}
	defer func() {
		if e, ok := recover().(ncFault); ok {
			f, err = nil, fault(name, "byte", p.at, "%s", string(e))
		}
	}()
	f.records = p.count()
	p.dimensions(f)
	f.Attributes = p.attributes()
	p.variables(f)
	return f, nil
}

// ncFault carries a parsing error to the border of the package.
type ncFault string

type ncParser struct {
	raw  []byte
	at   int
	wide bool // offsets of 64 bits
}

func (p *ncParser) fail(format string, args ...any) { panic(ncFault(fmt.Sprintf(format, args...))) }

func (p *ncParser) bytes(n int) []byte {
	if n < 0 || n > len(p.raw)-p.at {
		p.fail("%d bytes are wanted, %d are left", n, len(p.raw)-p.at)
	}
	b := p.raw[p.at : p.at+n]
	p.at += n
	return b
}

func (p *ncParser) int() int { return int(int32(binary.BigEndian.Uint32(p.bytes(4)))) }

func (p *ncParser) count() int {
	n := p.int()
	if n < -1 {
		p.fail("a count of %d", n)
	}
	return n
}

func (p *ncParser) padded(n int) []byte {
	b := p.bytes(n)
	p.bytes((4 - n%4) % 4)
	return b
}

func (p *ncParser) text() string { return string(p.padded(p.int())) }

// list reads the head of a list, which must be empty or carry the tag.
func (p *ncParser) list(tag int, what string) int {
	found, n := p.int(), p.int()
	if found == 0 && n == 0 {
		return 0
	}
	if found != tag || n < 0 || n > len(p.raw)/8 {
		p.fail("a list of %s begins with tag %d and count %d", what, found, n)
	}
	return n
}

func (p *ncParser) dimensions(f *NetCDF) {
	for range p.list(0x0a, "dimensions") {
		name := p.text()
		n := p.int()
		if n < 0 {
			p.fail("dimension %q has length %d", name, n)
		}
		f.dims = append(f.dims, ncDim{name, n})
	}
}

func (p *ncParser) attributes() map[string]any {
	out := map[string]any{}
	for range p.list(0x0c, "attributes") {
		name := p.text()
		kind := p.int()
		t, ok := ncTypes[kind]
		n := p.int()
		if !ok || n < 0 || n > len(p.raw) {
			p.fail("attribute %q has type %d and %d values", name, kind, n)
		}
		b := p.padded(n * t.width)
		if kind == 2 {
			out[name] = strings.TrimRight(string(b), "\x00")
			continue
		}
		values := make([]float64, n)
		for i := range values {
			values[i] = t.get(b[i*t.width:], binary.BigEndian)
		}
		out[name] = values
	}
	return out
}

func (p *ncParser) variables(f *NetCDF) {
	lone := 0
	for range p.list(0x0b, "variables") {
		v := Variable{Name: p.text()}
		n := p.int()
		if n < 0 || n > 1024 {
			p.fail("variable %q has %d dimensions", v.Name, n)
		}
		size := 1
		for k := range n {
			id := p.int()
			if id < 0 || id >= len(f.dims) {
				p.fail("variable %q has dimension %d of %d", v.Name, id, len(f.dims))
			}
			d := f.dims[id]
			if d.length == 0 && k == 0 {
				v.record, d.length = true, max(f.records, 0)
			} else if d.length > 0 && size > maxBytes/d.length {
				p.fail("variable %q is larger than any file", v.Name)
			} else {
				size *= d.length
			}
			v.Dims, v.Shape = append(v.Dims, d.name), append(v.Shape, d.length)
		}
		v.Attributes = p.attributes()
		v.kind = p.int()
		t, ok := ncTypes[v.kind]
		if !ok {
			p.fail("variable %q has type %d", v.Name, v.kind)
		}
		p.int() // the size in bytes, which overflows for large variables
		v.begin = p.offset()
		if v.record {
			f.stride += (size*t.width + 3) / 4 * 4
			lone = size * t.width
		}
		f.Variables = append(f.Variables, v)
	}
	only := 0
	for _, v := range f.Variables {
		if v.record {
			only++
		}
	}
	if only == 1 { // a single record variable is not padded
		f.stride = lone
	}
}

func (p *ncParser) offset() int {
	if !p.wide {
		return int(binary.BigEndian.Uint32(p.bytes(4)))
	}
	v := binary.BigEndian.Uint64(p.bytes(8))
	if v > uint64(len(p.raw)) {
		p.fail("an offset of %d lies beyond the end", v)
	}
	return int(v)
}

// Variable finds a variable by name.
func (f *NetCDF) Variable(name string) (*Variable, error) {
	var names []string
	for i := range f.Variables {
		if f.Variables[i].Name == name {
			return &f.Variables[i], nil
		}
		names = append(names, f.Variables[i].Name)
	}
	return nil, fault(f.Name, "", 0, "there is no variable %q; there are %s", name, strings.Join(names, ", "))
}

// Read gives the values of a variable: scaled by scale_factor and add_offset,
// NaN where they equal _FillValue or missing_value. A variable of characters
// stays bytes.
func (f *NetCDF) Read(name string) (*Array, error) {
	v, err := f.Variable(name)
	if err != nil {
		return nil, err
	}
	t := ncTypes[v.kind]
	n, err := elements(v.Shape, t.width)
	if err != nil {
		return nil, fault(f.Name, "", 0, "variable %q: %v", name, err)
	}
	raw, err := f.values(v, n*t.width)
	if err != nil {
		return nil, fault(f.Name, "", 0, "variable %q: %v", name, err)
	}
	a := &Array{Name: name, Shape: append([]int{}, v.Shape...)}
	t.fill(a, raw, binary.BigEndian)
	v.unpack(a.Value)
	return a, nil
}

// values gathers the bytes of a variable, record by record where it has them.
func (f *NetCDF) values(v *Variable, size int) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	pieces, step := 1, size
	if v.record {
		pieces = v.Shape[0]
		step = size / pieces
	}
	last := v.begin + (pieces-1)*f.stride + step
	if v.begin < 0 || last > len(f.raw) || last < v.begin {
		return nil, fmt.Errorf("its values end at byte %d, the file at %d", last, len(f.raw))
	}
	if pieces == 1 {
		return f.raw[v.begin : v.begin+size], nil
	}
	out := make([]byte, 0, size)
	for k := range pieces {
		at := v.begin + k*f.stride
		out = append(out, f.raw[at:at+step]...)
	}
	return out, nil
}

func (v *Variable) number(name string) (float64, bool) {
	x, ok := v.Attributes[name].([]float64)
	if !ok || len(x) == 0 {
		return 0, false
	}
	return x[0], true
}

func (v *Variable) unpack(x []float64) {
	fill, hasFill := v.number("_FillValue")
	missing, hasMissing := v.number("missing_value")
	scale, hasScale := v.number("scale_factor")
	offset, _ := v.number("add_offset")
	if !hasScale {
		scale = 1
	}
	for i, y := range x {
		if hasFill && y == fill || hasMissing && y == missing {
			x[i] = math.NaN()
			continue
		}
		x[i] = y*scale + offset
	}
}

// Times gives a variable whose units read "hours since 1900-01-01" (or days,
// minutes, seconds) as decimal years.
func (f *NetCDF) Times(name string) ([]float64, error) {
	a, err := f.Read(name)
	if err != nil {
		return nil, err
	}
	v, _ := f.Variable(name) // found by Read
	units, _ := v.Attributes["units"].(string)
	unit, since, ok := strings.Cut(units, " since ")
	step := map[string]time.Duration{"days": 24 * time.Hour, "hours": time.Hour, "minutes": time.Minute, "seconds": time.Second}[unit]
	if !ok || step == 0 {
		return nil, fault(f.Name, "", 0, "variable %q has units %q; wanted such as \"hours since 1900-01-01\"", name, units)
	}
	start, ok := parseInstant(strings.TrimSpace(since))
	if !ok {
		return nil, fault(f.Name, "", 0, "variable %q: the date in %q cannot be read", name, units)
	}
	out := a.Floats()
	for i, x := range out {
		seconds := x * step.Seconds()
		out[i] = DecimalYear(time.Unix(start.Unix()+int64(math.Floor(seconds)), 0))
	}
	return out, nil
}

func parseInstant(s string) (time.Time, bool) {
	s, _, _ = strings.Cut(s, ".")
	for _, l := range append([]string{"2006-1-2 15:4:5", "2006-1-2"}, timeLayouts...) {
		if t, err := time.Parse(l, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
