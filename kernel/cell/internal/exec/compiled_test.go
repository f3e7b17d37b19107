package exec

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
)

type small struct {
	A int8
	B bool
	C uint16
	D float32
}

type padded struct {
	A int8
	_ int32
	B int64
	S string
	_ struct{}
}

type nested struct {
	P  *int
	In small
	E  [1]error
	Z  [0]int64
}

type wide struct{ A [2]int }

type empty struct {
	A int
	E struct{ A [2]struct{} }
}

// functions return what they were given, in another order, after the collector
// has had its turn.
func functions() []any {
	pause := func() { runtime.GC() }
	return []any{
		func() { pause() },
		func(a int) int { pause(); return a },
		func(a int8, b uint16, c int32, d uint8, e bool) (bool, int8) { pause(); return e, a },
		func(a bool) bool { return a },
		func(a float32) float32 { return a },
		func(a float64, b float32) (float32, float64) { return b, a },
		func(a complex64) complex64 { return a },
		func(a complex128, b string) complex128 { return a },
		func(s string, n int) string { pause(); return s[-n:] },
		func(s string) (string, error) { pause(); return s, errors.New(s) },
		func(b []byte) ([]byte, error) { pause(); return b[1:], nil },
		func(s string, t string) (string, string, bool) { pause(); return t, s, true },
		func(s string, t string) (string, string) { pause(); return t, s },
		func(a any) any { pause(); return a },
		func(a any, b error) (any, error) { pause(); return a, b },
		func(a any) (any, bool) { return a, true },
		func(a *int) *int { pause(); return a },
		func(a *int) (*int, error) { return a, nil },
		func(a *int) (*int, bool) { return a, a != nil },
		func(a map[string]int, k string) (int, bool) { v, ok := a[k]; return v, ok },
		func(a int, e error) (int, error) { pause(); return a, e },
		func(f float64, e error) (float64, error) { pause(); return f, e },
		func(f float64) (float64, int) { return f, 3 },
		func(f func(int) int, n int) int { return f(n) },
		func(c chan int) chan int { return c },
		func(f, g, h, i float64) (float64, float64) { return f + 2*g, h + 3*i },
		func(f, g, h, i, j float64) float64 { return f + 2*g + 3*h + 4*i + 5*j },
		func(a, b, c, d, e, f, g, h, i int) int {
			return a + 2*b + 3*c + 4*d + 5*e + 6*f + 7*g + 8*h + 9*i
		},
		func(a, b, c, d, e, f, g, h, i, j int) int { return a - j },
		func(a []float64, b []float64, c []float64) []float64 { pause(); return c },
		func(s small) small { pause(); return s },
		func(s small, n int8, f float32) (int8, float32) { return n + s.A, f + s.D },
		func(p padded, n int) (string, int) { pause(); return p.S, n + int(p.A) },
		func(n nested) error { pause(); return n.E[0] },
		func(n nested) nested { return n },
		func(w wide) wide { return w },
		func(z struct{}, n int) int { return n },
		func(z [3]struct{}, n int) int { return n },
		func(e empty, n int) (int, empty) { return n - e.A, e },
		func(z [0]string, n int) [0]string { return z },
		func(a [1]string) [1]string { pause(); return a },
		func(t time.Time) time.Time { pause(); return t },
		func(t time.Time, d time.Duration) (time.Time, error) { return t.Add(d), nil },
		func(f string, a ...any) string { pause(); return f + a[0].(string) },
		func(p unsafe.Pointer, n uintptr) (uintptr, uintptr) { return n, n + 1 },
		func(a uint64, b int64) (int64, uint64) { return b, a },
	}
}

// TestCalling calls functions with arguments of all classes both ways.
func TestCalling(t *testing.T) {
	m := New(Config{})
	direct := 0
	for _, f := range functions() {
		v := reflect.ValueOf(f)
		ft := v.Type()
		l := m.layout(ft)
		how := l.plain
		if how.form != reflected {
			direct++
		}
		for seed := range 3 {
			block := reflect.New(l.block)
			var in []reflect.Value
			for i, p := range l.params {
				a := argumentOf(p, 7*i+seed+1)
				in = append(in, a)
				reflect.NewAt(p, unsafe.Add(block.UnsafePointer(), l.paramOffs[i])).Elem().Set(a)
			}
			how.call(funcPointer(v), nil, block.UnsafePointer())
			want := v.Call
			if ft.IsVariadic() {
				want = v.CallSlice
			}
			for i, w := range want(in) {
				got := reflect.NewAt(l.results[i], unsafe.Add(block.UnsafePointer(), l.resultOffs[i])).Elem()
				same := reflect.DeepEqual(got.Interface(), w.Interface())
				if w.Kind() == reflect.Chan {
					same = got.Pointer() == w.Pointer()
				}
				if !same {
					t.Errorf("%s, result %d is %v, package reflect has %v", ft, i, got, w)
				}
			}
		}
	}
	if runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64" {
		if n := len(functions()); direct < n*3/4 {
			t.Errorf("only %d of %d functions are called without package reflect", direct, n)
		}
	}
}

// TestCallingMadeTypes calls functions of random types, which package reflect
// makes, and compares what arrives and what comes back.
func TestCallingMadeTypes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := New(Config{})
	direct := 0
	for range 3000 {
		var params, results []reflect.Type
		var back []int
		for range r.IntN(5) {
			params = append(params, madeType(r, 3))
		}
		for i, p := range params {
			if r.IntN(3) == 0 {
				results, back = append(results, p), append(back, i)
			}
		}
		ft := reflect.FuncOf(params, results, false)
		var got []reflect.Value
		f := reflect.MakeFunc(ft, func(in []reflect.Value) (out []reflect.Value) {
			got = in
			for _, i := range back {
				out = append(out, in[i])
			}
			return out
		})
		l := m.layout(ft)
		if l.plain.form != reflected {
			direct++
		}
		block := reflect.New(l.block)
		var in []reflect.Value
		for i, p := range params {
			a := argumentOf(p, r.IntN(50))
			in = append(in, a)
			reflect.NewAt(p, unsafe.Add(block.UnsafePointer(), l.paramOffs[i])).Elem().Set(a)
		}
		l.plain.call(funcPointer(f), nil, block.UnsafePointer())
		for i, a := range in {
			if !reflect.DeepEqual(got[i].Interface(), a.Interface()) {
				t.Fatalf("%s: argument %d arrives as %v, was %v", ft, i, got[i], a)
			}
		}
		for i, j := range back {
			v := reflect.NewAt(results[i], unsafe.Add(block.UnsafePointer(), l.resultOffs[i])).Elem()
			if !reflect.DeepEqual(v.Interface(), in[j].Interface()) {
				t.Fatalf("%s: result %d is %v, was %v", ft, i, v, in[j])
			}
		}
	}
	if direct < 500 && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64") {
		t.Errorf("only %d of 3000 functions are called without package reflect", direct)
	}
}

// madeType makes a type of at most the given depth.
func madeType(r *rand.Rand, depth int) reflect.Type {
	plain := []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[uint16](), reflect.TypeFor[int32](),
		reflect.TypeFor[uint64](), reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[complex64](),
		reflect.TypeFor[string](), reflect.TypeFor[[]int16](), reflect.TypeFor[any](), reflect.TypeFor[error](), reflect.TypeFor[*int](),
		reflect.TypeFor[struct{}](), reflect.TypeFor[map[string]int](),
	}
	kind := r.IntN(8)
	switch {
	case depth > 0 && kind == 0:
		return reflect.ArrayOf(r.IntN(3), madeType(r, depth-1))
	case depth > 0 && kind < 3:
		var fs []reflect.StructField
		for i := range r.IntN(4) {
			fs = append(fs, reflect.StructField{Name: fieldName(i), Type: madeType(r, depth-1)})
		}
		return reflect.StructOf(fs)
	}
	return plain[r.IntN(len(plain))]
}

// argumentOf makes a value of type t, different for each n.
func argumentOf(t reflect.Type, n int) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(n%2 == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(-n))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(uint64(200 + n))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(n) + 0.25)
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(float64(n), 0.5))
	case reflect.String:
		v.SetString(strings.Repeat("ab", n+20))
	case reflect.Pointer:
		p := reflect.New(t.Elem())
		p.Elem().Set(argumentOf(t.Elem(), n))
		v.Set(p)
	case reflect.Interface:
		if t.NumMethod() == 0 {
			v.Set(reflect.ValueOf(strings.Repeat("i", n)))
		} else {
			v.Set(reflect.ValueOf(errors.New(strings.Repeat("e", n))))
		}
	case reflect.Slice:
		for i := range 3 {
			v = reflect.Append(v, argumentOf(t.Elem(), n+i))
		}
	case reflect.Array:
		for i := range t.Len() {
			v.Index(i).Set(argumentOf(t.Elem(), n+i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(argumentOf(t.Key(), n), argumentOf(t.Elem(), n))
	case reflect.Chan:
		v.Set(reflect.MakeChan(t, 1))
	case reflect.Func:
		v.Set(reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value { return in[:t.NumOut()] }))
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.Name != "_" && f.IsExported() {
				v.Field(i).Set(argumentOf(f.Type, n+i))
			}
		}
	}
	return v
}
