package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"unsafe"
)

// ctl says how a statement ended.
type ctl int8

const (
	ctlNext ctl = iota
	ctlBreak
	ctlContinue
	ctlReturn
	ctlBreakLabel    // to the statement labelled frame.target
	ctlContinueLabel // of the loop labelled frame.target
	ctlGoto          // to the label frame.target
)

type stmtFunc = func(*frame) ctl

func plain(f frameFunc) stmtFunc {
	return func(fr *frame) ctl { f(fr); return ctlNext }
}

// at makes a statement record its position first.
func at(pos token.Pos, f frameFunc) stmtFunc {
	return func(fr *frame) ctl {
		fr.pos = pos
		f(fr)
		return ctlNext
	}
}

// block compiles statements run one after the other.
func (c *compiler) block(list []ast.Stmt) stmtFunc {
	var fs []stmtFunc
	labels := map[int]int{}
	for _, s := range list {
		if l, ok := s.(*ast.LabeledStmt); ok {
			labels[c.label(c.info.Defs[l.Label])] = len(fs)
		}
		if f := c.stmt(s); f != nil {
			fs = append(fs, f)
		}
	}
	if len(labels) > 0 && hasGoto(list) {
		return func(fr *frame) ctl {
			for i := 0; i < len(fs); i++ {
				if r := fs[i](fr); r != ctlNext {
					if r == ctlGoto {
						if j, ok := labels[fr.target]; ok {
							if fr.th.run.stop.Load() != 0 {
								fr.th.checkStop()
							}
							i = j - 1
							continue
						}
					}
					return r
				}
			}
			return ctlNext
		}
	}
	switch len(fs) {
	case 0:
		return func(*frame) ctl { return ctlNext }
	case 1:
		return fs[0]
	case 2:
		a, b := fs[0], fs[1]
		return func(fr *frame) ctl {
			if r := a(fr); r != ctlNext {
				return r
			}
			return b(fr)
		}
	}
	return func(fr *frame) ctl {
		for _, f := range fs {
			if r := f(fr); r != ctlNext {
				return r
			}
		}
		return ctlNext
	}
}

func hasGoto(list []ast.Stmt) bool {
	found := false
	for _, s := range list {
		ast.Inspect(s, func(n ast.Node) bool {
			if b, ok := n.(*ast.BranchStmt); ok && b.Tok == token.GOTO {
				found = true
			}
			return !found
		})
	}
	return found
}

// label numbers a label.
func (c *compiler) label(o types.Object) int {
	if id, ok := c.labels[o]; ok {
		return id
	}
	id := len(c.labels) + 1
	c.labels[o] = id
	return id
}

// statement compiles a statement without the hook of a debugger.
func (c *compiler) statement(s ast.Stmt) stmtFunc {
	switch s := s.(type) {
	case *ast.EmptyStmt:
		return nil
	case *ast.BlockStmt:
		return c.block(s.List)
	case *ast.ExprStmt:
		return at(s.Pos(), c.effectOf(s.X))
	case *ast.AssignStmt:
		return at(s.Pos(), c.assign(s))
	case *ast.IncDecStmt:
		return at(s.Pos(), c.incDec(s))
	case *ast.DeclStmt:
		return c.declStmt(s)
	case *ast.IfStmt:
		return c.ifStmt(s)
	case *ast.ForStmt:
		return c.forStmt(s, c.takeLabel())
	case *ast.RangeStmt:
		return c.rangeStmt(s, c.takeLabel())
	case *ast.SwitchStmt:
		return c.switchStmt(s, c.takeLabel())
	case *ast.TypeSwitchStmt:
		return c.typeSwitch(s, c.takeLabel())
	case *ast.SelectStmt:
		return c.selectStmt(s, c.takeLabel())
	case *ast.ReturnStmt:
		return c.returnStmt(s)
	case *ast.BranchStmt:
		return c.branch(s)
	case *ast.LabeledStmt:
		return c.labeled(s)
	case *ast.DeferStmt:
		return at(s.Pos(), c.deferStmt(s))
	case *ast.GoStmt:
		return at(s.Pos(), c.goStmt(s))
	case *ast.SendStmt:
		return at(s.Pos(), c.send(s))
	}
	c.fail(s, "this statement (%T) is not supported in a cell", s)
	return nil
}

func (c *compiler) takeLabel() int {
	if c.pend == nil {
		return 0
	}
	id := c.label(c.info.Defs[c.pend.Label])
	c.pend = nil
	return id
}

func (c *compiler) labeled(s *ast.LabeledStmt) stmtFunc {
	id := c.label(c.info.Defs[s.Label])
	switch s.Stmt.(type) {
	case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		c.pend = s
		return c.stmt(s.Stmt)
	}
	f := c.stmt(s.Stmt)
	if f == nil {
		return func(*frame) ctl { return ctlNext }
	}
	return func(fr *frame) ctl {
		r := f(fr)
		if r == ctlBreakLabel && fr.target == id {
			return ctlNext
		}
		return r
	}
}

func (c *compiler) branch(s *ast.BranchStmt) stmtFunc {
	if s.Label != nil {
		id := c.label(c.info.Uses[s.Label])
		r := map[token.Token]ctl{token.BREAK: ctlBreakLabel, token.CONTINUE: ctlContinueLabel, token.GOTO: ctlGoto}[s.Tok]
		if s.Tok != token.GOTO {
			return func(fr *frame) ctl { fr.target = id; return r }
		}
		pos := s.Pos()
		return func(fr *frame) ctl { fr.pos, fr.target = pos, id; return r }
	}
	switch s.Tok {
	case token.BREAK:
		return func(*frame) ctl { return ctlBreak }
	case token.CONTINUE:
		return func(*frame) ctl { return ctlContinue }
	}
	c.fail(s, "%s is out of place", s.Tok)
	return nil
}

// effectOf compiles an expression whose values are not wanted.
func (c *compiler) effectOf(e ast.Expr) frameFunc {
	switch x := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		tv := c.info.Types[x.Fun]
		if !tv.IsType() && !tv.IsBuiltin() {
			inv := c.plan(x).invoke()
			return func(fr *frame) { inv(fr) }
		}
	case *ast.BasicLit:
		return func(*frame) {}
	}
	before := c.order(e)
	x := c.expr(e)
	return first(before, x.lane().run(x.fn))
}

func (c *compiler) declStmt(s *ast.DeclStmt) stmtFunc {
	d := s.Decl.(*ast.GenDecl)
	if d.Tok != token.VAR {
		return nil
	}
	var fs []stmtFunc
	for _, sp := range d.Specs {
		fs = append(fs, at(sp.Pos(), c.varSpec(sp.(*ast.ValueSpec))))
	}
	return func(fr *frame) ctl {
		for _, f := range fs {
			f(fr)
		}
		return ctlNext
	}
}

func (c *compiler) varSpec(s *ast.ValueSpec) frameFunc {
	objs := make([]types.Object, len(s.Names))
	for i, n := range s.Names {
		objs[i] = c.info.Defs[n]
	}
	if len(s.Values) == 0 {
		var fs []frameFunc
		for i, o := range objs {
			if s.Names[i].Name == "_" {
				continue
			}
			if g, ok := c.m.globals[o.(*types.Var)]; ok {
				fs = append(fs, laneOf(g.rt).setAt(g.p, c.zeroValue(c.typ(o.Type())).fn))
				continue
			}
			fs = append(fs, c.declare(o).zero())
		}
		return sequence(fs)
	}
	lhs := make([]ast.Expr, len(s.Names))
	for i, n := range s.Names {
		lhs[i] = n
	}
	var want types.Type
	if s.Type != nil {
		want = c.typeOf(s.Type)
	}
	return c.defineAll(lhs, s.Values, want)
}

func sequence(fs []frameFunc) frameFunc {
	switch len(fs) {
	case 0:
		return func(*frame) {}
	case 1:
		return fs[0]
	}
	return func(fr *frame) {
		for _, f := range fs {
			f(fr)
		}
	}
}

func (c *compiler) cond(e ast.Expr) func(*frame) bool {
	before := c.order(e)
	return c.expr(e).before(before).fn.(func(*frame) bool)
}

func (c *compiler) ifStmt(s *ast.IfStmt) stmtFunc {
	var init stmtFunc
	if s.Init != nil {
		init = c.stmt(s.Init)
	}
	pos := s.Cond.Pos()
	cond, then := c.cond(s.Cond), c.block(s.Body.List)
	var els stmtFunc
	if s.Else != nil {
		els = c.stmt(s.Else)
	}
	return func(fr *frame) ctl {
		if init != nil {
			init(fr)
		}
		fr.pos = pos
		if cond(fr) {
			return then(fr)
		}
		if els != nil {
			return els(fr)
		}
		return ctlNext
	}
}

func (c *compiler) returnStmt(s *ast.ReturnStmt) stmtFunc {
	pos := s.Pos()
	if len(s.Results) == 0 {
		return func(fr *frame) ctl { fr.pos = pos; return ctlReturn }
	}
	var fs []frameFunc
	put := func(i int, x ex) frameFunc {
		v := c.results[i]
		if v.boxed {
			return x.lane().set(v.address(), x.fn)
		}
		if !c.named && x.fresh != nil {
			off, fresh := v.off, x.fresh
			return func(fr *frame) { fresh(fr, unsafe.Add(fr.p, off)) }
		}
		return x.lane().setLocal(v.off, x.fn)
	}
	switch {
	case len(s.Results) == 1 && len(c.results) == 1:
		if before := c.orderTo(func(int) types.Type { return c.results[0].t }, s.Results[0]); before != nil {
			fs = append(fs, before)
		}
		fs = append(fs, put(0, c.exprTo(s.Results[0], c.results[0].t)))
	case len(s.Results) == 1:
		run, slots := c.multi(s.Results[0])
		fs = append(fs, run)
		for i := range c.results {
			fs = append(fs, put(i, c.convert(s, slots[i], c.results[i].t)))
		}
	default:
		ts := make([]target, len(c.results))
		for i, v := range c.results {
			ts[i] = target{t: v.t, result: c.defers, store: func(x ex) frameFunc { return put(i, x) }}
			for o, w := range c.vars {
				if w == v {
					ts[i].v = o
				}
			}
		}
		fs = append(fs, c.several(ts, s.Results))
	}
	f := sequence(fs)
	return func(fr *frame) ctl {
		fr.pos = pos
		f(fr)
		return ctlReturn
	}
}
