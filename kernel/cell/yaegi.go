package cell

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/traefik/yaegi/interp"

	"github.com/priorlab/priorlab/symbols"
)

// plainCalls runs plain calls in yaegi.
//
// A plain call is a top-level statement f(a, b), x.m(a) or v := f(a) of a cell in
// which every function and method is compiled, takes no function and no
// interface (but ...any), returns one value or none, and every argument is a
// constant, a session variable, another such call, or a sum or product of
// those, all of compiled types and of just the parameter's type. Of Go this is
// the part yaegi runs as the toolchain does. It is lowered to source in which
// constants are folded and typed and every name is qualified, and what it reads
// and writes goes through functions of a package made for the statement. All
// else, and a call that yaegi does not accept, is run by the machine.
type plainCalls struct {
	s       *Session
	i       *interp.Interpreter
	bound   map[string]string // import path to alias in the interpreter
	steps   int
	age     int // statements the present interpreter has taken
	run     int // plain calls compiled for yaegi so far
	refused int
	off     bool                     // for comparison: let the machine run everything
	instead func(text string) string // for tests: what yaegi is given
}

func newPlainCalls(s *Session) *plainCalls {
	return &plainCalls{s: s, bound: map[string]string{}}
}

// lifetime is how many statements an interpreter takes: each leaves something
// behind in it, and makes the next one slower.
const lifetime = 64

// start makes the interpreter on first use, and a new one now and then.
func (p *plainCalls) start() {
	if p.i == nil || p.age >= lifetime {
		p.age, p.bound = 0, map[string]string{}
		p.i = interp.New(interp.Options{Stdout: p.s.streams.stdout, Stderr: io.Discard, Stdin: p.s.streams.stdin})
	}
}

// lowering is a plain call on its way to source text.
type lowering struct {
	p    *plainCalls
	pt   *part
	vars map[string]reflect.Value // of the statement's package
	ok   bool
}

// step lowers a statement; nil if it is not a plain call.
func (p *plainCalls) step(pt *part, it item) func() {
	var call *ast.CallExpr
	var dest *types.Var
	switch st := it.stmt.(type) {
	case *ast.ExprStmt:
		if pt.result == st {
			return nil
		}
		call, _ = st.X.(*ast.CallExpr)
	case *ast.AssignStmt:
		if st.Tok == token.DEFINE && len(st.Lhs) == 1 && len(st.Rhs) == 1 && hoisted(st) {
			call, _ = st.Rhs[0].(*ast.CallExpr)
			dest, _ = pt.info.Defs[st.Lhs[0].(*ast.Ident)].(*types.Var)
			if dest == nil {
				return nil
			}
		}
	}
	if call == nil || p.off || p.s.debug.attached() {
		return nil
	}
	p.start()
	l := &lowering{p: p, pt: pt, vars: map[string]reflect.Value{}, ok: true}
	text := l.call(call)
	if dest != nil {
		g, found := p.s.machine.Global(dest)
		if !found || !l.compiled(dest.Type()) || !types.Identical(dest.Type(), pt.info.TypeOf(call)) {
			return nil
		}
		// A function of the value's own type stores it.
		put := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{g.Type()}, nil, false), func(a []reflect.Value) []reflect.Value {
			g.Set(a[0])
			return nil
		})
		l.vars["Put"] = put
		text = "PKG.Put(" + text + ")"
	}
	if !l.ok {
		return nil
	}
	return p.compile(text, l.vars)
}

// compile hands the text to yaegi; nil if yaegi does not take it.
func (p *plainCalls) compile(text string, vars map[string]reflect.Value) (run func()) {
	defer func() {
		if recover() != nil { // yaegi's compiler gave up on it, in what state nobody knows
			p.refused++
			p.i = nil
			run = nil
		}
	}()
	if p.instead != nil {
		text = p.instead(text)
	}
	p.steps++
	p.age++
	pkg := "step" + strconv.Itoa(p.steps)
	if err := p.i.Use(interp.Exports{"session/" + pkg + "/" + pkg: vars}); err != nil {
		p.refused++
		return nil
	}
	if _, err := p.i.Eval(fmt.Sprintf("import %q", "session/"+pkg)); err != nil {
		p.refused++
		return nil
	}
	prog, err := p.i.Compile(strings.ReplaceAll(text, "PKG.", pkg+"."))
	if err != nil {
		p.refused++
		return nil
	}
	p.run++
	i := p.i // another may take over before the cell runs
	return func() {
		if _, err := i.Execute(prog); err != nil {
			if p.i == i { // it takes no more after a panic
				p.i = nil
			}
			if pa, ok := err.(interp.Panic); ok {
				panic(pa.Value)
			}
			panic(err)
		}
	}
}

// alias makes a compiled package known to yaegi.
func (p *plainCalls) alias(path string) string {
	if a := p.bound[path]; a != "" {
		return a
	}
	a := "p" + strconv.Itoa(len(p.bound))
	table := map[string]reflect.Value{}
	for n, v := range p.s.values(path) {
		if r := p.s.replace(path, n); r.IsValid() {
			v = r
		}
		table[n] = v
	}
	if err := p.i.Use(interp.Exports{"bound/" + a + "/" + a: table}); err != nil {
		return ""
	}
	if _, err := p.i.Eval(fmt.Sprintf("import %q", "bound/"+a)); err != nil {
		return ""
	}
	p.bound[path] = a
	return a
}

func (l *lowering) no() string { l.ok = false; return "" }

// call lowers a call of a compiled function or method.
func (l *lowering) call(e *ast.CallExpr) string {
	sig, ok := l.pt.info.TypeOf(e.Fun).(*types.Signature)
	if !ok || e.Ellipsis.IsValid() || sig.Results().Len() > 1 || l.pt.info.Types[e.Fun].IsType() || l.pt.info.Types[e.Fun].IsBuiltin() {
		return l.no()
	}
	f, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr)
	if !ok {
		return l.no()
	}
	fn, ok := l.pt.info.Uses[f.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() == "main" {
		return l.no()
	}
	var head string
	if sel := l.pt.info.Selections[f]; sel == nil {
		if _, generic := l.pt.info.Instances[f.Sel]; generic || l.p.s.values(fn.Pkg().Path())[fn.Name()].Kind() != reflect.Func {
			return l.no()
		}
		a := l.p.alias(fn.Pkg().Path())
		if a == "" {
			return l.no()
		}
		head = a + "." + fn.Name()
	} else {
		t := l.pt.info.TypeOf(f.X)
		if sel.Kind() != types.MethodVal || types.IsInterface(t) || !l.compiled(t) || len(sel.Index()) != 1 || fn.Pkg().Path() == "sync" {
			return l.no()
		}
		_, onPtr := types.Unalias(fn.Type().(*types.Signature).Recv().Type()).(*types.Pointer)
		if _, isPtr := t.(*types.Pointer); onPtr && !isPtr {
			head = l.address(f.X) + "." + fn.Name()
		} else {
			head = l.expr(f.X) + "." + fn.Name()
		}
	}
	var args []string
	for i, a := range e.Args {
		at := l.pt.info.TypeOf(a)
		if sig.Variadic() && i >= sig.Params().Len()-1 {
			el := sig.Params().At(sig.Params().Len() - 1).Type().(*types.Slice).Elem()
			if it, isAny := el.Underlying().(*types.Interface); isAny && it.NumMethods() == 0 {
				if _, basic := at.(*types.Basic); !basic {
					return l.no()
				}
			} else if !types.Identical(el, types.Default(at)) {
				return l.no()
			}
		} else if pt := sig.Params().At(i).Type(); !types.Identical(pt, at) || !l.compiled(pt) {
			return l.no()
		}
		args = append(args, l.expr(a))
	}
	if sig.Results().Len() == 1 && !l.compiled(sig.Results().At(0).Type()) {
		return l.no()
	}
	return head + "(" + strings.Join(args, ", ") + ")"
}

// expr lowers an argument.
func (l *lowering) expr(e ast.Expr) string {
	if tv := l.pt.info.Types[e]; tv.Value != nil {
		return l.constant(tv.Value, types.Default(tv.Type))
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return l.expr(e.X)
	case *ast.CallExpr:
		return l.call(e)
	case *ast.Ident:
		v, ok := l.pt.info.Uses[e].(*types.Var)
		if !ok || !l.compiled(v.Type()) {
			return l.no()
		}
		g, found := l.p.s.machine.Global(v)
		if !found {
			return l.no()
		}
		return l.read(g.Type(), func() reflect.Value {
			v := reflect.New(g.Type()).Elem()
			v.Set(g)
			return v
		})
	case *ast.BinaryExpr:
		b, ok := l.pt.info.TypeOf(e).(*types.Basic)
		if !ok || e.Op != token.ADD && e.Op != token.MUL && e.Op != token.SUB || b.Kind() != types.Int && b.Kind() != types.Float64 && b.Kind() != types.String {
			return l.no()
		}
		return "(" + l.expr(e.X) + " " + e.Op.String() + " " + l.expr(e.Y) + ")"
	}
	return l.no()
}

// address lowers the receiver of a method that may change the variable e.
func (l *lowering) address(e ast.Expr) string {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return l.no()
	}
	v, ok := l.pt.info.Uses[id].(*types.Var)
	if !ok {
		return l.no()
	}
	g, found := l.p.s.machine.Global(v)
	if !found {
		return l.no()
	}
	return l.read(reflect.PointerTo(g.Type()), g.Addr)
}

// read lowers a value that is found when the statement runs: yaegi would fold a
// bound variable at compile time.
func (l *lowering) read(t reflect.Type, get func() reflect.Value) string {
	name := "V" + strconv.Itoa(len(l.vars))
	l.vars[name] = reflect.MakeFunc(reflect.FuncOf(nil, []reflect.Type{t}, false), func([]reflect.Value) []reflect.Value {
		return []reflect.Value{get()}
	})
	return "PKG." + name + "()"
}

// constant writes a folded constant with its type.
func (l *lowering) constant(v constant.Value, t types.Type) string {
	b, ok := t.(*types.Basic)
	if !ok {
		return l.no()
	}
	switch b.Kind() {
	case types.Int:
		return "int(" + v.ExactString() + ")"
	case types.Float64:
		f, _ := constant.Float64Val(constant.ToFloat(v))
		return "float64(" + strconv.FormatFloat(f, 'g', -1, 64) + ")"
	case types.String:
		return strconv.Quote(constant.StringVal(v))
	case types.Bool:
		return strconv.FormatBool(constant.BoolVal(v))
	}
	return l.no()
}

// compiled reports whether a type is one that yaegi and compiled code see alike:
// basic, or named in a compiled package, or a pointer or slice of those.
func (l *lowering) compiled(t types.Type) bool {
	switch t := t.(type) {
	case *types.Basic:
		return t.Info()&types.IsUntyped == 0 && t.Info()&types.IsConstType != 0
	case *types.Pointer:
		_, named := t.Elem().(*types.Named)
		return named && l.compiled(t.Elem())
	case *types.Slice:
		_, basic := t.Elem().(*types.Basic)
		return basic && l.compiled(t.Elem())
	case *types.Named:
		if types.IsInterface(t) || t.TypeArgs() != nil || t.Obj().Pkg() == nil || t.Obj().Pkg().Path() == "main" || !t.Obj().Exported() {
			return false
		}
		_, fn := t.Underlying().(*types.Signature)
		return !fn && symbols.Name(t.Obj().Pkg().Path()) != ""
	}
	return false
}
