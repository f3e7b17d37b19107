package cell_test

import (
	"strings"
	"testing"
)

// An error that a cell gets and reads nowhere is remarked on, with the line
// where it came; one that the cell reads, throws away on purpose or does not get
// is not.
func TestUnreadErrors(t *testing.T) {
	s, _ := newSession(t)
	mustEval(t, s, `fails := func() (int, error) { return 0, errors.New("it failed") }
only := func() error { return errors.New("only failed") }
works := func() (int, error) { return 1, nil }`)
	for _, c := range []struct {
		src  string
		want []string // one for each note
	}{
		{"n, err := fails()", []string{":1:4: note: the cell does not check err: it failed"}},
		{"n, err := fails()\nn + 1", []string{"the cell does not check err: it failed"}},
		{"a, err := fails()\nb, err := works()", []string{":1:4: note: the cell does not check err: it failed"}},
		{"a, err := works()\nb, err := fails()", []string{":2:4: note: the cell does not check err: it failed"}},
		{"_, err = fails()", []string{"the cell does not check err: it failed"}},
		{"var _, err = fails()", []string{"the cell does not check err: it failed"}},
		{"var e error = only()\nfunc other() {}", []string{"the cell does not check e: only failed"}},
		{"only()\nfmt.Println(1)", []string{":1:1: note: the cell does not check the error of this call: only failed"}},
		{"fails()\nfmt.Println(1)", []string{"the cell does not check the error of this call: it failed"}},
		{"os.Chdir(\"/none such\")\n1", []string{"the cell does not check the error of this call: chdir /none such"}},
		{"only()\nonly()\nonly()\nonly()\nonly()\n1", []string{"", "", ""}},
		{"type E struct{}\nfunc (E) Error() string { return \"my own\" }\nown := func() error { return E{} }\nown()\n1", []string{"my own"}},
		{"var err error = nil\nerr = only()\n[]int(nil)[3]", []string{"the cell does not check err: only failed"}},
		{"var err error\nfor range 3 { _, err = fails() }", []string{":2:18: note: the cell does not check err: it failed"}},
		{"var err error\nif true { err = only(); err = only() }", []string{"the cell does not check err: only failed"}},

		{"var err error\nfor range 3 { _, err = works() }", nil},
		{"for range 3 { _, err := fails(); if err != nil { break } }", nil},
		{"for range 3 { var err error; _, err = fails(); _ = err }", nil},
		{"n, err := fails()\nerr", nil},
		{"n, err := fails()\nif err != nil { n = 3 }", nil},
		{"n, err := fails()\nshow := func() string { return err.Error() }", nil},
		{"n, err := works()", nil},
		{"n, _ := fails()", nil},
		{"_ = only()", nil},
		{"works()\n1", nil},
		{"only()", nil}, // its value, which is shown
		{"fails()", nil},
		{"fmt.Println(1)\nfmt.Fprintln(io.Discard, 2)\n3", nil},
		{"f := func() { _, err := fails(); _ = err }\nf()", nil},
		{"var b strings.Builder\nb.WriteString(\"x\")\nb.String()", nil},
		{"stopped := func() error { return context.Canceled }\nstopped()\n1", nil},
	} {
		o := eval(s, c.src)
		var got []string
		for _, n := range o.Notes {
			if strings.Contains(n.String(), "the cell does not check") {
				got = append(got, n.String())
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s\ngave the notes %q, want %q", c.src, got, c.want)
			continue
		}
		for i, w := range c.want {
			if !strings.Contains(got[i], w) {
				t.Errorf("%s\ngave the note %q, want %q", c.src, got[i], w)
			}
		}
	}
	// What a loop or a second run lost is not told again.
	if o := eval(s, "n, err := works()"); len(o.Notes) != 0 {
		t.Errorf("%v", o.Notes)
	}
}

// The values of the trailing expression and the effects of a dropped call are
// what they are without the look at its error.
func TestDroppedErrorsChangeNothing(t *testing.T) {
	s, _ := newSession(t)
	v := mustEval(t, s, `log := []string{}
note := func(s string) string { log = append(log, s); return s }
type T struct{ n int }
func (t *T) Add(s string, k int) (int, error) { note(s); t.n += k; return t.n, errors.New(s) }
x := &T{}
x.Add(note("a"), 2)
x.Add(note("b"), 3)
func() error { defer note("deferred"); return nil }()
fmt.Sprint(log, x.n)`)
	if v[0] != "[a a b b deferred] 5" {
		t.Error(v)
	}
}
