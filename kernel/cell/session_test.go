package cell_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/kernel/cell"
)

func TestOneLine(t *testing.T) {
	var out bytes.Buffer
	s, err := cell.NewSession(cell.Options{Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := s.Eval(context.Background(), cell.Cell{Name: "In[1]", Source: "x := 20\nfmt.Println(\"hi\", x)\nx + 22"})
	if o.Err != nil || len(o.Values) != 1 || o.Values[0] != 42 || out.String() != "hi 20\n" {
		t.Fatalf("%+v %q", o, out.String())
	}
}

// TestFunctionsOfCommonTypes passes functions of the types that enter cells
// without package reflect to compiled code.
func TestFunctionsOfCommonTypes(t *testing.T) {
	s, _ := newSession(t)
	mustEval(t, s, "type by struct{ xs []int }\nfunc (b *by) Less(i, j int) bool { return b.xs[i] > b.xs[j] }\nfunc big[T ~int](i T) bool { return i > 6 }\ntype Op func(int) int\nfunc call(f any, xs ...any) any {\n\tvar in []reflect.Value\n\tfor _, x := range xs {\n\t\tin = append(in, reflect.ValueOf(x))\n\t}\n\treturn reflect.ValueOf(f).Call(in)[0].Interface()\n}")
	for src, want := range map[string]any{
		"sort.Search(100, func(i int) bool { return i*i >= 50 })":                                                                                       8,
		"sort.Search(100, big[int])":                                                                                                                    7,
		"strings.Map(func(r rune) rune { return r + 1 }, \"abc\")":                                                                                      "bcd",
		"strings.IndexFunc(\"ab1\", func(r rune) bool { return r < 'a' })":                                                                              2,
		"a := []int{3, 1, 2}; sort.Slice(a, func(i, j int) bool { return a[i] < a[j] }); fmt.Sprint(a)":                                                 "[1 2 3]",
		"b := &by{[]int{3, 1, 2}}; sort.Slice(b.xs, b.Less); fmt.Sprint(b.xs)":                                                                          "[3 2 1]",
		"math.Round(quad.Fixed(func(x float64) float64 { return 3 * x * x }, 0, 2, 20, nil, 0))":                                                        8.0,
		"call(func(a, b int) int { return a*10 + b }, 4, 2)":                                                                                            42,
		"call(func(x, y float64) float64 { return x / y }, 1.0, 4.0)":                                                                                   0.25,
		"call(func(x []float64) float64 { return x[1] }, []float64{1, 2})":                                                                              2.0,
		"call(Op(func(i int) int { return i + 1 }), 4)":                                                                                                 5,
		"var op Op = func(i int) int { return i * 2 }; var f func(int) int = op; op(2) + f(3) + call(f, 4).(int)":                                       18,
		"n := 0; func() (r any) { defer func() { r = recover(); n++ }(); return sort.Search(5, func(i int) bool { panic(fmt.Sprint(\"at \", i)) }) }()": "at 2",
		"sort.Search(9, func(i int) bool { return sort.Search(9, func(j int) bool { return i+j > 10 }) < 5 })":                                          7,
	} {
		v := mustEval(t, s, src)
		if len(v) != 1 || v[0] != want {
			t.Errorf("%s is %v, want %v", src, v, want)
		}
	}
	o := eval(s, "sort.Search(5, func(i int) bool {\n\tvar m map[int]int\n\tm[i] = 1\n\treturn true\n})")
	var re *cell.RuntimeError
	if !errors.As(o.Err, &re) || !strings.Contains(strings.Join(re.Traceback, "\n"), ":3:2") {
		t.Errorf("a panic in a callback ended with %v", o.Err)
	}
}
