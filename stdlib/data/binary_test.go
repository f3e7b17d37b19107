package data

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func be32(v ...int) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func idx(typ byte, dims []int, data []byte) []byte {
	return append(append([]byte{0, 0, typ, byte(len(dims))}, be32(dims...)...), data...)
}

func TestIDX(t *testing.T) {
	a, err := DecodeIDX("f", bytes.NewReader(idx(0x08, []int{2, 1, 2}, []byte{1, 2, 3, 255})))
	if err != nil || !reflect.DeepEqual(a.Shape, []int{2, 1, 2}) || !reflect.DeepEqual(a.Floats(), []float64{1, 2, 3, 255}) {
		t.Errorf("uint8: %v %v", a, err)
	}
	a, err = DecodeIDX("f", bytes.NewReader(idx(0x0b, []int{2}, []byte{0xff, 0xfe, 1, 0})))
	if err != nil || !reflect.DeepEqual(a.Value, []float64{-2, 256}) || a.Type != "int16" {
		t.Errorf("int16: %v %v", a, err)
	}
	bits := binary.BigEndian.AppendUint32(nil, math.Float32bits(1.5))
	if a, err = DecodeIDX("f", bytes.NewReader(idx(0x0d, []int{1}, bits))); err != nil || a.Value[0] != 1.5 {
		t.Errorf("float32: %v %v", a, err)
	}
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"short":    {[]byte{0, 0}, "ends after 2 of 4"},
		"magic":    {[]byte{1, 2, 8, 1}, "not an IDX file"},
		"type":     {idx(0x0a, []int{1}, nil), "not an IDX file"},
		"data cut": {idx(0x08, []int{2, 2}, []byte{1}), "shape [2 2]: the file ends after 1 of 4"},
		"huge":     {idx(0x0e, []int{1 << 30, 1 << 30}, nil), "larger than any file"},
		"lies":     {idx(0x08, []int{1 << 30}, []byte{1}), "ends after 1 of"},
	} {
		if _, err := DecodeIDX("f.idx", bytes.NewReader(c.raw)); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "f.idx") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	dir := t.TempDir()
	pics, labels := filepath.Join(dir, "p"), filepath.Join(dir, "l")
	os.WriteFile(pics, idx(0x08, []int{2, 1, 2}, []byte{1, 2, 3, 255}), 0o600)
	os.WriteFile(labels, idx(0x08, []int{2}, []byte{7, 9}), 0o600)
	m, err := ImagesIDX(pics, labels)
	if err != nil || m.N != 2 || m.Labels[1] != 9 || m.Matrix(1, 2).At(0, 1) != 1 || m.Image(0).At(1, 0) != (color.Gray{2}) {
		t.Errorf("images: %v %v", m, err)
	}
	if _, err := ImagesIDX(labels, pics); err == nil || !strings.Contains(err.Error(), "not pictures") {
		t.Errorf("labels as pictures: %v", err)
	}
	if _, err := ImagesIDX(pics, pics); err == nil || !strings.Contains(err.Error(), "for 2 pictures") {
		t.Errorf("pictures as labels: %v", err)
	}
}

// npy is a file as NumPy writes it.
func npy(version byte, header string, data []byte) []byte {
	b := append([]byte(npyMagic), version, 0)
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	}
	return append(append(b, header...), data...)
}

func TestNPY(t *testing.T) {
	for _, c := range []struct {
		name, header string
		version      byte
		data         []byte
		shape        []int
		want         []float64
	}{
		{"int32", "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }\n", 1, []byte{1, 0, 0, 0, 255, 255, 255, 255}, []int{2}, []float64{1, -1}},
		{"big-endian", "{'descr': '>i2', 'fortran_order': False, 'shape': (1, 2), }\n", 2, []byte{0, 1, 1, 0}, []int{1, 2}, []float64{1, 256}},
		{"bool", "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }\n", 3, []byte{0, 1, 1}, []int{3}, []float64{0, 1, 1}},
		{"fortran", "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", 1, []byte{1, 4, 2, 5, 3, 6}, []int{2, 3}, []float64{1, 2, 3, 4, 5, 6}},
		{"scalar", "{'descr': '<u2', 'fortran_order': False, 'shape': (), }\n", 1, []byte{7, 0}, []int{}, []float64{7}},
		{"empty", "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }\n", 1, nil, []int{0, 3}, []float64{}},
	} {
		a, err := DecodeNPY("f", bytes.NewReader(npy(c.version, c.header, c.data)))
		if err != nil || !reflect.DeepEqual(a.Shape, c.shape) || len(a.Floats()) != len(c.want) {
			t.Errorf("%s: %v, %v", c.name, a, err)
			continue
		}
		for i, v := range a.Floats() {
			if v != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, a.Floats(), c.want)
				break
			}
		}
	}
	text := []byte{'h', 0, 0, 0, 'i', 0, 0, 0, 0xb1, 3, 0, 0, 0, 0, 0, 0}
	a, err := DecodeNPY("f", bytes.NewReader(npy(1, "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }", text)))
	if err != nil || !reflect.DeepEqual(a.Text, []string{"hi", "α"}) {
		t.Errorf("texts: %v %v", a, err)
	}
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"magic":  {[]byte("hello world"), "not an NPY file"},
		"object": {npy(1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", nil), `type "|O" are not read`},
		"record": {npy(1, "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", nil), "records and objects"},
		"shape":  {npy(1, "{'descr': '<i4', 'fortran_order': False, 'shape': (a,), }", nil), "cannot be read"},
		"minus":  {npy(1, "{'descr': '<i4', 'fortran_order': False, 'shape': (-1,), }", nil), "dimension is -1"},
		"huge":   {npy(1, "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999, 99999999), }", nil), "larger than any"},
		"cut":    {npy(1, "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }", []byte{1}), "ends after 1 of 12"},
		"future": {npy(9, "{}", nil), "version 9.0"},
	} {
		if _, err := DecodeNPY("f", bytes.NewReader(c.raw)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestNPYRoundTrip(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npy")
	want := []float64{1, math.Pi, math.Inf(-1), 4, 5, 6}
	if err := WriteNPY(path, want, 2, 3); err != nil {
		t.Fatal(err)
	}
	a, err := ReadNPY(path)
	if err != nil || !reflect.DeepEqual(a.Value, want) || !reflect.DeepEqual(a.Shape, []int{2, 3}) {
		t.Errorf("read back %v, %v", a, err)
	}
	raw, _ := os.ReadFile(path)
	if (len(raw)-48)%64 != 0 {
		t.Errorf("the header is not aligned as NumPy wants it: %d bytes", len(raw))
	}
	if m, err := a.Dense(); err != nil || m.At(1, 0) != 4 {
		t.Errorf("matrix %v %v", m, err)
	}
	if err := WriteNPY(path, want, 2, 2); err == nil || !strings.Contains(err.Error(), "asks for 4 numbers, found 6") {
		t.Errorf("a wrong shape: %v", err)
	}
	zpath := filepath.Join(dir, "a.npz")
	if err := WriteNPZ(zpath, map[string]*Array{"x": a, "b": {Shape: []int{2}, Type: "uint8", Bytes: []uint8{1, 2}}}); err != nil {
		t.Fatal(err)
	}
	z, err := ReadNPZ(zpath)
	if err != nil || len(z) != 2 || !reflect.DeepEqual(z["x"].Value, want) || z["b"].Type != "uint8" {
		t.Errorf("archive %v, %v", z, err)
	}
	if _, err := ReadNPZ(path); err == nil || !strings.Contains(err.Error(), "not an NPZ") {
		t.Errorf("NPY as NPZ: %v", err)
	}
	if l, err := z["b"].Ints(); err != nil || l[1] != 2 {
		t.Errorf("Ints %v %v", l, err)
	}
	if _, err := a.Ints(); err == nil || !strings.Contains(err.Error(), "not a whole number") {
		t.Errorf("Ints of pi: %v", err)
	}
}

// wav builds a file of the given chunks.
func wav(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return append(append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(body)))...), body...)
}

func chunk(id string, data []byte) []byte {
	b := append([]byte(id), binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...)
	b = append(b, data...)
	if len(data)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func wavFmt(code, channels, rate, bits int) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, uint16(code))
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*bits/8))
	b = le.AppendUint16(b, uint16(channels*bits/8))
	return chunk("fmt ", le.AppendUint16(b, uint16(bits)))
}

func TestWAV(t *testing.T) {
	f32 := binary.LittleEndian.AppendUint32(nil, math.Float32bits(-0.25))
	for _, c := range []struct {
		name string
		raw  []byte
		want [][]float64
	}{
		{"8 bits", wav(wavFmt(1, 1, 10, 8), chunk("data", []byte{128, 0, 192})), [][]float64{{0, -1, 0.5}}},
		{"16 bits stereo", wav(wavFmt(1, 2, 10, 16), chunk("data", []byte{0, 0x40, 0, 0x80, 0, 0, 0, 0x20})), [][]float64{{0.5, 0}, {-1, 0.25}}},
		{"24 bits", wav(wavFmt(1, 1, 10, 24), chunk("data", []byte{0, 0, 0x80, 0, 0, 0x40})), [][]float64{{-1, 0.5}}},
		{"32 bits", wav(wavFmt(1, 1, 10, 32), chunk("data", []byte{0, 0, 0, 0xc0})), [][]float64{{-0.5}}},
		{"floats after odd chunk", wav(chunk("LIST", []byte("odd")), wavFmt(3, 1, 10, 32), chunk("data", f32)), [][]float64{{-0.25}}},
	} {
		a, err := DecodeWAV("f", bytes.NewReader(c.raw))
		if err != nil || a.Rate != 10 || !reflect.DeepEqual(a.Channel, c.want) {
			t.Errorf("%s: %v %v", c.name, a, err)
		}
	}
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"other":    {[]byte("RIFFxxxxAVI .........."), "not a WAV"},
		"no data":  {wav(wavFmt(1, 1, 10, 8)), "no sound"},
		"no fmt":   {wav(chunk("data", []byte{1})), "before its format"},
		"codec":    {wav(wavFmt(85, 1, 10, 16), chunk("data", []byte{1, 2})), "format 85"},
		"channels": {wav(wavFmt(1, 0, 10, 16), chunk("data", []byte{1, 2})), "0 channels"},
		"cut":      {wav(wavFmt(1, 1, 10, 16), append([]byte("data\x10\x00\x00\x00"), 1)), "ends after 1 of 16"},
		"cut list": {wav([]byte("LIST\x10\x00\x00\x00a")), "cut off"},
	} {
		if _, err := DecodeWAV("f", bytes.NewReader(c.raw)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestCIFAR(t *testing.T) {
	dir := t.TempDir()
	ten := make([]byte, 2*3073)
	ten[0], ten[1], ten[1+1024], ten[1+2048] = 9, 10, 20, 30
	ten[3073] = 3
	hundred := make([]byte, 3074)
	hundred[0], hundred[1], hundred[2+1023] = 19, 99, 7
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	os.WriteFile(a, ten, 0o600)
	os.WriteFile(b, hundred, 0o600)
	m, err := ReadCIFAR10(a, a)
	if err != nil || m.N != 4 || !reflect.DeepEqual(m.Labels, []int{9, 3, 9, 3}) || !bytes.Equal(m.Pixels[:3], []byte{10, 20, 30}) {
		t.Fatalf("CIFAR-10: %v %v", m, err)
	}
	if c := m.Image(2).At(0, 0); c != (color.NRGBA{10, 20, 30, 255}) {
		t.Errorf("pixel %v", c)
	}
	fine, err1 := ReadCIFAR100(true, b)
	coarse, err2 := ReadCIFAR100(false, b)
	if err1 != nil || err2 != nil || fine.Labels[0] != 99 || coarse.Labels[0] != 19 || fine.Pixels[3*1023] != 7 {
		t.Errorf("CIFAR-100: %v %v, %v %v", fine, err1, coarse, err2)
	}
	os.WriteFile(a, ten[:4000], 0o600)
	if _, err := ReadCIFAR10(a); err == nil || !strings.Contains(err.Error(), "record 2: 927 bytes of 3073") {
		t.Errorf("cut: %v", err)
	}
	ten[0] = 10
	os.WriteFile(a, ten, 0o600)
	if _, err := ReadCIFAR10(a); err == nil || !strings.Contains(err.Error(), "label 10") {
		t.Errorf("label: %v", err)
	}
	if p := m.Pick([]int{1}); p.N != 1 || p.Labels[0] != 3 || m.First(3).N != 3 || m.First(99).N != 4 {
		t.Error("Pick or First")
	}
	if img, err := png.Decode(bytes.NewReader(m.PNG())); err != nil || img.Bounds().Dx() != 2+4*34 {
		t.Errorf("sheet: %v", err)
	}
}

func writePNG(t *testing.T, path string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, encodePNG(img), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPictures(t *testing.T) {
	dir := t.TempDir()
	gray := image.NewGray(image.Rect(0, 0, 4, 2))
	for i := range gray.Pix {
		gray.Pix[i] = uint8(i)
	}
	sheet := filepath.Join(dir, "sheet.png")
	writePNG(t, sheet, gray)
	m, err := ReadTiles(sheet, 2, 1, 3)
	if err != nil || m.N != 3 || m.C != 1 || !bytes.Equal(m.Pixels, []byte{0, 1, 2, 3, 4, 5}) {
		t.Errorf("tiles: %v %v", m, err)
	}
	if _, err := ReadTiles(sheet, 3, 3, 1); err == nil || !strings.Contains(err.Error(), "holds 0 tiles") {
		t.Errorf("too large tiles: %v", err)
	}
	folder := filepath.Join(dir, "set")
	writePNG(t, filepath.Join(folder, "cat", "1.png"), gray)
	writePNG(t, filepath.Join(folder, "ant", "1.png"), gray)
	writePNG(t, filepath.Join(folder, "ant", "2.png"), gray)
	os.WriteFile(filepath.Join(folder, "ant", "notes.txt"), []byte("x"), 0o600)
	f, err := ReadImageFolder(folder)
	if err != nil || f.N != 3 || !reflect.DeepEqual(f.Labels, []int{0, 0, 1}) || !reflect.DeepEqual(f.Classes, []string{"ant", "cat"}) {
		t.Errorf("folder: %v %v", f, err)
	}
	writePNG(t, filepath.Join(folder, "cat", "2.png"), image.NewNRGBA(image.Rect(0, 0, 1, 1)))
	if _, err := ReadImageFolder(folder); err == nil || !strings.Contains(err.Error(), "2.png: 1 × 1 pixels") {
		t.Errorf("another size: %v", err)
	}
	os.WriteFile(filepath.Join(folder, "cat", "2.png"), []byte("no picture"), 0o600)
	if _, err := ReadImageFolder(folder); err == nil || !strings.Contains(err.Error(), "not a PNG or JPEG") {
		t.Errorf("no picture: %v", err)
	}
	if _, err := ReadImageFolder(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no sub-folder") {
		t.Errorf("empty folder: %v", err)
	}
}

func TestJSONL(t *testing.T) {
	got, err := DecodeJSONL("f", strings.NewReader("{\"a\":1}\n\n{\"a\":[2]}"))
	if err != nil || len(got) != 2 || got[0]["a"] != 1.0 {
		t.Errorf("%v %v", got, err)
	}
	for text, want := range map[string]string{"{}\n[1]": "line 2", "null": "line 1: null", "{": "line 1"} {
		if _, err := DecodeJSONL("f", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func tarOf(t *testing.T, entries map[string]string, order ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range order {
		if err := w.WriteHeader(&tar.Header{Name: n, Size: int64(len(entries[n])), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, entries[n])
	}
	w.Close()
	return b.Bytes()
}

func TestArchives(t *testing.T) {
	collect := func(raw []byte) (string, error) {
		var out strings.Builder
		err := DecodeArchive("f", bytes.NewReader(raw), func(name string, r io.Reader) error {
			b, err := io.ReadAll(r)
			out.WriteString(name + "=" + string(b) + ";")
			return err
		})
		return out.String(), err
	}
	entries := map[string]string{"a/b.txt": "1", "./c": "2", "../evil": "3", "/abs": "4", `..\evil`: "5"}
	if got, err := collect(tarOf(t, entries, "a/b.txt", "./c")); err != nil || got != "a/b.txt=1;c=2;" {
		t.Errorf("tar: %q %v", got, err)
	}
	for _, evil := range []string{"../evil", "/abs", `..\evil`} {
		if got, err := collect(tarOf(t, entries, "a/b.txt", evil)); err == nil || !strings.Contains(err.Error(), "points out") || got != "a/b.txt=1;" {
			t.Errorf("%s: %q %v", evil, got, err)
		}
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.Create("x/y")
	io.WriteString(w, "7")
	z.Create("dir/")
	z.Close()
	if got, err := collect(b.Bytes()); err != nil || got != "x/y=7;" {
		t.Errorf("zip: %q %v", got, err)
	}
	if _, err := collect([]byte("neither of them")); err == nil || !strings.Contains(err.Error(), "not a tar or zip") {
		t.Errorf("other: %v", err)
	}
	path := filepath.Join(t.TempDir(), "a.tar")
	os.WriteFile(path, tarOf(t, entries, "a/b.txt", "./c"), 0o600)
	n := 0
	if err := ReadArchive(path, func(string, io.Reader) error { n++; return io.EOF }); err != nil || n != 1 {
		t.Errorf("stopped early: %v after %d", err, n)
	}
	stop := errors.New("stop")
	if err := ReadArchive(path, func(string, io.Reader) error { return stop }); err != stop {
		t.Errorf("own error: %v", err)
	}
}

func writeFile(t *testing.T, path string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}
