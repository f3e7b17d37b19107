package cell

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestPlainCalls checks which statements yaegi runs, and that they do what the
// machine does.
func TestPlainCalls(t *testing.T) {
	for _, c := range []struct {
		src   string
		plain int
		value string
	}{
		{"x := math.Sqrt(2 + 14)\nx", 1, "4"},
		{"s := strings.Repeat(\"ab\", 3)\nt := strings.ToUpper(s + \"c\")\nt", 2, "ABABABC"},
		{"m := mat.NewDense(2, 2, []float64{1, 2, 3, 4})\nm.Set(0, 1, 7.5)\nm.At(0, 1)", 1, "7.5"},
		{"var b strings.Builder\nfmt.Sprint(1)\nn := 3\ny := math.Pow(float64(n), 2)\ny", 1, "9"},
		{"d := 3 * time.Second\nw := d.Seconds()\nw", 1, "3"},
		{"n := 4\nz := math.Hypot(3, 4*1.0) \nz", 1, "5"},
		{"f := func(x float64) float64 { return x }\ny := f(2)\ny", 0, "2"},
		{"type T int\nt := T(3)\nu := fmt.Sprint(t)\nu", 0, "3"},
		{"a, err := strconv.Atoi(\"7\")\na", 0, "7"},
		{"x := 1\ny := fmt.Sprint(x, \"a\", 2.5, true, x+1)\ny", 1, "1a2.5 true 2"},
	} {
		var values [2]string
		for i, off := range []bool{false, true} {
			s, err := NewSession(Options{})
			if err != nil {
				t.Fatal(err)
			}
			s.plain.off = off
			o := s.Eval(context.Background(), Cell{Name: "In[1]", Source: c.src})
			if o.Err != nil {
				t.Fatalf("%s: %v", c.src, o.Err)
			}
			if len(o.Values) != 1 {
				t.Fatalf("%s: %v", c.src, o.Values)
			}
			values[i] = fmt.Sprint(o.Values[0])
			if !off && s.plain.run != c.plain {
				t.Errorf("%s\nyaegi runs %d statements, want %d (refused %d)", c.src, s.plain.run, c.plain, s.plain.refused)
			}
			s.Close()
		}
		if values[0] != c.value || values[1] != c.value {
			t.Errorf("%s\nyaegi and machine give %q, machine alone %q, want %q", c.src, values[0], values[1], c.value)
		}
	}
}

func TestPlainCallsFailAsOthersDo(t *testing.T) {
	s, err := NewSession(Options{Stdout: &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := s.Eval(context.Background(), Cell{Name: "In[1]", Source: "m := mat.NewDense(2, 3, nil)\nm.Set(5, 5, 1)\n0"})
	if o.Err == nil || !strings.Contains(o.Err.Error(), "row index out of range") {
		t.Errorf("ended with %v", o.Err)
	}
	if s.plain.run == 0 {
		t.Error("yaegi ran nothing")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if o := s.Eval(ctx, Cell{Name: "In[2]", Source: "time.Sleep(time.Hour)\n0"}); o.Err == nil || o.Err.Error() != "interrupted" {
		t.Errorf("ended with %v", o.Err)
	}
}

// TestPanicsOfYaegiAreContained gives yaegi, in the place of plain calls, text
// that makes its compiler or its interpreter panic.
func TestPanicsOfYaegiAreContained(t *testing.T) {
	for text, want := range map[string]string{
		"for range 3 { }": "", // its compiler panics: the machine runs the cell
		"return":          "",
		"func() { var i interface{ M() }; i.M() }()": "reflect.Value.Interface on zero Value", // its interpreter panics
	} {
		s, err := NewSession(Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		eval := func(src string) Outcome { return s.Eval(t.Context(), Cell{Name: "In[1]", Source: src}) }
		given := 0
		s.plain.instead = func(string) string { given++; return text }
		o := eval("x := math.Sqrt(16)\nx")
		s.plain.instead = nil
		switch {
		case given != 1:
			t.Errorf("%s: yaegi was asked %d times", text, given)
		case want == "" && (o.Err != nil || len(o.Values) != 1 || o.Values[0] != 4.0 || s.plain.refused != 1):
			t.Errorf("%s: the cell gave %v, %v; yaegi refused %d", text, o.Values, o.Err, s.plain.refused)
		case want != "" && (o.Err == nil || !strings.Contains(o.Err.Error(), want)):
			t.Errorf("%s: the cell ended with %v", text, o.Err)
		}
		if strings.Contains(fmt.Sprint(o.Err), "goroutine ") {
			t.Errorf("%s: a Go trace reaches the cell: %v", text, o.Err)
		}
		run := s.plain.run
		if o := eval("y := math.Sqrt(25)\ny"); o.Err != nil || len(o.Values) != 1 || o.Values[0] != 5.0 || s.plain.run != run+1 {
			t.Errorf("%s: the next cell gave %v, %v; yaegi ran %d of it", text, o.Values, o.Err, s.plain.run-run)
		}
	}
}
