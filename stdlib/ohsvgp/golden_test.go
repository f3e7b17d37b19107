package ohsvgp

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// array is {"shape": [...], "data": [...]} of the golden files.
type array struct {
	Shape []int
	Data  []float64
}

func (a array) dense() *mat.Dense { return mat.NewDense(a.Shape[0], a.Shape[1], a.Data) }

type goldenCase struct {
	Name      string
	Inputs    json.RawMessage
	Expected  json.RawMessage
	Tolerance float64
}

// golden reads testdata/name.json.gz.
func golden(t *testing.T, name string) []goldenCase {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []goldenCase }
	if err := json.NewDecoder(z).Decode(&file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatalf("%s holds no cases", name)
	}
	return file.Cases
}

func (c goldenCase) read(t *testing.T, in, want any) {
	t.Helper()
	if err := json.Unmarshal(c.Inputs, in); err != nil {
		t.Fatalf("%s inputs: %v", c.Name, err)
	}
	if err := json.Unmarshal(c.Expected, want); err != nil {
		t.Fatalf("%s expected: %v", c.Name, err)
	}
}

// near checks |got-want| <= tol (1+|want|) for every number.
func near(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	worst, at := 0.0, -1
	for i := range got {
		e := math.Abs(got[i]-want[i]) / (1 + math.Abs(want[i]))
		if e > worst || math.IsNaN(e) {
			worst, at = e, i
		}
		if math.IsNaN(e) {
			break
		}
	}
	if worst > tol || math.IsNaN(worst) {
		t.Errorf("%s: entry %d is %.17g, want %.17g: off by %.2g, allowed %.2g", what, at, got[at], want[at], worst, tol)
	}
}

func nearM(t *testing.T, what string, got *mat.Dense, want array, tol float64) {
	t.Helper()
	near(t, what, flat(got), want.Data, tol)
}

func flat(a *mat.Dense) []float64 {
	r, _ := a.Dims()
	var out []float64
	for i := 0; i < r; i++ {
		out = append(out, a.RawRowView(i)...)
	}
	return out
}

func transpose(a *mat.Dense) *mat.Dense { return mat.DenseCopyOf(a.T()) }

// kernelNamed is the golden files' kernel.
func kernelNamed(t *testing.T, name string, variance float64, ls []float64, period float64) gp.Stationary {
	t.Helper()
	var k gp.Kernel
	switch name {
	case "se":
		k = gp.SE(variance, ls[0])
	case "matern12":
		k = gp.Matern12(variance, ls[0])
	case "matern32":
		k = gp.Matern32(variance, ls[0])
	case "matern52":
		k = gp.Matern52(variance, ls[0])
	case "periodic":
		k = gp.Periodic(variance, ls[0], period)
	case "se_x_periodic":
		k = gp.Product(gp.SE(variance, ls[0]), gp.Periodic(1, ls[1], period))
	default:
		t.Fatalf("kernel %q", name)
	}
	s, err := gp.StationaryOf(k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// numbers reads a number or a list of numbers.
type numbers []float64

func (n *numbers) UnmarshalJSON(b []byte) error {
	var v float64
	if json.Unmarshal(b, &v) == nil {
		*n = numbers{v}
		return nil
	}
	return json.Unmarshal(b, (*[]float64)(n))
}
