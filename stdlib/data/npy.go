package data

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

var npyTypes = map[string]numberType{"u1": u1, "i1": i1, "b1": b1, "u2": u2, "i2": i2, "u4": u4, "i4": i4, "u8": u8, "i8": i8, "f4": f4, "f8": f8}

const npyMagic = "\x93NUMPY"

// ReadNPY reads a NumPy array, versions 1 to 3: numbers, truth values and
// texts, in C or Fortran order.
func ReadNPY(path string) (*Array, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return DecodeNPY(path, r)
}

var (
	npyDescr   = regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`)
	npyFortran = regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape'\s*:\s*\(([^)]*)\)`)
)

// DecodeNPY reads NPY from r; name stands for it in errors.
func DecodeNPY(name string, r io.Reader) (*Array, error) {
	fail := func(format string, args ...any) (*Array, error) { return nil, fault(name, "", 0, format, args...) }
	head, err := readFull(r, 8)
	if err != nil || string(head[:6]) != npyMagic {
		return fail("not an NPY file: it does not begin with the mark of one")
	}
	width := 2
	if head[6] >= 2 {
		width = 4
	}
	if head[6] < 1 || head[6] > 3 {
		return fail("NPY version %d.%d is not known", head[6], head[7])
	}
	size, err := readFull(r, width)
	if err != nil {
		return fail("in the header: %v", err)
	}
	n := int(size[0]) | int(size[1])<<8
	if width == 4 {
		n = int(binary.LittleEndian.Uint32(size))
	}
	if n > 1<<20 {
		return fail("a header of %d bytes", n)
	}
	text, err := readFull(r, n)
	if err != nil {
		return fail("in the header: %v", err)
	}
	descr, fortran, shape := npyDescr.FindSubmatch(text), npyFortran.FindSubmatch(text), npyShape.FindSubmatch(text)
	if descr == nil || fortran == nil || shape == nil {
		return fail("the header %q has no plain type, order and shape; records and objects are not read", clip(string(text)))
	}
	a := &Array{Name: name, Shape: []int{}}
	for _, s := range strings.Split(string(shape[1]), ",") {
		if s = strings.TrimSuffix(strings.TrimSpace(s), "L"); s == "" {
			continue
		}
		d, err := strconv.Atoi(s)
		if err != nil {
			return fail("the shape (%s) cannot be read", shape[1])
		}
		a.Shape = append(a.Shape, d)
	}
	if err := a.decodeNPY(r, string(descr[1])); err != nil {
		return fail("%v", err)
	}
	if string(fortran[1]) == "True" {
		a.fromFortran()
	}
	return a, nil
}

// decodeNPY reads the elements, of a type such as "<f4" or "<U12".
func (a *Array) decodeNPY(r io.Reader, descr string) error {
	var order binary.ByteOrder = binary.LittleEndian
	kind := strings.TrimLeft(descr, "<>|=")
	if strings.HasPrefix(descr, ">") {
		order = binary.BigEndian
	}
	if letters, ok := strings.CutPrefix(kind, "U"); ok {
		return a.decodeText(r, letters, order)
	}
	t, ok := npyTypes[kind]
	if !ok {
		return fmt.Errorf("elements of type %q are not read", descr)
	}
	n, err := elements(a.Shape, t.width)
	if err != nil {
		return err
	}
	raw, err := readFull(r, n*t.width)
	if err != nil {
		return err
	}
	t.fill(a, raw, order)
	return nil
}

func (a *Array) decodeText(r io.Reader, letters string, order binary.ByteOrder) error {
	k, err := strconv.Atoi(letters)
	if err != nil || k < 0 || k > 1<<20 {
		return fmt.Errorf("texts of %q letters are not read", letters)
	}
	n, err := elements(a.Shape, 4*max(k, 1))
	if err != nil {
		return err
	}
	if k == 0 && n > 1<<24 {
		return fmt.Errorf("%d empty texts", n)
	}
	raw, err := readFull(r, 4*k*n)
	if err != nil {
		return err
	}
	a.Type, a.Text = "text", make([]string, n)
	for i := range a.Text {
		var b strings.Builder
		for j := range k {
			if c := order.Uint32(raw[4*(i*k+j):]); c != 0 {
				b.WriteRune(rune(min(c, 0x10ffff+1))) // beyond Unicode: the replacement character
			}
		}
		a.Text[i] = b.String()
	}
	return nil
}

// fromFortran puts elements stored first dimension fastest into row-major
// order.
func (a *Array) fromFortran() {
	n := a.Len()
	at := make([]int, n) // row-major place of the i-th stored element
	for i := range at {
		rest, place := i, 0
		stride := n
		for _, s := range a.Shape {
			stride /= s
			place += rest % s * stride
			rest /= s
		}
		at[i] = place
	}
	switch {
	case a.Bytes != nil:
		a.Bytes = permuted(a.Bytes, at)
	case a.Value != nil:
		a.Value = permuted(a.Value, at)
	default:
		a.Text = permuted(a.Text, at)
	}
}

func permuted[T any](in []T, at []int) []T {
	out := make([]T, len(in))
	for i, p := range at {
		out[p] = in[i]
	}
	return out
}

// EncodeNPY writes numbers of the given shape as NPY with float64, or the
// bytes of an Array of type uint8 as such.
func EncodeNPY(w io.Writer, a *Array) error {
	descr, n := "<f8", len(a.Value)
	if a.Type == "uint8" {
		descr, n = "|u1", len(a.Bytes)
	}
	if a.Type == "text" || n != a.Len() {
		return fmt.Errorf("%s: shape %v asks for %d numbers, found %d", a.Name, a.Shape, a.Len(), n)
	}
	dims := ""
	for _, s := range a.Shape {
		dims += fmt.Sprintf("%d, ", s)
	}
	if len(a.Shape) > 1 {
		dims = strings.TrimSuffix(dims, ", ")
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, strings.TrimSuffix(dims, " "))
	pad := 64 - (10+len(head)+1)%64
	head += strings.Repeat(" ", pad%64) + "\n"
	var b bytes.Buffer
	b.WriteString(npyMagic + "\x01\x00")
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(head))))
	b.WriteString(head)
	if a.Type == "uint8" {
		b.Write(a.Bytes)
	} else {
		for _, v := range a.Value {
			b.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// WriteNPY writes values of a shape to a file that NumPy reads.
func WriteNPY(path string, values []float64, shape ...int) error {
	var b bytes.Buffer
	if err := EncodeNPY(&b, &Array{Name: path, Shape: shape, Type: "float64", Value: values}); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// ReadNPZ reads all arrays of a NumPy archive, by name.
func ReadNPZ(path string) (map[string]*Array, error) {
	found, err := Find(path)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(found)
	if err != nil {
		return nil, err
	}
	return DecodeNPZ(path, raw)
}

// DecodeNPZ reads the arrays of an archive held in memory.
func DecodeNPZ(name string, raw []byte) (map[string]*Array, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fault(name, "", 0, "not an NPZ archive: %v", err)
	}
	out := map[string]*Array{}
	for _, f := range z.File {
		key, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, fault(name, "", 0, "entry %q: %v", f.Name, err)
		}
		a, err := DecodeNPY(key, r)
		err = errors.Join(err, r.Close())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[key] = a
	}
	return out, nil
}

// WriteNPZ writes arrays to one compressed archive that NumPy reads.
func WriteNPZ(path string, arrays map[string]*Array) error {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	names := make([]string, 0, len(arrays))
	for k := range arrays {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		w, err := z.Create(k + ".npy")
		if err != nil {
			return err
		}
		if err := EncodeNPY(w, arrays[k]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
