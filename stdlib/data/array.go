package data

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"gonum.org/v1/gonum/mat"
)

// An Array is numbers in any number of dimensions, in row-major order, as IDX,
// NPY and NetCDF files hold them. Unsigned bytes stay bytes (pictures are
// large), all else becomes float64; integers beyond 2^53 lose their last
// digits.
type Array struct {
	Name  string
	Shape []int
	Type  string    // the type in the file: "uint8", "int16", "float32", "text" ...
	Bytes []uint8   // of type uint8
	Value []float64 // of every other type of number
	Text  []string  // of type text
}

// String tells name, type and shape.
func (a *Array) String() string { return fmt.Sprintf("%s: %s %v", a.Name, a.Type, a.Shape) }

// Len is the number of elements.
func (a *Array) Len() int {
	n := 1
	for _, s := range a.Shape {
		n *= s
	}
	return n
}

// Floats is the elements as numbers, row-major; NaN for texts.
func (a *Array) Floats() []float64 {
	if a.Value != nil {
		return a.Value
	}
	out := make([]float64, a.Len())
	for i := range out {
		if i < len(a.Bytes) {
			out[i] = float64(a.Bytes[i])
		} else {
			out[i] = math.NaN()
		}
	}
	return out
}

// Ints is the elements as whole numbers, for labels.
func (a *Array) Ints() ([]int, error) {
	out := make([]int, a.Len())
	for i, v := range a.Floats() {
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return nil, fmt.Errorf("%s: element %d is %v, not a whole number", a.Name, i, v)
		}
		out[i] = int(v)
	}
	return out, nil
}

// Dense is the array as a matrix: the first dimension gives the rows, all
// others the columns.
func (a *Array) Dense() (*mat.Dense, error) {
	if a.Len() == 0 || a.Type == "text" {
		return nil, fmt.Errorf("%s: an array of %s with shape %v has no matrix form", a.Name, a.Type, a.Shape)
	}
	rows := 1
	if len(a.Shape) > 0 {
		rows = a.Shape[0]
	}
	return mat.NewDense(rows, a.Len()/rows, append([]float64(nil), a.Floats()...)), nil
}

// maxBytes is more than any file here needs; a header that claims more is
// damaged.
const maxBytes = 8 << 30

// elements multiplies dimensions, refusing what no file can hold.
func elements(shape []int, width int) (int, error) {
	n := 1
	for _, s := range shape {
		if s < 0 || s > maxBytes {
			return 0, fmt.Errorf("a dimension is %d", s)
		}
		if s != 0 && n > maxBytes/s/max(width, 1) {
			return 0, fmt.Errorf("the shape %v is larger than any file read here", shape)
		}
		n *= s
	}
	return n, nil
}

// readFull reads n bytes. Memory follows what really comes, so that a header
// that lies about the size costs nothing.
func readFull(r io.Reader, n int) ([]byte, error) {
	var b bytes.Buffer
	if n < 1<<20 {
		b.Grow(n)
	}
	got, err := io.CopyN(&b, r, int64(n))
	if err == io.EOF {
		return nil, fmt.Errorf("the file ends after %d of %d bytes", got, n)
	}
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
