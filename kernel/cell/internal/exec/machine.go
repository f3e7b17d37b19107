package exec

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// Config is what a machine needs from around it.
type Config struct {
	// Values returns the compiled symbols of a package: functions, variables
	// (addressable) and types (nil pointers).
	Values func(path string) map[string]reflect.Value
	// Replace returns a function to call in place of a compiled one, or an
	// invalid value.
	Replace func(path, name string) reflect.Value
	// Source returns the declaration and its type information of a function
	// that is run from source although its package is compiled.
	Source func(fn *types.Func) (*types.Func, *ast.FuncDecl, *types.Info)
	// Position turns a position into the cell, line and column it stands for.
	Position func(token.Pos) token.Position
	// ReplaceMethod does the same for a method, given as "Type.Method"; the
	// function's first parameter is the receiver.
	ReplaceMethod func(path, name string) reflect.Value
	// Print takes what print and println write.
	Print func(s string)
}

// Machine compiles the checked syntax of cells to closures and runs them. It
// keeps what outlives a cell: types, global variables and functions.
type Machine struct {
	cfg        Config
	types      *typeutil.Map // types.Type to reflect.Type
	natives    *typeutil.Map
	pending    map[*types.Named]*pendingType
	inc        map[reflect.Type]bool // declared but not complete
	holes      []hole
	late       []lateType
	started    []*types.Named // named types whose methods are still to be set
	named      sync.Map       // reflect.Type of a type made here, or of its pointer, to *namedType
	globals    map[*types.Var]global
	funcs      map[funcKey]*function
	fields     map[string]map[string]reflect.Type // harvested unexported types of compiled packages
	ctxt       *types.Context
	locals     map[localKey]*types.Named
	origins    map[*types.TypeName]*types.TypeName // of local types of generic functions: the declaration
	lineage    map[*types.Func][]*function         // what a function replaced
	swaps      []swap
	queue      []*function
	ids        int
	entries    sync.Map // targetKey to *methodTarget
	lookup     sync.Mutex
	generation atomic.Int64 // counts changes of method sets
	mu         sync.Mutex
	itabs      sync.Map
	sigs       map[reflect.Type]*sigLayout
	escape     map[ast.Node]map[types.Object]bool
	watching   watching
	goroutines atomic.Int64 // that run code of cells
	waiting    sync.Mutex
	waiters    map[*thread]bool // idle ones
	waits      int              // that have ended
}

// New returns a machine with nothing defined.
func New(cfg Config) *Machine {
	m := &Machine{
		cfg:     cfg,
		types:   new(typeutil.Map),
		natives: new(typeutil.Map),
		pending: map[*types.Named]*pendingType{},
		inc:     map[reflect.Type]bool{},
		globals: map[*types.Var]global{},
		funcs:   map[funcKey]*function{},
		fields:  map[string]map[string]reflect.Type{},
		lineage: map[*types.Func][]*function{},
		ctxt:    types.NewContext(),
		locals:  map[localKey]*types.Named{},
		origins: map[*types.TypeName]*types.TypeName{},
		sigs:    map[reflect.Type]*sigLayout{},
		escape:  map[ast.Node]map[types.Object]bool{},
	}
	return m
}

// global is the storage of a package-level variable.
type global struct {
	p    unsafe.Pointer
	rt   reflect.Type
	keep reflect.Value
}

// NewGlobal gives v storage, zero at first.
func (m *Machine) NewGlobal(v *types.Var) {
	t := m.rtype(v.Type())
	r := reflect.New(t)
	m.globals[v] = global{p: r.UnsafePointer(), rt: t, keep: r}
}

// ShareGlobal makes v another name of the storage that old has.
func (m *Machine) ShareGlobal(v, old *types.Var) bool {
	g, ok := m.globals[old]
	if ok {
		m.globals[v] = g
	}
	return ok
}

// Global returns the addressable value of a variable.
func (m *Machine) Global(v *types.Var) (reflect.Value, bool) {
	g, ok := m.globals[v]
	if !ok {
		return reflect.Value{}, false
	}
	return reflect.NewAt(g.rt, g.p).Elem(), true
}

// Forget drops the storage of a variable that nothing can reach by name any
// more; closures that use it keep it.
func (m *Machine) Forget(v *types.Var) {
	if g, ok := m.globals[v]; ok {
		m.forget(v, g)
		delete(m.globals, v)
	}
}

// Retain drops the variables that keep does not want: those that no name means
// any more and that no code which may be compiled again mentions. Code that uses
// them keeps their storage. What was remembered of functions that were replaced
// goes too.
func (m *Machine) Retain(keep func(*types.Var) bool) {
	decls := map[ast.Node]bool{}
	for _, f := range m.funcs {
		decls[f.decl] = true
	}
	maps.DeleteFunc(m.escape, func(decl ast.Node, _ map[types.Object]bool) bool { return !decls[decl] })
	drop := func(v *types.Var) bool { return !keep(v) }
	maps.DeleteFunc(m.globals, func(v *types.Var, _ global) bool { return drop(v) })
	maps.DeleteFunc(m.watching.forgotten, func(v *types.Var, _ forgotten) bool { return drop(v) })
}

// Type is the run-time type of t.
func (m *Machine) Type(t types.Type) reflect.Type { return m.rtype(t) }

// funcKey names a function or an instance of a generic one.
type funcKey struct {
	obj   *types.Func
	targs string
}

// function is a declared function. Calls go through it, so a new body reaches
// old callers.
type function struct {
	name    string
	obj     *types.Func
	decl    *ast.FuncDecl
	info    *types.Info
	env     *env
	code    *code // nil until compiled
	sig     *types.Signature
	tparams *types.TypeParamList
}

// Declare gives obj the body of decl. A generic function is compiled when it is
// instantiated.
func (m *Machine) Declare(obj *types.Func, decl *ast.FuncDecl, info *types.Info) {
	sig := obj.Type().(*types.Signature)
	f := &function{name: displayName(obj), obj: obj, decl: decl, info: info, sig: sig, tparams: typeParams(sig)}
	m.declare(f)
}

// DeclareMethod gives obj, a method added to a type of an earlier cell, the
// body of decl. The checker saw it as the function fn, whose first parameter is
// the receiver and whose type parameters are the receiver's.
func (m *Machine) DeclareMethod(obj *types.Func, decl *ast.FuncDecl, info *types.Info, fn *types.Func) {
	s := fn.Type().(*types.Signature)
	sig, _ := methodForm(s, nil)
	m.declare(&function{name: displayName(obj), obj: obj, decl: decl, info: info, sig: sig, tparams: s.TypeParams()})
}

// methodForm turns a function into the method that it stands for: its first
// parameter becomes the receiver.
func methodForm(s *types.Signature, d *ast.FuncDecl) (*types.Signature, *ast.FuncDecl) {
	var ps []*types.Var
	for i := 1; i < s.Params().Len(); i++ {
		ps = append(ps, s.Params().At(i))
	}
	sig := types.NewSignatureType(s.Params().At(0), nil, nil, types.NewTuple(ps...), s.Results(), s.Variadic())
	if d == nil {
		return sig, nil
	}
	e, t := *d, *d.Type
	e.Recv = &ast.FieldList{List: d.Type.Params.List[:1]}
	t.Params = &ast.FieldList{List: d.Type.Params.List[1:]}
	e.Type = &t
	return sig, &e
}

func (m *Machine) declare(f *function) {
	key := funcKey{obj: f.obj}
	if old := m.funcs[key]; old != nil { // a method that gets another body
		m.swaps = append(m.swaps, swap{old, f})
	} else {
		m.funcs[key] = f
	}
	if f.tparams.Len() == 0 {
		m.queue = append(m.queue, f)
	}
}

// swap is a new body for a function that exists, put in place by Commit.
type swap struct{ old, new *function }

// Commit puts the new bodies of redeclared methods in place.
func (m *Machine) Commit() {
	for _, w := range m.swaps {
		for key, f := range m.funcs {
			if key.obj != w.old.obj {
				continue
			}
			f.decl, f.info, f.sig, f.code = w.new.decl, w.new.info, w.new.sig, w.new.code
			if key.targs != "" { // an instance of a generic method
				var args []types.Type
				for i := range f.tparams.Len() {
					args = append(args, f.env.m[f.tparams.At(i)])
				}
				f.tparams = w.new.tparams
				f.env = m.newEnv(nil, f.tparams, args)
				m.queue = append(m.queue, f)
			}
		}
	}
	m.swaps = nil
	m.Flush()
}

// Redirect makes calls of old, and of what old replaced, reach the body of obj,
// which has the same signature.
func (m *Machine) Redirect(old, obj *types.Func) {
	g := m.funcs[funcKey{obj: obj}]
	if g == nil || g.tparams.Len() > 0 {
		return
	}
	line := append(m.lineage[old], m.funcs[funcKey{obj: old}])
	for _, f := range line {
		if f != nil {
			f.decl, f.info, f.code, f.sig, f.env = g.decl, g.info, g.code, g.sig, g.env
		}
	}
	delete(m.lineage, old)
	m.lineage[obj] = line
}

func typeParams(s *types.Signature) *types.TypeParamList {
	if s.RecvTypeParams().Len() > 0 {
		return s.RecvTypeParams()
	}
	return s.TypeParams()
}

func displayName(f *types.Func) string {
	recv := f.Type().(*types.Signature).Recv()
	if recv == nil {
		return f.Name()
	}
	t := recv.Type()
	star := ""
	if p, ok := t.(*types.Pointer); ok {
		t, star = p.Elem(), "*"
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		if star != "" {
			return "(*" + n.Obj().Name() + ")." + f.Name()
		}
		return n.Obj().Name() + "." + f.Name()
	}
	return f.Name()
}

// Run is one evaluation: what its goroutines share.
type Run struct {
	Name string
	Ctx  context.Context
	stop atomic.Int32
	done chan struct{}
	// Fault takes a panic of a goroutine that the cell started.
	Fault func(any, []Frame)
	live  atomic.Int64
	ended atomic.Bool

	profile *Profile // nil unless it is profiled

	// Unwatched keeps a debugger from stopping it: it is the debugger's own.
	Unwatched bool
}

// End says that the evaluation's own goroutine has ended.
func (r *Run) End() { r.ended.Store(true) }

// Ended reports whether End was called.
func (r *Run) Ended() bool { return r.ended.Load() }

// NewRun begins an evaluation; cancelling ctx stops its goroutines.
func NewRun(ctx context.Context, name string, fault func(any, []Frame)) *Run {
	return &Run{Name: name, Ctx: ctx, done: make(chan struct{}), Fault: fault}
}

// Stop makes the run's goroutines panic with Stopped at their next step.
func (r *Run) Stop() {
	if r.stop.CompareAndSwap(0, 1) {
		close(r.done)
	}
}

// successor is a run for callbacks that outlive a stopped one.
func (r *Run) successor() *Run {
	n := &Run{Name: r.Name, Ctx: r.Ctx, done: make(chan struct{}), Fault: r.Fault, Unwatched: r.Unwatched}
	n.End()
	return n
}

// Stopped is the panic value that unwinds an interrupted run.
type Stopped struct{}

// Exit is the panic value that unwinds a run that called os.Exit.
type Exit struct{ Code int }

// Refusal is an error about a construct that the machine does not run.
type Refusal struct {
	Pos token.Pos
	Msg string
}

func (r *Refusal) Error() string { return r.Msg }

func itab(iface, concrete reflect.Type) unsafe.Pointer {
	v := reflect.New(iface)
	v.Elem().Set(reflect.Zero(concrete))
	return *(*unsafe.Pointer)(v.UnsafePointer())
}

type itabKey struct{ iface, concrete unsafe.Pointer }

// itabOf returns the cached interface table; the type must implement iface.
func (m *Machine) itabOf(iface, concrete reflect.Type) unsafe.Pointer {
	k := itabKey{rt.Pointer(iface), rt.Pointer(concrete)}
	if p, ok := m.itabs.Load(k); ok {
		return p.(unsafe.Pointer)
	}
	if !concrete.Implements(iface) {
		panic(&Refusal{Msg: fmt.Sprintf("values of %s cannot become %s in a cell: declare the type with a name of its own", concrete, iface)})
	}
	p := itab(iface, concrete)
	m.itabs.Store(k, p)
	return p
}
