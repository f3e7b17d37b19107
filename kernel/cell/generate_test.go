package cell_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"math/rand/v2"
	"slices"
	"strings"
)

// prelude holds what generated functions use. Every feature that a statement of
// Go can have is either here or in the templates below.
const prelude = `package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
)

type N int8

func (n N) String() string      { return fmt.Sprintf("N%d", int8(n)) }
func (n *N) Bump(k int) N       { *n += N(k); return *n }

type In struct{ X, Y int8 }

func (i In) Area() int          { return int(i.X) * int(i.Y) }
func (i *In) Grow(k int) int    { i.X += int8(k); return int(i.X) }

type P struct {
	A   int
	B   float64
	S   string
	In  In
	Arr [3]int
	L   []int
}

func (p P) Sum() int            { return p.A + p.Arr[0] + int(p.In.X) + len(p.L) }
func (p *P) Inc(k int) int      { p.A += k; p.Arr[k&1]++; return p.A }
func (p P) With(a int) P        { p.A = a; p.Arr[1] = a; return p }

type K struct {
	I int
	S string
	N N
}

func (k K) Sum() int            { return k.I*10 + len(k.S) }
func (k *K) Set(i int) *K       { k.I = i; return k }

type E struct {
	In
	*K
	Name string
}

func (e E) String() string      { return "E<" + e.Name + ">" }

type W struct {
	E
	I
	n int
}

type I interface{ Sum() int }
type IncI interface {
	I
	Inc(int) int
}
type Op func(int) int

func (o Op) Twice(x int) int    { burn(); return o(o(x)) }

type IntS []int

func (s IntS) Len() int           { return len(s) }
func (s IntS) Less(i, j int) bool { return s[i]%7 < s[j]%7 }
func (s IntS) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *IntS) Push(xs ...int) int { *s = append(*s, xs...); return len(*s) }
func (s IntS) All() iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for i, x := range s {
			if !yield(i, x) {
				return
			}
		}
	}
}

type Dict map[string]int

func (d Dict) Get(k string) int   { return d[k] }

type Err struct{ Code int }

func (e *Err) Error() string      { return fmt.Sprint("err ", e.Code) }

type VErr int

func (e VErr) Error() string      { return fmt.Sprint("verr ", int(e)) }
func (e VErr) Is(t error) bool    { _, ok := t.(VErr); return ok }

type Weekday int

const (
	Mon Weekday = iota
	Tue
	_
	Thu
	mask = 1<<iota - 1
)

func (d Weekday) String() string  { return [...]string{"Mon", "Tue", "Wed", "Thu"}[d] }

type Box[T any] struct {
	V T
	n int
}

func (b *Box[T]) Set(v T) (old T) { old, b.V = b.V, v; b.n++; return }
func (b Box[T]) Get() T           { return b.V }

type Pair[A, B any] struct {
	First  A
	Second B
}

func (p Pair[A, B]) Swap() Pair[B, A] { return Pair[B, A]{p.Second, p.First} }

type node[T any] struct {
	v    T
	next *node[T]
}
type List[T any] struct {
	head *node[T]
	Box[int]
}

func (l *List[T]) Push(v T) *List[T] { l.head = &node[T]{v, l.head}; l.V++; return l }
func (l *List[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for n := l.head; n != nil; n = n.next {
			if !yield(n.v) {
				return
			}
		}
	}
}

type Num interface {
	~int | ~int8 | ~uint8 | ~float64
}

func sumOf[T Num](xs ...T) (t T) {
	for _, x := range xs {
		t += x
	}
	return
}
func mapTo[T, U any](xs []T, f func(T) U) []U {
	var r []U
	for _, x := range xs {
		r = append(r, f(x))
	}
	return r
}
func fold[T, A any](xs []T, a A, f func(A, T) A) A {
	for _, x := range xs {
		a = f(a, x)
	}
	return a
}
func keysOf[M ~map[X]V, X cmp.Ordered, V any](m M) []X { return slices.Sorted(maps.Keys(m)) }
func ptr[T any](x T) *T            { return &x }
func id[T any](x T) T              { return x }
func kind[T any](x T) string {
	switch any(x).(type) {
	case int, int8:
		return "int"
	case fmt.Stringer:
		return "stringer"
	case []T:
		return "slice"
	}
	return fmt.Sprintf("%T", x)
}

var trace []string

func tr[T any](x T) T              { trace = append(trace, fmt.Sprint(x)); return x }
func two(a, b int) (int, int)      { return b, a }
func three(a int, s string) (int, string, error) {
	if a&1 == 1 {
		return a, s, &Err{a}
	}
	return a, s, nil
}
func divmod(a, b int) (q, r int, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("divmod: %v", e)
		}
	}()
	q, r = a/b, a%b
	return
}
func named(x int) (r int) {
	defer func() { r += x }()
	for i := range 3 {
		defer func() { r = r*2 + i }()
	}
	return x + 1
}
func vari(s string, xs ...int) int { return len(s) + len(xs)*10 + sumOf(xs...) }
func seq(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer func() { trace = append(trace, "done") }()
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}
func fail(k int) error {
	switch k & 3 {
	case 0:
		return nil
	case 1:
		return &Err{k}
	case 2:
		return VErr(k)
	}
	return fmt.Errorf("wrap %d: %w", k, fail(k-2))
}
func classify(err error) string {
	var e *Err
	var v VErr
	return fmt.Sprint(errors.As(err, &e), errors.As(err, &v), errors.Is(err, VErr(0)), err)
}
func collatz(n int) (steps int) {
	for n > 1 && steps < 50 {
		if n%2 == 0 {
			n /= 2
		} else {
			n = 3*n + 1
		}
		steps++
	}
	return
}
func worker(n int) (total int) {
	ch, done := make(chan int, 2), make(chan struct{})
	go func() {
		defer close(done)
		for x := range ch {
			total += x
		}
	}()
	for i := range n {
		ch <- i * i
	}
	close(ch)
	<-done
	return
}
func pool(xs []int) []int {
	var wg sync.WaitGroup
	r := make([]int, len(xs))
	for i, x := range xs {
		wg.Go(func() { r[i] = x * 2 })
	}
	wg.Wait()
	return r
}
// burn ends recursions that closures get into through the variables they use.
var fuel int

func burn() {
	if fuel--; fuel < 0 {
		panic("out of fuel")
	}
}

// asI and asAny are not inlined: the toolchain calls a method of a type it knows directly,
// and a nil pointer then fails with other words.
//
//go:noinline
func asI(x I) I { return x }

//go:noinline
func asAny(x any) any { return x }
func clip(s string) string { return s[:min(len(s), 100)] }
func try(name string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Printf("%s panic: %v|%T\n", name, r, r)
		}
	}()
	trace, fuel = nil, 3000
	f()
}

var _ = sort.Sort
var _ = strings.ToUpper

`

// vars are the variables of every generated function, with their first values.
var genVars = [][2]string{
	{"int", "7"}, {"int", "-3"}, {"int8", "100"}, {"uint8", "250"}, {"uint", "5"}, {"int32", "70000"}, {"uint16", "65530"}, {"int64", "1 << 40"}, {"float64", "2.5"}, {"float64", "-0.125"}, {"float32", "1.1"},
	{"complex128", "complex(1, -2)"}, {"string", `"héllo"`}, {"string", `"日本x"`}, {"bool", "true"}, {"rune", "'é'"}, {"N", "3"}, {"Weekday", "Tue"},
	{"[]int", "[]int{3, 1, 2}"}, {"[]int", "nil"}, {"[]string", `[]string{"b", "a"}`}, {"[]byte", `[]byte("xyz")`}, {"[3]int", "[3]int{1, 2, 3}"}, {"[2][2]int", "[2][2]int{{1, 2}, {3, 4}}"}, {"[][]int", "[][]int{{1}, {2, 3}}"},
	{"P", `P{A: 4, S: "s", Arr: [3]int{1, 2, 3}, L: []int{9}}`}, {"*P", "&P{A: 1}"}, {"K", `K{1, "k", 2}`}, {"E", `E{In{1, 2}, &K{I: 5}, "e"}`}, {"*E", `&E{K: &K{I: 6}}`}, {"W", `W{E: E{Name: "w", K: &K{}}, I: K{I: 2}, n: 1}`},
	{"map[string]int", `map[string]int{"a": 1, "é": 2}`}, {"map[K][]int", `map[K][]int{{1, "k", 2}: {1}}`}, {"map[string]*P", `map[string]*P{"p": {A: 2}}`}, {"Dict", `Dict{"d": 4}`}, {"map[any]int", `map[any]int{1: 1, "x": 2, N(3): 3}`},
	{"[]P", `[]P{{A: 1}, {A: 2, S: "t"}}`}, {"[]*P", `[]*P{{A: 3}, nil}`}, {"IntS", "IntS{9, 8, 15}"}, {"Op", "func(x int) int { return x + 1 }"}, {"func(int) int", "Op(func(x int) int { return x * 2 }).Twice"}, {"[]func() int", "[]func() int{func() int { return 1 }}"},
	{"any", "5"}, {"any", "P{A: 1}.In"}, {"error", "&Err{3}"}, {"I", "K{I: 3}"}, {"I", "&P{A: 5}"}, {"fmt.Stringer", "N(4)"}, {"*int", "ptr(11)"}, {"**int", "ptr(ptr(12))"}, {"Box[int]", "Box[int]{V: 1}"}, {"*Box[string]", `&Box[string]{V: "b"}`}, {"Pair[int, string]", `Pair[int, string]{1, "p"}`},
	{"*List[int]", "new(List[int]).Push(1).Push(2)"}, {"chan int", "make(chan int, 3)"}, {"struct{ A, B int }", "struct{ A, B int }{1, 2}"}, {"[]any", `[]any{1, "s", N(1)}`}, {"[]struct{ S string }", `[]struct{ S string }{{"q"}}`},
}

// genNils are variables besides for programs of statements in which most things
// panic.
var genNils = [][2]string{
	{"int", "0"}, {"*P", "nil"}, {"*P", "nil"}, {"*int", "nil"}, {"**int", "nil"}, {"*E", "nil"}, {"I", "nil"}, {"any", "[]int{1}"}, {"any", "nil"}, {"fmt.Stringer", "nil"}, {"*Box[string]", "nil"}, {"*List[int]", "nil"},
	{"map[string]int", "nil"}, {"map[string]*P", "nil"}, {"map[K][]int", "nil"}, {"[]*P", "nil"}, {"[][]int", "nil"}, {"[]P", "nil"}, {"func(int) int", "nil"}, {"[]func() int", "[]func() int{nil}"},
}

// genExprs are the forms an expression of a type may take: «T» is an expression
// of type T, «$T» a variable, «&T» a place that can be assigned to.
var genExprs = map[string][]string{
	"int": {"(«int» + «int»)", "(«int» - «int»)", "«int» * «int»", "(«int» & «int»)", "(«int» | «int»)", "(«int» ^ «int»)", "(«int» &^ «int»)", "(«int» / «int»)", "(«int» % («int» | 1))", "-«$int»", "^«int»", "(«int» << («uint» & 7))", "(«int» >> «uint8»)", "(«int» << («int» & 63))",
		"len(«string»)", "len(«[]int»)", "cap(«$[]int»[:1])", "len(«map[string]int»)", "int(«int8»)", "int(«uint8»)", "int(«rune»)", "int(«float64»)", "int(«N»)", "int(«int64»)", "int(«uint16»)", "int(«Weekday»)", "int(real(«complex128»))",
		"«P».Sum()", "«$P».Inc(«int» & 1)", "«*P».Inc(1)", "«I».Sum()", "«K».Sum()", "«$E».Grow(«int»)", "«E».Area()", "«$E».X1()", "«$E».Set(«int»).I", "«W».Area()", "«$W».I.Sum()", "«$W».E.K.I", "«*E».K.Sum()", "P{A: «int»}.Sum()", "(&K{}).Set(«int»).I", "«IntS».Len()", "«$IntS».Push(«int», «int»)", "«Dict».Get(«string»)",
		"tr(«int»)", "id(«int»)", "«$[]int»[«idx»]", "«[]int»[«int» & 1]", "«$[3]int»[«idx»]", "«[3]int»[1]", "«$[2][2]int»[1][«int» & 1]", "«$[][]int»[«idx»][0]", "«map[string]int»[«string»]", "«$map[K][]int»[«K»][0]", "«$map[string]*P»[«string»].A", "«map[any]int»[«any»]", "«$P».Arr[«idx»]", "(*«*P»).A", "*«*int»", "**«**int»", "«$[]P»[«idx»].A", "«$[]*P»[«idx»].Arr[1]",
		"func() int { return «int» }()", "func(a, b int) int { return a - b }(«int», «int»)", "func(a, b int) int { return a - b }(two(«int», «int»))", "«Op»(«int»)", "«Op».Twice(«int»)", "«func(int) int»(«int»)", "«$[]func() int»[0]()", "P.Sum(«P»)", "(*P).Inc(«*P», 1)", "I.Sum(«I»)", "«P».Sum()", "vari(«string», «int», «int»)", "vari(«string», «[]int»...)", "vari(«string»)", "named(«int»)", "collatz(«int» & 31)", "worker(«int» & 3)",
		"min(«int», «int»)", "max(«int», «int», 3)", "sumOf(«int», «int»)", "fold(«[]int», «int», func(a, x int) int { return a*3 + x })", "fold(«[]string», 0, func(a int, x string) int { return a + len(x) })", "strings.Index(«string», «string»)", "cmp.Compare(«int», «int»)", "slices.Max([]int{«int», «int»})", "slices.Index(«[]int», «int»)",
		"«any».(int)", "any(«int»).(int)", "«$Box[int]».Set(«int»)", "«Box[int]».Get()", "«Pair[int, string]».First", "«Pair[int, string]».Swap().Second", "«*List[int]».V", "«*List[int]».head.v", "«struct{ A, B int }».B", "copy(«[]int», «[]int»)", "*ptr(«int»)", "(&«$P».Arr[1:][0:1][0:1:2])[0]", "len([...]string{2: «string»})", "0x_f_f", "'a' - 'b' + 1", "mask", "len(«[]any»)", "sort.SearchInts([]int{1, 3, 5}, «int»)"},
	"idx":                  {"0", "1", "«int» & 1", "«uint» & 1", "«int»", "2", "«int8» & 1", "len(«[]int») - 1"},
	"int8":                 {"(«int8» + «int8»)", "«int8» * «int8»", "int8(«int»)", "int8(«N»)", "-«$int8»", "«$P».In.X", "«$E».Y", "(«int8» << 1)", "(«int8» / 3)", "sumOf(«int8», 100)", "min(«int8», 5)", "id(«int8»)", "tr(«int8»)", "(«int8» >> «uint»)"},
	"uint8":                {"(«uint8» + «uint8»)", "«uint8» * 3", "uint8(«int»)", "^«uint8»", "(«uint8» << 3)", "«[]byte»[«int» & 1]", "«string»[0]", "byte(«rune»)", "(«uint8» &^ 15)"},
	"uint":                 {"(«uint» + «uint»)", "uint(«int»)", "uint(len(«string»))", "(«uint» >> 1)", "«uint» * «uint»", "uint(«uint8»)", "(«uint» % 7)"},
	"int32":                {"(«int32» * «int32»)", "int32(«int»)", "int32(«int64»)", "-«int32»", "«int32» - 1<<30", "«rune»"},
	"uint16":               {"(«uint16» + 9)", "uint16(«int»)", "«uint16» * «uint16»", "^«uint16»", "(«uint16» >> 3)"},
	"int64":                {"(«int64» * «int64»)", "int64(«int»)", "(«int64» << 13)", "int64(«uint»)", "-«int64»", "(«int64» >> «uint»)", "int64(«int32») << 20", "(«int64» % 1000)"},
	"float64":              {"(«float64» + «float64»)", "«float64» * «float64»", "(«float64» / «float64»)", "float64(«int»)", "float64(«float32»)", "-«$float64»", "«$P».B", "max(«float64», 1.5)", "real(«complex128»)", "imag(«complex128»)", "sumOf(«float64», 1)", "float64(«int» & 255) / 16", "tr(«float64»)"},
	"float32":              {"(«float32» + «float32»)", "float32(«float64»)", "«float32» * 1.5", "float32(«int»)", "float32(«int8») / 3"},
	"complex128":           {"(«complex128» * «complex128»)", "complex(«float64», 1)", "(«complex128» - 2i)", "-«$complex128»", "«complex128» + complex(«float64», «float64»)"},
	"string":               {"clip(«string» + «string»)", "fmt.Sprint(«int»)", "fmt.Sprint(«any», «$P»)", "string(rune(65 + «uint»%26))", "string(«rune»)", "string(«[]byte»)", "«$string»[:len(«$string»)/3]", "«string»[«int» & 1:]", "fmt.Sprintf(\"%v|%T\", «any», «any»)", "fmt.Sprintf(\"%+v\", «$E»)", "fmt.Sprintf(\"%v %+v\", «$W».E, «K»)", "«N».String()", "«E».String()", "«$E».Name", "«$K».S", "«fmt.Stringer».String()", "kind(«int8»)", "kind(«N»)", "kind(«[]int»)", "kind(«$Box[int]»)", "«any».(string)", "«Pair[int, string]».Second", "«*Box[string]».Get()", "«$[]string»[«idx»]", "strings.Repeat(«string», «int» & 3)", "strings.ToUpper(«string»)", "strings.Join(«[]string», «string»)", "tr(«string»)", "id(«string»)", "«error».Error()", "classify(«error»)", "fmt.Sprintf(\"%q %x\", «string», «[]byte»)", "strings.Map(func(r rune) rune { return r + 1 }, «string»)", "string([]rune(«string» + \"x\")[:1])", "min(«string», «string»)", "func() (s string) { defer func() { s += «string» }(); return «string» }()", "«[]struct{ S string }»[0].S", "fmt.Sprintf(\"%v %d %s\", «Weekday», «Weekday», «[]string»)", "fmt.Sprintf(\"%T\", «$Pair[int, string]»)", "fmt.Sprint(«$map[string]int»)", "fmt.Sprintf(\"%#v\", «$K»)", "clip(fmt.Sprint(«[]any»...))", "«K».S"},
	"bool":                 {"(«int» < «int»)", "(«int» == «int»)", "(«string» < «string»)", "(«string» != «string»)", "!«bool»", "(«bool» && «bool»)", "(«bool» || «bool»)", "(«K» == «K»)", "(«[3]int» == «[3]int»)", "(«any» == «any»)", "(any(«N») == any(«int8»))", "(«error» == nil)", "(«error» != «error»)", "(«$*P» == nil)", "(«$[]int» == nil)", "(«I» == «I»)", "(«float64» <= «float64»)", "func() bool { _, ok := «any».(int); return ok }()", "func() bool { _, ok := «map[string]int»[«string»]; return ok }()", "func() bool { _, ok := «any».(fmt.Stringer); return ok }()", "func() bool { _, ok := «I».(IncI); return ok }()", "(«uint8» > «uint8»)", "(«rune» == 'x')", "slices.Equal(«[]int», «[]int»)", "slices.Contains(«[]int», «int»)", "errors.Is(«error», VErr(1))", "tr(«bool»)", "(«complex128» == «complex128»)", "(«*P» == «$*P»)", "(«$struct{ A, B int }» == struct{ A, B int }{«int», 2})", "(«Box[int]» == «$Box[int]»)"},
	"rune":                 {"«$rune»", "[]rune(«string» + \"z\")[0]", "rune(«int» & 127)", "(«rune» + 1)", "'\\u00e9'"},
	"N":                    {"N(«int»)", "(«N» + 1)", "«$N».Bump(«int» & 3)", "-«$N»", "N(«int8»)", "«$K».N", "id(«N»)"},
	"Weekday":              {"Mon", "Thu", "Weekday(«int» & 3)", "Weekday(«int» & 7)", "min(«Weekday», Thu)"},
	"[]int":                {"append(«[]int», «int»)", "append(«[]int», «int», «int»)", "append([]int(nil), «[]int»...)", "append(«[]int», make([]int, «int»&3)...)", "[]int{«int», «int», «int»}", "[]int{2: «int», 0: «int»}", "«$[]int»[:1]", "«[]int»[«int» & 1:]", "«$[]int»[:«idx»:«idx»]", "«$[3]int»[:]", "«$[3]int»[1:«idx»]", "«$P».Arr[:2]", "«$P».L", "mapTo(«[]int», func(x int) int { return x + «int» })", "mapTo(«[]string», func(s string) int { return len(s) })", "[]int(«IntS»)", "«$map[K][]int»[«K»]", "«$[][]int»[«idx»]", "slices.Sorted(maps.Values(«map[string]int»))", "slices.Collect(seq(«int» & 3))", "slices.Collect(«*List[int]».All())", "pool(«[]int»)", "slices.Clone(«[]int»)", "make([]int, «int» & 3)", "make([]int, 1, 4)", "id(«[]int»)", "[]int{1, 2, 3, 4}[«int»:]", "make([]int, «int»&3, «int»&3)"},
	"[]string":             {"append(«[]string», «string»)", "[]string{«string», \"z\"}", "keysOf(«map[string]int»)", "strings.Split(«string», \"l\")", "mapTo(«[]int», func(x int) string { return fmt.Sprint(x) })", "slices.Clone(«[]string»)", "strings.Fields(«string»)", "keysOf(«Dict»)"},
	"[]byte":               {"[]byte(«string»)", "append(«[]byte», «string»...)", "append(«[]byte», «uint8»)", "«$[]byte»[1:]"},
	"[3]int":               {"[3]int{«int», «int»}", "[...]int{2: «int»}", "«$P».Arr", "[3]int(«[]int»)", "func(a [3]int) [3]int { a[1] = «int»; return a }(«[3]int»)", "*(*[3]int)(«[]int»)", "id(«[3]int»)", "«P».Arr"},
	"[2][2]int":            {"[2][2]int{{«int»}, {1: «int»}}", "id(«[2][2]int»)", "[2][2]int{«$[2][2]int»[1], «$[2][2]int»[0]}"},
	"[][]int":              {"append(«[][]int», «[]int»)", "[][]int{«[]int», {«int»}}"},
	"P":                    {"P{A: «int», S: «string»}", "P{«int», «float64», «string», In{1, 2}, «[3]int», nil}", "func(p P) P { p.A++; p.L = nil; return p }(«P»)", "«P».With(«int»)", "*«*P»", "«$[]P»[«idx»]", "id(«P»)", "tr(«P»)"},
	"*P":                   {"&«$P»", "&P{A: «int»}", "ptr(«P»)", "new(P)", "«$[]*P»[«idx»]", "«$map[string]*P»[«string»]", "&«$[]P»[«idx»]", "func() *P { q := «P»; return &q }()", "id(«*P»)"},
	"K":                    {"K{«int», «string», «N»}", "K{I: «int»}", "*(&K{}).Set(«int»)", "*«$E».K", "id(«K»)", "*«$K».Set(«int»)"},
	"E":                    {"E{In{«int8», 2}, &«$K», «string»}", "E{K: new(K)}", "«$W».E", "*«*E»", "E{}"},
	"*E":                   {"&«$E»", "&E{Name: «string», K: &K{}}"},
	"W":                    {"W{«E», «I», «int»}", "W{E: «E»}", "«$W»"},
	"map[string]int":       {"map[string]int{«string»: «int», «string»: «int»}", "map[string]int(«Dict»)", "maps.Clone(«map[string]int»)", "func() map[string]int { m := map[string]int{}; for i, s := range «[]string» { m[s] += i }; return m }()"},
	"map[K][]int":          {"map[K][]int{«K»: «[]int»}"},
	"map[string]*P":        {"map[string]*P{«string»: «*P»}"},
	"Dict":                 {"Dict{«string»: «int»}", "Dict(«map[string]int»)"},
	"map[any]int":          {"map[any]int{«any»: «int»}", "map[any]int{«int»: 1, «string»: 2}"},
	"[]P":                  {"append(«[]P», «P»)", "[]P{{A: «int»}, «P»}", "«$[]P»[:1]"},
	"[]*P":                 {"[]*P{«*P», {A: «int»}}", "append(«[]*P», «*P»)"},
	"IntS":                 {"IntS(«[]int»)", "IntS{«int», «int»}", "func() IntS { s := slices.Clone(«IntS»); sort.Sort(s); return s }()", "slices.SortedFunc(slices.Values(«IntS»), func(a, b int) int { return b - a })"},
	"Op":                   {"func(x int) int { burn(); return x - «int» }", "Op(«func(int) int»)", "func(x int) int { burn(); «$int» += x; return «$int» }"},
	"func(int) int":        {"«Op».Twice", "«*P».Inc", "func(x int) int { burn(); return x ^ «int» }", "collatz", "id[int]", "func(f func(int) int) func(int) int { return func(x int) int { burn(); return f(f(x)) } }(«Op»)", "«$P».Inc"},
	"[]func() int":         {"append(«[]func() int», func() int { burn(); return «int» })", "[]func() int{«P».Sum, «I».Sum}", "append(«[]func() int», «K».Sum)"},
	"any":                  {"any(«int»)", "any(«string»)", "any(«P»)", "any(«N»)", "any(«K»)", "any(«[]int»)", "any(nil)", "any(«*P»)", "any(«error»)", "any(«float64»)", "any(«[3]int»)", "any(«Pair[int, string]»)", "any(«struct{ A, B int }»)", "any(«E»)", "any(«Weekday»)", "any(«I»)", "any(«Op») == nil", "any(«int8»)", "any(«bool»)", "any(«map[string]int»)", "any(«rune»)", "any(«fmt.Stringer»)", "any(«[]any»)", "«$[]any»[«idx»]", "any(«$Box[int]»)"},
	"error":                {"error(nil)", "&Err{«int»}", "VErr(«int» & 7)", "fail(«int» & 15)", "errors.New(«string»)", "fmt.Errorf(\"w %w\", «error»)", "func() error { _, _, err := divmod(«int», «int» & 1); return err }()", "func() error { _, _, err := three(«int», «string»); return err }()", "errors.Join(«error», «error»)", "func() (err error) { defer func() { if r := recover(); r != nil { err = fmt.Errorf(\"r: %v\", r) } }(); «$int» = «int»; return nil }()"},
	"I":                    {"asI(«P»)", "asI(«K»)", "asI(«*P»)", "asI(«W».I)", "asI(IncI(«*P»))", "asI(&«$K»)"},
	"fmt.Stringer":         {"«N»", "fmt.Stringer(«E»)", "fmt.Stringer(«Weekday»)", "fmt.Stringer(&«$E»)"},
	"*int":                 {"&«$int»", "ptr(«int»)", "new(int)", "&«$[]int»[«idx»]", "&«$[3]int»[1]", "&«$P».A", "*«**int»", "&«$P».Arr[«idx»]", "new(«int»)"},
	"**int":                {"&«$*int»", "ptr(«*int»)"},
	"Box[int]":             {"Box[int]{V: «int»}", "id(«Box[int]»)"},
	"*Box[string]":         {"&Box[string]{V: «string»}", "ptr(Box[string]{})"},
	"Pair[int, string]":    {"Pair[int, string]{«int», «string»}", "Pair[string, int]{«string», «int»}.Swap()"},
	"*List[int]":           {"new(List[int]).Push(«int»)", "«*List[int]».Push(«int»)"},
	"chan int":             {"func() chan int { c := make(chan int, 2); c <- «int»; return c }()", "make(chan int, 1)"},
	"struct{ A, B int }":   {"struct{ A, B int }{«int», «int»}"},
	"[]any":                {"[]any{«any», «any»}", "append(«[]any», «int», «string»)", "[]any{«int», «string», «P»}"},
	"[]struct{ S string }": {"[]struct{ S string }{{«string»}, {\"r\"}}"},
}

// genPlaces are what may stand on the left of an assignment.
var genPlaces = map[string][]string{
	"int":  {"«$P».A", "«$P».Arr[«idx»]", "«$[]int»[«idx»]", "«$[3]int»[«int» & 1]", "«$[2][2]int»[«idx»][1]", "«$map[string]int»[«string»]", "«$Dict»[«string»]", "*«*int»", "**«**int»", "«*P».A", "«$[]P»[«idx»].A", "«$K».I", "«$E».K.I", "«$E».I", "«$W».n", "«$[][]int»[0][«idx»]", "«$Pair[int, string]».First", "«$struct{ A, B int }».B", "«$map[any]int»[«any»]", "«$[]*P»[0].Arr[«idx»]", "«$map[string]*P»[«string»].A", "«$Box[int]».V"},
	"int8": {"«$P».In.X", "«$E».X", "«$W».Y"},
	// Places of assignments of several values. Which of several panics comes
	// first there depends on what the toolchain's optimiser can prove.
	"=int":    {"«$P».A", "«$[]int»[0]", "«$[3]int»[1]", "*«$*int»", "«$[]P»[1].A", "«$K».I", "«$E».K.I", "«$Pair[int, string]».First", "«$[3]int»[tr(«int»)&1]", "«$map[string]int»[tr(«string»)]", "«$int»"},
	"=string": {"«$K».S", "«$E».Name", "«$[]string»[0]", "«$[]struct{ S string }»[0].S", "«$string»"},
	"string":  {"«$K».S", "«$[]string»[«idx»]", "«$E».Name", "«*P».S", "«$[]struct{ S string }»[0].S"},
	"P":       {"*«*P»", "«$[]P»[«idx»]"},
	"[]int":   {"«$map[K][]int»[«K»]", "«$[][]int»[«idx»]", "«$P».L"},
	"any":     {"«$[]any»[«idx»]"},
	"K":       {"*«$E».K"},
	"In":      {"«$P».In", "«$E».In"},
	"*P":      {"«$[]*P»[«idx»]", "«$map[string]*P»[«string»]"},
}

// genStmts are the statements: «stmts» is a block's content, @a a new name,
// «:T @a» brings it into scope.
var genStmts = []string{
	"«&int» = «int»", "«&int» = «int»", "«&int» += «int»", "«&int» -= «int»", "«&int» *= «int»", "«&int» |= «int»", "«&int»++", "«&int»--", "«&int» <<= «uint» & 7", "«&int» %= («int» | 1)", "«&int» /= «int»",
	"«&int8» += «int8»", "«&int8»--", "«$uint8» -= «uint8»", "«$uint16» *= «uint16»", "«$int64» ^= «int64»", "«$float64» /= «float64»", "«$float64»++", "«&string» += clip(«string»)", "«$complex128» *= «complex128»", "«$int32» = «int32»", "«$float32» = «float32»", "«$uint» = «uint»", "«$rune» = «rune»", "«$bool» = «bool»", "«$N» = «N»", "«$N» += «N»", "«$Weekday» = «Weekday»",
	"«&string» = «string»", "«&[]int» = «[]int»", "«$[]string» = «[]string»", "«$[]byte» = «[]byte»", "«$[3]int» = «[3]int»", "«$[2][2]int» = «[2][2]int»", "«$[2][2]int»[0] = «$[2][2]int»[1]", "«$[][]int» = «[][]int»", "«&P» = «P»", "«&*P» = «*P»", "«&K» = «K»", "«$E» = «E»", "«$*E» = «*E»", "«$W» = «W»", "«$map[string]int» = «map[string]int»", "«$map[K][]int»[«K»] = append(«$map[K][]int»[«K»], «int»)", "«$map[string]*P»[«string»] = «*P»", "«$Dict» = «Dict»", "«$map[any]int»[«any»]++", "«$[]P» = «[]P»", "«$[]*P» = «[]*P»", "«$IntS» = «IntS»", "«$Op» = «Op»", "«$func(int) int» = «func(int) int»", "«$[]func() int» = «[]func() int»", "«$any» = «any»", "«$error» = «error»", "«$I» = «I»", "«$fmt.Stringer» = «fmt.Stringer»", "«$*int» = «*int»", "«$**int» = «**int»", "«$Box[int]» = «Box[int]»", "«$Pair[int, string]» = «Pair[int, string]»", "«$*List[int]» = «*List[int]»", "«$struct{ A, B int }» = «struct{ A, B int }»", "«$[]any» = «[]any»", "«$*Box[string]».Set(«string»)",
	"«=int», «=int» = tr(«int»), tr(«int»)", "«=int», «=string» = tr(«int»), tr(«string»)", "«$int», «$int» = two(«int», «int»)", "«=int», «$int» = «$int», «=int»", "«$[3]int»[0], «$[3]int»[«int» & 1] = tr(«int»), «$[3]int»[0]", "«$int», «$string», «$error» = three(«int», «string»)", "«=int», _ = two(«int», «int»)", "«$int», «$int», «$error» = divmod(«int», «int»)", "«$int», «$bool» = «$map[string]int»[«string»]", "«$int», «$bool» = «any».(int)", "«$any», «$bool» = «any».(fmt.Stringer)", "«$*P», «$*P» = «*P», «*P»", "_ = «any»", "_, «$int» = «string», «int»", "«$P».A, «$P» = tr(«int»), tr(«P»)",
	"@a := «int»; «:int @a»«stmt»; «&int» += @a", "@a, @b := «int», «string»; «:int @a»«:string @b»«stmt»; _, _ = @a, @b", "var @a = «P»; «:P @a»«stmt»; «&int» = @a.Sum()", "var @a, @b int = two(«int», «int»); «&int» = @a - @b", "const @a = 3 << 2; «&int» = @a + «int»", "@a := &«$int»; *@a += «int»", "@a := «*P»; @a.A = «int»; @a.Arr[1]++", "type @a struct { V int; I }; @b := @a{«int», «I»}; «&int» = @b.V + @b.Sum()", "type @a = map[string]int; «$map[string]int» = @a{«string»: 1}",
	"if «bool» { «stmts» }", "if «bool» { «stmts» } else { «stmts» }", "if @a := «int»; @a > «int» { «:int @a»«stmts» } else if «bool» { «stmts» } else { «&int» = @a }", "if @a, @b := «any».(int); @b { «&int» = @a } else { «stmts» }", "if @a := «error»; @a != nil { «&string» = @a.Error() }",
	"for @a, @f := 0, 0; @a < 3 && @f < 4; @a, @f = @a+1, @f+1 { «:int @a»«stmts» }", "for @a := range «int» & 3 { «:int @a»«stmts»; _ = @a }", "for range 2 { «stmts» }", "for @a, @b := range «[]int» { «:int @a»«:int @b»if @a > 3 { break }; «stmt»; _ = @b }", "for @a, @b := range «[3]int» { «$[3]int»[1] += @b; «&int» += @a }", "for @a, @b := range &«$[3]int» { «$[3]int»[2] += @b; «&int» += @a }", "for @a, @b := range «string» { «&int» += @a*31 + int(@b) }", "for _, @a := range keysOf(«map[string]int») { «:string @a»«stmt»; _ = @a }", "for @a, @b := range «map[string]int» { «$int» += len(@a) * @b }", "for @a := range seq(«int» & 3) { «:int @a»if @a == 2 { «brk» }; «stmt» }", "for @a, @b := range «IntS».All() { if @b > 9 { continue }; «&int» += @a * @b }", "for @a := range «*List[int]».All() { defer func() { trace = append(trace, fmt.Sprint(@a)) }(); if «bool» { break }; «&int» = @a }", "@f := 0; for «bool» { @f++; if @f > 3 { break }; «stmts» }", "@f := 0; for { if @f++; @f > 2 { «brk» }; «stmt» }", "for «$int», «$int» = 0, tr(«int»); «$int» < 0; «$int»++ { break }", "for _, @a := range «[]P» { @a.A = «int»; «&int» = @a.Sum() }", "for @a := range «$[]P» { «$[]P»[@a].Inc(1) }", "for _, «$int» = range «[]int» { if «bool» { break } }", "for «$int», «$int» = range «[]int» { }", "for «$[3]int»[0], «$[3]int»[1] = range «[]int» { «stmt» }", "for @a, @b := range slices.Backward(«[]int») { «&int» += @a ^ @b }", "for _, @b := range [...]string{«string», «string»} { «&string» = @b }",
	"@l: for @a := range 3 { for @b := range 3 { if @a*@b == «int»&3 { continue @l }; if «bool» { break @l }; «&int» += @a + @b } }", "@l: for @a := range seq(3) { for @b := range seq(3) { if @b == 2 { continue @l }; if @a == 2 { break @l }; «stmt» } }", "@f := 0; @l: if @f < 2 { @f++; «stmt»; goto @l }", "@l: switch { case «bool»: for { break @l }; default: «stmt» }",
	"switch «int» & 3 { case 0: «stmts»\ncase 1, 2: «stmt»\nfallthrough\ndefault: «stmt» }", "switch @a := «int»; { case @a > 3: «stmt»\ncase @a == tr(1): «stmt» }", "switch «string» { case «string»: «stmt»\ncase \"a\", «string»: «stmt» }", "switch @a := asAny(«any»).(type) { case int: «&int» += @a\ncase string: «&string» = @a\ncase fmt.Stringer: «&string» = @a.String()\ncase I: «&int» = @a.Sum()\ncase nil: «stmt»\ncase []int, error: _ = @a\ndefault: «stmt» }", "switch asAny(«any»).(type) { case nil: «stmt»\ncase int, string: «stmt»\ncase interface{ Sum() int }: «stmt»\ncase *P, K: «stmt» }", "switch @a := «error».(type) { case *Err: «&int» = @a.Code\ncase VErr: «&int» = int(@a)\ncase interface{ Unwrap() error }: «&string» = fmt.Sprint(@a.Unwrap()) }", "switch «any» { case «any»: «stmt»\ncase 3, \"s\", nil: «stmt» }", "switch «K» { case K{1, \"k\", 2}: «stmt»\ndefault: «stmt» }",
	"func() { defer func(k int) { «&int» += k }(«int»); «stmt» }()", "func() { defer func() { if r := recover(); r != nil { «&string» = fmt.Sprint(r) } }(); «stmts» }()", "func() { for @a := range 3 { defer func() { «$int» = «$int»*3 + @a }() }; «stmt» }()", "func() { defer func() { «$any» = recover() }(); panic(«any») }()", "func() { defer func() { recover() }(); defer func() { panic(«string») }(); panic(«int») }()", "func() { defer «*P».Inc(«int»&1); «stmt» }()", "defer func() { trace = append(trace, fmt.Sprint(«$int»)) }()", "defer tr(«int»)", "func() { defer func() { r := recover(); if r != nil { «&string» = fmt.Sprintf(\"%T\", r); defer func() { recover() }(); panic(r) } }(); «stmt» }()",
	"{ var fs []func() int; for @a := 0; @a < 3; @a++ { fs = append(fs, func() int { @a += 2; return @a + «int» }) }; for _, f := range fs { «&int» += f() } }", "@a := func(x int) (r int) { defer func() { r *= 2 }(); if x > 2 { return «int» }; r = x; return }; «&int» = @a(«int»)", "var @a func(int) int; @a = func(n int) int { if n <= 0 { return «int» }; return @a(n-1) + 1 }; «&int» = @a(4)", "@a := «P».Sum; «$P».A = «int»; «&int» = @a()", "@a := «$P».Inc; «stmt»; «&int» = @a(1)", "@a := (*P).Inc; «&int» = @a(«*P», 1)", "{ @a := «$P»; @a.Arr[0] = «int»; @b := &@a; @b.In.X++; «&int» = @a.Sum() }", "{ @a := «[3]int»; @b := @a; @b[0]++; «&int» = @a[0] - @b[0]*2 }",
	"select { case «$chan int» <- «int»: «stmt»\ndefault: «stmt» }", "select { case @a := <-«$chan int»: «&int» = @a\ndefault: «stmt» }", "select { case @a, @b := <-«chan int»: if @b { «&int» = @a }\ndefault: }", "func() { defer func() { recover() }(); close(«$chan int»); close(«$chan int») }()", "func() { @c := make(chan int); go func() { defer close(@c); for @a := range 3 { @c <- @a * «$int8@» } }(); for @b := range @c { «&int» += @b } }()", "func() { var mu sync.Mutex; var wg sync.WaitGroup; @n := 0; for @a := range 4 { wg.Add(1); go func() { defer wg.Done(); mu.Lock(); defer mu.Unlock(); @n += @a }() }; wg.Wait(); «&int» += @n }()",
	"delete(«$map[string]int», «string»)", "clear(«$map[any]int»)", "copy(«$[]int», «[]int»)", "clear(«$[]int»[:1])", "sort.Sort(«$IntS»)", "slices.Sort(«$[]int»)", "sort.Slice(«$[]P», func(i, j int) bool { return «$[]P»[i].A > «$[]P»[j].A })", "«$IntS».Push(«int»)", "«$P».Inc(«int» & 1)", "«$E».Grow(«int»)", "«$E».Set(«int»)", "«$*List[int]».Push(«int»)", "tr(«$P»)", "fmt.Println(«$int», «$string», «any»)", "fmt.Printf(\"%v %+v %d\\n\", «$E».In, «K», «$[]int»)", "{ next, stop := iter.Pull(seq(3)); @a, _ := next(); @b, _ := next(); stop(); «&int» += @a*10 + @b }", "{ b := Box[[]int]{V: «[]int»}; b.Set(«[]int»); «&int» = len(b.Get()) }", "{ p := Pair[K, *P]{«K», «*P»}; «$*P» = p.Swap().First }", "if «bool» { return }",
}

type generator struct {
	r     *rand.Rand
	fixed [][2]string // the variables of a function
	nils  bool        // functions of one statement in which most things panic
	vars  map[string][]string
	n     int
	depth int
}

func (g *generator) pick(xs []string) string { return xs[g.r.IntN(len(xs))] }

func (g *generator) fresh() string {
	g.n++
	return fmt.Sprintf("x%d", g.n)
}

// fill expands a template.
func (g *generator) fill(t string) string {
	var b strings.Builder
	names := map[byte]string{}
	var scoped []string
	for i := 0; i < len(t); {
		switch {
		case t[i] == '@' && i+1 < len(t):
			c := t[i+1]
			if names[c] == "" {
				names[c] = g.fresh()
			}
			b.WriteString(names[c])
			i += 2
		case strings.HasPrefix(t[i:], "«"):
			end := strings.Index(t[i:], "»") + i
			tag := t[i+len("«") : end]
			i = end + len("»")
			switch {
			case tag == "stmts":
				for range 1 + g.r.IntN(2) {
					b.WriteString(g.statement() + "\n")
				}
			case tag == "stmt":
				b.WriteString(g.statement())
			case tag == "brk":
				b.WriteString(g.pick([]string{"break", "break", "return"}))
			case tag == "$int8@":
				b.WriteString("2")
			case tag[0] == ':':
				typ, c := tag[1:len(tag)-3], tag[len(tag)-1]
				g.vars[typ] = append(g.vars[typ], names[c])
				scoped = append(scoped, typ)
			case tag[0] == '$':
				b.WriteString(g.pick(g.vars[tag[1:]]))
			case tag[0] == '&':
				b.WriteString(g.place(tag[1:]))
			case tag[0] == '=':
				b.WriteString(g.place(tag))
			default:
				b.WriteString(g.expr(tag))
			}
		default:
			b.WriteByte(t[i])
			i++
		}
	}
	for _, typ := range scoped {
		g.vars[typ] = g.vars[typ][:len(g.vars[typ])-1]
	}
	return b.String()
}

func (g *generator) place(typ string) string {
	forms := genPlaces[typ]
	if len(forms) == 0 || g.r.IntN(3) == 0 || g.depth > 4 {
		return g.pick(g.vars[strings.TrimPrefix(typ, "=")])
	}
	g.depth++
	defer func() { g.depth-- }()
	return g.fill(g.pick(forms))
}

func (g *generator) expr(typ string) string {
	forms := genExprs[typ]
	if g.nils && typ == "idx" && g.r.IntN(3) == 0 {
		return fmt.Sprint(10 + g.r.IntN(90))
	}
	if g.depth > 4 || len(forms) == 0 || g.r.IntN(4) == 0 && typ != "idx" {
		if typ == "idx" {
			return g.pick([]string{"0", "1"})
		}
		if typ == "int" && g.r.IntN(3) == 0 {
			return fmt.Sprint(g.r.IntN(12) - 2)
		}
		return g.pick(g.vars[typ])
	}
	g.depth++
	defer func() { g.depth-- }()
	return g.fill(g.pick(forms))
}

func (g *generator) statement() string {
	if g.depth > 3 {
		return g.fill("«$int» = «int»")
	}
	g.depth++
	defer func() { g.depth-- }()
	return g.fill(g.pick(genStmts))
}

// function is the body of a generated function: declarations, statements, and
// what prints the variables.
type generated struct{ decls, stmts, show string }

func (g *generator) function(name string) generated {
	var f generated
	g.vars = map[string][]string{}
	shown := ""
	var b strings.Builder
	for _, v := range g.fixed {
		x := g.fresh()
		g.vars[v[0]] = append(g.vars[v[0]], x)
		switch {
		case strings.HasPrefix(v[0], "*"), strings.Contains(v[0], "func"), strings.Contains(v[0], "*"), v[0] == "E", v[0] == "W", v[0] == "Op", v[0] == "chan int", v[0] == "any", v[0] == "I", v[0] == "[]any", v[0] == "map[any]int":
			fmt.Fprintf(&b, "_ = %s\n", x)
		default:
			shown += ", " + x
		}
	}
	i := 0
	for _, v := range g.fixed {
		f.decls += fmt.Sprintf("var %s %s = %s\n", g.name(v[0], &i), v[0], v[1])
	}
	f.decls += b.String()
	count := 5
	if g.nils {
		count = 1
	}
	for range count {
		f.stmts += g.statement() + "\n"
	}
	f.show = fmt.Sprintf("fmt.Println(%q%s, trace)\n", name, shown)
	return f
}

// name gives the variables in the order they were made.
func (g *generator) name(typ string, i *int) string {
	*i++
	return fmt.Sprintf("x%d", g.n-len(g.fixed)+*i)
}

// program is a set of generated functions that the type checker accepts.
type program struct {
	prelude string
	funcs   []generated
}

var sourceImporter = importer.ForCompiler(token.NewFileSet(), "source", nil)

func generate(seed uint64, funcs int, nils bool) program {
	g := &generator{r: rand.New(rand.NewPCG(seed, 1)), fixed: genVars, nils: nils}
	if nils {
		g.fixed = slices.Concat(genVars, genNils)
	}
	p := program{prelude: prelude}
	v := newValidity()
	for len(p.funcs) < funcs {
		f := g.function(fmt.Sprintf("f%d", len(p.funcs)))
		if v.ok(f.text()) {
			p.funcs = append(p.funcs, f)
		}
	}
	return p
}

// validity checks functions one by one against the prelude.
type validity struct {
	checker *types.Checker
	fset    *token.FileSet
	imports string
	n       int
}

func newValidity() *validity {
	v := &validity{fset: token.NewFileSet()}
	f, err := parser.ParseFile(v.fset, "prelude.go", prelude, 0)
	if err != nil {
		panic(err)
	}
	i := strings.Index(prelude, ")\n") + 2
	v.imports = prelude[:i] + "var _, _, _, _, _, _, _, _, _ = cmp.Compare[int], errors.New, fmt.Sprint, iter.Pull[int], maps.Keys[map[int]int], slices.Max[[]int], sort.Ints, strings.ToUpper, sync.NewCond\n"
	v.checker = types.NewChecker(&types.Config{Importer: sourceImporter, GoVersion: "go1.26"}, v.fset, types.NewPackage("main", "main"), nil)
	if err := v.checker.Files([]*ast.File{f}); err != nil {
		panic(err)
	}
	return v
}

// ok reports whether the toolchain would accept a function with this body.
func (v *validity) ok(body string) bool {
	v.n++
	f, err := parser.ParseFile(v.fset, "f.go", fmt.Sprintf("%sfunc check%d() {\n%s}\n", v.imports, v.n, body), 0)
	return err == nil && v.checker.Files([]*ast.File{f}) == nil
}

func (f generated) text() string {
	return f.decls + "func() {\ndefer func() { " + f.show[:len(f.show)-1] + " }()\n" + f.stmts + "}()\n"
}

// whole is the program as one file.
func (p program) whole() string {
	var b strings.Builder
	b.WriteString(p.prelude)
	for i, f := range p.funcs {
		fmt.Fprintf(&b, "func f%d() {\n%s}\n", i, f.text())
	}
	b.WriteString("func main() {\n")
	for i := range p.funcs {
		fmt.Fprintf(&b, "try(\"f%d\", f%d)\n", i, i)
	}
	b.WriteString("}\n")
	return b.String()
}

// cells is the same program as a session: the functions' variables are
// variables of the session, and a function's statements run in a cell.
func (p program) cells() []string {
	i := strings.Index(p.prelude, ")\n") + 2
	r := []string{strings.TrimPrefix(p.prelude[:i], "package main\n"), p.prelude[i:]}
	for k, f := range p.funcs {
		r = append(r, f.decls, fmt.Sprintf("try(\"f%d\", func() {\ndefer func() { %s }()\n%s})", k, f.show[:len(f.show)-1], f.stmts))
	}
	return r
}
