package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// All cells are one package to the checker, so that private fields and methods
// stay usable, and yet each is checked against its own view of the names. go/types
// has no way to say so; the two fields it takes are found by reflection and
// guarded by a test.
var (
	elemsField    = fieldOf(reflect.TypeFor[types.Scope](), "elems", reflect.TypeFor[map[string]types.Object]())
	childrenField = fieldOf(reflect.TypeFor[types.Scope](), "children", reflect.TypeFor[[]*types.Scope]())
	instField     = fieldOf(reflect.TypeFor[types.Named](), "inst", nil)
	stateField    = fieldOf(reflect.TypeFor[types.Named](), "state_", reflect.TypeFor[uint32]())
	expandedField = fieldOf(instanceType(), "expandedMethods", reflect.TypeFor[int]())
	ctxtField     = fieldOf(instanceType(), "ctxt", reflect.TypeFor[*types.Context]())
	methodsField  = fieldOf(reflect.TypeFor[types.Named](), "methods", reflect.TypeFor[[]*types.Func]())
)

func instanceType() reflect.Type {
	f, ok := reflect.TypeFor[types.Named]().FieldByName("inst")
	if !ok {
		panic("cell: go/types.Named has no field inst in this version of Go")
	}
	return f.Type.Elem()
}

func fieldOf(t reflect.Type, name string, want reflect.Type) uintptr {
	f, ok := t.FieldByName(name)
	if !ok || want != nil && f.Type != want {
		panic(fmt.Sprintf("cell: go/types.%s has no field %s of type %s in this version of Go", t.Name(), name, want))
	}
	return f.Offset
}

// resetScope empties the package's scope. It stays the same scope, the parent of
// all objects that were ever declared in it.
func resetScope(p *types.Package) {
	sc := unsafe.Pointer(p.Scope())
	*(*map[string]types.Object)(unsafe.Add(sc, elemsField)) = nil
	*(*[]*types.Scope)(unsafe.Add(sc, childrenField)) = nil
}

// snapshot copies the names of the package's scope.
func snapshot(p *types.Package) *types.Scope {
	c := types.NewScope(nil, token.NoPos, token.NoPos, "")
	for _, n := range p.Scope().Names() {
		c.Insert(p.Scope().Lookup(n))
	}
	return c
}

// refresh makes the instances of a generic type that s reaches look again which
// methods it has.
func (s *Session) refresh(origin *types.Named) {
	seen := map[types.Type]bool{}
	var visit func(t types.Type)
	tuple := func(t *types.Tuple) {
		for i := range t.Len() {
			visit(t.At(i).Type())
		}
	}
	visit = func(t types.Type) {
		if t == nil || seen[t] {
			return
		}
		seen[t] = true
		switch t := t.(type) {
		case *types.Alias:
			visit(types.Unalias(t))
		case *types.Pointer:
			visit(t.Elem())
		case *types.Slice:
			visit(t.Elem())
		case *types.Array:
			visit(t.Elem())
		case *types.Chan:
			visit(t.Elem())
		case *types.Map:
			visit(t.Key())
			visit(t.Elem())
		case *types.Signature:
			tuple(t.Params())
			tuple(t.Results())
			if t.Recv() != nil {
				visit(t.Recv().Type())
			}
		case *types.Struct:
			for i := range t.NumFields() {
				visit(t.Field(i).Type())
			}
		case *types.Interface:
			for i := range t.NumExplicitMethods() {
				visit(t.ExplicitMethod(i).Type())
			}
		case *types.Named:
			if t.Obj().Pkg() == nil || t.Obj().Pkg().Path() != "main" {
				if t.TypeArgs() == nil {
					return
				}
			}
			if t.TypeArgs() != nil {
				for i := range t.TypeArgs().Len() {
					visit(t.TypeArgs().At(i))
				}
				if t.Origin() == origin {
					resetMethods(t)
				}
			}
			visit(t.Underlying())
			if t.TypeArgs() == nil || t.Origin() != origin {
				for i := range t.NumMethods() {
					visit(t.Method(i).Type())
				}
			}
		}
	}
	visit(origin)
	for _, o := range s.live {
		visit(o.Type())
	}
	for _, o := range s.pending {
		visit(o.Type())
	}
	for _, t := range s.machine.Types() {
		visit(t)
	}
}

// resetMethods makes an instance expand its methods anew.
func resetMethods(t *types.Named) {
	p := unsafe.Pointer(t)
	inst := *(*unsafe.Pointer)(unsafe.Add(p, instField))
	if inst == nil {
		return
	}
	*(*[]*types.Func)(unsafe.Add(p, methodsField)) = nil
	*(*int)(unsafe.Add(inst, expandedField)) = 0
	if ctxt := (**types.Context)(unsafe.Add(inst, ctxtField)); *ctxt == nil {
		*ctxt = types.NewContext()
	}
	*(*uint32)(unsafe.Add(p, stateField)) &^= hasMethods
}

// hasMethods is go/types' mark that an instance has expanded all its methods.
const hasMethods = 1 << 2

// addition is a method that the cell being checked gave to an earlier type.
type addition struct {
	typ    *types.Named
	before []*types.Func
}

// announce gives earlier types the methods that the part declares for them,
// with signatures only, so that bodies may call them. The checker sees such a
// method as a function; a first pass without bodies finds its signature.
func (s *Session) announce(fset *token.FileSet, pt *part, f *ast.File) {
	conf := types.Config{Importer: s.importer, GoVersion: "go1.26", IgnoreFuncBodies: true, Error: func(error) {}}
	info := newInfo()
	func() {
		defer func() { _ = recover() }() // the second pass reports
		_ = types.NewChecker(&conf, fset, s.pkg, info).Files([]*ast.File{f})
	}()
	first := snapshot(s.pkg)
	resetScope(s.pkg)
	for _, n := range first.Names() {
		o := first.Lookup(n)
		if !pt.named[n] && !isMethodName(pt, n) {
			s.pkg.Scope().Insert(o)
		}
	}
	for i := range pt.methods {
		m := &pt.methods[i]
		fn, ok := first.Lookup(m.name).(*types.Func)
		if !ok {
			continue
		}
		fs, ok := fn.Type().(*types.Signature)
		if !ok || fs.Params().Len() == 0 {
			continue
		}
		s.give(m, fs)
	}
}

func isMethodName(pt *part, n string) bool {
	for _, m := range pt.methods {
		if m.name == n {
			return true
		}
	}
	return false
}

// give adds the method to its type, or replaces one of the same name.
func (s *Session) give(m *addedMethod, fs *types.Signature) {
	name := m.decl.Name.Name
	methods := (*[]*types.Func)(unsafe.Add(unsafe.Pointer(m.typ), methodsField))
	n := m.typ.NumMethods() // completes the list
	before := append([]*types.Func(nil), (*methods)...)
	for i := range n {
		old := m.typ.Method(i)
		if old.Name() != name {
			continue
		}
		if m.typ.TypeParams().Len() > 0 || sameMethod(old, fs) {
			m.mo, m.old = old, true
			return
		}
		s.added = append(s.added, addition{m.typ, before})
		m.mo = types.NewFunc(m.decl.Name.Pos(), s.pkg, name, methodSignature(m.typ, fs))
		*methods = append([]*types.Func(nil), before...)
		(*methods)[i] = m.mo
		return
	}
	if m.typ.TypeParams().Len() > 0 {
		defer s.refresh(m.typ)
	}
	s.added = append(s.added, addition{m.typ, before})
	m.mo = types.NewFunc(m.decl.Name.Pos(), s.pkg, name, methodSignature(m.typ, fs))
	*methods = append(append([]*types.Func(nil), before...), m.mo)
}

// withdraw takes back the methods that a cell which does not compile gave to
// earlier types.
func (s *Session) withdraw() {
	for i := len(s.added) - 1; i >= 0; i-- {
		a := s.added[i]
		*(*[]*types.Func)(unsafe.Add(unsafe.Pointer(a.typ), methodsField)) = a.before
		if a.typ.TypeParams().Len() > 0 {
			s.refresh(a.typ)
		}
	}
	s.added = nil
}

func sameMethod(old *types.Func, fs *types.Signature) bool {
	os := old.Type().(*types.Signature)
	if !types.Identical(os.Recv().Type(), fs.Params().At(0).Type()) || os.Params().Len() != fs.Params().Len()-1 || os.Variadic() != fs.Variadic() {
		return false
	}
	for i := range os.Params().Len() {
		if !types.Identical(os.Params().At(i).Type(), fs.Params().At(i+1).Type()) {
			return false
		}
	}
	return types.Identical(os.Results(), fs.Results())
}

// methodSignature is the signature of the method that the function fs stands
// for.
func methodSignature(t *types.Named, fs *types.Signature) *types.Signature {
	if fs.TypeParams().Len() > 0 {
		return exec.GenericMethod(t, fs)
	}
	var ps []*types.Var
	for i := 1; i < fs.Params().Len(); i++ {
		ps = append(ps, fs.Params().At(i))
	}
	return types.NewSignatureType(fs.Params().At(0), nil, nil, types.NewTuple(ps...), fs.Results(), fs.Variadic())
}
