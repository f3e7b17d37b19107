package sgpa

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

// array is {"shape", "data"}, a bare number, or null in the golden files.
type array struct {
	Shape []int
	Data  []float64
}

func (a *array) UnmarshalJSON(b []byte) error {
	var v float64
	if string(b) == "null" {
		return nil
	}
	if json.Unmarshal(b, &v) == nil {
		a.Data = []float64{v}
		return nil
	}
	if json.Unmarshal(b, &a.Data) == nil {
		a.Shape = []int{len(a.Data)}
		return nil
	}
	type plain array
	return json.Unmarshal(b, (*plain)(a))
}

// at is the sub-array at leading indices.
func (a array) at(idx ...int) array {
	for _, i := range idx {
		n := len(a.Data) / a.Shape[0]
		a = array{a.Shape[1:], a.Data[i*n : (i+1)*n]}
	}
	return a
}

func (a array) dense() *mat.Dense {
	if len(a.Shape) == 1 {
		return mat.NewDense(a.Shape[0], 1, a.Data)
	}
	return mat.NewDense(a.Shape[0], a.Shape[1], append([]float64(nil), a.Data...))
}

func (a array) tensor() *linalg.Tensor { return linalg.FromFloat64(a.Data, a.Shape...) }

func (a array) ints() []int {
	out := make([]int, len(a.Data))
	for i, v := range a.Data {
		out[i] = int(v)
	}
	return out
}

type goldenCase struct {
	Name, Kind, Mode string
	Jitter           float64
	OutJitter        float64 `json:"out_jitter"`
	Beta             float64
	Patch, S         int
	PriorStd         float64 `json:"prior_std"`
	Ridge            float64
	PriorPrecision   float64 `json:"prior_precision"`
	KeysEqualQueries bool    `json:"keys_equal_queries"`
	Inputs, Expected map[string]json.RawMessage
	Gradients        map[string]array
}

func (c goldenCase) in(t *testing.T, name string) array  { return field(t, c.Inputs, name) }
func (c goldenCase) out(t *testing.T, name string) array { return field(t, c.Expected, name) }

func field(t *testing.T, m map[string]json.RawMessage, name string) (a array) {
	t.Helper()
	raw, ok := m[name]
	if !ok {
		t.Fatalf("the golden case has no %s", name)
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// tol is the tolerance of values and its square root's worth of slack for coincident points.
func (c goldenCase) tol(base float64) float64 {
	if c.Name == "ard_duplicate_points" {
		return 1e-7
	}
	return base
}

func golden(t *testing.T, file string) []goldenCase {
	t.Helper()
	f, err := os.Open("testdata/" + file + ".json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Cases []goldenCase }
	if err := json.NewDecoder(z).Decode(&all); err != nil {
		t.Fatal(err)
	}
	if len(all.Cases) == 0 {
		t.Fatalf("%s holds no case", file)
	}
	return all.Cases
}

// close compares numbers by |got-want|/(1+|want|).
func closeTo(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s has %d numbers, want %d", what, len(got), len(want))
		return
	}
	worst, at := 0.0, -1
	for i := range got {
		e := math.Abs(got[i]-want[i]) / (1 + math.Abs(want[i]))
		if !(e <= worst) {
			worst, at = e, i
			if math.IsNaN(e) {
				break
			}
		}
	}
	if !(worst <= tol) {
		t.Errorf("%s: entry %d is %v, want %v (relative error %.2g, tolerance %.0g)", what, at, got[at], want[at], worst, tol)
	}
}

func raw(m *mat.Dense) []float64 { return mat.DenseCopyOf(m).RawMatrix().Data }
