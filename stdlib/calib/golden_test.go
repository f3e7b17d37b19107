package calib

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// array is {"shape", "data"} or a bare number in the golden files.
type array struct {
	Shape []int
	Data  []float64
}

func (a *array) UnmarshalJSON(b []byte) error {
	var v float64
	if json.Unmarshal(b, &v) == nil {
		a.Data = []float64{v}
		return nil
	}
	type plain array
	return json.Unmarshal(b, (*plain)(a))
}

func (a array) ints() []int {
	out := make([]int, len(a.Data))
	for i, v := range a.Data {
		out[i] = int(v)
	}
	return out
}

// matrices splits a [S, N, C] array into S matrices; a [N, C] array is one.
func (a array) matrices() []*mat.Dense {
	n, c := a.Shape[len(a.Shape)-2], a.Shape[len(a.Shape)-1]
	var out []*mat.Dense
	for at := 0; at < len(a.Data); at += n * c {
		out = append(out, mat.NewDense(n, c, a.Data[at:at+n*c]))
	}
	return out
}

type bins struct {
	Ece, Mce         float64
	Count, Conf, Acc array
}

// goldenCase finds a case of a golden file and decodes its inputs and expected values.
func goldenCase(t *testing.T, file, name string, expected any) map[string]array {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Cases []struct {
			Name     string
			Inputs   map[string]array
			Expected json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Cases {
		if c.Name == name {
			if err := json.Unmarshal(c.Expected, expected); err != nil {
				t.Fatal(err)
			}
			return c.Inputs
		}
	}
	t.Fatalf("%s has no case %s", file, name)
	return nil
}

const tol = 1e-9

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want)/(1+math.Abs(want)) <= tol) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func nearAll(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", what, len(got), len(want))
	}
	for i := range got {
		near(t, what, got[i], want[i])
	}
}

func (w bins) check(t *testing.T, r *Reliability) {
	t.Helper()
	near(t, r.Definition+" ECE", r.ECE, w.Ece)
	near(t, r.Definition+" MCE", r.MCE, w.Mce)
	if len(r.Bins) != len(w.Count.Data) {
		t.Fatalf("%d bins, want %d", len(r.Bins), len(w.Count.Data))
	}
	for i, b := range r.Bins {
		near(t, r.Definition+" count", float64(b.Count), w.Count.Data[i])
		near(t, r.Definition+" confidence", b.Conf, w.Conf.Data[i])
		near(t, r.Definition+" frequency", b.Acc, w.Acc.Data[i])
	}
}
