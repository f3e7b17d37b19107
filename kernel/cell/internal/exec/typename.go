package exec

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"
)

// linkStrings are type arguments as the toolchain writes them in the name of an
// instance: packages by their path, predeclared types by their first name.
func (m *Machine) linkStrings(ts []types.Type) string {
	var parts []string
	for _, t := range ts {
		parts = append(parts, m.linkString(t))
	}
	return strings.Join(parts, ",")
}

func (m *Machine) linkString(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		switch t.Kind() {
		case types.Uint8:
			return "uint8"
		case types.Int32:
			return "int32"
		case types.UnsafePointer:
			return "unsafe.Pointer"
		}
		return t.Name()
	case *types.Named:
		name := t.Obj().Name()
		if p := t.Obj().Pkg(); p != nil {
			name = p.Path() + "." + name
		}
		if n := t.TypeArgs().Len(); n > 0 {
			var args []types.Type
			for i := range n {
				args = append(args, t.TypeArgs().At(i))
			}
			name += "[" + m.linkStrings(args) + "]"
		}
		if n := m.ordinal(t.Obj()); n > 0 {
			name += "·" + strconv.Itoa(n)
		}
		return name
	case *types.Pointer:
		return "*" + m.linkString(t.Elem())
	case *types.Slice:
		return "[]" + m.linkString(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), m.linkString(t.Elem()))
	case *types.Map:
		return "map[" + m.linkString(t.Key()) + "]" + m.linkString(t.Elem())
	case *types.Chan:
		switch t.Dir() {
		case types.SendOnly:
			return "chan<- " + m.linkString(t.Elem())
		case types.RecvOnly:
			return "<-chan " + m.linkString(t.Elem())
		}
		return "chan " + m.linkString(t.Elem())
	case *types.Signature:
		return "func" + m.signatureString(t)
	case *types.Struct:
		var fs []string
		for i := range t.NumFields() {
			f := t.Field(i)
			s := m.linkString(f.Type())
			if !f.Embedded() {
				s = f.Name() + " " + s
			}
			if t.Tag(i) != "" {
				s += " " + strconv.Quote(t.Tag(i))
			}
			fs = append(fs, s)
		}
		return braces("struct", fs)
	case *types.Interface:
		var ms []string
		for i := range t.NumMethods() {
			f := t.Method(i)
			name := f.Name()
			if !f.Exported() {
				name = f.Pkg().Path() + "." + name
			}
			ms = append(ms, name+m.signatureString(f.Type().(*types.Signature)))
		}
		return braces("interface", ms)
	}
	return t.String()
}

// ordinal numbers the types that functions declare, in the order of the source;
// it is zero for others.
func (m *Machine) ordinal(o *types.TypeName) int {
	if of := m.origins[o]; of != nil {
		o = of
	}
	if o.Pkg() == nil || packageLevel(o) {
		return 0
	}
	top := o.Parent()
	for top.Parent() != types.Universe {
		top = top.Parent()
	}
	n := 0
	var count func(s *types.Scope, local bool)
	count = func(s *types.Scope, local bool) {
		for _, name := range s.Names() {
			t, ok := s.Lookup(name).(*types.TypeName)
			if !local || !ok || t.IsAlias() || t.Pos() > o.Pos() {
				continue
			}
			if _, param := t.Type().(*types.TypeParam); !param {
				n++
			}
		}
		for i := range s.NumChildren() {
			count(s.Child(i), local || s.Parent() != types.Universe)
		}
	}
	count(top, false)
	return n
}

func braces(word string, parts []string) string {
	if len(parts) == 0 {
		return word + " {}"
	}
	return word + " { " + strings.Join(parts, "; ") + " }"
}

func (m *Machine) signatureString(s *types.Signature) string {
	var ps, rs []string
	for i := range s.Params().Len() {
		p := m.linkString(s.Params().At(i).Type())
		if s.Variadic() && i == s.Params().Len()-1 {
			p = "..." + strings.TrimPrefix(p, "[]")
		}
		ps = append(ps, p)
	}
	for i := range s.Results().Len() {
		rs = append(rs, m.linkString(s.Results().At(i).Type()))
	}
	out := "(" + strings.Join(ps, ", ") + ")"
	switch len(rs) {
	case 0:
		return out
	case 1:
		return out + " " + rs[0]
	}
	return out + " (" + strings.Join(rs, ", ") + ")"
}
