package exec

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"
)

// linkStrings are type arguments as the toolchain writes them in the name of an
// instance: packages by their path, predeclared types by their first name.
func linkStrings(ts []types.Type) string {
	var parts []string
	for _, t := range ts {
		parts = append(parts, linkString(t))
	}
	return strings.Join(parts, ",")
}

func linkString(t types.Type) string {
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
			name += "[" + linkStrings(args) + "]"
		}
		return name
	case *types.Pointer:
		return "*" + linkString(t.Elem())
	case *types.Slice:
		return "[]" + linkString(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), linkString(t.Elem()))
	case *types.Map:
		return "map[" + linkString(t.Key()) + "]" + linkString(t.Elem())
	case *types.Chan:
		switch t.Dir() {
		case types.SendOnly:
			return "chan<- " + linkString(t.Elem())
		case types.RecvOnly:
			return "<-chan " + linkString(t.Elem())
		}
		return "chan " + linkString(t.Elem())
	case *types.Signature:
		return "func" + signatureString(t)
	case *types.Struct:
		var fs []string
		for i := range t.NumFields() {
			f := t.Field(i)
			s := linkString(f.Type())
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
			m := t.Method(i)
			name := m.Name()
			if !m.Exported() {
				name = m.Pkg().Path() + "." + name
			}
			ms = append(ms, name+signatureString(m.Type().(*types.Signature)))
		}
		return braces("interface", ms)
	}
	return t.String()
}

func braces(word string, parts []string) string {
	if len(parts) == 0 {
		return word + " {}"
	}
	return word + " { " + strings.Join(parts, "; ") + " }"
}

func signatureString(s *types.Signature) string {
	var ps, rs []string
	for i := range s.Params().Len() {
		p := linkString(s.Params().At(i).Type())
		if s.Variadic() && i == s.Params().Len()-1 {
			p = "..." + strings.TrimPrefix(p, "[]")
		}
		ps = append(ps, p)
	}
	for i := range s.Results().Len() {
		rs = append(rs, linkString(s.Results().At(i).Type()))
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
