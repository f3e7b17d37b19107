package param

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestTransforms(t *testing.T) {
	for _, tr := range []Transform{Identity{}, Log{}, Between{-1, 3}} {
		for _, f := range []float64{-2, -0.1, 0.4, 1.7} {
			v := tr.Value(f)
			if err := tr.Check(v); err != nil {
				t.Errorf("%s: %v", tr.Name(), err)
			}
			if back := tr.Free(v); math.Abs(back-f) > 1e-12 {
				t.Errorf("%s: %g came back as %g", tr.Name(), f, back)
			}
			const h = 1e-6
			if d := (tr.Value(f+h) - tr.Value(f-h)) / (2 * h); math.Abs(d-tr.Slope(v)) > 1e-8*(1+d) {
				t.Errorf("%s: slope %g, differences give %g", tr.Name(), tr.Slope(v), d)
			}
			l, dl := tr.LogSlope(v)
			if math.Abs(l-math.Log(tr.Slope(v))) > 1e-12 {
				t.Errorf("%s: log slope %g of slope %g", tr.Name(), l, tr.Slope(v))
			}
			hi, _ := tr.LogSlope(tr.Value(f + h))
			lo, _ := tr.LogSlope(tr.Value(f - h))
			if d := (hi - lo) / (2 * h); math.Abs(d-dl) > 1e-7 {
				t.Errorf("%s: derivative of the log slope %g, differences give %g", tr.Name(), dl, d)
			}
		}
		if tr.Check(math.NaN()) == nil {
			t.Errorf("%s allows NaN", tr.Name())
		}
	}
}

func TestPriors(t *testing.T) {
	for _, p := range []Prior{Normal{0.5, 2}, LogNormal{0.1, 0.7}, Gamma{2, 3}} {
		s := 0.0
		const h = 1e-3
		for v := -30 + h/2; v < 40; v += h {
			if _, ok := p.(Normal); !ok && v < 0 {
				continue
			}
			l, _ := p.LogProb(v)
			s += h * math.Exp(l)
		}
		if math.Abs(s-1) > 1e-4 {
			t.Errorf("%s integrates to %g", p, s)
		}
		a, _ := p.LogProb(0.8 + 1e-6)
		b, _ := p.LogProb(0.8 - 1e-6)
		if _, d := p.LogProb(0.8); math.Abs(d-(a-b)/2e-6) > 1e-6 {
			t.Errorf("%s: slope %g, differences give %g", p, d, (a-b)/2e-6)
		}
	}
}

func sample() Set {
	return Set{Positive("variance", 2), Positive("lengthscale", 0.1, 0.3).WithPrior(LogNormal{0, 1}), Real("shift", -1).Fix(), New("share", Between{0, 1}, 0.25)}
}

func TestFreeRoundTrip(t *testing.T) {
	s := sample()
	f := s.Free()
	if len(f) != 4 {
		t.Fatalf("%d free numbers, the fixed one must not count", len(f))
	}
	f[1] = math.Log(0.7)
	if err := s.SetFree(f); err != nil {
		t.Fatal(err)
	}
	if v := s[1].At(0); math.Abs(v-0.7) > 1e-15 || s[2].Value() != -1 {
		t.Errorf("set to %v", s)
	}
	for _, bad := range [][]float64{f[:3], {0, math.Inf(1), 0, 0}, {0, 0, 1e4, 0}} {
		if err := s.SetFree(bad); err == nil {
			t.Errorf("%v was accepted", bad)
		}
		if s[1].At(0) != math.Exp(f[1]) {
			t.Error("a failed SetFree changed the set")
		}
	}
	if g := s.Pack([]float64{1, 2, 3, 4, 5}); fmt.Sprint(g) != "[1 2 3 5]" {
		t.Errorf("packed %v", g)
	}
}

func TestSetValues(t *testing.T) {
	p := Positive("lengthscale", 1, 2, 3)
	if err := p.Set(5); err != nil || p.At(2) != 5 {
		t.Errorf("one value for all: %v, %v", p, err)
	}
	for _, bad := range [][]float64{{1, 2}, {-1}, {1, 0, 2}} {
		if err := p.Set(bad...); err == nil || !strings.Contains(err.Error(), "lengthscale") {
			t.Errorf("%v: error %v", bad, err)
		}
	}
	if p.At(0) != 5 {
		t.Error("a failed Set changed the parameter")
	}
	if _, err := sample().Get("period"); err == nil || !strings.Contains(err.Error(), "variance, lengthscale") {
		t.Errorf("error %v, want the names there are", err)
	}
}

func TestTables(t *testing.T) {
	s := sample()
	if text := s.String(); !strings.Contains(text, "variance") || !strings.Contains(text, "LogNormal(0, 1)") || !strings.Contains(text, "between 0 and 1") {
		t.Errorf("table:\n%s", text)
	}
	s[0].Name = "<b>"
	if h := s.HTML(); !strings.Contains(h, "&lt;b&gt;") || strings.Count(h, "<tr>") != 5 {
		t.Errorf("HTML: %s", h)
	}
}

func TestSaveLoadKeepsEveryBit(t *testing.T) {
	s := sample()
	if err := s[0].Set(math.Nextafter(1.0/3, 1)); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.Save(&b); err != nil {
		t.Fatal(err)
	}
	file := b.String()
	o := sample()
	if err := o.Load(&b); err != nil {
		t.Fatal(err)
	}
	if o[0].Value() != s[0].Value() || o[2].Trainable {
		t.Errorf("loaded %v", o)
	}
	var made []*Param
	if err := json.Unmarshal([]byte(file), &made); err != nil || Set(made).String() != s.String() {
		t.Errorf("made anew: %v\n%s", err, Set(made))
	}
	for says, bad := range map[string]string{"not a saved": "{", "holds 0": "[]", "does not fit": strings.Replace(file, "variance", "period", 1), "not a positive": strings.Replace(file, "0.3\n", "-0.3\n", 1)} {
		if err := o.Load(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one with %q", err, says)
		}
		if o[0].Value() != s[0].Value() {
			t.Error("a failed Load changed the set")
		}
	}
}

// A bowl with its top at (1, 2) in value space.
func bowl(s Set) Objective {
	return func() (float64, []float64, error) {
		a, b := s[0].Value(), s[1].Value()
		g := []float64{-2 * (a - 1) * s[0].Slope(0), -8 * (b - 2) * s[1].Slope(0)}
		return -(a-1)*(a-1) - 4*(b-2)*(b-2), g, nil
	}
}

func TestMaximise(t *testing.T) {
	s := Set{Positive("a", 5), Real("b", -3)}
	fit, err := s.Maximise(context.Background(), bowl(s), 100)
	if err != nil || !fit.Converged {
		t.Fatalf("%v, %v", fit, err)
	}
	if math.Abs(s[0].Value()-1) > 1e-3 || math.Abs(s[1].Value()-2) > 1e-3 {
		t.Errorf("the top was found at %v", s)
	}
	if text := fit.String(); !strings.Contains(text, "converged") {
		t.Errorf("printed as %q", text)
	}
	s[1].Fix()
	if err := s[1].Set(7); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Maximise(context.Background(), bowl(s), 100); err != nil || s[1].Value() != 7 {
		t.Errorf("a fixed parameter moved: %v, %v", s, err)
	}
}

func TestMaximiseCancelledPutsBack(t *testing.T) {
	s := Set{Positive("a", 5.1234567890123), Real("b", -3)}
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	f := bowl(s)
	_, err := s.Maximise(ctx, func() (float64, []float64, error) {
		if calls++; calls == 3 {
			cancel()
		}
		return f()
	}, 100)
	if !errors.Is(err, context.Canceled) || s[0].Value() != 5.1234567890123 || s[1].Value() != -3 {
		t.Errorf("%v, %v", err, s)
	}
}

// An objective that unwinds, as interrupted products do, leaves no trace either.
func TestMaximiseUnwound(t *testing.T) {
	s := Set{Positive("a", 5.1234567890123), Real("b", -3)}
	f, calls := bowl(s), 0
	defer func() {
		if r := recover(); r != "interrupted" || s[0].Value() != 5.1234567890123 || s[1].Value() != -3 {
			t.Errorf("after unwinding: %v", s)
		}
	}()
	_, _ = s.Maximise(context.Background(), func() (float64, []float64, error) {
		if calls++; calls == 3 {
			panic("interrupted")
		}
		return f()
	}, 100)
}

func TestMaximiseStepsBackFromFailures(t *testing.T) {
	s := Set{Positive("a", 5), Real("b", -3)}
	f := bowl(s)
	if _, err := s.Maximise(context.Background(), func() (float64, []float64, error) {
		if s[1].Value() > 2.5 {
			return 0, nil, fmt.Errorf("too far")
		}
		return f()
	}, 200); err != nil {
		t.Fatal(err)
	}
	if math.Abs(s[1].Value()-2) > 0.05 {
		t.Errorf("ended at %v", s)
	}
	want := fmt.Errorf("never")
	if _, err := s.Maximise(context.Background(), func() (float64, []float64, error) { return 0, nil, want }, 5); !errors.Is(err, want) {
		t.Errorf("error %v, want the objective's", err)
	}
}
