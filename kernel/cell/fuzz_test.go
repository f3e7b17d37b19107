package cell_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/cell"
)

var differential = flag.Duration("differential", 0, "how long to compare generated programs with the toolchain")

// TestDifferential generates programs, builds and runs them with the Go
// toolchain and with the engine, and compares what they print. Run it with
//
//	go test ./kernel/cell -run TestDifferential -differential 1h -timeout 0
func TestDifferential(t *testing.T) {
	if *differential == 0 {
		t.Skip("set -differential to a duration to compare generated programs with the toolchain")
	}
	dir := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	count, refused := 0, 0
	for end := time.Now().Add(*differential); time.Now().Before(end); seed++ {
		// One build holds many functions: building is what takes the time.
		src := generate(seed, 40)
		file := filepath.Join(dir, "p.go")
		if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
		want, err := exec.Command("go", "run", file).Output()
		if err != nil {
			refused++ // constants that overflow or divide by zero
			if x, ok := err.(*exec.ExitError); ok && testing.Verbose() {
				t.Logf("seed %d: %.300s", seed, x.Stderr)
			}
			continue
		}
		got, err := evaluate(t, src)
		if err != nil {
			t.Errorf("seed %d: %s", seed, explain(err))
			continue
		}
		if got != string(want) {
			t.Errorf("seed %d: %s", seed, difference(got, string(want)))
		}
		count++
	}
	t.Logf("%d programs of 40 functions; the toolchain refused %d", count, refused)
	if count == 0 {
		t.Error("no program was compared")
	}
}

// generator writes random but valid functions.
type generator struct {
	r     *rand.Rand
	b     strings.Builder
	depth int
	vars  map[string][]string // type to names in scope
	n     int
}

func generate(seed uint64, funcs int) string {
	g := &generator{r: rand.New(rand.NewPCG(seed, 1))}
	g.b.WriteString(`package main

import "fmt"

type P struct { A int; B float64; S string; In struct{ X, Y int8 }; Arr [3]int }
type N int8
func (n N) String() string { return fmt.Sprintf("N%d", int8(n)) }
func (p P) Sum() int { return p.A + p.Arr[0] + int(p.In.X) }
func (p *P) Inc(k int) int { p.A += k; p.Arr[k&1]++; return p.A }
type I interface{ Sum() int }
var trace []int
func tr(x int) int { trace = append(trace, x); return x }
func try(name string, f func() any) {
	defer func() { if r := recover(); r != nil { fmt.Println(name, "panic:", r); if e, ok := r.(error); ok { fmt.Println(e.Error()) } } }()
	trace = nil
	fmt.Println(name, f(), trace)
}
func gen[T any](x T, xs ...T) []T { return append(xs, x) }
`)
	for i := range funcs {
		g.vars = map[string][]string{}
		fmt.Fprintf(&g.b, "func f%d() any {\n", i)
		g.declare()
		for range 6 {
			g.statement()
		}
		fmt.Fprintf(&g.b, "return fmt.Sprintf(\"%%v %%v %%v %%v %%q %%v %%v\", %s, %s, %s, %s, %s, %s, %s)\n}\n", g.v("int"), g.v("int8"), g.v("uint"), g.v("float64"), g.v("string"), g.v("[]int"), g.v("P"))
	}
	g.b.WriteString("func main() {\n")
	for i := range funcs {
		fmt.Fprintf(&g.b, "try(\"f%d\", f%d)\n", i, i)
	}
	g.b.WriteString("}\n")
	return g.b.String()
}

func (g *generator) pick(xs ...string) string { return xs[g.r.IntN(len(xs))] }

func (g *generator) op(xs ...string) string { return " " + g.pick(xs...) + " " }

func (g *generator) v(typ string) string { return g.pick(g.vars[typ]...) }

func (g *generator) declare() {
	for _, t := range []string{"int", "int8", "uint", "float64", "string", "bool", "[]int", "P", "map[string]int", "N"} {
		for range 2 {
			g.n++
			name := fmt.Sprintf("v%d", g.n)
			init := map[string]string{
				"int": fmt.Sprint(g.r.IntN(20) - 5), "int8": fmt.Sprint(g.r.IntN(200) - 100), "uint": fmt.Sprint(g.r.IntN(9)), "float64": fmt.Sprint(g.r.IntN(9)) + ".25",
				"string": fmt.Sprintf("%q", g.pick("", "ab", "héé", "日本")), "bool": g.pick("true", "false"), "[]int": "[]int{3, 1, 2}",
				"P": fmt.Sprintf("P{A: %d, S: \"s\", Arr: [3]int{1, 2, 3}}", g.r.IntN(9)), "map[string]int": "map[string]int{\"ab\": 1}", "N": fmt.Sprint(g.r.IntN(9)),
			}[t]
			fmt.Fprintf(&g.b, "var %s %s = %s\n_ = %s\n", name, t, init, name)
			g.vars[t] = append(g.vars[t], name)
		}
	}
}

func (g *generator) expr(t string) string {
	if g.depth > 3 {
		return g.v(t)
	}
	g.depth++
	defer func() { g.depth-- }()
	e := g.expr
	switch t {
	case "int":
		return g.pick(g.v("int"), fmt.Sprint(g.r.IntN(9)), "("+e("int")+g.op("+", "-", "*", "&", "|", "^", "&^")+e("int")+")", "("+e("int")+g.pick("/", "%")+"("+e("int")+"|1))",
			"len("+e("string")+")", "len("+g.v("[]int")+")", "int("+e("int8")+")", "int("+e("uint")+")", "("+e("int")+g.pick("<<", ">>")+"("+e("uint")+"&7))", g.v("P")+".Sum()", g.v("P")+".Inc("+e("int")+"&1)",
			"tr("+e("int")+")", g.v("[]int")+"[("+e("uint")+")%3]", g.v("map[string]int")+"["+e("string")+"]", "func() int { return "+e("int")+" }()", g.v("P")+".Arr[("+e("uint")+")&1]",
			"I("+g.v("P")+").Sum()", "min("+e("int")+", "+e("int")+")", " -"+g.v("int"), "P{A: "+e("int")+"}.Sum()", "gen("+e("int")+", "+e("int")+")[0]")
	case "int8":
		return g.pick(g.v("int8"), "("+e("int8")+g.op("+", "-", "*", "^")+e("int8")+")", "int8("+e("int")+")", "int8("+g.v("N")+")", " -"+g.v("int8"), g.v("P")+".In.X")
	case "uint":
		return g.pick(g.v("uint"), "("+e("uint")+g.pick("+", "*", "|", ">>")+e("uint")+")", "uint("+e("int")+"&15)", "uint(len("+e("string")+"))")
	case "float64":
		return g.pick(g.v("float64"), "("+e("float64")+g.op("+", "-", "*", "/")+e("float64")+")", "float64("+e("int")+")", g.v("P")+".B", "max("+e("float64")+", 1.5)")
	case "string":
		return g.pick(g.v("string"), "("+e("string")+"+"+e("string")+")", "fmt.Sprint("+e("int")+")", "fmt.Sprint("+g.v("N")+", "+g.v("P")+")", "string(rune(65+"+e("uint")+"%26))", g.v("string")+"[:len("+g.v("string")+")/9]", "fmt.Sprintf(\"%v|%T\", any("+g.v("P")+"), any("+g.v("N")+"))")
	case "bool":
		return g.pick(g.v("bool"), "("+e("int")+g.op("<", "==", ">=", "!=")+e("int")+")", "("+e("string")+g.pick("<", "==")+e("string")+")", "!"+g.v("bool"), "("+e("bool")+g.pick("&&", "||")+e("bool")+")", "("+g.v("P")+"=="+g.v("P")+")", "(any("+g.v("N")+")==any("+g.v("int8")+"))")
	case "[]int":
		return g.pick(g.v("[]int"), "append("+g.v("[]int")+", "+e("int")+")", "append([]int(nil), "+g.v("[]int")+"...)", "[]int{"+e("int")+", "+e("int")+", "+e("int")+"}", "gen("+e("int")+", "+g.v("[]int")+"...)")
	case "P":
		return g.pick(g.v("P"), "P{"+e("int")+", "+e("float64")+", "+e("string")+", "+g.v("P")+".In, "+g.v("P")+".Arr}", "func(p P) P { p.A++; return p }("+g.v("P")+")")
	}
	return g.v(t)
}

func (g *generator) statement() {
	if g.depth > 2 {
		fmt.Fprintf(&g.b, "%s = %s\n", g.v("int"), g.expr("int"))
		return
	}
	g.depth++
	defer func() { g.depth-- }()
	block := func(first string) {
		g.b.WriteString("{\n" + first)
		g.statement()
		g.statement()
		g.b.WriteString("}\n")
	}
	g.n++
	i := fmt.Sprintf("i%d", g.n)
	switch g.r.IntN(16) {
	case 0, 1, 2:
		t := g.pick("int", "int8", "uint", "float64", "string", "bool", "[]int", "P")
		fmt.Fprintf(&g.b, "%s = %s\n", g.v(t), g.expr(t))
	case 3:
		fmt.Fprintf(&g.b, "%s, %s = %s, %s\n", g.v("int"), g.v("P")+".A", g.expr("int"), g.expr("int"))
	case 4:
		fmt.Fprintf(&g.b, "if (%s) ", g.expr("bool"))
		block("")
	case 5:
		fmt.Fprintf(&g.b, "for %s := range %d ", i, g.r.IntN(4))
		g.vars["int"] = append(g.vars["int"], i)
		block("_ = " + i + "\n")
		g.vars["int"] = g.vars["int"][:len(g.vars["int"])-1]
	case 6:
		fmt.Fprintf(&g.b, "for _, %s := range %s { _ = %s; if (%s) { %s }\n%s += %s }\n", i, g.v("[]int"), i, g.expr("bool"), g.pick("break", "continue"), g.v("int"), i)
	case 7:
		fmt.Fprintf(&g.b, "switch (%s) { case %s: %s++\ncase 1, 2: %s = %s\nfallthrough\ndefault: %s--\n}\n", g.expr("int"), g.v("int"), g.v("int"), g.v("string"), g.expr("string"), g.v("int"))
	case 8:
		fmt.Fprintf(&g.b, "func() { defer func(k int) { %s += k }(%s)\n%s = %s }()\n", g.v("int"), g.expr("int"), g.v("int"), g.expr("int"))
	case 9:
		fmt.Fprintf(&g.b, "%s[%s] %s %s\n", g.v("map[string]int"), g.expr("string"), g.pick("=", "+=", "-="), g.expr("int"))
	case 10:
		fmt.Fprintf(&g.b, "%s[uint(%s)%%3] %s %s\n", g.v("[]int"), g.expr("int"), g.pick("=", "+=", "^="), g.expr("int"))
	case 11:
		fmt.Fprintf(&g.b, "{ p := &%s; p.Inc(%s); p.In.X += %s; q := *p; q.Arr[1] = 9; %s = q.A }\n", g.v("P"), g.expr("int")+"&1", g.expr("int8"), g.v("int"))
	case 12:
		fmt.Fprintf(&g.b, "{ var fs []func() int; for %s := 0; %s < 3; %s++ { fs = append(fs, func() int { return %s + %s }) }; for _, f := range fs { %s += f() } }\n", i, i, i, i, g.expr("int"), g.v("int"))
	case 13:
		fmt.Fprintf(&g.b, "switch x := any(%s).(type) { case int: %s += x\ncase string: %s = x\ncase fmt.Stringer: %s = x.String()\ncase I: %s = x.Sum() }\n", g.v(g.pick("int", "string", "N", "P", "float64")), g.v("int"), g.v("string"), g.v("string"), g.v("int"))
	case 14:
		fmt.Fprintf(&g.b, "for k, r := range (%s) { %s += k*31 + int(r) }\n", g.expr("string"), g.v("int"))
	default:
		fmt.Fprintf(&g.b, "%s %s %s\n", g.v("int"), g.pick("+=", "-=", "*=", "|=", "^="), g.expr("int"))
	}
}

// FuzzCell feeds arbitrary text to the engine's front half: no panic may come
// out, and a cell that does not compile must leave the session working.
func FuzzCell(f *testing.F) {
	s, err := cell.NewSession(cell.Options{})
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range []string{"x := 1", "func (", "type T struct { T }", "import (", "for {", "a, b := b, a", "func (t T) M() {}", "var x = x", "%time", "type A[T any] []A[A[T]]", "label: goto label", "package main; func init() {}"} {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, src string) {
		s.Analyze(src)
		cell.SyntaxError(src)
	})
}
