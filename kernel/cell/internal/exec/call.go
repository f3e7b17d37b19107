package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// argument stores one argument in the callee's block.
type argument struct {
	off  uintptr
	into func(*frame, unsafe.Pointer)
	recv bool // the receiver, which lies behind parameters and results
}

// plan is a compiled call.
type plan struct {
	later   bool      // the arguments are kept in memory of their own
	borrows bool      // the function called keeps no slice that it is given
	static  *function // set for a plain call of a declared function
	resolve resolver
	value   addrFunc       // of a call of a function value
	fn      unsafe.Pointer // or of a compiled one,
	how     *calling       // whose block and receiver lie in the caller's frame
	base    uintptr
	recvOff uintptr
	recvT   reflect.Type // of a receiver among the arguments
	layout  *sigLayout
	args    []argument
	pos     token.Pos
	sig     *types.Signature
	typed   *ex // a call of compiled code without reflection
	first   frameFunc
}

// callExpr compiles a call with one value, a conversion, or a built-in.
func (c *compiler) callExpr(e *ast.CallExpr) ex {
	tv := c.info.Types[e.Fun]
	if tv.IsType() {
		return c.conversion(e)
	}
	if id := calleeIdent(e.Fun); id != nil {
		if b, ok := c.info.Uses[id].(*types.Builtin); ok {
			return c.builtin(e, b.Name())
		}
	}
	p := c.plan(e)
	if p.sig.Results().Len() != 1 {
		c.fail(e, "a call with %d results is used as one value", p.sig.Results().Len())
	}
	t := p.sig.Results().At(0).Type()
	if p.typed != nil {
		p.typed.t = t
		return *p.typed
	}
	r := p.layout.results[0]
	return ex{t: t, rt: r, fn: laneOf(r).call(p.invoke(), p.result(0))}
}

func calleeIdent(e ast.Expr) *ast.Ident {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	case *ast.IndexExpr:
		return calleeIdent(e.X)
	case *ast.IndexListExpr:
		return calleeIdent(e.X)
	}
	return nil
}

// plan compiles everything of a call but the call itself.
func (c *compiler) plan(e *ast.CallExpr) *plan { return c.planCall(e, false) }

func (c *compiler) planCall(e *ast.CallExpr, later bool) *plan {
	sig, ok := c.typeOf(e.Fun).Underlying().(*types.Signature)
	if !ok {
		c.fail(e, "%s cannot be called", c.typeOf(e.Fun))
	}
	p := &plan{sig: sig, pos: e.Pos(), later: later}
	if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok {
		p.pos = sel.Sel.Pos()
	}
	p.layout = c.m.sigLayout(sig)
	before := c.orderCall(e, sig)
	if !c.planTarget(e, p) {
		f := c.expr(e.Fun).fn.(addrFunc)
		l := p.layout
		p.value = f
		p.resolve = func(fr *frame) callee { return resolveFunc(f(fr), l) }
	}
	if p.typed != nil {
		*p.typed = p.typed.before(before)
		return p
	}
	c.planArgs(e, p)
	if before != nil {
		p.first = first(before, p.first)
	}
	return p
}

// orderCall orders the function or receiver and the arguments of a call.
func (c *compiler) orderCall(e *ast.CallExpr, sig *types.Signature) frameFunc {
	if len(e.Args) == 1 && calls(e.Fun, c.info) {
		if _, several := c.info.TypeOf(e.Args[0]).(*types.Tuple); several {
			return steps(c.hoistAll(nil, []ast.Expr{e.Fun}))
		}
	}
	var pre []frameFunc
	if f := c.calleeValue(e); f != nil && len(e.Args) > 0 && c.callsAny(f) {
		pre = c.hoistAll(nil, []ast.Expr{f})
		c.keeper(&pre)(f)
	}
	return first(steps(pre), c.orderBy(func(a *ahead) { a.call(e, sig) }, func(i int) types.Type {
		if i == 0 {
			return nil
		}
		t, _ := paramType(sig, i-1, e.Ellipsis.IsValid())
		return t
	}, append([]ast.Expr{e.Fun}, e.Args...)...))
}

// calleeValue is the expression whose value decides what a call calls, if its
// type does not: a function or an interface. The toolchain evaluates it before
// the arguments if something is called in it.
func (c *compiler) calleeValue(e *ast.CallExpr) ast.Expr {
	fun := ast.Unparen(e.Fun)
	switch f := fun.(type) {
	case *ast.Ident, *ast.FuncLit:
		return nil
	case *ast.SelectorExpr:
		sel := c.info.Selections[f]
		switch {
		case sel == nil || sel.Kind() == types.MethodExpr:
			return nil
		case sel.Kind() == types.FieldVal:
			return fun
		case len(sel.Index()) == 1 && types.IsInterface(sel.Recv()):
			return ast.Unparen(f.X)
		}
		return nil
	case *ast.IndexExpr:
		if _, generic := c.typeOf(f.X).Underlying().(*types.Signature); generic {
			return nil
		}
	case *ast.IndexListExpr:
		return nil
	}
	return fun
}

// callsAny is calls that counts all built-ins as calls.
func (c *compiler) callsAny(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			found = found || !c.info.Types[n.Fun].IsType() && c.info.Types[n].Value == nil
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

// planArgs compiles the arguments.
func (c *compiler) planArgs(e *ast.CallExpr, p *plan) {
	params := p.sig.Params()
	n := params.Len()
	add := func(i int, x ex) {
		p.args = append(p.args, argument{off: p.base + p.layout.paramOffs[i], into: x.intoFresh()})
	}
	if len(e.Args) == 1 && n != 0 {
		if _, ok := c.info.TypeOf(e.Args[0]).(*types.Tuple); ok { // f(g()) with several values
			run, slots := c.tuple(e.Args[0])
			c.spread(e, p, run, slots, add)
			return
		}
	}
	fixed := n
	if p.sig.Variadic() && !e.Ellipsis.IsValid() {
		fixed = n - 1
	}
	for i := range fixed {
		add(i, c.exprTo(e.Args[i], params.At(i).Type()))
	}
	if fixed < n {
		var rest []ex
		st := params.At(n - 1).Type().Underlying().(*types.Slice)
		for _, a := range e.Args[fixed:] {
			rest = append(rest, c.exprTo(a, st.Elem()))
		}
		add(fixed, c.sliceOf(params.At(n-1).Type(), rest, p.borrows))
	}
}

// spread passes the values of a tuple as arguments.
func (c *compiler) spread(e *ast.CallExpr, p *plan, run frameFunc, slots []ex, add func(int, ex)) {
	p.first = run
	params := p.sig.Params()
	n := params.Len()
	fixed := n
	if p.sig.Variadic() {
		fixed = n - 1
	}
	for i := range fixed {
		add(i, c.convert(e, slots[i], params.At(i).Type()))
	}
	if fixed < n {
		st := params.At(n - 1).Type().Underlying().(*types.Slice)
		var rest []ex
		for _, s := range slots[fixed:] {
			rest = append(rest, c.convert(e, s, st.Elem()))
		}
		add(fixed, c.sliceOf(params.At(n-1).Type(), rest, p.borrows))
	}
}

// sliceOf builds the slice of a variadic call; nil for no values. Where the
// function called only borrows it, it lies in the frame.
func (c *compiler) sliceOf(t types.Type, xs []ex, borrowed bool) ex {
	r := c.m.rtype(t)
	if len(xs) == 0 {
		return c.zeroValue(t)
	}
	d, size, n := rt.Pointer(r.Elem()), r.Elem().Size(), len(xs)
	order := make([]argument, n)
	for i, x := range xs {
		order[i] = argument{off: uintptr(i) * size, into: x.intoFresh()}
	}
	fill := func(fr *frame, p unsafe.Pointer) slice {
		for i := range order {
			order[i].into(fr, unsafe.Add(p, order[i].off))
		}
		return slice{p, n, n}
	}
	if borrowed {
		off := c.temp(reflect.ArrayOf(n, r.Elem()))
		return ex{t: t, rt: r, fn: func(fr *frame) slice { return fill(fr, unsafe.Add(fr.p, off)) }}
	}
	return ex{t: t, rt: r, fn: func(fr *frame) slice { return fill(fr, newArray(d, n)) }}
}

//go:linkname newArray reflect.unsafe_NewArray
func newArray(t unsafe.Pointer, n int) unsafe.Pointer

// compiled makes p a call of the compiled function v, a method if recvT is the
// receiver's type.
func (p *plan) compiled(c *compiler, v reflect.Value, recvT reflect.Type) {
	p.fn, p.how, p.recvT = funcPointer(v), newCalling(v.Type(), p.layout, recvT), recvT
	if p.later {
		return
	}
	p.base = c.temp(p.layout.block)
	if recvT != nil {
		p.recvOff = c.temp(recvT)
	}
}

// result is where the i-th result lies in the frame that invoke returns.
func (p *plan) result(i int) uintptr { return p.base + p.layout.resultOffs[i] }

// invoke makes the closure that performs the call and returns the frame where
// the results can be read until the next call.
func (p *plan) invoke() func(*frame) *frame {
	args, pos, first := p.args, p.pos, p.first
	if first != nil {
		q := *p
		q.first = nil
		f := q.invoke()
		return func(fr *frame) *frame { first(fr); return f(fr) }
	}
	if p.typed != nil {
		run := laneOf(p.typed.rt).run(p.typed.fn)
		return func(fr *frame) *frame { run(fr); return fr }
	}
	if fn := p.static; fn != nil {
		switch len(args) {
		case 0:
			return func(fr *frame) *frame {
				nf := fr.th.enter(fn.code, nil)
				fr.pos = pos
				nf.exec()
				return nf
			}
		case 1:
			a := args[0]
			return func(fr *frame) *frame {
				nf := fr.th.enter(fn.code, nil)
				a.into(fr, unsafe.Add(nf.p, a.off))
				fr.pos = pos
				nf.exec()
				return nf
			}
		case 2:
			a, b := args[0], args[1]
			return func(fr *frame) *frame {
				nf := fr.th.enter(fn.code, nil)
				a.into(fr, unsafe.Add(nf.p, a.off))
				b.into(fr, unsafe.Add(nf.p, b.off))
				fr.pos = pos
				nf.exec()
				return nf
			}
		}
		return func(fr *frame) *frame {
			nf := fr.th.enter(fn.code, nil)
			for i := range args {
				args[i].into(fr, unsafe.Add(nf.p, args[i].off))
			}
			fr.pos = pos
			nf.exec()
			return nf
		}
	}
	if how := p.how; how != nil {
		fn, base, recvOff := p.fn, p.base, p.recvOff
		return func(fr *frame) *frame {
			for i := range args {
				args[i].into(fr, unsafe.Add(fr.p, args[i].off))
			}
			fr.pos = pos
			how.call(fn, unsafe.Add(fr.p, recvOff), unsafe.Add(fr.p, base))
			fr.th.goOn()
			return fr
		}
	}
	resolve, layout := p.resolve, p.layout
	if value := p.value; value != nil {
		return func(fr *frame) *frame {
			q := value(fr)
			if cl := interpreted(q); cl != nil {
				nf := fr.th.enter(cl.target(), cl.boxes)
				for i := range args {
					args[i].into(fr, unsafe.Add(nf.p, args[i].off))
				}
				fr.pos = pos
				nf.exec()
				return nf
			}
			k := resolveFunc(q, layout)
			return k.invoke(fr, args, pos, layout)
		}
	}
	return func(fr *frame) *frame {
		k := resolve(fr)
		return k.invoke(fr, args, pos, layout)
	}
}

// tuple compiles an expression with several values into temporaries.
func (c *compiler) tuple(e ast.Expr) (frameFunc, []ex) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		c.fail(e, "this expression has not several values")
	}
	p := c.plan(call)
	inv := p.invoke()
	var slots []ex
	var copies []frameFuncFrom
	for i, r := range p.layout.results {
		off, src, cp := c.temp(r), p.result(i), laneOf(r).copy
		copies = append(copies, func(fr, nf *frame) { cp(unsafe.Add(fr.p, off), unsafe.Add(nf.p, src)) })
		slots = append(slots, ex{t: p.sig.Results().At(i).Type(), rt: r, fn: laneOf(r).local(off), local: true, off: off})
	}
	return func(fr *frame) {
		nf := inv(fr)
		for _, f := range copies {
			f(fr, nf)
		}
	}, slots
}

type frameFuncFrom = func(fr, nf *frame)
