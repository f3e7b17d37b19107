package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// The order of evaluation. Go says that calls, receives and logical operations
// happen from left to right, and leaves open when the other operands are read.
// Programs come to depend on what the toolchain does, so it is done here: in a
// statement and among the arguments of a call, everything that the toolchain
// puts into temporaries (calls, most built-ins, slicings, assertions) is
// evaluated from left to right first, and variables, elements, fields and what
// is computed from them are read after the last of them.
//
// Plain evaluation from left to right gives the same result unless something
// that a call might change, or that might panic, stands before a call. Only then
// are temporaries made.

// order compiles what of the operands must be evaluated before the rest and
// returns it, or nil where plain evaluation is right. Compiling the operands
// later finds the temporaries in c.held.
func (c *compiler) order(es ...ast.Expr) frameFunc {
	return c.orderTo(nil, es...)
}

// orderTo is order for operands that become values of the types want.
func (c *compiler) orderTo(want func(i int) types.Type, es ...ast.Expr) frameFunc {
	return c.orderBy(func(a *ahead) { a.list(want, es) }, want, es...)
}

// orderSlice orders x[i:j:k], whose indices are copied one by one.
func (c *compiler) orderSlice(e *ast.SliceExpr) frameFunc {
	indices := []ast.Expr{e.Low, e.High, e.Max}
	s := &scan{c: c}
	for _, e := range append([]ast.Expr{e.X}, indices...) {
		s.visit(e)
	}
	walk := func(a *ahead) { a.slicing(e) }
	if !s.clash && !(&ahead{c: c}).does(walk) {
		return nil
	}
	pre := c.hoistAll(nil, []ast.Expr{e.X})
	for _, i := range indices {
		pre = append(pre, c.hoistAll(nil, []ast.Expr{i})...)
		if id, _ := i.(*ast.Ident); i != nil && id == nil && c.info.Types[i].Value == nil {
			c.keeper(&pre)(ast.Unparen(i))
		}
	}
	return steps(pre)
}

// orderBy is orderTo with a walk of its own for what goes ahead.
func (c *compiler) orderBy(walk func(*ahead), want func(i int) types.Type, es ...ast.Expr) frameFunc {
	s := &scan{c: c}
	for _, e := range es {
		s.visit(e)
	}
	if !s.clash && !(&ahead{c: c}).does(walk) {
		return nil
	}
	pre := c.hoistAll(want, es)
	c.orderPanics(&pre, walk)
	return steps(pre)
}

func nth(want func(i int) types.Type, i int) types.Type {
	if want == nil {
		return nil
	}
	return want(i)
}

// hoistAll evaluates at once what of the operands must be.
func (c *compiler) hoistAll(want func(i int) types.Type, es []ast.Expr) (pre []frameFunc) {
	for i, e := range es {
		c.hoist(c.keeper(&pre), e, nth(want, i))
	}
	return pre
}

// keeper makes what is given to it a step of pre.
func (c *compiler) keeper(pre *[]frameFunc) func(ast.Expr) {
	return func(e ast.Expr) {
		c.orderPanics(pre, func(a *ahead) { a.visit(e, nil, false) })
		f, x := c.save(c.expr(e))
		*pre = append(*pre, f)
		c.hold(e, x)
	}
}

// steps joins what may be nothing.
func steps(pre []frameFunc) frameFunc {
	if len(pre) == 0 {
		return nil
	}
	return sequence(pre)
}

// before puts the steps of order, which may be none, in front of x.
func (x ex) before(pre frameFunc) ex {
	if pre == nil {
		return x
	}
	return ex{t: x.t, rt: x.rt, fn: x.lane().after(pre, x.fn)}
}

func first(pre, f frameFunc) frameFunc {
	if pre == nil {
		return f
	}
	if f == nil {
		return pre
	}
	return func(fr *frame) { pre(fr); f(fr) }
}

// scan walks operands in the order in which they are evaluated.
type scan struct {
	c      *compiler
	late   bool // something seen so far must be evaluated after calls that follow
	panics bool // and may panic
	clash  bool // and something followed that must come before it
}

func (s *scan) visit(e ast.Expr) {
	c := s.c
	if e == nil || s.clash {
		return
	}
	e = ast.Unparen(e)
	if tv, ok := c.info.Types[e]; ok && (tv.Value != nil || tv.IsType()) {
		return
	}
	if c.temporary(e) {
		if s.late && calls(e, c.info) || s.panics && c.mayPanic(e) {
			s.clash = true
		}
		return
	}
	switch e := e.(type) {
	case *ast.Ident:
		if v, ok := c.info.ObjectOf(e).(*types.Var); ok && c.shared(v) {
			s.late = true
		}
	case *ast.SelectorExpr:
		sel := c.info.Selections[e]
		if sel == nil {
			s.visit(e.Sel)
			return
		}
		ptr := c.isPointer(e.X)
		if sel.Kind() == types.MethodVal {
			s.receiver(e, sel, ptr)
			return
		}
		s.visit(e.X)
		if ptr || sel.Indirect() {
			s.late, s.panics = true, true
		}
	case *ast.StarExpr:
		s.visit(e.X)
		s.late, s.panics = true, true
	case *ast.IndexExpr:
		if _, generic := c.typeOf(e.X).Underlying().(*types.Signature); generic {
			return
		}
		s.visit(e.X)
		if c.isPointer(e.X) {
			s.late, s.panics = true, true
		}
		s.visit(e.Index)
		s.late, s.panics = true, true
	case *ast.BinaryExpr:
		s.visit(e.X)
		s.visit(e.Y)
		switch e.Op {
		case token.QUO, token.REM, token.SHL, token.SHR:
			if c.info.Types[e.Y].Value == nil {
				s.late, s.panics = true, true
			}
		case token.EQL, token.NEQ:
			if types.IsInterface(c.typeOf(e.X)) || types.IsInterface(c.typeOf(e.Y)) {
				s.late, s.panics = true, true
			}
		}
	case *ast.UnaryExpr:
		if _, lit := ast.Unparen(e.X).(*ast.CompositeLit); !lit && e.Op == token.AND {
			s.place(e.X)
			return
		}
		s.visit(e.X)
	case *ast.CallExpr: // a conversion
		s.visit(e.Args[0])
		switch c.typeOf(e.Args[0]).Underlying().(type) {
		case *types.Slice, *types.Interface:
			s.late, s.panics = true, true
		}
	case *ast.CompositeLit:
		for _, el := range e.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				el = kv.Value
			}
			s.visit(el)
		}
	case *ast.TypeAssertExpr:
		s.visit(e.X)
		s.late, s.panics = true, true
	}
}

// receiver walks the receiver of a method.
func (s *scan) receiver(e *ast.SelectorExpr, sel *types.Selection, ptr bool) {
	recv := sel.Obj().Type().(*types.Signature).Recv()
	_, wantsPtr := types.Unalias(recv.Type()).(*types.Pointer)
	if wantsPtr && !ptr {
		s.place(e.X)
	} else {
		s.visit(e.X)
	}
	if len(sel.Index()) > 1 || ptr != wantsPtr && !wantsPtr || types.IsInterface(recv.Type()) {
		s.late, s.panics = true, true
	}
}

// place walks an operand of which only the address is wanted.
func (s *scan) place(e ast.Expr) {
	e = ast.Unparen(e)
	switch x := e.(type) {
	case *ast.Ident:
	case *ast.SelectorExpr:
		if sel := s.c.info.Selections[x]; sel != nil && !sel.Indirect() {
			if _, ptr := s.c.typeOf(x.X).Underlying().(*types.Pointer); !ptr {
				s.place(x.X)
				return
			}
		}
		s.visit(e)
	default:
		s.visit(e)
	}
}

// shared reports whether a call may change v: it is not a local variable of
// which only this function knows.
func (c *compiler) shared(v *types.Var) bool {
	return packageLevel(v) || c.esc[v] || c.m.globals[v].p != nil
}

// mayPanic reports whether the evaluation of e, which calls nothing, may panic.
func (c *compiler) mayPanic(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.IndexExpr, *ast.SliceExpr, *ast.StarExpr, *ast.TypeAssertExpr:
			found = true
		case *ast.BinaryExpr:
			found = found || n.Op == token.QUO || n.Op == token.REM
		case *ast.SelectorExpr:
			if sel := c.info.Selections[n]; sel != nil {
				found = found || c.isPointer(n.X) || sel.Indirect()
			}
		case *ast.CallExpr:
			if id := calleeIdent(n.Fun); id != nil && id.Name == "make" {
				found = true
			}
		}
		return !found
	})
	return found
}

// temporary reports whether the toolchain keeps the value of e in a temporary
// as soon as it has evaluated it.
func (c *compiler) temporary(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.CallExpr:
		if !c.info.Types[e.Fun].IsType() {
			return true
		}
		t := c.typeOf(e)
		if _, ok := t.Underlying().(*types.Slice); ok { // []byte(s)
			_, str := c.typeOf(e.Args[0]).Underlying().(*types.Basic)
			return str
		}
	case *ast.SliceExpr:
		return true
	case *ast.TypeAssertExpr:
		return e.Type != nil && !rt.Direct(c.m.rtype(c.typeOf(e.Type)))
	case *ast.UnaryExpr:
		return e.Op == token.ARROW
	case *ast.BinaryExpr:
		return e.Op == token.LAND || e.Op == token.LOR
	case *ast.CompositeLit:
		_, ok := c.typeOf(e).Underlying().(*types.Map)
		return ok
	case *ast.IndexExpr:
		if _, ok := c.typeOf(e.X).Underlying().(*types.Map); ok && !c.places[e] {
			return c.bytesKey(e.Index)
		}
	}
	return false
}

// bytesKey reports whether a map's key is made of bytes as string(b); the map is
// then read while b has not changed.
func (c *compiler) bytesKey(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		if !c.info.Types[e.Fun].IsType() || !isString(c.typeOf(e).Underlying()) {
			return false
		}
		s, ok := c.typeOf(e.Args[0]).Underlying().(*types.Slice)
		return ok && c.m.rtype(s.Elem()).Kind() == reflect.Uint8
	case *ast.CompositeLit:
		switch c.typeOf(e).Underlying().(type) {
		case *types.Struct, *types.Array:
			return slices.ContainsFunc(e.Elts, func(el ast.Expr) bool {
				if kv, ok := el.(*ast.KeyValueExpr); ok {
					el = kv.Value
				}
				return c.bytesKey(el)
			})
		}
	}
	return false
}

// assigned notes that e is assigned to, not read.
func (c *compiler) assigned(e ast.Expr) {
	if c.places == nil {
		c.places = map[ast.Expr]bool{}
	}
	c.places[ast.Unparen(e)] = true
}

// hoists reports whether something of e is evaluated at once.
func (c *compiler) hoists(e ast.Expr) (found bool) {
	c.hoist(func(ast.Expr) { found = true }, e, nil)
	return found
}

// hoist gives to keep what of e must be evaluated at once.
func (c *compiler) hoist(keep func(ast.Expr), e ast.Expr, want types.Type) {
	if e == nil {
		return
	}
	e = ast.Unparen(e)
	if tv, ok := c.info.Types[e]; ok && (tv.Value != nil || tv.IsType()) {
		return
	}
	if _, ok := c.held[e]; ok {
		return
	}
	// What the runtime is given by its address is copied at once, unless it has
	// an address already.
	copyOf := func(e ast.Expr) {
		if !c.info.Types[e].Addressable() {
			keep(e)
		}
	}
	if c.temporary(e) {
		if _, tuple := c.info.TypeOf(e).(*types.Tuple); !tuple {
			keep(e)
		}
		return
	}
	switch x := e.(type) {
	case *ast.SelectorExpr:
		if c.info.Selections[x] != nil {
			c.hoist(keep, x.X, nil)
		}
	case *ast.StarExpr:
		c.hoist(keep, x.X, nil)
	case *ast.IndexExpr:
		c.hoist(keep, x.X, nil)
		if mt, ok := c.typeOf(x.X).Underlying().(*types.Map); ok {
			c.hoistKey(keep, x.Index, mt)
			break
		}
		c.hoist(keep, x.Index, nil)
	case *ast.BinaryExpr:
		c.hoist(keep, x.X, nil)
		c.hoist(keep, x.Y, nil)
		if x.Op == token.EQL || x.Op == token.NEQ {
			switch c.typeOf(x.X).Underlying().(type) {
			case *types.Struct, *types.Array:
				if types.Identical(c.typeOf(x.X), c.typeOf(x.Y)) {
					copyOf(ast.Unparen(x.X))
					copyOf(ast.Unparen(x.Y))
				}
			}
		}
	case *ast.UnaryExpr:
		c.hoist(keep, x.X, nil)
	case *ast.CallExpr:
		c.hoist(keep, x.Args[0], c.typeOf(x))
	case *ast.TypeAssertExpr:
		c.hoist(keep, x.X, nil)
	case *ast.CompositeLit:
		t := c.typeOf(x).Underlying()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem().Underlying()
		}
		for i, el := range x.Elts {
			want := c.elementType(t, i, el)
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				el = kv.Value
			}
			c.hoist(keep, el, want)
		}
	case *ast.FuncLit:
		return
	}
	// A value that goes into an interface is copied at once unless it is a
	// string, a slice or a plain word.
	if want == nil || !types.IsInterface(want) {
		return
	}
	if t := c.typeOf(e); !isUntyped(t) && !types.IsInterface(t) && copiedAtOnce(c.m.rtype(t)) {
		copyOf(e)
	}
}

// hoistKey keeps a map's key where the runtime is given its address.
func (c *compiler) hoistKey(keep func(ast.Expr), e ast.Expr, mt *types.Map) {
	c.hoist(keep, e, mt.Key())
	if c.keepsKey(e, mt) {
		keep(ast.Unparen(e))
	}
}

func (c *compiler) keepsKey(e ast.Expr, mt *types.Map) bool {
	tv := c.info.Types[ast.Unparen(e)]
	if tv.Value != nil || tv.IsNil() {
		return false
	}
	converted := types.IsInterface(mt.Key()) && !types.IsInterface(c.typeOf(e))
	plain, fast := mapKey(c.m.rtype(mt))
	return plain || converted || !fast && !tv.Addressable()
}

// orderPair orders a key and a value of a map's literal: the value comes first,
// after what is kept of the key.
func (c *compiler) orderPair(kv *ast.KeyValueExpr, mt *types.Map) frameFunc {
	to := func(int) types.Type { return mt.Elem() }
	walk := func(a *ahead) { a.list(to, []ast.Expr{kv.Value}) }
	kept := false
	c.hoistKey(func(ast.Expr) { kept = true }, kv.Key, mt)
	if calls(kv.Key, c.info) || kept && (calls(kv.Value, c.info) || c.mayPanic(kv.Value)) {
		var pre []frameFunc
		c.hoistKey(c.keeper(&pre), kv.Key, mt)
		c.hoist(c.keeper(&pre), kv.Value, mt.Elem())
		c.orderPanics(&pre, walk)
		return steps(pre)
	}
	return c.orderBy(walk, to, kv.Value)
}

// mapKey tells how the runtime takes the key of a map: fast for words and
// strings as they are, plain for structs and arrays that fill a word.
func mapKey(m reflect.Type) (plain, fast bool) {
	k := m.Key()
	if m.Elem().Size() > 128 {
		return false, false
	}
	switch k.Kind() {
	case reflect.String, reflect.Pointer, reflect.UnsafePointer, reflect.Chan:
		return false, true
	case reflect.Struct, reflect.Array:
		return (k.Size() == 4 || k.Size() == 8) && plainMemory(k), false
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Interface:
		return false, false
	}
	return false, k.Size() == 4 || k.Size() == 8
}

// plainMemory reports whether values are equal when their bytes are.
func plainMemory(r reflect.Type) bool {
	switch r.Kind() {
	case reflect.Array:
		return plainMemory(r.Elem())
	case reflect.Struct:
		var size uintptr
		for i := range r.NumField() {
			if f := r.Field(i); f.Name == "_" || !plainMemory(f.Type) {
				return false
			}
			size += r.Field(i).Type.Size()
		}
		return size == r.Size()
	case reflect.String, reflect.Interface, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	}
	return true
}

// hold makes c.expr find x for e.
func (c *compiler) hold(e ast.Expr, x ex) {
	if c.held == nil {
		c.held = map[ast.Expr]ex{}
	}
	c.held[e] = x
}

// copiedAtOnce tells which values the toolchain copies as soon as they are
// operands of a conversion to an interface.
func copiedAtOnce(r reflect.Type) bool {
	size, align := r.Size(), uintptr(r.Align())
	if size == 2 && align == 2 {
		return false
	}
	if (size == 4 || size == 8) && align == size && !hasPointers(r) {
		return false
	}
	for r.Kind() == reflect.Struct && r.NumField() == 1 || r.Kind() == reflect.Array && r.Len() == 1 {
		if r.Kind() == reflect.Struct {
			r = r.Field(0).Type
		} else {
			r = r.Elem()
		}
	}
	return r.Kind() != reflect.String && r.Kind() != reflect.Slice
}

func hasPointers(r reflect.Type) bool {
	switch r.Kind() {
	case reflect.Array:
		return r.Len() > 0 && hasPointers(r.Elem())
	case reflect.Struct:
		for i := range r.NumField() {
			if hasPointers(r.Field(i).Type) {
				return true
			}
		}
		return false
	}
	return r.Kind() == reflect.String || r.Kind() > reflect.Complex128
}

// elementType is the type of the i-th element of a literal of a struct, slice or
// array.
func (c *compiler) elementType(t types.Type, i int, el ast.Expr) types.Type {
	switch u := t.(type) {
	case *types.Struct:
		return c.typ(u.Field(fieldIndex(u, i, el)).Type())
	case *types.Slice:
		return u.Elem()
	case *types.Array:
		return u.Elem()
	}
	return nil
}

// fieldIndex is the field that the i-th element of a struct literal sets.
func fieldIndex(u *types.Struct, i int, el ast.Expr) int {
	if kv, ok := el.(*ast.KeyValueExpr); ok {
		name := kv.Key.(*ast.Ident).Name
		for j := range u.NumFields() {
			if u.Field(j).Name() == name {
				return j
			}
		}
	}
	return i
}
