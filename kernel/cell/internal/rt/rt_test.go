package rt

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"unsafe"
)

func TestNamedStructWithMethods(t *testing.T) {
	p := Declare("main", "P", reflect.Struct)
	u := Struct("main", []Field{{Name: "X", Type: reflect.TypeFor[int](), Tag: `json:"x"`}, {Name: "next", Type: p.Ptr}})
	p.Define(u)
	err := p.SetMethods([]Method{
		{Name: "String", Sig: reflect.TypeFor[func() string](), Call: func(r unsafe.Pointer, a []reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.ValueOf(fmt.Sprintf("P<%d>", *(*int)(r)))}
		}},
		{Name: "Add", OnPtr: true, Sig: reflect.TypeFor[func(int)](), Call: func(r unsafe.Pointer, a []reflect.Value) []reflect.Value {
			*(*int)(r) += int(a[0].Int())
			return nil
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		v := reflect.New(p.Type)
		v.Interface().(interface{ Add(int) }).Add(41)
		v.Interface().(interface{ Add(int) }).Add(1)
		runtime.GC()
		for want, got := range map[string]string{
			"P<42>":             fmt.Sprint(v.Elem().Interface()),
			"[P<42>]":           fmt.Sprint(reflect.Append(reflect.MakeSlice(reflect.SliceOf(p.Type), 0, 1), v.Elem()).Interface()),
			"main.P *main.P":    fmt.Sprintf("%T %T", v.Elem().Interface(), v.Interface()),
			"main.P{X:42, next": fmt.Sprintf("%#v", v.Elem().Interface())[:17],
		} {
			if got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
		b, err := json.Marshal(v.Interface())
		if err != nil || string(b) != `{"x":42}` {
			t.Fatalf("%s %v", b, err)
		}
	}
}

func TestLastEntryWorks(t *testing.T) {
	if numEntries == 0 {
		t.Skip("no entry points on this architecture")
	}
	saved := entry0
	entry0 = numEntries - 2
	p := Declare("main", "Q", reflect.Int)
	p.Define(reflect.TypeFor[int]())
	m := []Method{{Name: "String", Sig: reflect.TypeFor[func() string](), Call: func(r unsafe.Pointer, a []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf("q" + fmt.Sprint(*(*int)(r)))}
	}}}
	if err := p.SetMethods(m); err != nil {
		t.Fatal(err)
	}
	v := reflect.New(p.Type).Elem()
	v.SetInt(7)
	if s := fmt.Sprint(v.Interface()); s != "q7" {
		t.Fatal(s)
	}
	if err := Declare("main", "R", reflect.Int).SetMethods(m); err != ErrFull {
		t.Fatalf("got %v, want %v", err, ErrFull)
	}
	entry0 = saved
}
