package exec

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// pendingType is a named type that is declared and not yet defined.
type pendingType struct {
	n       *rt.Named
	running bool
}

// hole is an unnamed type that could not be built yet because a part of it is
// not complete.
type hole struct {
	n     *rt.Named
	build func() reflect.Type
}

// lateType is a named type whose underlying type is a hole.
type lateType struct {
	n *rt.Named
	u reflect.Type
}

// namedType is a type with methods made here: a named one, or an unnamed struct
// that has those of its embedded fields.
type namedType struct {
	t types.Type
	n *rt.Named
}

var basicTypes = map[types.BasicKind]reflect.Type{
	types.Bool: reflect.TypeFor[bool](), types.Int: reflect.TypeFor[int](), types.Int8: reflect.TypeFor[int8](),
	types.Int16: reflect.TypeFor[int16](), types.Int32: reflect.TypeFor[int32](), types.Int64: reflect.TypeFor[int64](),
	types.Uint: reflect.TypeFor[uint](), types.Uint8: reflect.TypeFor[uint8](), types.Uint16: reflect.TypeFor[uint16](),
	types.Uint32: reflect.TypeFor[uint32](), types.Uint64: reflect.TypeFor[uint64](), types.Uintptr: reflect.TypeFor[uintptr](),
	types.Float32: reflect.TypeFor[float32](), types.Float64: reflect.TypeFor[float64](),
	types.Complex64: reflect.TypeFor[complex64](), types.Complex128: reflect.TypeFor[complex128](),
	types.String: reflect.TypeFor[string](), types.UnsafePointer: reflect.TypeFor[unsafe.Pointer](),
	types.UntypedBool: reflect.TypeFor[bool](), types.UntypedInt: reflect.TypeFor[int](), types.UntypedRune: reflect.TypeFor[rune](),
	types.UntypedFloat: reflect.TypeFor[float64](), types.UntypedComplex: reflect.TypeFor[complex128](),
	types.UntypedString: reflect.TypeFor[string](), types.UntypedNil: reflect.TypeFor[unsafe.Pointer](),
}

// rtype returns the complete run-time type of t.
func (m *Machine) rtype(t types.Type) reflect.Type {
	r, ok := m.types.At(t).(reflect.Type)
	if !ok || len(m.pending) > 0 || len(m.holes) > 0 {
		r = m.build(t, true)
		m.finish()
	}
	m.promote(t, r)
	return r
}

// promote gives an unnamed struct, or what the pointer t points to, the methods
// of its embedded fields. It is put off until the type is used for itself and
// not only as the underlying type of a named one.
func (m *Machine) promote(t types.Type, r reflect.Type) {
	if p, ok := types.Unalias(t).(*types.Pointer); ok && r.Kind() == reflect.Pointer {
		t, r = p.Elem(), r.Elem()
	}
	st, ok := types.Unalias(t).(*types.Struct)
	if !ok || m.madeHere(r) != nil {
		return
	}
	n := rt.Promoting(r)
	if n == nil {
		return
	}
	nt := &namedType{t: st, n: n}
	m.named.Store(n.Type, nt)
	m.named.Store(n.Ptr, nt)
	m.setMethods(st)
}

// finish completes everything that build left open.
func (m *Machine) finish() {
	for len(m.pending) > 0 {
		n := 0
		for t, p := range m.pending {
			if !p.running {
				m.complete(t, p)
				n++
			}
		}
		if n == 0 {
			return // called from within complete
		}
	}
	for len(m.holes) > 0 {
		hs := m.holes
		m.holes = nil
		for _, h := range hs {
			h.n.Define(h.build())
			delete(m.inc, h.n.Type)
		}
	}
	for _, l := range m.late {
		l.n.Define(l.u)
		delete(m.inc, l.n.Type)
	}
	m.late = nil
	for len(m.started) > 0 {
		ts := m.started
		m.started = nil
		for _, t := range ts {
			m.setMethods(t)
		}
	}
}

func (m *Machine) complete(t *types.Named, p *pendingType) {
	p.running = true
	u := m.build(t.Underlying(), true)
	if m.isHole(u) {
		m.late = append(m.late, lateType{p.n, u})
	} else {
		p.n.Define(u)
		delete(m.inc, p.n.Type)
	}
	delete(m.pending, t)
	m.started = append(m.started, t)
}

// build returns the type of t; with complete false it may still lack its
// definition.
func (m *Machine) build(t types.Type, complete bool) reflect.Type {
	t = types.Unalias(t)
	if r, ok := m.types.At(t).(reflect.Type); ok {
		if n, isNamed := t.(*types.Named); isNamed && complete {
			if p := m.pending[n]; p != nil && !p.running {
				m.complete(n, p)
			}
		}
		return r
	}
	r := m.construct(t, complete)
	if m.types.At(t) == nil {
		m.types.Set(t, r)
	}
	return r
}

func (m *Machine) construct(t types.Type, complete bool) reflect.Type {
	switch t := t.(type) {
	case *types.Basic:
		if r := basicTypes[t.Kind()]; r != nil {
			return r
		}
	case *types.Pointer:
		return reflect.PointerTo(m.build(t.Elem(), false))
	case *types.Slice:
		return reflect.SliceOf(m.build(t.Elem(), false))
	case *types.Array:
		e := m.build(t.Elem(), complete)
		if m.inc[e] {
			return m.hole(reflect.Array, func() reflect.Type { return reflect.ArrayOf(int(t.Len()), e) })
		}
		return reflect.ArrayOf(int(t.Len()), e)
	case *types.Map:
		k, e := m.build(t.Key(), false), m.build(t.Elem(), false)
		if m.inc[k] || m.inc[e] {
			return m.hole(reflect.Map, func() reflect.Type { return reflect.MapOf(k, e) })
		}
		return reflect.MapOf(k, e)
	case *types.Chan:
		dir := map[types.ChanDir]reflect.ChanDir{types.SendRecv: reflect.BothDir, types.SendOnly: reflect.SendDir, types.RecvOnly: reflect.RecvDir}[t.Dir()]
		e := m.build(t.Elem(), false)
		if m.inc[e] {
			return m.hole(reflect.Chan, func() reflect.Type { return reflect.ChanOf(dir, e) })
		}
		return reflect.ChanOf(dir, e)
	case *types.Signature:
		return m.funcType(nil, t)
	case *types.Struct:
		return m.structType(t, complete)
	case *types.Interface:
		return m.interfaceType(t)
	case *types.Named:
		return m.namedType(t, complete)
	case *types.Tuple:
		return reflect.TypeFor[struct{}]()
	}
	panic(&Refusal{Msg: fmt.Sprintf("the type %s cannot be used in a cell", t)})
}

func (m *Machine) hole(k reflect.Kind, build func() reflect.Type) reflect.Type {
	n := rt.Declare("", "", k)
	if k == reflect.Struct || k == reflect.Array {
		m.inc[n.Type] = true
	}
	m.holes = append(m.holes, hole{n, build})
	return n.Type
}

func (m *Machine) isHole(t reflect.Type) bool {
	for _, h := range m.holes {
		if h.n.Type == t {
			return true
		}
	}
	return false
}

func (m *Machine) funcType(recv types.Type, s *types.Signature) reflect.Type {
	var in, out []reflect.Type
	if recv != nil {
		in = append(in, m.build(recv, false))
	}
	for i := range s.Params().Len() {
		in = append(in, m.build(s.Params().At(i).Type(), false))
	}
	for i := range s.Results().Len() {
		out = append(out, m.build(s.Results().At(i).Type(), false))
	}
	return reflect.FuncOf(in, out, s.Variadic())
}

func (m *Machine) structType(t *types.Struct, complete bool) reflect.Type {
	open := false
	var fs []rt.Field
	for i := range t.NumFields() {
		f := t.Field(i)
		ft := m.build(f.Type(), complete)
		open = open || m.inc[ft]
		fs = append(fs, rt.Field{Name: f.Name(), Tag: t.Tag(i), Type: ft, Embedded: f.Embedded()})
	}
	if open {
		return m.hole(reflect.Struct, func() reflect.Type { return rt.Struct("main", fs) })
	}
	return rt.Struct("main", fs)
}

func (m *Machine) interfaceType(t *types.Interface) reflect.Type {
	var ms []rt.InterfaceMethod
	for i := range t.NumMethods() {
		f := t.Method(i)
		ms = append(ms, rt.InterfaceMethod{Name: f.Name(), Type: m.build(f.Type(), false)})
	}
	return rt.Interface("main", ms)
}

func (m *Machine) namedType(t *types.Named, complete bool) reflect.Type {
	obj := t.Obj()
	if obj.Pkg() == nil {
		if obj.Name() == "error" {
			return reflect.TypeFor[error]()
		}
		return reflect.TypeFor[any]()
	}
	path := obj.Pkg().Path()
	if path != "main" && t.TypeArgs() == nil {
		if r := m.native(path, obj.Name()); r != nil {
			if !described(t, r) {
				panic(&Refusal{Msg: fmt.Sprintf("the compiled type %s is not as its description in the symbol tables says, so it cannot be used; regenerate them: go generate ./symbols", r)})
			}
			return r
		}
	}
	n := rt.Declare(pkgOf(path), m.typeName(t), kindOf(t.Underlying()))
	m.types.Set(t, n.Type)
	switch n.Type.Kind() {
	case reflect.Map, reflect.Chan, reflect.Pointer, reflect.Func, reflect.Slice, reflect.Interface: // of known size
	default:
		m.inc[n.Type] = true
	}
	p := &pendingType{n: n}
	m.pending[t] = p
	nt := &namedType{t: t, n: n}
	m.named.Store(n.Type, nt)
	m.named.Store(n.Ptr, nt)
	if complete {
		m.complete(t, p)
	}
	return n.Type
}

// described reports whether the compiled struct r has the fields that the
// checker believes it has. Tables older than the program would otherwise make
// the machine write beside them.
func described(t *types.Named, r reflect.Type) bool {
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return kindOf(t.Underlying()) == r.Kind()
	}
	if r.Kind() != reflect.Struct || r.NumField() != st.NumFields() {
		return false
	}
	for i := range st.NumFields() {
		if f := st.Field(i).Name(); f != r.Field(i).Name {
			return false
		}
	}
	return true
}

func pkgOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// typeName is the name as %T prints it, without the package.
func (m *Machine) typeName(t *types.Named) string {
	name := t.Obj().Name()
	if t.TypeArgs() == nil {
		return name
	}
	var args []types.Type
	for i := range t.TypeArgs().Len() {
		args = append(args, t.TypeArgs().At(i))
	}
	return name + "[" + m.linkStrings(args) + "]"
}

func kindOf(t types.Type) reflect.Kind {
	switch t := t.(type) {
	case *types.Basic:
		return basicTypes[t.Kind()].Kind()
	case *types.Pointer:
		return reflect.Pointer
	case *types.Slice:
		return reflect.Slice
	case *types.Array:
		return reflect.Array
	case *types.Map:
		return reflect.Map
	case *types.Chan:
		return reflect.Chan
	case *types.Signature:
		return reflect.Func
	case *types.Struct:
		return reflect.Struct
	case *types.Interface:
		return reflect.Interface
	}
	return reflect.Invalid
}

// native finds a compiled package's type: among the bound symbols, or, for an
// unexported one, among the types that the bound symbols mention.
func (m *Machine) native(path, name string) reflect.Type {
	if v, ok := m.cfg.Values(path)[name]; ok && v.Kind() == reflect.Pointer && v.IsNil() {
		return v.Type().Elem()
	}
	hs, ok := m.fields[path]
	if !ok {
		hs = map[string]reflect.Type{}
		m.fields[path] = hs
		seen := map[reflect.Type]bool{}
		for _, v := range m.cfg.Values(path) {
			harvest(v.Type(), path, hs, seen)
		}
	}
	return hs[name]
}

func harvest(t reflect.Type, path string, found map[string]reflect.Type, seen map[reflect.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	if t.Name() != "" {
		if t.PkgPath() != path {
			return
		}
		found[t.Name()] = t
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
		harvest(t.Elem(), path, found, seen)
	case reflect.Map:
		harvest(t.Key(), path, found, seen)
		harvest(t.Elem(), path, found, seen)
	case reflect.Func:
		for i := range t.NumIn() {
			harvest(t.In(i), path, found, seen)
		}
		for i := range t.NumOut() {
			harvest(t.Out(i), path, found, seen)
		}
	case reflect.Struct:
		for i := range t.NumField() {
			harvest(t.Field(i).Type, path, found, seen)
		}
	}
	for i := range t.NumMethod() {
		harvest(t.Method(i).Type, path, found, seen)
	}
}

// madeHere returns what is known of a type built by the machine; nil for
// compiled types.
func (m *Machine) madeHere(r reflect.Type) *namedType {
	if t, ok := m.named.Load(r); ok {
		return t.(*namedType)
	}
	return nil
}

// MethodsChanged gives a type of an earlier cell its new method set.
func (m *Machine) MethodsChanged(t *types.Named) {
	if _, ok := m.types.At(t).(reflect.Type); ok {
		m.setMethods(t)
		m.generation.Add(1)
	}
}

// setMethods fills the method tables of a type made here.
func (m *Machine) setMethods(t types.Type) {
	r := m.types.At(t).(reflect.Type)
	nt := m.madeHere(r)
	if nt == nil || r.Kind() == reflect.Interface {
		return
	}
	onValue := types.NewMethodSet(t)
	all := types.NewMethodSet(types.NewPointer(t))
	if r.Kind() == reflect.Pointer {
		return
	}
	var ms []rt.Method
	for i := range all.Len() {
		sel := all.At(i)
		name := sel.Obj().Name()
		if name == "_" {
			continue
		}
		e := &methodEntry{m: m, word: rt.Pointer(nt.n.Ptr), pkg: sel.Obj().Pkg(), name: name, layout: m.layout(m.rtype(sel.Type()))}
		ms = append(ms, rt.Method{
			Name:  name,
			OnPtr: onValue.Lookup(sel.Obj().Pkg(), name) == nil,
			Sig:   m.rtype(sel.Type()),
			Call:  e.callReflect,
		})
	}
	if len(ms) == 0 {
		return
	}
	if err := nt.n.SetMethods(ms); err != nil {
		refusal := &Refusal{Msg: err.Error()}
		if n, ok := t.(*types.Named); ok {
			refusal.Pos = n.Obj().Pos()
		}
		panic(refusal)
	}
}
