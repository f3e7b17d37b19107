package cell

import (
	"go/token"
	"os"
	"path/filepath"
	"testing"
)

// fuzzSeeds are cells in which everything is said in little.
var fuzzSeeds = []string{
	"x := 1", "func (", "type T struct { T }", "import (", "for {", "a, b := b, a", "func (t T) M() {}", "var x = x", "%time", "%bench 1+1\n!ls", "//lab:time\nx",
	"type A[T any] []A[A[T]]", "label: goto label", "package main; func init() {}", "package main\nimport \"fmt\"\nfunc main() { fmt.Println(1) }",
	"type T[P interface{ ~int | ~string }] struct { v P; next *T[P] }\nfunc (t *T[P]) Get() P { return t.v }\n(&T[int]{v: 3}).Get()",
	"defer func() { recover() }()\npanic(1)", "for i := range 3 { defer println(i) }", "for k, v := range map[string]int{} { _, _ = k, v }", "for x := range func(yield func(int) bool) { yield(1) } { x++ }",
	"switch x := any(1).(type) { case int, string: _ = x; case nil: }", "select { case v, ok := <-make(chan int): _, _ = v, ok; default: }",
	"a := [...]int{2: 1, 5}\na[1:2:3]", "m := map[[2]int]func() (int, error){}\nm[[2]int{1}]()", "func f[T, U any](x T, g func(T) U) U { return g(x) }\nf(1, func(i int) string { return \"\" })",
	"type I interface { M(); I2 }\ntype I2 interface { N() }\nvar i I\ni.N", "struct { A int `x:\"y\"`; *T }{}", "x, err := strconv.Atoi(\"1\")", "goto end\nend:", "var a, b = b, 1", "const (a = iota; b; c = \"x\" + d; d)",
	"1 << 3.0", "\"\\xff\" + 'a'", "func() int { return 1 }()", "x.y.z = 3", "[]int{1, 2, 3}[4]", "var _ = func(a ...int) {}", "unsafe.Sizeof(struct{ a [1 << 40]int }{})", "(struct{ a [1 << 40]int }{})", "type E = E", "/* open", "`raw", "x = ;", "import . \"fmt\"\nPrintln()", "é := 1; 日本 := é",
}

// FuzzParse feeds arbitrary text to what reads cells before they are checked.
func FuzzParse(f *testing.F) {
	for _, c := range fuzzSeeds {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, src string) {
		segments(Cell{Source: src}, func(string) bool { return false })
		parse(token.NewFileSet(), Cell{Source: src})
		SyntaxError(src)
	})
}

// FuzzCheck feeds arbitrary text to everything up to the run: a cell is refused
// with diagnostics or compiled, the session stays usable, and nothing panics.
func FuzzCheck(f *testing.F) {
	for _, c := range fuzzSeeds {
		f.Add(c)
	}
	files, _ := filepath.Glob("testdata/conformance/*.go.txt")
	for i, name := range files {
		if b, err := os.ReadFile(name); err == nil && i%9 == 0 {
			f.Add(string(b))
		}
	}
	var s *Session
	n := 0
	f.Fuzz(func(t *testing.T, src string) {
		if n++; s == nil || n%500 == 0 { // a session can define so many methods
			var err error
			if s, err = NewSession(Options{}); err != nil {
				t.Fatal(err)
			}
		}
		s.Analyze(src, len(src)/2)
		s.prepare(Cell{Name: "In[1]", Source: src})
		if _, errs, _ := s.compile(Cell{Name: "In[2]", Source: "1 + 1"}); len(errs) > 0 {
			t.Fatalf("the session does not compile a good cell any more: %v", errs)
		}
	})
}
