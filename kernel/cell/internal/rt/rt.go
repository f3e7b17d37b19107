// Package rt builds Go types while the program runs: named types with their
// methods, structs with private and embedded fields, interfaces.
//
// A type built here is a real reflect.Type: fmt, encoding/json, errors.As, type
// switches, map keys and the garbage collector treat it as they treat compiled
// types. A named type is made in three steps: Declare gives it an identity, so
// that its pointer type may be used at once; Define completes it with its
// underlying type; SetMethods gives it and its pointer their method sets.
//
// A method is entered through one of a fixed table of entry points (assembly,
// two instructions each) that loads a context and jumps to reflect's stub for
// MakeFunc. The package depends on the layout of type descriptors and is
// tested against the Go version it is built with.
package rt

import (
	"errors"
	"reflect"
	"sort"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

//go:linkname addReflectOff reflect.addReflectOff
func addReflectOff(ptr unsafe.Pointer) int32

var (
	mu     sync.Mutex
	keep   []any // descriptors are never freed: the runtime holds bare offsets to them
	seq    uint32
	entry0 int
)

// ErrFull is returned when the table of method entry points is used up.
var ErrFull = errors.New("too many methods were defined in this session; restart it")

// Pointer is the descriptor of t.
func Pointer(t reflect.Type) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&t))[1] }

// TypeAt is the type whose descriptor is p.
func TypeAt(p unsafe.Pointer) reflect.Type {
	t := reflect.TypeOf(0)
	(*[2]unsafe.Pointer)(unsafe.Pointer(&t))[1] = p
	return t
}

// Direct reports whether an interface holds values of t in its data word
// itself.
func Direct(t reflect.Type) bool { return (*header)(Pointer(t)).TFlag&flagDirect != 0 }

func nextHash() uint32 {
	seq = seq*1664525 + 1013904223
	return seq
}

func hold(x any) {
	keep = append(keep, x)
}

// Exported reports whether a name begins with an upper-case letter.
func Exported(s string) bool { r, _ := utf8.DecodeRuneInString(s); return unicode.IsUpper(r) }

// encode writes a name as type descriptors hold it: flags, length, bytes.
func encode(name, tag string, exported, embedded bool) unsafe.Pointer {
	var flags byte
	if exported {
		flags |= 1
	}
	if tag != "" {
		flags |= 2
	}
	if embedded {
		flags |= 8
	}
	b := []byte{flags}
	put := func(s string) {
		n := len(s)
		for n >= 0x80 {
			b = append(b, byte(n)|0x80)
			n >>= 7
		}
		b = append(append(b, byte(n)), s...)
	}
	put(name)
	if tag != "" {
		put(tag)
	}
	hold(b)
	return unsafe.Pointer(&b[0])
}

func nameOffset(s string) int32 { return addReflectOff(encode(s, "", Exported(s), false)) }

func init() { addReflectOff(unsafe.Pointer(new(int))) }

// Named is a named type under construction or complete. With an empty name it
// is an unnamed type whose parts are not complete yet.
type Named struct {
	Type, Ptr reflect.Type

	h      *header
	u      *uncommon
	m      unsafe.Pointer // the method array
	p      *pointerType
	define func(reflect.Type)
}

// words is the size of kinds whose size does not depend on their parts.
var words = map[reflect.Kind]reflect.Type{
	reflect.Map: reflect.TypeFor[map[int]int](), reflect.Chan: reflect.TypeFor[chan int](),
	reflect.Pointer: reflect.TypeFor[*int](), reflect.Func: reflect.TypeFor[func()](),
	reflect.Slice: reflect.TypeFor[[]int](), reflect.Interface: reflect.TypeFor[error](),
}

// Declare begins a type of the given kind. Its pointer and slice types may be
// used at once; structs and maps that hold it by value only after Define.
func Declare(pkg, name string, k reflect.Kind) *Named {
	mu.Lock()
	defer mu.Unlock()
	t := &Named{}
	var self unsafe.Pointer
	full := pkg + "." + name
	head := func(u reflect.Type) {
		src := *(*header)(Pointer(u))
		str, ptt, h := t.h.Str, t.h.PtrToThis, t.h.Hash
		*t.h = src
		if name == "" { // unnamed: keep the text, and no pointer type that points elsewhere
			t.h.PtrToThis = 0
			t.h.TFlag &^= flagUncommon
			return
		}
		t.h.Str, t.h.PtrToThis, t.h.Hash = str, ptt, h
		t.h.TFlag = t.h.TFlag&^flagExtraStar | flagUncommon | flagNamed
	}
	switch k {
	case reflect.Struct:
		x := new(structType)
		t.h, t.u, t.m, self = &x.header, &x.u, unsafe.Pointer(&x.m), unsafe.Pointer(x)
		t.define = func(u reflect.Type) { s := (*structType)(Pointer(u)); head(u); x.Pkg, x.Fields = s.Pkg, s.Fields }
	case reflect.Slice, reflect.Pointer:
		x := new(pointerType)
		t.h, t.u, t.m, self = &x.header, &x.u, unsafe.Pointer(&x.m), unsafe.Pointer(x)
		t.define = func(u reflect.Type) { s := (*pointerType)(Pointer(u)); head(u); x.Elem = s.Elem }
	case reflect.Array:
		x := new(arrayType)
		t.h, t.u, t.m, self = &x.header, &x.u, unsafe.Pointer(&x.m), unsafe.Pointer(x)
		t.define = func(u reflect.Type) {
			s := (*arrayType)(Pointer(u))
			head(u)
			x.Elem, x.Slice, x.Len = s.Elem, s.Slice, s.Len
		}
	case reflect.Chan:
		x := new(chanType)
		t.h, t.u, t.m, self = &x.header, &x.u, unsafe.Pointer(&x.m), unsafe.Pointer(x)
		t.define = func(u reflect.Type) { s := (*chanType)(Pointer(u)); head(u); x.Elem, x.Dir = s.Elem, s.Dir }
	case reflect.Map:
		x := new(mapType)
		t.h, t.u, t.m, self = &x.header, &x.u, unsafe.Pointer(&x.m), unsafe.Pointer(x)
		t.define = func(u reflect.Type) { s := (*mapType)(Pointer(u)); head(u); x.mapBody = s.mapBody }
	case reflect.Func:
		x := new(funcType)
		t.h, t.u, t.m, self = &x.header, &x.u, unsafe.Pointer(&x.m), unsafe.Pointer(x)
		t.define = func(u reflect.Type) {
			head(u)
			x.In, x.Out = uint16(u.NumIn()), uint16(u.NumOut())
			if u.IsVariadic() {
				x.Out |= 1 << 15
			}
			for i := range u.NumIn() {
				x.params[i] = Pointer(u.In(i))
			}
			for i := range u.NumOut() {
				x.params[u.NumIn()+i] = Pointer(u.Out(i))
			}
		}
	case reflect.Interface:
		x := new(interfaceType)
		t.h, t.u, t.m, self = &x.header, &x.u, unsafe.Pointer(&x.m), unsafe.Pointer(x)
		t.define = func(u reflect.Type) { s := (*interfaceType)(Pointer(u)); head(u); x.Pkg, x.Methods = s.Pkg, s.Methods }
	default:
		x := new(basicType)
		t.h, t.u, t.m, self = &x.header, &x.u, unsafe.Pointer(&x.m), unsafe.Pointer(x)
		t.define = head
	}
	if w := words[k]; w != nil {
		*t.h = *(*header)(Pointer(w))
		t.h.PtrToThis = 0
	}
	t.h.Kind = uint8(k)
	t.h.Hash = nextHash()
	hold(t)
	t.Type = TypeAt(self)
	if name == "" {
		t.h.TFlag &^= flagNamed | flagUncommon | flagExtraStar
		t.h.Str = addReflectOff(encode("?", "", false, false))
		return t
	}
	t.h.TFlag = t.h.TFlag&^flagExtraStar | flagUncommon | flagNamed
	t.h.Str = addReflectOff(encode(full, "", Exported(name), false))
	t.point(pkg, "*"+full)
	return t
}

// point makes the type's pointer type, which has room for methods.
func (t *Named) point(pkg, name string) {
	p := new(pointerType)
	p.header = (*pointerType)(Pointer(reflect.TypeFor[*int]())).header
	p.Hash = nextHash()
	p.TFlag = p.TFlag&^(flagExtraStar|flagNamed) | flagUncommon
	p.Str = addReflectOff(encode(name, "", false, false))
	p.PtrToThis = 0
	p.Elem = Pointer(t.Type)
	p.u.PkgPath = nameOffset(pkg)
	t.u.PkgPath = nameOffset(pkg)
	t.h.PtrToThis = addReflectOff(unsafe.Pointer(p))
	hold(p)
	t.p = p
	t.Ptr = TypeAt(unsafe.Pointer(p))
}

// Define completes the type with its underlying type.
func (t *Named) Define(u reflect.Type) {
	mu.Lock()
	defer mu.Unlock()
	t.define(u)
}

// Field is a field of a struct to build.
type Field struct {
	Name, Tag string
	Type      reflect.Type
	Embedded  bool
}

var (
	structs    = map[string][]reflect.Type{}
	promoting  = map[reflect.Type]*Named{}
	interfaces = map[string][]reflect.Type{}
)

// Struct is reflect.StructOf without its limits on embedded fields.
func Struct(pkg string, fields []Field) reflect.Type {
	plain := true
	for _, f := range fields {
		plain = plain && !f.Embedded && f.Name != "_"
	}
	sf := make([]reflect.StructField, len(fields))
	var key strings.Builder
	key.WriteString("struct {")
	for i, f := range fields {
		sf[i] = reflect.StructField{Name: f.Name, Type: f.Type, Tag: reflect.StructTag(f.Tag)}
		if !Exported(f.Name) {
			sf[i].PkgPath = pkg
		}
		if !plain {
			sf[i] = reflect.StructField{Name: "F" + string(rune('A'+i/26%26)) + string(rune('A'+i%26)) + string(rune('A'+i/676)), Type: f.Type}
		}
		if i > 0 {
			key.WriteByte(';')
		}
		key.WriteByte(' ')
		if !f.Embedded {
			key.WriteString(f.Name + " ")
		}
		key.WriteString(f.Type.String())
		if f.Tag != "" {
			key.WriteString(" \"" + strings.ReplaceAll(f.Tag, `"`, `\"`) + "\"")
		}
	}
	if len(fields) > 0 {
		key.WriteByte(' ')
	}
	key.WriteByte('}')
	base := reflect.StructOf(sf)
	if plain {
		return base
	}
	mu.Lock()
	defer mu.Unlock()
	for _, c := range structs[key.String()] {
		if sameFields(c, fields) {
			return c
		}
	}
	s := (*structType)(Pointer(base))
	x := new(structType)
	x.header = s.header
	x.Hash = nextHash()
	x.TFlag &^= flagExtraStar | flagUncommon
	x.Str = addReflectOff(encode(key.String(), "", false, false))
	x.PtrToThis = 0
	x.Pkg = s.Pkg
	for i, f := range fields {
		e := s.Fields[i]
		e.Name = encode(f.Name, f.Tag, Exported(f.Name), f.Embedded)
		if !Exported(f.Name) {
			x.Pkg = encode(pkg, "", false, false)
		}
		x.Fields = append(x.Fields, e)
	}
	hold(x)
	r := TypeAt(unsafe.Pointer(x))
	skipBlank(x, r)
	structs[key.String()] = append(structs[key.String()], r)
	n := &Named{Type: r, h: &x.header, u: &x.u, m: unsafe.Pointer(&x.m)}
	n.point(pkg, "*"+key.String())
	hold(n)
	promoting[r] = n
	return r
}

// Promoting is the handle by which an unnamed struct made here gets the methods
// of its embedded fields; nil if it has no embedded fields.
func Promoting(t reflect.Type) *Named {
	mu.Lock()
	defer mu.Unlock()
	return promoting[t]
}

// skipBlank makes comparison leave out fields called _, as Go's does.
func skipBlank(x *structType, t reflect.Type) {
	blank := false
	for i := range t.NumField() {
		blank = blank || t.Field(i).Name == "_"
	}
	if !blank || x.Equal == nil {
		return
	}
	x.TFlag &^= flagRegular
	eq := func(p, q unsafe.Pointer) bool {
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Name == "_" {
				continue
			}
			h := (*header)(Pointer(f.Type))
			same := *(*func(p, q unsafe.Pointer) bool)(unsafe.Pointer(&h.Equal))
			if !same(unsafe.Add(p, f.Offset), unsafe.Add(q, f.Offset)) {
				return false
			}
		}
		return true
	}
	hold(eq)
	x.Equal = *(*unsafe.Pointer)(unsafe.Pointer(&eq))
}

func sameFields(t reflect.Type, fs []Field) bool {
	if t.NumField() != len(fs) {
		return false
	}
	for i, f := range fs {
		g := t.Field(i)
		if g.Name != f.Name || g.Type != f.Type || string(g.Tag) != f.Tag || g.Anonymous != f.Embedded {
			return false
		}
	}
	return true
}

// InterfaceMethod is a method of an interface to build.
type InterfaceMethod struct {
	Name string
	Type reflect.Type
}

// Interface builds an unnamed interface type.
func Interface(pkg string, ms []InterfaceMethod) reflect.Type {
	if len(ms) == 0 {
		return reflect.TypeFor[any]()
	}
	sort.Slice(ms, func(i, j int) bool { return ms[i].Name < ms[j].Name })
	var b strings.Builder
	b.WriteString("interface {")
	for i, m := range ms {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(" ")
		if !Exported(m.Name) {
			b.WriteString(pkg + ".")
		}
		b.WriteString(m.Name + strings.TrimPrefix(m.Type.String(), "func"))
	}
	b.WriteString(" }")
	key := b.String()
	mu.Lock()
	defer mu.Unlock()
next:
	for _, c := range interfaces[key] {
		for i, m := range ms {
			if c.Method(i).Name != m.Name || c.Method(i).Type != m.Type {
				continue next
			}
		}
		return c
	}
	x := new(interfaceType)
	x.header = *(*header)(Pointer(reflect.TypeFor[error]()))
	x.Hash = nextHash()
	x.TFlag = x.TFlag &^ (flagExtraStar | flagUncommon | flagNamed)
	x.Str = addReflectOff(encode(key, "", false, false))
	x.PtrToThis = 0
	x.Pkg = encode(pkg, "", false, false)
	for _, m := range ms {
		x.Methods = append(x.Methods, imethod{nameOffset(m.Name), addReflectOff(Pointer(m.Type))})
	}
	hold(x)
	r := TypeAt(unsafe.Pointer(x))
	interfaces[key] = append(interfaces[key], r)
	return r
}

// Method describes a method. Call takes a pointer to the receiver (the
// receiver itself for OnPtr) and the arguments.
type Method struct {
	Name  string
	OnPtr bool
	Sig   reflect.Type // without receiver
	Call  func(recv unsafe.Pointer, args []reflect.Value) []reflect.Value
}

func stub(ft reflect.Type, fn func([]reflect.Value) []reflect.Value) (int32, error) {
	if entry0 == numEntries {
		return 0, ErrFull
	}
	v := reflect.MakeFunc(ft, fn).Interface()
	hold(v)
	contexts[entry0] = (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1]
	c := entry(entry0)
	entry0++
	return addReflectOff(c), nil
}

func withReceiver(recv, sig reflect.Type) reflect.Type {
	in := []reflect.Type{recv}
	for i := range sig.NumIn() {
		in = append(in, sig.In(i))
	}
	var out []reflect.Type
	for i := range sig.NumOut() {
		out = append(out, sig.Out(i))
	}
	return reflect.FuncOf(in, out, sig.IsVariadic())
}

// SetMethods gives the type and its pointer their method sets. It must be
// called before values of the type meet an interface.
func (t *Named) SetMethods(ms []Method) error {
	mu.Lock()
	defer mu.Unlock()
	if len(ms) > maxMethods {
		return errors.New("a type may have at most 128 methods in a cell")
	}
	// Exported names sort before the others in ASCII, as the runtime wants them.
	sort.Slice(ms, func(i, j int) bool { return ms[i].Name < ms[j].Name })
	word := reflect.TypeFor[unsafe.Pointer]()
	direct := t.h.TFlag&flagDirect != 0
	var onValue, onPtr []method
	xv, xp := 0, 0
	for _, m := range ms {
		nm, mt := nameOffset(m.Name), addReflectOff(Pointer(m.Sig))
		viaPtr, err := stub(withReceiver(word, m.Sig), func(a []reflect.Value) []reflect.Value {
			return m.Call(a[0].UnsafePointer(), a[1:])
		})
		if err != nil {
			return err
		}
		onPtr = append(onPtr, method{nm, mt, viaPtr, viaPtr})
		if Exported(m.Name) {
			xp++
		}
		if m.OnPtr {
			continue
		}
		byValue, err := stub(withReceiver(t.Type, m.Sig), func(a []reflect.Value) []reflect.Value {
			p := reflect.New(t.Type)
			p.Elem().Set(a[0])
			return m.Call(p.UnsafePointer(), a[1:])
		})
		if err != nil {
			return err
		}
		ifn := viaPtr
		if direct {
			ifn = byValue
		}
		onValue = append(onValue, method{nm, mt, ifn, byValue})
		if Exported(m.Name) {
			xv++
		}
	}
	fill := func(u *uncommon, arr unsafe.Pointer, m []method, x int) {
		u.Off = uint32(uintptr(arr) - uintptr(unsafe.Pointer(u)))
		copy((*[maxMethods]method)(arr)[:], m)
		u.M, u.X = uint16(len(m)), uint16(x)
	}
	t.h.TFlag |= flagUncommon
	fill(&t.p.u, unsafe.Pointer(&t.p.m), onPtr, xp)
	if t.Type.Kind() != reflect.Interface {
		fill(t.u, t.m, onValue, xv)
	}
	return nil
}
