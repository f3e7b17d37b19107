package exec

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// Which of two panics of a statement comes first. When everything that calls
// has been evaluated (order.go), the toolchain takes a second pass: what it
// builds in memory (literals, values put into interfaces, method values) and
// the operands of its runtime's functions (strings joined and compared, maps
// read) go ahead; elements, fields, indirections and divisions follow from left
// to right. A program sees the difference only when two of them panic, so the
// pass is made only for statements in which two may.

// ahead walks operands for what goes ahead. Without pre it only looks whether
// that would matter.
type ahead struct {
	c     *compiler
	pre   *[]frameFunc
	now   bool // what is walked is copied before anything else goes ahead
	went  bool // something that may panic went ahead
	clash bool // and something that may panic stands before it
}

// orderPanics evaluates ahead what must be, if it matters.
func (c *compiler) orderPanics(pre *[]frameFunc, walk func(a *ahead)) {
	if look := (&ahead{c: c}); !look.does(walk) {
		return
	}
	walk(&ahead{c: c, pre: pre})
}

func (a *ahead) does(walk func(a *ahead)) bool {
	walk(a)
	return a.clash
}

// take evaluates e now; left says that something before it may panic.
func (a *ahead) take(e ast.Expr, left bool) {
	a.clash = a.clash || left || a.now && a.went
	a.went = true
	if a.pre == nil {
		return
	}
	e = ast.Unparen(e)
	f, x := a.c.save(a.c.expr(e))
	*a.pre = append(*a.pre, f)
	a.c.hold(e, x)
}

// copy walks what is copied before anything else goes ahead.
func (a *ahead) copy(e ast.Expr, want types.Type, left bool) {
	old := a.now
	a.now = true
	if a.visit(e, want, left) {
		a.take(e, left)
	}
	a.now = old
}

// list walks operands that are evaluated together.
func (a *ahead) list(want func(i int) types.Type, es []ast.Expr) {
	left := false
	for i, e := range es {
		left = a.visit(e, nth(want, i), left) || left
	}
}

// visit walks an operand that becomes a value of type want and reports whether
// what is left of it may panic.
func (a *ahead) visit(e ast.Expr, want types.Type, left bool) bool {
	if e == nil {
		return false
	}
	c := a.c
	e = ast.Unparen(e)
	if tv, ok := c.info.Types[e]; ok && (tv.Value != nil || tv.IsType() || tv.IsNil()) {
		return false
	}
	if _, ok := c.held[e]; ok || c.temporary(e) {
		return false
	}
	if want == nil || !types.IsInterface(want) {
		return a.bare(e, left)
	}
	t := c.typeOf(e)
	if !types.IsInterface(t) && !c.info.Types[e].Addressable() && (isUntyped(t) || copiedAtOnce(c.m.rtype(t))) {
		a.copy(e, nil, left)
		return false
	}
	rest := a.bare(e, left)
	if !rest || types.IsInterface(t) && types.Identical(t, want) || !types.IsInterface(t) && rt.Direct(c.m.rtype(t)) {
		return rest
	}
	a.take(e, left)
	return false
}

// bare walks an operand that is not converted.
func (a *ahead) bare(e ast.Expr, left bool) bool {
	rest := a.operand(e, left)
	if s, ok := e.(*ast.SelectorExpr); ok && rest {
		if sel := a.c.info.Selections[s]; sel.Kind() == types.MethodVal {
			a.take(e, left)
			return false
		}
	}
	return rest
}

// all walks operands and takes those ahead that may panic, in their order.
func (a *ahead) all(es []ast.Expr, left bool) {
	rest := make([]bool, len(es))
	before := left
	for i, e := range es {
		rest[i] = a.visit(e, nil, before)
		before = before || rest[i]
	}
	for i, e := range es {
		if rest[i] {
			a.take(e, left)
		}
	}
}

// oneByOne takes each operand ahead, with what it needs, before the next.
func (a *ahead) oneByOne(es []ast.Expr, left bool) {
	for _, e := range es {
		if a.visit(e, nil, left) {
			a.take(e, left)
		}
	}
}

func (a *ahead) operand(e ast.Expr, left bool) bool {
	c := a.c
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return a.selector(e, left)
	case *ast.StarExpr:
		a.visit(e.X, nil, left)
		return true
	case *ast.IndexExpr:
		switch u := c.typeOf(e.X).Underlying().(type) {
		case *types.Signature:
			return false
		case *types.Map:
			a.mapRead(e, u, left)
			return types.IsInterface(u.Key())
		case *types.Array:
			rest := a.visit(e.X, nil, left)
			return a.visit(e.Index, nil, left || rest) || rest || c.info.Types[e.Index].Value == nil
		}
		rest := a.visit(e.X, nil, left) || c.isPointer(e.X)
		a.visit(e.Index, nil, left || rest)
		return true
	case *ast.BinaryExpr:
		return a.binary(e, left)
	case *ast.UnaryExpr:
		if lit, ok := ast.Unparen(e.X).(*ast.CompositeLit); ok && e.Op == token.AND {
			a.elements(lit, left)
			return false
		}
		return a.visit(e.X, nil, left)
	case *ast.CallExpr: // a conversion
		return a.conversion(e, left)
	case *ast.CompositeLit:
		a.elements(e, left)
	case *ast.TypeAssertExpr:
		a.visit(e.X, nil, left)
		return true
	}
	return false
}

// mapRead walks the operands of m[k].
func (a *ahead) mapRead(e *ast.IndexExpr, mt *types.Map, left bool) {
	restM := a.visit(e.X, nil, left)
	restK := false
	if a.c.keepsKey(e.Index, mt) {
		a.copy(e.Index, mt.Key(), left || restM)
	} else {
		restK = a.visit(e.Index, mt.Key(), left || restM)
	}
	if restM {
		a.take(e.X, left)
	}
	if restK {
		a.take(e.Index, left)
	}
}

func (a *ahead) selector(e *ast.SelectorExpr, left bool) bool {
	sel := a.c.info.Selections[e]
	if sel == nil || sel.Kind() == types.MethodExpr {
		return false
	}
	rest := a.receiver(e, left)
	return rest || sel.Kind() == types.MethodVal && types.IsInterface(sel.Recv())
}

// receiver walks what stands before the point of a field or method.
func (a *ahead) receiver(e *ast.SelectorExpr, left bool) bool {
	return a.visit(e.X, nil, left) || a.c.isPointer(e.X) || a.c.info.Selections[e].Indirect()
}

func (a *ahead) conversion(e *ast.CallExpr, left bool) bool {
	arg := e.Args[0]
	from, to := a.c.typeOf(arg).Underlying(), a.c.typeOf(e).Underlying()
	rest := a.visit(arg, a.c.typeOf(e), left)
	if isString(to) && !isString(from) {
		if rest {
			a.take(arg, left)
		}
		return false
	}
	switch to.(type) {
	case *types.Array, *types.Pointer:
		_, slice := from.(*types.Slice)
		return rest || slice
	}
	return rest
}

func isString(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func (a *ahead) binary(e *ast.BinaryExpr, left bool) bool {
	c := a.c
	t := c.typeOf(e.X)
	if isUntyped(t) {
		t = c.typeOf(e.Y)
	}
	switch e.Op {
	case token.ADD:
		if isString(t.Underlying()) {
			a.joined(summands(nil, e), left)
			return false
		}
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		switch {
		case c.info.Types[ast.Unparen(e.X)].IsNil() || c.info.Types[ast.Unparen(e.Y)].IsNil():
		case types.IsInterface(t), types.IsInterface(c.typeOf(e.Y)): // the right one comes first
			a.clash = a.clash || c.mayPanic(e.X) && c.mayPanic(e.Y)
			ry := a.visit(e.Y, nil, left)
			if ry {
				a.take(e.Y, left)
			}
			if a.visit(e.X, nil, left) {
				a.take(e.X, left || ry)
			}
			return true
		case isString(t.Underlying()):
			if e.Op == token.EQL || e.Op == token.NEQ {
				a.oneByOne([]ast.Expr{e.X, e.Y}, left)
			} else {
				a.all([]ast.Expr{e.X, e.Y}, left)
			}
			return false
		case isMemory(t.Underlying()):
			return a.compared(e, left)
		}
	}
	rest := a.visit(e.X, nil, left)
	rest = a.visit(e.Y, nil, left || rest) || rest
	if c.info.Types[e.Y].Value != nil {
		return rest
	}
	switch e.Op {
	case token.QUO, token.REM:
		b, ok := t.Underlying().(*types.Basic)
		return rest || ok && b.Info()&types.IsInteger != 0
	case token.SHL, token.SHR:
		b, ok := c.typeOf(e.Y).Underlying().(*types.Basic)
		return rest || ok && b.Info()&types.IsUnsigned == 0
	}
	return rest
}

// compared walks the operands of a comparison of structs or arrays, which is
// made of those of their parts.
func (a *ahead) compared(e *ast.BinaryExpr, left bool) (rest bool) {
	operands := []ast.Expr{e.X, e.Y}
	for _, x := range operands {
		if a.c.info.Types[ast.Unparen(x)].Addressable() {
			rest = a.visit(x, nil, left || rest) || rest
		} else {
			a.copy(x, nil, left || rest)
		}
	}
	if !rest {
		return false
	}
	rest = false
	for _, x := range operands {
		if a.c.info.Types[ast.Unparen(x)].Addressable() {
			rest = a.place(x, left || rest) || rest
		}
	}
	return rest
}

// joined walks the operands of a sum of strings. The runtime is given up to five
// as arguments, more in a slice.
func (a *ahead) joined(es []ast.Expr, left bool) {
	if len(es) <= 5 {
		a.all(es, left)
	} else {
		a.oneByOne(es, left)
	}
}

// extended walks place += a sum of strings, whose first operand is the place.
func (a *ahead) extended(place ast.Expr, es []ast.Expr) {
	switch left := a.place(place, false); {
	case !left:
		a.joined(append(es, place), false)
	case len(es) < 5:
		for _, e := range es {
			a.visit(e, nil, true)
		}
	}
}

func isMemory(t types.Type) bool {
	switch t.(type) {
	case *types.Struct, *types.Array:
		return true
	}
	return false
}

// summands are the operands of a sum of strings.
func summands(es []ast.Expr, e ast.Expr) []ast.Expr {
	if b, ok := ast.Unparen(e).(*ast.BinaryExpr); ok && b.Op == token.ADD {
		return summands(summands(es, b.X), b.Y)
	}
	return append(es, e)
}

// elements walks a literal, which is filled element by element.
func (a *ahead) elements(lit *ast.CompositeLit, left bool) {
	t := a.c.typeOf(lit).Underlying()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem().Underlying()
	}
	for i, el := range lit.Elts {
		want := a.c.elementType(t, i, el)
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			el = kv.Value
		}
		if a.visit(el, want, left) {
			a.take(el, left)
		}
	}
}

// call walks a call: what is called is looked at after the arguments.
func (a *ahead) call(e *ast.CallExpr, sig *types.Signature) {
	var late, left bool
	fun := ast.Unparen(e.Fun)
	if s, ok := fun.(*ast.SelectorExpr); ok && a.c.info.Selections[s] != nil && a.c.info.Selections[s].Kind() == types.MethodVal {
		left = a.receiver(s, false)
		if types.IsInterface(a.c.info.Selections[s].Recv()) {
			late, left = left, false
		}
	} else {
		late = a.visit(fun, nil, false)
	}
	var rest []ast.Expr
	for i, arg := range e.Args {
		want, packed := paramType(sig, i, e.Ellipsis.IsValid())
		switch {
		case !a.visit(arg, want, left || late):
		case packed:
			a.take(arg, left || late)
		default:
			rest, left = append(rest, arg), true
		}
	}
	if late {
		for _, arg := range rest {
			a.take(arg, true)
		}
	}
}

// paramType is the type that the i-th argument of a call becomes, and whether it is
// packed into the slice of a variadic call.
func paramType(sig *types.Signature, i int, spread bool) (t types.Type, packed bool) {
	n := sig.Params().Len()
	if !sig.Variadic() || spread || i < n-1 {
		return sig.Params().At(min(i, n-1)).Type(), false
	}
	return sig.Params().At(n - 1).Type().Underlying().(*types.Slice).Elem(), true
}

// appended walks the arguments of append: the slice that grows is looked at last.
func (a *ahead) appended(args []ast.Expr, elem types.Type) {
	var late bool
	base := ast.Unparen(args[0])
	if ix, ok := base.(*ast.IndexExpr); ok && a.c.isMap(ix.X) {
		a.visit(base, nil, false)
	} else {
		late = a.place(base, false)
	}
	left := late
	var rest []ast.Expr
	for _, e := range args[1:] {
		if a.visit(e, elem, left) {
			rest, left = append(rest, e), true
		}
	}
	for _, e := range rest {
		a.take(e, late)
	}
}

// arguments walks the arguments of a built-in; the sizes of a slice are handled
// like places.
func (a *ahead) arguments(name string, args []ast.Expr) {
	if name != "make" || !isSlice(a.c.typeOf(args[0])) {
		a.list(nil, args)
		return
	}
	a.places(args[1:])
}

// places walks operands that are handled like places.
func (a *ahead) places(es []ast.Expr) {
	left := false
	for _, e := range es {
		left = a.place(e, left) || left
	}
}

func isSlice(t types.Type) bool {
	_, ok := t.Underlying().(*types.Slice)
	return ok
}

// slicing walks x[i:j:k], whose indices are copied.
func (a *ahead) slicing(e *ast.SliceExpr) {
	rest := a.visit(e.X, nil, false)
	for _, i := range []ast.Expr{e.Low, e.High, e.Max} {
		a.copy(i, nil, rest)
	}
}

// assignment walks lhs = rhs, where rhs becomes a value of type t. The operands
// of an element of a map follow the value.
func (a *ahead) assignment(lhs, rhs ast.Expr, t types.Type) {
	c := a.c
	if !c.mapElement(lhs) {
		a.place(lhs, false)
		a.clash = a.clash || a.went && c.mayPanic(rhs)
		a.visit(rhs, t, false)
		return
	}
	ix := ast.Unparen(lhs).(*ast.IndexExpr)
	find := func(a *ahead) { a.mapRead(ix, c.typeOf(ix.X).Underlying().(*types.Map), false) }
	if look := (&ahead{c: c}); !look.does(find) {
		a.visit(rhs, t, false)
		return
	}
	a.clash = true
	if a.visit(rhs, t, false) {
		a.take(rhs, false)
	}
	find(a)
}

// place walks a place that is assigned to: only indices that are computed and
// maps that are read go ahead.
func (a *ahead) place(e ast.Expr, left bool) bool {
	c := a.c
	e = ast.Unparen(e)
	switch e := e.(type) {
	case *ast.Ident:
		return false
	case *ast.SelectorExpr:
		if sel := c.info.Selections[e]; sel != nil && sel.Kind() == types.FieldVal {
			return a.place(e.X, left) || c.isPointer(e.X) || sel.Indirect()
		}
	case *ast.StarExpr:
		a.place(e.X, left)
		return true
	case *ast.IndexExpr:
		if c.isMap(e.X) {
			break
		}
		rest := a.place(e.X, left) || c.isPointer(e.X)
		a.place(e.Index, left || rest)
		return true
	}
	if a.visit(e, nil, left) {
		a.take(e, left)
	}
	return false
}
