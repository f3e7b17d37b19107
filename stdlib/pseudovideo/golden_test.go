package pseudovideo

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"testing"
)

// array is {"shape", "data"} in the golden files, or a bare number.
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

// goldenCase is one case of a golden file, with its parts still encoded.
type goldenCase struct {
	Name, Op         string
	Inputs, Expected map[string]json.RawMessage
}

// golden reads the cases of one file.
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
	var suite struct{ Cases []goldenCase }
	if err := json.NewDecoder(z).Decode(&suite); err != nil {
		t.Fatal(err)
	}
	return suite.Cases
}

// value decodes one entry.
func value[T any](t *testing.T, m map[string]json.RawMessage, key string) T {
	t.Helper()
	var v T
	raw, ok := m[key]
	if !ok {
		t.Fatalf("the golden case has no %q", key)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return v
}

func num(t *testing.T, m map[string]json.RawMessage, key string) array {
	t.Helper()
	return value[array](t, m, key)
}

// near compares with a tolerance relative to max(1, |want|).
func near(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if d := math.Abs(got[i] - w); !(d <= tol*max(1, math.Abs(w))) {
			t.Fatalf("%s[%d] = %.15g, want %.15g (off by %.2g, tolerance %.0e)", what, i, got[i], w, d, tol)
		}
	}
}

// sameInts compares exactly.
func sameInts(t *testing.T, what string, got, want []int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
}
