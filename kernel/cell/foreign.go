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
	scopeField   = fieldOf(reflect.TypeFor[types.Package](), "scope", reflect.TypeFor[*types.Scope]())
	methodsField = fieldOf(reflect.TypeFor[types.Named](), "methods", reflect.TypeFor[[]*types.Func]())
)

func fieldOf(t reflect.Type, name string, want reflect.Type) uintptr {
	f, ok := t.FieldByName(name)
	if !ok || f.Type != want {
		panic(fmt.Sprintf("cell: go/types.%s has no field %s of type %s in this version of Go", t.Name(), name, want))
	}
	return f.Offset
}

// resetScope gives the package a new, empty scope; objects keep the old one as
// their parent.
func resetScope(p *types.Package) {
	*(**types.Scope)(unsafe.Add(unsafe.Pointer(p), scopeField)) = types.NewScope(types.Universe, token.NoPos, token.NoPos, "package main")
}

// addition is a method that the cell being checked gave to an earlier type.
type addition struct {
	typ    *types.Named
	before []*types.Func
}

// announce gives earlier types the methods that the part declares for them,
// with signatures only, so that bodies may call them. The checker sees such a
// method as a function; a first pass without bodies finds its signature.
func (s *Session) announce(pt *part, f *ast.File) {
	conf := types.Config{Importer: s.importer, GoVersion: "go1.26", IgnoreFuncBodies: true, Error: func(error) {}}
	info := newInfo()
	extras := s.pkg.Scope()
	func() {
		defer func() { _ = recover() }() // the second pass reports
		_ = types.NewChecker(&conf, s.fset, s.pkg, info).Files([]*ast.File{f})
	}()
	first := s.pkg.Scope()
	_ = extras
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
