package cell_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestRedefinition is the table of what a second definition of a name does. A
// step is a cell and the text of its value; "!" stands for an error that
// contains the rest.
func TestRedefinition(t *testing.T) {
	type step struct{ src, want string }
	for name, steps := range map[string][]step{
		"variable, same type, later cell":      {{"x := 1", ""}, {"f := func() int { return x }", ""}, {"x := 2", ""}, {"f()", "2"}},
		"variable, same type, same cell":       {{"x := 1\nf := func() int { return x }\nx := 2\nf()", "2"}},
		"variable, new type, later cell":       {{"x := 1", ""}, {"f := func() int { return x }", ""}, {"x := \"s\"", ""}, {"f()", "1"}, {"x", "s"}},
		"variable, new type, same cell":        {{"x := 1\nf := func() int { return x }\nx := \"s\"\nfmt.Sprint(f(), x)", "1s"}},
		"variable from itself":                 {{"x := 1", ""}, {"x := x + 1", ""}, {"x", "2"}, {"x := fmt.Sprint(x)", ""}, {"x + \"!\"", "2!"}},
		"var declaration":                      {{"var x int = 3", ""}, {"var x int", ""}, {"x", "0"}, {"var x []int", ""}, {"x == nil", "true"}},
		"assignment keeps the variable":        {{"x := 1", ""}, {"x = 5", ""}, {"x", "5"}, {"x = \"s\"", "!cannot use"}, {"x", "5"}},
		"some names new":                       {{"a, err := strconv.Atoi(\"1\")\nb, err := strconv.Atoi(\"x\")\nfmt.Sprint(a, b, err != nil)", "1 0 true"}},
		"constant, same type":                  {{"const c = 1", ""}, {"func f() int { return c }", ""}, {"const c = 2", ""}, {"fmt.Sprint(f(), c)", "1 2"}},
		"constant becomes variable":            {{"const c = 1", ""}, {"c := 2.5", ""}, {"c", "2.5"}},
		"function, same signature":             {{"func f() int { return 1 }", ""}, {"func g() int { return f() }", ""}, {"func f() int { return 2 }", ""}, {"g()", "2"}, {"func f() int { return 3 }", ""}, {"g()", "3"}},
		"function value taken before":          {{"func f() int { return 1 }", ""}, {"h := f", ""}, {"func f() int { return 2 }", ""}, {"h()", "2"}},
		"function, new signature":              {{"func f() int { return 1 }", ""}, {"func g() int { return f() }", ""}, {"func f(s string) string { return s }", ""}, {"g()", "1"}, {"f(\"n\")", "n"}},
		"function, same cell":                  {{"func f() int { return 1 }\na := f()\nfunc f() int { return 2 }\nfmt.Sprint(a, f())", "1 2"}},
		"function becomes variable":            {{"func f() int { return 1 }", ""}, {"f := 7", ""}, {"f", "7"}},
		"variable becomes function":            {{"f := 7", ""}, {"func f() int { return 1 }", ""}, {"f()", "1"}},
		"mutual recursion, one redefined":      {{"func even(n int) bool { if n == 0 { return true }; return odd(n-1) }\nfunc odd(n int) bool { if n == 0 { return false }; return even(n-1) }", ""}, {"even(10)", "true"}, {"func odd(n int) bool { return false }", ""}, {"even(10)", "false"}},
		"type, new fields":                     {{"type T struct{ A int }", ""}, {"t := T{1}", ""}, {"type T struct{ A, B int }", ""}, {"u := T{1, 2}", ""}, {"fmt.Sprint(t, u)", "{1} {1 2}"}, {"t = u", "!cannot use"}},
		"type, same text":                      {{"type T struct{ A int }", ""}, {"t := T{1}", ""}, {"type T struct{ A int }", ""}, {"fmt.Sprint(any(t) == any(T{1}))", "false"}},
		"type, same cell":                      {{"type T int\na := T(1)\ntype T string\nb := T(\"s\")\nfmt.Sprintf(\"%v %v\", a, b)", "1 s"}},
		"type becomes variable":                {{"type T int", ""}, {"T := 3", ""}, {"T", "3"}},
		"method added later":                   {{"type T struct{ A int }", ""}, {"t := T{4}", ""}, {"func (t T) String() string { return fmt.Sprint(\"T\", t.A) }", ""}, {"fmt.Sprint(t)", "T4"}},
		"method, same signature":               {{"type T struct{ A int }\nfunc (t T) M() int { return 1 }", ""}, {"t := T{}\nvar i interface{ M() int } = t", ""}, {"func (t T) M() int { return 2 }", ""}, {"fmt.Sprint(t.M(), i.M())", "2 2"}},
		"method, new signature":                {{"type T struct{ A int }\nfunc (t T) M() int { return 1 }", ""}, {"t := T{}", ""}, {"func (t T) M(s string) string { return s }", ""}, {"t.M(\"x\")", "x"}},
		"pointer method added":                 {{"type T struct{ A int }", ""}, {"t := T{}", ""}, {"func (t *T) Inc() { t.A++ }", ""}, {"t.Inc(); t.Inc(); t.A", "2"}},
		"generic function":                     {{"func id[X any](x X) X { return x }", ""}, {"id(3)", "3"}, {"func id[X any](x X) []X { return []X{x} }", ""}, {"fmt.Sprint(id(\"a\"))", "[a]"}},
		"generic type and later methods":       {{"type S[X any] struct{ xs []X }", ""}, {"func (s *S[X]) Push(x X) { s.xs = append(s.xs, x) }\nfunc (s *S[X]) Len() int { return len(s.xs) }", ""}, {"var s S[string]\ns.Push(\"a\"); s.Push(\"b\")\ns.Len()", "2"}, {"func (s *S[X]) Len() int { return -1 }", ""}, {"s.Len()", "-1"}},
		"import, other package":                {{"import \"math/rand\"", ""}, {"import \"crypto/rand\"", ""}, {"rand.Reader != nil", "true"}},
		"import shadowed by variable":          {{"strings := []string{\"a\"}", ""}, {"len(strings)", "1"}, {"import \"strings\"", ""}, {"strings.ToUpper(\"q\")", "Q"}},
		"import twice":                         {{"import \"fmt\"\nimport \"fmt\"\nfmt.Sprint(1)", "!redeclared"}, {"import \"fmt\"", ""}, {"import \"fmt\"", ""}, {"fmt.Sprint(2)", "2"}},
		"named import":                         {{"import m \"math\"", ""}, {"m.Sqrt(4)", "2"}},
		"dot import":                           {{"import . \"strings\"", ""}, {"ToUpper(\"a\")", "A"}},
		"universe name":                        {{"len := 3", ""}, {"len", "3"}},
		"failing cell leaves what it assigned": {{"x := 1", ""}, {"x = 2; y := 3; panic(\"stop\")", "!stop"}, {"fmt.Sprint(x, y)", "2 3"}},
		"cell that does not compile":           {{"x := 1", ""}, {"x := 2; y := undefinedName", "!undefined"}, {"x", "1"}, {"y", "!undefined: y"}},
		"method of cell that does not compile": {{"type T struct{}", ""}, {"func (T) M() int { return undefinedName }", "!undefined"}, {"T{}.M()", "!M undefined"}},
		"used before its definition":           {{"fmt.Sprint(later)\nlater := 1", "!undefined: later"}},
		"main runs once":                       {{"package main\nimport \"fmt\"\nfunc main() { fmt.Print() ; n++ }\nvar n int", ""}, {"n", "1"}, {"n", "1"}},
		"defer belongs to its cell":            {{"n := 0", ""}, {"defer func() { n++ }()", ""}, {"n", "1"}, {"n", "1"}},
		"return ends the cell":                 {{"n := 0", ""}, {"n = 1; if n == 1 { return }; n = 2", ""}, {"n", "1"}},
		"several, a closure with an err of its own": {{"h := func() (int, error) { return 1, nil }\nx, err := h()", ""},
			{"n := 0\ng := func(f func()) (int, error) { n++; f(); return 7, nil }\ny, err := g(func() {})\nz, err := g(func() { v, err := h(); _, _ = v, err })\nfmt.Sprint(n, x, y, z, err)", "2 1 7 7 <nil>"}},
		"several, a new name on the right too": {{"f := func(k int) (int, error) { return k + 1, nil }\nx := 1", ""}, {"y, err := f(0)\nx, err := f(x)\nfmt.Sprint(x, y, err)", "2 1 <nil>"}},
		"several values":                       {{"strconv.Atoi(\"12\")", "12 <nil>"}},
		"semicolon keeps the value back":       {{"1 + 1;", ""}},
		"no value":                             {{"fmt.Sprint()", ""}, {"func f() {}\nf()", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newSession(t)
			for _, st := range steps {
				o := eval(s, st.src)
				if e, ok := strings.CutPrefix(st.want, "!"); ok {
					if o.Err == nil || !strings.Contains(explain(o.Err), e) {
						t.Fatalf("%s\ngave %v, error %v; want error %q", st.src, o.Values, o.Err, e)
					}
					continue
				}
				if o.Err != nil {
					t.Fatalf("%s\n%s", st.src, explain(o.Err))
				}
				var vs []string
				for _, v := range o.Values {
					vs = append(vs, fmt.Sprint(v))
				}
				if got := strings.Join(vs, " "); st.want != "" && got != st.want {
					t.Fatalf("%s\ngave %q, want %q", st.src, got, st.want)
				}
			}
		})
	}
}
