package exec

import (
	"go/types"
	"strconv"
	"strings"
)

// env maps the type parameters of a function to the types of an instance.
type env struct {
	m    map[*types.TypeParam]types.Type
	args []types.Type
	key  string
	memo map[types.Type]types.Type
}

type localKey struct {
	obj *types.TypeName
	key string
}

func (m *Machine) newEnv(outer *env, params *types.TypeParamList, args []types.Type) *env {
	e := &env{m: map[*types.TypeParam]types.Type{}, memo: map[types.Type]types.Type{}}
	if outer != nil {
		for k, v := range outer.m {
			e.m[k] = v
		}
	}
	for i := range params.Len() {
		e.m[params.At(i)] = args[i]
	}
	e.args, e.key = args, m.argsKey(args)
	return e
}

// argsKey is the same text for identical types and for no others.
func (m *Machine) argsKey(args []types.Type) string {
	var b strings.Builder
	for _, a := range args {
		id, ok := m.natives.At(a).(int)
		if !ok {
			m.ids++
			id = m.ids
			m.natives.Set(a, id)
		}
		b.WriteString(strconv.Itoa(id))
		b.WriteByte(';')
	}
	return b.String()
}

// subst replaces type parameters in t.
func (m *Machine) subst(e *env, t types.Type) types.Type {
	if e == nil || t == nil {
		return t
	}
	if r, ok := e.memo[t]; ok {
		return r
	}
	r := m.substitute(e, t)
	e.memo[t] = r
	return r
}

func (m *Machine) substitute(e *env, t types.Type) types.Type {
	switch t := t.(type) {
	case *types.TypeParam:
		if r, ok := e.m[t]; ok {
			return r
		}
		return t
	case *types.Alias:
		return m.subst(e, types.Unalias(t))
	case *types.Pointer:
		if x := m.subst(e, t.Elem()); x != t.Elem() {
			return types.NewPointer(x)
		}
	case *types.Slice:
		if x := m.subst(e, t.Elem()); x != t.Elem() {
			return types.NewSlice(x)
		}
	case *types.Array:
		if x := m.subst(e, t.Elem()); x != t.Elem() {
			return types.NewArray(x, t.Len())
		}
	case *types.Chan:
		if x := m.subst(e, t.Elem()); x != t.Elem() {
			return types.NewChan(t.Dir(), x)
		}
	case *types.Map:
		k, x := m.subst(e, t.Key()), m.subst(e, t.Elem())
		if k != t.Key() || x != t.Elem() {
			return types.NewMap(k, x)
		}
	case *types.Tuple:
		return m.substTuple(e, t)
	case *types.Signature:
		p, r := m.substTuple(e, t.Params()), m.substTuple(e, t.Results())
		if p != t.Params() || r != t.Results() || t.TypeParams() != nil || t.RecvTypeParams() != nil {
			return types.NewSignatureType(nil, nil, nil, p, r, t.Variadic())
		}
	case *types.Struct:
		changed := false
		var fs []*types.Var
		var tags []string
		for i := range t.NumFields() {
			f := t.Field(i)
			x := m.subst(e, f.Type())
			if x != f.Type() {
				changed = true
				f = types.NewField(f.Pos(), f.Pkg(), f.Name(), x, f.Embedded())
			}
			fs = append(fs, f)
			tags = append(tags, t.Tag(i))
		}
		if changed {
			return types.NewStruct(fs, tags)
		}
	case *types.Interface:
		return m.substInterface(e, t)
	case *types.Named:
		return m.substNamed(e, t)
	}
	return t
}

func (m *Machine) substTuple(e *env, t *types.Tuple) *types.Tuple {
	changed := false
	var vs []*types.Var
	for i := range t.Len() {
		v := t.At(i)
		if x := m.subst(e, v.Type()); x != v.Type() {
			changed = true
			v = types.NewParam(v.Pos(), v.Pkg(), v.Name(), x)
		}
		vs = append(vs, v)
	}
	if !changed {
		return t
	}
	return types.NewTuple(vs...)
}

func (m *Machine) substInterface(e *env, t *types.Interface) types.Type {
	changed := false
	var fs []*types.Func
	var emb []types.Type
	for i := range t.NumExplicitMethods() {
		f := t.ExplicitMethod(i)
		s := f.Type().(*types.Signature)
		p, r := m.substTuple(e, s.Params()), m.substTuple(e, s.Results())
		if p != s.Params() || r != s.Results() {
			changed = true
			f = types.NewFunc(f.Pos(), f.Pkg(), f.Name(), types.NewSignatureType(nil, nil, nil, p, r, s.Variadic()))
		}
		fs = append(fs, f)
	}
	for i := range t.NumEmbeddeds() {
		x := m.subst(e, t.EmbeddedType(i))
		changed = changed || x != t.EmbeddedType(i)
		emb = append(emb, x)
	}
	if !changed {
		return t
	}
	n := types.NewInterfaceType(fs, emb)
	n.Complete()
	return n
}

func (m *Machine) substNamed(e *env, t *types.Named) types.Type {
	if ta := t.TypeArgs(); ta != nil {
		args := make([]types.Type, ta.Len())
		changed := false
		for i := range args {
			args[i] = m.subst(e, ta.At(i))
			changed = changed || args[i] != ta.At(i)
		}
		if e.within(t.Origin().Obj()) {
			return m.localInstance(e, t.Origin(), args)
		}
		if !changed {
			return t
		}
		r, err := types.Instantiate(m.ctxt, t.Origin(), args, false)
		if err != nil {
			return t
		}
		return r
	}
	// A type declared inside a generic function is another type in each
	// instance.
	if t.Obj().Pkg() == nil || packageLevel(t.Obj()) || !mentions(t.Underlying(), e, map[types.Type]bool{}) {
		return t
	}
	k := localKey{t.Obj(), e.key}
	if n, ok := m.locals[k]; ok {
		return n
	}
	n := m.localType(k, t.Obj(), "["+m.linkStrings(e.args)+"]")
	e.memo[t] = n
	n.SetUnderlying(m.subst(e, t.Underlying()).Underlying())
	return n
}

// within reports whether o is a type declared in the generic function whose
// parameters e maps.
func (e *env) within(o *types.TypeName) bool {
	if o.Pkg() == nil || packageLevel(o) {
		return false
	}
	for p := range e.m {
		if s := o.Parent(); s != nil && p.Obj().Parent() != nil && p.Obj().Parent().Contains(o.Pos()) {
			return true
		}
	}
	return false
}

// localInstance is an instance of a generic type that a generic function
// declares: another type in each instance of the function.
func (m *Machine) localInstance(e *env, origin *types.Named, args []types.Type) types.Type {
	k := localKey{origin.Obj(), e.key + "|" + m.argsKey(args)}
	if n, ok := m.locals[k]; ok {
		return n
	}
	n := m.localType(k, origin.Obj(), "["+m.linkStrings(e.args)+";"+m.linkStrings(args)+"]")
	inner := m.newEnv(e, origin.TypeParams(), args)
	n.SetUnderlying(m.subst(inner, origin.Underlying()).Underlying())
	return n
}

func (m *Machine) localType(k localKey, of *types.TypeName, args string) *types.Named {
	name := types.NewTypeName(of.Pos(), of.Pkg(), of.Name()+args, nil)
	n := types.NewNamed(name, nil, nil)
	m.locals[k] = n
	m.origins[name] = of
	return n
}

// mentions reports whether t contains one of the environment's parameters.
func mentions(t types.Type, e *env, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t := t.(type) {
	case *types.TypeParam:
		_, ok := e.m[t]
		return ok
	case *types.Pointer:
		return mentions(t.Elem(), e, seen)
	case *types.Slice:
		return mentions(t.Elem(), e, seen)
	case *types.Array:
		return mentions(t.Elem(), e, seen)
	case *types.Chan:
		return mentions(t.Elem(), e, seen)
	case *types.Map:
		return mentions(t.Key(), e, seen) || mentions(t.Elem(), e, seen)
	case *types.Signature:
		for _, tu := range []*types.Tuple{t.Params(), t.Results()} {
			for i := range tu.Len() {
				if mentions(tu.At(i).Type(), e, seen) {
					return true
				}
			}
		}
	case *types.Struct:
		for i := range t.NumFields() {
			if mentions(t.Field(i).Type(), e, seen) {
				return true
			}
		}
	case *types.Named:
		if ta := t.TypeArgs(); ta != nil {
			for i := range ta.Len() {
				if mentions(ta.At(i), e, seen) {
					return true
				}
			}
		} else if t.Obj().Pkg() != nil && !packageLevel(t.Obj()) {
			return mentions(t.Underlying(), e, seen)
		}
	}
	return false
}

// packageLevel reports whether o is declared outside functions. (The scope of
// the package may be another one by now.)
func packageLevel(o types.Object) bool {
	return o.Parent() == nil || o.Parent().Parent() == types.Universe
}
