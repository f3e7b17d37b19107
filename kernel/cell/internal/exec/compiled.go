package exec

import (
	"math"
	"reflect"
	"runtime"
	"unsafe"
)

// Compiled functions are called as compiled code calls them. Which registers
// their arguments and results travel in follows from how the types lie in
// memory (Go's internal calling convention, cmd/compile/abi-internal.md), so
// one function type with all registers as parameters serves every function
// whose arguments fit in them. The few others go through package reflect, as all
// do where the convention is another.

// calling is how a compiled function of one type is called.
type calling struct {
	ft      reflect.Type // of the function, with the receiver as first parameter
	layout  *sigLayout   // of the block, without it
	recvT   reflect.Type // nil for none
	instead func()       // called in its place

	form    form // of the results; reflected for a call through reflection
	recv    []slot
	args    []slot
	results []slot
}

// slot is a part of a value that travels in one register.
type slot struct {
	off   uintptr
	class class
	size  uint8
}

type class uint8

const (
	aPointer class = iota
	anInteger
	aFloat
)

// The registers that a call here can fill. Machines have more for floats, and
// some for integers.
const (
	intRegisters   = 9
	floatRegisters = 4
)

type registers struct {
	i [intRegisters]uintptr
	x [floatRegisters]float64
}

// returned is what a call left in registers, pointers apart from integers for
// the garbage collector.
type returned struct {
	p [maxResults]unsafe.Pointer
	i [maxResults]uintptr
	x [2]float64
}

const maxResults = 5

// conventional says that this build follows the convention. It is tried on numbers
// alone, which a compiler of another mind would only mix up.
var conventional = (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64") && follows()

func follows() bool {
	type part struct {
		A int8
		B float32
		C [1]uint16
	}
	sums := func(p part, n int, x float64, on bool) (int, int) {
		if !on {
			n = -n
		}
		return int(p.A) + 10*int(p.C[0]) + 100*n, int(2*p.B) + 10*int(x)
	}
	ratio := func(x float64, n, m int) (int, float64) { return n - m, x / float64(n) }
	r := registers{i: [intRegisters]uintptr{7, 2, 3, 1}, x: [floatRegisters]float64{0: math.Float64frombits(uint64(math.Float32bits(1.5))), 1: 4}}
	a, b := two[uintptr, uintptr](*(*unsafe.Pointer)(unsafe.Pointer(&sums)), &r)
	r = registers{i: [intRegisters]uintptr{4, 1}, x: [floatRegisters]float64{3}}
	c, d := two[uintptr, float64](*(*unsafe.Pointer)(unsafe.Pointer(&ratio)), &r)
	return a == 327 && b == 43 && c == 3 && d == 0.75
}

// newCalling prepares calls of functions of type ft.
func newCalling(ft reflect.Type, l *sigLayout, recvT reflect.Type) *calling {
	c := &calling{ft: ft, layout: l, recvT: recvT}
	if !conventional {
		return c
	}
	skip, fits := 0, true
	var room uintptr // that callees may store their arguments in, which their caller keeps
	if recvT != nil {
		room = (recvT.Size() + 7) &^ 7
		skip, fits = 1, ft.In(0) == recvT
		c.recv, fits = passed(c.recv, recvT, 0, fits)
	}
	for i, t := range l.params {
		c.args, fits = passed(c.args, t, l.paramOffs[i], fits && ft.In(i+skip) == t)
		room += (t.Size() + 7) &^ 7
	}
	for i, t := range l.results {
		c.results, fits = passed(c.results, t, l.resultOffs[i], fits && ft.Out(i) == t)
	}
	ints, floats := count(append(c.recv[:len(c.recv):len(c.recv)], c.args...))
	if !fits || ints > intRegisters || floats > floatRegisters || room > (intRegisters+floatRegisters)*8 {
		return c
	}
	c.form = forms[formOf(c.results)]
	return c
}

// passed appends the parts of an argument or a result of type t at off, in the
// order in which they are given registers; fits is false if it travels in memory.
func passed(s []slot, t reflect.Type, off uintptr, fits bool) ([]slot, bool) {
	if !fits || t.Size() == 0 { // an empty value travels nowhere
		return s, fits
	}
	return slots(s, t, off)
}

func slots(s []slot, t reflect.Type, off uintptr) ([]slot, bool) {
	word := unsafe.Sizeof(uintptr(0))
	switch t.Kind() {
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func:
		s = append(s, slot{off, aPointer, uint8(word)})
	case reflect.Float32, reflect.Float64:
		s = append(s, slot{off, aFloat, uint8(t.Size())})
	case reflect.Complex64, reflect.Complex128:
		half := t.Size() / 2
		s = append(s, slot{off, aFloat, uint8(half)}, slot{off + half, aFloat, uint8(half)})
	case reflect.String:
		s = append(s, slot{off, aPointer, uint8(word)}, slot{off + word, anInteger, uint8(word)})
	case reflect.Interface:
		s = append(s, slot{off, aPointer, uint8(word)}, slot{off + word, aPointer, uint8(word)})
	case reflect.Slice:
		s = append(s, slot{off, aPointer, uint8(word)}, slot{off + word, anInteger, uint8(word)}, slot{off + 2*word, anInteger, uint8(word)})
	case reflect.Array:
		if t.Len() == 1 {
			return slots(s, t.Elem(), off)
		}
		return s, t.Len() == 0
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			var fits bool
			if s, fits = slots(s, f.Type, off+f.Offset); !fits {
				return s, false
			}
		}
	default:
		s = append(s, slot{off, anInteger, uint8(t.Size())})
	}
	return s, true
}

func count(s []slot) (ints, floats int) {
	for _, x := range s {
		if x.class == aFloat {
			floats++
		} else {
			ints++
		}
	}
	return ints, floats
}

// form names the registers that hold results: P and I for pointers and
// integers, in their order, and X for floats, which have registers of their own
// and are named last.
type form uint8

const (
	reflected form = iota
	formNone
	formP
	formI
	formX
	formPP
	formPI
	formIP
	formII
	formIX
	formXX
	formPPP
	formPPI
	formPII
	formIPP
	formIIP
	formPPX
	formPIPP
	formPIPI
	formPPPP
	formPIIPP
	formIIPPP
	formPIPII
)

var forms = map[string]form{
	"":      formNone,
	"P":     formP,
	"I":     formI,
	"X":     formX,
	"PP":    formPP,
	"PI":    formPI,
	"IP":    formIP,
	"II":    formII,
	"IX":    formIX,
	"XX":    formXX,
	"PPP":   formPPP,
	"PPI":   formPPI,
	"PII":   formPII,
	"IPP":   formIPP,
	"IIP":   formIIP,
	"PPX":   formPPX,
	"PIPP":  formPIPP,
	"PIPI":  formPIPI,
	"PPPP":  formPPPP,
	"PIIPP": formPIIPP,
	"IIPPP": formIIPPP,
	"PIPII": formPIPII,
}

func formOf(results []slot) string {
	ints, floats := "", ""
	for _, s := range results {
		if s.class == aFloat {
			floats += "X"
		} else {
			ints += string("PI"[s.class])
		}
	}
	return ints + floats
}

// call calls fn with the receiver at recv and the arguments in block, where it
// leaves the results.
func (c *calling) call(fn, recv, block unsafe.Pointer) {
	if c.instead != nil {
		c.instead()
		return
	}
	if c.form == reflected {
		c.reflect(fn, recv, block)
		return
	}
	var r registers
	i, x := r.load(c.recv, recv, 0, 0)
	r.load(c.args, block, i, x)
	var out returned
	out.of(c.form, fn, &r)
	runtime.KeepAlive(recv) // registers do not keep what pointers lead to
	out.store(c.results, block)
}

func (r *registers) load(s []slot, p unsafe.Pointer, i, x int) (int, int) {
	for k := range s {
		q := unsafe.Add(p, s[k].off)
		if s[k].class == aFloat {
			if s[k].size == 4 {
				r.x[x] = math.Float64frombits(uint64(*(*uint32)(q)))
			} else {
				r.x[x] = *(*float64)(q)
			}
			x++
			continue
		}
		switch s[k].size {
		case 8:
			r.i[i] = uintptr(*(*uint64)(q))
		case 4:
			r.i[i] = uintptr(*(*uint32)(q))
		case 2:
			r.i[i] = uintptr(*(*uint16)(q))
		case 1:
			r.i[i] = uintptr(*(*uint8)(q))
		}
		i++
	}
	return i, x
}

func (out *returned) store(s []slot, p unsafe.Pointer) {
	i, x := 0, 0
	for k := range s {
		q := unsafe.Add(p, s[k].off)
		switch {
		case s[k].class == aFloat:
			if s[k].size == 4 {
				*(*uint32)(q) = uint32(math.Float64bits(out.x[x]))
			} else {
				*(*float64)(q) = out.x[x]
			}
			x++
			continue
		case s[k].class == aPointer:
			*(*unsafe.Pointer)(q) = out.p[i]
		case s[k].size == 8:
			*(*uint64)(q) = uint64(out.i[i])
		case s[k].size == 4:
			*(*uint32)(q) = uint32(out.i[i])
		case s[k].size == 2:
			*(*uint16)(q) = uint16(out.i[i])
		default:
			*(*uint8)(q) = uint8(out.i[i])
		}
		i++
	}
}

// of calls fn, whose results have the given form.
func (out *returned) of(f form, fn unsafe.Pointer, r *registers) {
	type ptr = unsafe.Pointer
	p, i, x := &out.p, &out.i, &out.x
	switch f {
	case formNone:
		none(fn, r)
	case formP:
		p[0] = one[ptr](fn, r)
	case formI:
		i[0] = one[uintptr](fn, r)
	case formX:
		x[0] = one[float64](fn, r)
	case formPP:
		p[0], p[1] = two[ptr, ptr](fn, r)
	case formPI:
		p[0], i[1] = two[ptr, uintptr](fn, r)
	case formIP:
		i[0], p[1] = two[uintptr, ptr](fn, r)
	case formII:
		i[0], i[1] = two[uintptr, uintptr](fn, r)
	case formIX:
		i[0], x[0] = two[uintptr, float64](fn, r)
	case formXX:
		x[0], x[1] = two[float64, float64](fn, r)
	case formPPP:
		p[0], p[1], p[2] = three[ptr, ptr, ptr](fn, r)
	case formPPI:
		p[0], p[1], i[2] = three[ptr, ptr, uintptr](fn, r)
	case formPII:
		p[0], i[1], i[2] = three[ptr, uintptr, uintptr](fn, r)
	case formIPP:
		i[0], p[1], p[2] = three[uintptr, ptr, ptr](fn, r)
	case formIIP:
		i[0], i[1], p[2] = three[uintptr, uintptr, ptr](fn, r)
	case formPPX:
		p[0], p[1], x[0] = three[ptr, ptr, float64](fn, r)
	case formPIPP:
		p[0], i[1], p[2], p[3] = four[ptr, uintptr, ptr, ptr](fn, r)
	case formPIPI:
		p[0], i[1], p[2], i[3] = four[ptr, uintptr, ptr, uintptr](fn, r)
	case formPPPP:
		p[0], p[1], p[2], p[3] = four[ptr, ptr, ptr, ptr](fn, r)
	case formPIIPP:
		p[0], i[1], i[2], p[3], p[4] = five[ptr, uintptr, uintptr, ptr, ptr](fn, r)
	case formIIPPP:
		i[0], i[1], p[2], p[3], p[4] = five[uintptr, uintptr, ptr, ptr, ptr](fn, r)
	case formPIPII:
		p[0], i[1], p[2], i[3], i[4] = five[ptr, uintptr, ptr, uintptr, uintptr](fn, r)
	}
}

func none(fn unsafe.Pointer, r *registers) {
	f := *(*func(a, b, c, d, e, f, g, h, i uintptr, w, x, y, z float64))(unsafe.Pointer(&fn))
	f(r.i[0], r.i[1], r.i[2], r.i[3], r.i[4], r.i[5], r.i[6], r.i[7], r.i[8], r.x[0], r.x[1], r.x[2], r.x[3])
}

func one[A any](fn unsafe.Pointer, r *registers) A {
	f := *(*func(a, b, c, d, e, f, g, h, i uintptr, w, x, y, z float64) A)(unsafe.Pointer(&fn))
	return f(r.i[0], r.i[1], r.i[2], r.i[3], r.i[4], r.i[5], r.i[6], r.i[7], r.i[8], r.x[0], r.x[1], r.x[2], r.x[3])
}

func two[A, B any](fn unsafe.Pointer, r *registers) (A, B) {
	f := *(*func(a, b, c, d, e, f, g, h, i uintptr, w, x, y, z float64) (A, B))(unsafe.Pointer(&fn))
	return f(r.i[0], r.i[1], r.i[2], r.i[3], r.i[4], r.i[5], r.i[6], r.i[7], r.i[8], r.x[0], r.x[1], r.x[2], r.x[3])
}

func three[A, B, C any](fn unsafe.Pointer, r *registers) (A, B, C) {
	f := *(*func(a, b, c, d, e, f, g, h, i uintptr, w, x, y, z float64) (A, B, C))(unsafe.Pointer(&fn))
	return f(r.i[0], r.i[1], r.i[2], r.i[3], r.i[4], r.i[5], r.i[6], r.i[7], r.i[8], r.x[0], r.x[1], r.x[2], r.x[3])
}

func four[A, B, C, D any](fn unsafe.Pointer, r *registers) (A, B, C, D) {
	f := *(*func(a, b, c, d, e, f, g, h, i uintptr, w, x, y, z float64) (A, B, C, D))(unsafe.Pointer(&fn))
	return f(r.i[0], r.i[1], r.i[2], r.i[3], r.i[4], r.i[5], r.i[6], r.i[7], r.i[8], r.x[0], r.x[1], r.x[2], r.x[3])
}

func five[A, B, C, D, E any](fn unsafe.Pointer, r *registers) (A, B, C, D, E) {
	f := *(*func(a, b, c, d, e, f, g, h, i uintptr, w, x, y, z float64) (A, B, C, D, E))(unsafe.Pointer(&fn))
	return f(r.i[0], r.i[1], r.i[2], r.i[3], r.i[4], r.i[5], r.i[6], r.i[7], r.i[8], r.x[0], r.x[1], r.x[2], r.x[3])
}

// reflect makes the call through package reflect.
func (c *calling) reflect(fn, recv, block unsafe.Pointer) {
	l := c.layout
	in := make([]reflect.Value, 0, len(l.params)+1)
	if c.recvT != nil {
		in = append(in, reflect.NewAt(c.recvT, recv).Elem())
	}
	for i, t := range l.params {
		v := reflect.NewAt(t, unsafe.Add(block, l.paramOffs[i])).Elem()
		if want := c.ft.In(len(in)); want != t && t.Kind() != reflect.Interface {
			v = v.Convert(want) // an instance of a generic type that was built here
		}
		in = append(in, v)
	}
	f := reflect.NewAt(c.ft, unsafe.Pointer(&fn)).Elem()
	var out []reflect.Value
	if l.variadic {
		out = f.CallSlice(in)
	} else {
		out = f.Call(in)
	}
	for i, t := range l.results {
		v := out[i]
		if v.Type() != t {
			v = v.Convert(t)
		}
		reflect.NewAt(t, unsafe.Add(block, l.resultOffs[i])).Elem().Set(v)
	}
}
