package cell

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"runtime/debug"
	"time"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
	dbg "github.com/priorlab/priorlab/kernel/debug"
)

// expression is compiled text that sees the variables of a frame.
type expression struct {
	body *exec.Body
	vars []types.Object // the frame's
	typ  types.Type     // of its value; nil for statements
}

// compileIn compiles an expression or statements for a frame, nil for the
// session's own scope. It defines nothing and leaves the session as it was.
func (s *Session) compileIn(v *exec.View, text string) (x *expression, err error) {
	var locals []exec.Local
	if v != nil {
		locals = v.Locals()
	}
	own := token.NewFileSet() // positions of a question are not needed afterwards
	p, syntax := parse(own, Cell{Name: "expression", Source: text})
	if len(syntax) > 0 {
		return nil, errors.New(syntax[0].Msg)
	}
	if len(p.items) == 0 {
		return nil, errors.New("there is nothing to evaluate")
	}
	for _, it := range p.items {
		a, define := it.stmt.(*ast.AssignStmt)
		if _, deferred := it.stmt.(*ast.DeferStmt); it.decl != nil || deferred || define && a.Tok == token.DEFINE {
			return nil, errors.New("a debugger evaluates expressions and assignments; definitions belong in a cell")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			s.machine.Locked(s.machine.Reset)
			ref, ok := r.(*exec.Refusal)
			if !ok {
				ref = &exec.Refusal{Msg: fmt.Sprint(r)}
			}
			x, err = nil, ref
		}
	}()
	s.pending, s.added = map[string]types.Object{}, nil
	defer func() { s.pending = map[string]types.Object{} }()
	x = &expression{}
	var vars []*types.Var
	for _, l := range locals {
		switch o := l.Obj.(type) {
		case *types.Var:
			nv := types.NewVar(token.NoPos, s.pkg, l.Name, l.Type)
			s.pending[l.Name] = nv
			vars, x.vars = append(vars, nv), append(x.vars, o)
		case *types.Const:
			s.pending[l.Name] = types.NewConst(token.NoPos, s.pkg, l.Name, l.Type, o.Val())
		case *types.TypeName:
			s.pending[l.Name] = types.NewTypeName(token.NoPos, s.pkg, l.Name, l.Type)
		}
	}
	s.machine.Locked(func() {
		pt := &part{items: p.items, named: map[string]bool{}, mixed: true}
		es, _ := s.check(p, pt, true)
		if len(es) > 0 {
			err = errors.New(es[0].Msg)
			return
		}
		body := s.machine.NewFrameBody(pt.info, &ast.BlockStmt{List: everything(pt)}, vars)
		for _, it := range pt.items {
			if pt.result != nil && it.stmt == ast.Stmt(pt.result) {
				x.typ = pt.info.TypeOf(pt.result.X)
				body.Result(pt.result.X)
			} else {
				body.Statements([]ast.Stmt{it.stmt})
			}
		}
		body.Finish()
		x.body = body
	})
	if err != nil {
		return nil, err
	}
	return x, nil
}

// run evaluates x in a frame, on a goroutine of a run.
func (x *expression) run(t *exec.Thread, v *exec.View) ([]any, error) {
	vals := make([]reflect.Value, len(x.vars))
	for i, o := range x.vars {
		val, ok := v.Storage(o)
		if !ok {
			// In scope but not captured by this function: it may not be used.
			val = reflect.New(reflect.TypeFor[byte]()).Elem()
		}
		vals[i] = val
	}
	return x.body.RunWith(t, vals), nil
}

// lookLimit bounds what the debugger evaluates: an expression that does not end
// would keep it from everything else.
const lookLimit = 10 * time.Second

// quietly runs f as part of no cell, where nothing stops, and reports a panic.
// What it prints belongs to the cell of the given name.
func (s *Session) quietly(ctx context.Context, cell string, f func(*exec.Thread)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, lookLimit, fmt.Errorf("it took longer than %v", lookLimit))
	defer cancel()
	run := exec.NewRun(ctx, cell, nil)
	run.Unwatched = true
	done := make(chan any, 1)
	go func() {
		end := any(errGone)
		defer func() { done <- end }()
		debug.SetPanicOnFault(true) // a wrong pointer is looked at too
		end, _ = s.machine.Go(run, f)
	}()
	var end any
	select {
	case end = <-done:
	case <-ctx.Done():
		run.Stop()
		select {
		case <-done:
		case <-time.After(2 * time.Second):
		}
		return context.Cause(ctx)
	}
	run.End()
	run.Stop() // what it may have started
	switch v := end.(type) {
	case nil:
		return nil
	case exec.Stopped:
		return ErrInterrupted
	case exec.Exit:
		return errors.New("it called os.Exit")
	case error:
		if v == errGone {
			return v
		}
	}
	e := s.runtimeError(end, nil)
	return fmt.Errorf("it panicked: %s", e.Error())
}

// errBusy is the answer to a question about values while a cell changes them.
var errBusy = errors.New("a cell is running: values can be seen when it ends or stands at a breakpoint")

// look runs f while no cell changes values.
func (d *Debugger) look(ctx context.Context, f func(*exec.Thread)) error {
	cell := ""
	if w := d.watching(); w != nil && w.Standing() != nil {
		cell = w.Standing().Cell
	} else if d.s.running.TryLock() {
		defer d.s.running.Unlock()
	} else {
		return errBusy
	}
	return d.s.quietly(ctx, cell, f)
}

// Values evaluates an expression or statements in a frame; 0 is the session's
// own scope.
func (d *Debugger) Values(ctx context.Context, frame int, text string) (vals []any, typ types.Type, err error) {
	v, err := d.view(frame)
	if err != nil {
		return nil, nil, err
	}
	x, err := d.s.compileIn(v, text)
	if err != nil {
		return nil, nil, err
	}
	failed := d.look(ctx, func(t *exec.Thread) { vals, err = x.run(t, v) })
	if failed != nil {
		err = failed
	}
	return vals, x.typ, err
}

// Evaluate gives the value of an expression in a frame as text and parts.
func (d *Debugger) Evaluate(ctx context.Context, frame int, text string) (dbg.Variable, error) {
	vals, typ, err := d.Values(ctx, frame, text)
	if err != nil {
		return dbg.Variable{}, err
	}
	if len(vals) == 0 || typ == nil {
		return dbg.Variable{}, nil
	}
	n := node{name: text, typ: typeText(types.Default(typ))}
	switch {
	case len(vals) > 1:
		n.v = reflect.ValueOf(vals)
	case types.IsInterface(typ):
		n.v, n.eval = reflect.ValueOf(&vals[0]).Elem(), "("+text+")"
	default:
		n.v, n.eval = reflect.ValueOf(vals[0]), "("+text+")"
	}
	vs, err := d.show(ctx, frame, 0, []node{n})
	if err != nil {
		return dbg.Variable{}, err
	}
	return vs[0], nil
}

// SetVariable assigns an expression to a variable or a part of one.
func (d *Debugger) SetVariable(ctx context.Context, ref int, name, text string) (dbg.Variable, error) {
	r, err := d.reference(ref)
	if err != nil {
		return dbg.Variable{}, err
	}
	for _, n := range r.nodes() {
		if n.name != name {
			continue
		}
		if n.eval == "" {
			return dbg.Variable{}, fmt.Errorf("%s cannot be assigned to here", name)
		}
		if _, _, err := d.Values(ctx, r.frame, n.eval+" = "+text); err != nil {
			return dbg.Variable{}, err
		}
		vs, err := d.Evaluate(ctx, r.frame, n.eval)
		vs.Name = name
		return vs, err
	}
	return dbg.Variable{}, fmt.Errorf("there is no variable %s here", name)
}

// CopyToGlobals gives the session a variable with the value of an expression in
// a frame.
func (d *Debugger) CopyToGlobals(frame int, from, to string) error {
	if !token.IsIdentifier(to) {
		return fmt.Errorf("%q is not a name for a variable", to)
	}
	vals, typ, err := d.Values(context.Background(), frame, from)
	if err != nil {
		return err
	}
	if len(vals) != 1 || typ == nil {
		return fmt.Errorf("%s has not one value", from)
	}
	s, typ := d.s, types.Default(typ)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machine.Locked(func() {
		old, known := s.live[to].(*types.Var)
		if !known || !types.Identical(old.Type(), typ) {
			v := types.NewVar(token.NoPos, s.pkg, to, typ)
			s.machine.NewGlobal(v)
			if s.live[to] != nil {
				s.replaced(s.live[to], v, &Outcome{})
			}
			s.live[to], old = v, v
			delete(s.imports, to)
			s.defined[v] = place{cell: "the debugger"}
		}
		if g, ok := s.machine.Global(old); ok {
			if vals[0] == nil {
				g.SetZero()
			} else {
				g.Set(reflect.ValueOf(vals[0]))
			}
		}
	})
	return nil
}
