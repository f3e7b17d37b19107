package train

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// File is a saved model: what it is, how it was configured, and its tensors. On disk it is
//
//	"PRIORLAB"  8 bytes
//	format      uint32, now 1
//	length      uint32, of the header
//	header      JSON: kind, version, config, extra, and name, type and shape of each tensor
//	numbers     of the tensors, one after the other
//	check       uint32, CRC-32 (IEEE) of all before it
//
// with all numbers little-endian. Kind and Version belong to the model that wrote the file: a model that changes its
// parameters raises its Version, and refuses or converts older ones.
type File struct {
	Kind    string          // such as "sgpa.Network"
	Version int             // of that kind
	Config  json.RawMessage // how to build the model again
	Extra   json.RawMessage // anything else
	Tensors []nn.Param
}

const (
	fileMagic  = "PRIORLAB"
	fileFormat = 1
	maxHeader  = 64 << 20
)

type fileHeader struct {
	Kind    string          `json:"kind"`
	Version int             `json:"version"`
	Config  json.RawMessage `json:"config,omitempty"`
	Extra   json.RawMessage `json:"extra,omitempty"`
	Tensors []tensorHeader  `json:"tensors"`
}

type tensorHeader struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Shape []int  `json:"shape"`
}

// NewFile describes a model whose configuration is a value that encodes to JSON.
func NewFile(kind string, version int, config any, m nn.Module) (*File, error) {
	raw, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("train: the configuration of %s: %w", kind, err)
	}
	return &File{Kind: kind, Version: version, Config: raw, Tensors: m.Params()}, nil
}

// Encode is the file as bytes.
func (f *File) Encode() ([]byte, error) {
	h := fileHeader{Kind: f.Kind, Version: f.Version, Config: f.Config, Extra: f.Extra, Tensors: []tensorHeader{}}
	for _, t := range f.Tensors {
		if dt := t.Value.DType(); dt != linalg.F32 && dt != linalg.F64 {
			return nil, fmt.Errorf("train: %s holds %v, only F32 and F64 are saved", t.Name, dt)
		}
		h.Tensors = append(h.Tensors, tensorHeader{t.Name, t.Value.DType().String(), t.Value.Shape()})
	}
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("train: the header of %s: %w", f.Kind, err)
	}
	var b bytes.Buffer
	b.WriteString(fileMagic)
	le := binary.LittleEndian
	b.Write(le.AppendUint32(le.AppendUint32(nil, fileFormat), uint32(len(head))))
	b.Write(head)
	for _, t := range f.Tensors {
		if t.Value.DType() == linalg.F32 {
			_ = binary.Write(&b, le, t.Value.Float32s()) // a bytes.Buffer takes everything
		} else {
			_ = binary.Write(&b, le, t.Value.Float64s())
		}
	}
	b.Write(le.AppendUint32(nil, crc32.ChecksumIEEE(b.Bytes())))
	return b.Bytes(), nil
}

// Save writes the file to a temporary name in the same folder and renames it, so that path is never half written.
func (f *File) Save(path string) error {
	data, err := f.Encode()
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return fmt.Errorf("train: saving %s: %w", path, err)
	}
	_, werr := tmp.Write(data)
	if err := errors.Join(werr, tmp.Sync(), tmp.Close(), os.Chmod(tmp.Name(), 0o644)); err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("train: saving %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("train: saving %s: %w", path, err)
	}
	return nil
}

// Load reads a saved file.
func Load(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	f, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Decode reads a saved file from its bytes. Damaged bytes give an error, whatever they are.
func Decode(data []byte) (*File, error) {
	const fixed = len(fileMagic) + 8
	le := binary.LittleEndian
	if len(data) < fixed+4 || string(data[:8]) != fileMagic {
		return nil, fmt.Errorf("train: this is not a saved model (%d bytes)", len(data))
	}
	if v := le.Uint32(data[8:]); v != fileFormat {
		return nil, fmt.Errorf("train: the file has format %d, this program reads %d", v, fileFormat)
	}
	body, check := data[:len(data)-4], le.Uint32(data[len(data)-4:])
	if crc32.ChecksumIEEE(body) != check {
		return nil, fmt.Errorf("train: the file is damaged or cut off: its check sum does not fit")
	}
	n := int64(le.Uint32(data[12:]))
	if n > maxHeader || n > int64(len(body)-fixed) {
		return nil, fmt.Errorf("train: the header claims %d bytes, the file has %d", n, len(body)-fixed)
	}
	var h fileHeader
	if err := json.Unmarshal(body[fixed:fixed+int(n)], &h); err != nil {
		return nil, fmt.Errorf("train: the header: %w", err)
	}
	f := &File{Kind: h.Kind, Version: h.Version, Config: h.Config, Extra: h.Extra}
	rest := body[fixed+int(n):]
	for _, t := range h.Tensors {
		value, left, err := decodeTensor(t, rest)
		if err != nil {
			return nil, err
		}
		f.Tensors, rest = append(f.Tensors, nn.Param{Name: t.Name, Value: value}), left
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("train: %d bytes after the last tensor", len(rest))
	}
	return f, nil
}

func decodeTensor(h tensorHeader, rest []byte) (*linalg.Tensor, []byte, error) {
	size := map[string]int{"F32": 4, "F64": 8}[h.Type]
	if size == 0 {
		return nil, nil, fmt.Errorf("train: %s has type %q, only F32 and F64 are saved", h.Name, h.Type)
	}
	n := 1
	for _, s := range h.Shape {
		if s < 0 || s > len(rest) && s > 0 || n > math.MaxInt32*8/max(s, 1) {
			return nil, nil, fmt.Errorf("train: %s has shape %v, more than the file holds", h.Name, h.Shape)
		}
		n *= s
	}
	if n > len(rest)/size {
		return nil, nil, fmt.Errorf("train: %s has shape %v, more than the file holds", h.Name, h.Shape)
	}
	shape := slices.Clone(h.Shape)
	if len(shape) == 0 {
		shape = nil
	}
	r := io.LimitReader(bytes.NewReader(rest), int64(n*size))
	if size == 4 {
		x := make([]float32, n)
		if err := binary.Read(r, binary.LittleEndian, x); err != nil && n > 0 {
			return nil, nil, fmt.Errorf("train: %s: %w", h.Name, err)
		}
		return linalg.FromFloat32(x, shape...).Reshape(h.Shape...), rest[n*size:], nil
	}
	x := make([]float64, n)
	if err := binary.Read(r, binary.LittleEndian, x); err != nil && n > 0 {
		return nil, nil, fmt.Errorf("train: %s: %w", h.Name, err)
	}
	return linalg.FromFloat64(x, shape...).Reshape(h.Shape...), rest[n*size:], nil
}

// Into puts the tensors of the file into the parameters of the same names. Every parameter must be there with its shape
// and type; tensors of the file that the model does not have are an error too, except the state of an optimiser.
func (f *File) Into(m nn.Module) error {
	loaded, err := f.share(m)
	if err != nil {
		return err
	}
	for _, p := range m.Params() {
		if !loaded[p.Name] {
			return fmt.Errorf("train: the file of a %s has no %s", f.Kind, p.Name)
		}
	}
	for _, t := range f.Tensors {
		if !loaded[t.Name] && !strings.HasPrefix(t.Name, "adam.") && !strings.HasPrefix(t.Name, "best.") {
			return fmt.Errorf("train: the file of a %s has %s, which the model has not", f.Kind, t.Name)
		}
	}
	return nil
}

// Share puts those tensors of the file into the model that both have, and gives the names of the model's parameters that
// were not found: a warm start. A shared name with another shape is an error.
func (f *File) Share(m nn.Module) (missing []string, err error) {
	loaded, err := f.share(m)
	if err != nil {
		return nil, err
	}
	for _, p := range m.Params() {
		if !loaded[p.Name] {
			missing = append(missing, p.Name)
		}
	}
	return missing, nil
}

func (f *File) share(m nn.Module) (map[string]bool, error) {
	have := map[string]*linalg.Tensor{}
	for _, t := range f.Tensors {
		have[t.Name] = t.Value
	}
	loaded := map[string]bool{}
	for _, p := range m.Params() {
		v, ok := have[p.Name]
		if !ok {
			continue
		}
		if !slices.Equal(v.Shape(), p.Value.Shape()) || v.DType() != p.Value.DType() {
			return nil, fmt.Errorf("train: %s is %v %v in the file and %v %v in the model", p.Name, v.DType(), v.Shape(), p.Value.DType(), p.Value.Shape())
		}
		loaded[p.Name] = true
	}
	for _, p := range m.Params() {
		if loaded[p.Name] {
			p.Value.Set(linalg.Detach(have[p.Name]))
		}
	}
	return loaded, nil
}

// WarmStart copies into dst every parameter that src has under the same name, and gives the names that dst keeps for
// itself.
func WarmStart(dst, src nn.Module) (kept []string, err error) {
	return (&File{Kind: "source", Tensors: src.Params()}).Share(dst)
}
