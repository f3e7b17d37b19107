package hippo

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

type array struct {
	Shape []int
	Data  []float64
}

type goldenCase struct {
	Name             string
	Inputs, Expected json.RawMessage
	Tolerance        float64
}

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
	return file.Cases
}

func (c goldenCase) read(t *testing.T, in, want any) {
	t.Helper()
	if err := json.Unmarshal(c.Inputs, in); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(c.Expected, want); err != nil {
		t.Fatal(err)
	}
}

func near(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range got {
		if e := math.Abs(got[i] - want[i]); !(e <= tol*(1+math.Abs(want[i]))) {
			t.Errorf("%s: entry %d is %.17g, want %.17g", what, i, got[i], want[i])
			return
		}
	}
}

func TestGoldenOperators(t *testing.T) {
	for _, c := range golden(t, "hippo") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				N, M       int
				T          float64
				T1_over_t2 float64
				X          array
			}
			var want struct{ A, B, A_inv_B, E, Phi, G array }
			c.read(t, &in, &want)
			kind, _, _ := strings.Cut(c.Name, "_")
			switch {
			case want.E.Data != nil:
				E, err := Transition(in.N, in.T1_over_t2, 1)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "E", E.RawMatrix().Data, want.E.Data, c.Tolerance)
			case want.Phi.Data != nil:
				near(t, "phi", Projection(in.X.Data, in.M, in.T).RawMatrix().Data, want.Phi.Data, c.Tolerance)
				near(t, "g", Basis(in.X.Data, in.M, in.T).RawMatrix().Data, want.G.Data, c.Tolerance)
			default:
				m := map[string]Measure{"legs": LegS, "legt": LegT, "lagt": LagT, "fout": FouT}[kind]
				A, B, err := Operator(m, in.N)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "A", A.RawMatrix().Data, want.A.Data, c.Tolerance)
				near(t, "B", B, want.B.Data, c.Tolerance)
				if want.A_inv_B.Data != nil {
					var x mat.VecDense
					if err := x.SolveVec(A, mat.NewVecDense(in.N, B)); err != nil {
						t.Fatal(err)
					}
					near(t, "A^-1 B", x.RawVector().Data, want.A_inv_B.Data, 1e-12)
				}
			}
		})
	}
}

func signal(name string) func(float64) float64 {
	if name == "cubic" {
		return func(x float64) float64 { return 0.5 - 2*x + x*x + 3*x*x*x }
	}
	return func(x float64) float64 { return math.Sin(6*x) + 0.5*math.Cos(13*x) }
}

func TestGoldenMemories(t *testing.T) {
	for _, c := range golden(t, "memory") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Signal                                 string
				N                                      int
				T                                      float64
				Segment_times, X, F, Steps_reported, K array
			}
			var want struct {
				C, C_after_each_segment, Reconstruction_at_x array
				Euler, Backward, Bilinear, Zoh               array
			}
			c.read(t, &in, &want)
			rules := map[Rule]array{Euler: want.Euler, Backward: want.Backward, Bilinear: want.Bilinear, ZOH: want.Zoh}
			switch {
			case in.F.Data != nil:
				for rule, w := range rules {
					var got []float64
					for _, s := range in.Steps_reported.Data {
						m, err := Run(in.N, in.F.Data[:int(s)], rule)
						if err != nil {
							t.Fatal(err)
						}
						got = append(got, m...)
					}
					near(t, string(rule), got, w.Data, c.Tolerance)
				}
			case in.K.Data != nil:
				discretisation(t, in.K.Data, rules, c.Tolerance)
			default:
				m := NewMemory(in.N)
				for i, s := range in.Segment_times.Data[1:] {
					if err := m.Advance(s, signal(in.Signal), 0.05); err != nil {
						t.Fatal(err)
					}
					near(t, "segment", m.C, want.C_after_each_segment.Data[i*in.N:(i+1)*in.N], c.Tolerance)
				}
				near(t, "c", m.C, want.C.Data, c.Tolerance)
				near(t, "reconstruction", m.Reconstruct(in.X.Data), want.Reconstruction_at_x.Data, c.Tolerance)
			}
		})
	}
}

// discretisation compares each rule with the exact memory after K steps.
func discretisation(t *testing.T, K []float64, rules map[Rule]array, tol float64) {
	t.Helper()
	f := signal("sines")
	exact := NewMemory(16)
	if err := exact.Advance(1, f, 0.05); err != nil {
		t.Fatal(err)
	}
	for rule, want := range rules {
		if want.Data == nil {
			continue
		}
		for i, k := range K {
			s := make([]float64, int(k))
			for j := range s {
				s[j] = f(float64(j+1) / k)
			}
			c, err := Run(16, s, rule)
			if err != nil {
				t.Fatal(err)
			}
			worst := 0.0
			for n := range c {
				worst = math.Max(worst, math.Abs(c[n]-exact.C[n]))
			}
			near(t, string(rule), []float64{worst}, want.Data[i:i+1], tol)
		}
	}
}
