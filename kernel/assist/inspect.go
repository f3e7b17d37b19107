package assist

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
	"unicode/utf8"

	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/symbols"
)

// Info is what is known about a name, as plain text and as Markdown.
type Info struct {
	Text, Markdown string
}

// Inspect describes the name at cursor, in code points. With a detail above
// zero the whole doc comment is given, else its first paragraph, and of what a
// cell made the source.
func Inspect(s *cell.Session, code string, cursor, detail int) (Info, bool) {
	at := byteOffset(code, cursor)
	start, end := wordAround(code, at)
	if start == end {
		// Between a name and its opening parenthesis or behind it.
		if open := lastOpen(code[:at]); open > 0 {
			start, end = wordAround(code, open)
		}
		if start == end {
			return Info{}, false
		}
	}
	text := code
	if _, open, _, _ := tokens(code); len(open) > 0 {
		text += "\n" + closers(code)
	}
	a := s.Analyze(text, start)
	id := find[*ast.Ident](a, func(id *ast.Ident) bool { return a.Offset(id.Pos()) == start && id.Name == code[start:end] })
	var o types.Object
	if id != nil {
		o = a.Uses(id)
	}
	if o == nil {
		o = byName(s, code, start, code[start:end])
	}
	if o == nil {
		if p := s.Package(code[start:end]); p != nil {
			return describePackage(p, detail), true
		}
		return Info{}, false
	}
	if p, ok := o.(*types.PkgName); ok {
		return describePackage(p.Imported(), detail), true
	}
	return describe(s, a, id, o, detail), true
}

// byName finds a name where the text around it could not be checked.
func byName(s *cell.Session, code string, start int, name string) types.Object {
	if start > 0 && code[start-1] == '.' {
		from, to := wordAround(code, start-1)
		if from == to {
			return nil
		}
		if p := s.Package(code[from:to]); p != nil {
			return p.Scope().Lookup(name)
		}
		tn, ok := byName(s, code, from, code[from:to]).(*types.TypeName)
		if !ok {
			return nil
		}
		o, _, _ := types.LookupFieldOrMethod(tn.Type(), true, tn.Pkg(), name) // T.M, whatever its receiver
		return o
	}
	if o := s.Live()[name]; o != nil {
		return o
	}
	return types.Universe.Lookup(name)
}

func wordAround(code string, at int) (start, end int) {
	start, end = at, at
	for start > 0 {
		r, n := utf8.DecodeLastRuneInString(code[:start])
		if !wordRune(r) {
			break
		}
		start -= n
	}
	for end < len(code) {
		r, n := utf8.DecodeRuneInString(code[end:])
		if !wordRune(r) {
			break
		}
		end += n
	}
	return start, end
}

// lastOpen is the offset of the innermost parenthesis that is open at the end.
func lastOpen(code string) int {
	depth := 0
	for i := len(code) - 1; i >= 0; i-- {
		switch code[i] {
		case ')':
			depth++
		case '(':
			if depth == 0 {
				return i
			}
			depth--
		case '\n', ';', '{', '}':
			return -1
		}
	}
	return -1
}

func describePackage(p *types.Package, detail int) Info {
	var list []entry
	if detail > 0 {
		list = contents(p)
	}
	return render(fmt.Sprintf("package %s // import %q", p.Name(), p.Path()), brief(symbols.Doc(p.Path(), ""), detail), "It has", list, "")
}

func describe(s *cell.Session, a *cell.Analysis, id *ast.Ident, o types.Object, detail int) Info {
	where, comment := s.Defined(o)
	var foot []string
	if where != "" {
		foot = append(foot, "defined in "+where)
	}
	doc := comment
	head := types.ObjectString(o, qualify)
	switch {
	case o.Pkg() == nil:
		if b, ok := builtins[o.Name()]; ok {
			head, doc = b.head, b.doc
		}
	case o.Pkg().Path() != "main":
		foot = append(foot, "import "+fmt.Sprintf("%q", o.Pkg().Path()))
		name := docName(a, id, o)
		doc = symbols.Doc(o.Pkg().Path(), name)
		if v, ok := o.(*types.Var); ok && v.IsField() && strings.Contains(name, ".") {
			head = "field " + o.Pkg().Name() + "." + name + " " + types.TypeString(o.Type(), qualify)
		}
	}
	if v := s.Preview(o); v != "" {
		foot = append(foot, "value "+v)
	}
	var list []entry
	title := "Methods"
	switch o := o.(type) {
	case *types.TypeName:
		if o.Pkg() == nil {
			break
		}
		head = typeText(o)
		if tn := compiled(o.Type()); tn != nil {
			list = methodList(tn)
		} else {
			head += methodsText(o)
		}
	case *types.Var: // and what it is
		if tn := compiled(o.Type()); tn != nil && doc == "" {
			doc = brief(symbols.Doc(tn.Pkg().Path(), tn.Name()), detail)
			if detail > 0 {
				title, list = "Methods of "+types.TypeString(tn.Type(), qualify), methodList(tn)
			}
		}
	}
	for i := range list {
		if detail == 0 { // a tooltip has little room
			list[i].say = ""
		}
	}
	if source := s.Declaration(o); source != "" && detail > 0 {
		head = source
		if tn, ok := o.(*types.TypeName); ok {
			head += methodsText(tn)
		}
	}
	return render(head, brief(doc, detail), title, list, strings.Join(foot, "\n"))
}

// typeText shows a type with the fields that a cell can name.
func typeText(tn *types.TypeName) string {
	var b strings.Builder
	st, isStruct := tn.Type().Underlying().(*types.Struct)
	if isStruct && st.NumFields() > 0 && !tn.IsAlias() {
		name, _, _ := strings.Cut(types.ObjectString(tn, qualify), " struct{")
		b.WriteString(name + " struct {\n")
		hidden := false
		for i := range st.NumFields() {
			f := st.Field(i)
			if !visible(f) {
				hidden = true
				continue
			}
			b.WriteString("\t" + fieldText(tn, f) + "\n")
		}
		if hidden {
			b.WriteString("\t// and fields of its own\n")
		}
		b.WriteString("}")
	} else {
		b.WriteString(types.ObjectString(tn, qualify))
	}
	return b.String()
}

// methodsText lists the methods of a type, each on a line of its own.
func methodsText(tn *types.TypeName) string {
	var b strings.Builder
	n, ok := types.Unalias(tn.Type()).(*types.Named)
	if !ok {
		return ""
	}
	for i := range n.NumMethods() {
		if m := n.Method(i); visible(m) {
			b.WriteString("\n" + types.ObjectString(m, qualify))
		}
	}
	return b.String()
}

// fieldText is a field with the first sentence of its comment.
func fieldText(tn *types.TypeName, f *types.Var) string {
	text := f.Name() + " " + types.TypeString(f.Type(), qualify)
	if f.Embedded() {
		text = types.TypeString(f.Type(), qualify)
	}
	doc := ""
	if f.Exported() && tn.Pkg().Path() != "main" {
		doc = symbols.Doc(tn.Pkg().Path(), tn.Name()+"."+f.Name())
	}
	doc, _, _ = strings.Cut(strings.ReplaceAll(doc, "\n", " "), ". ")
	if doc != "" {
		text += " // " + doc
	}
	return text
}

// docName is the name under which the doc comment of o is kept.
func docName(a *cell.Analysis, id *ast.Ident, o types.Object) string {
	switch o := o.(type) {
	case *types.Func:
		if r := o.Signature().Recv(); r != nil {
			return ownedBy(r.Type(), o.Name())
		}
	case *types.Var:
		if !o.IsField() || id == nil {
			break
		}
		if sel := find[*ast.SelectorExpr](a, func(s *ast.SelectorExpr) bool { return s.Sel == id }); sel != nil {
			return ownedBy(a.TypeOf(sel.X), o.Name())
		}
		if lit := find[*ast.CompositeLit](a, func(l *ast.CompositeLit) bool { return hasKey(l, id) }); lit != nil {
			return ownedBy(a.TypeOf(lit), o.Name())
		}
	}
	return o.Name()
}

// ownedBy is the name of a method or field of t.
func ownedBy(t types.Type, name string) string {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj().Name() + "." + name
	}
	return name
}

func hasKey(l *ast.CompositeLit, id *ast.Ident) bool {
	for _, e := range l.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key == ast.Expr(id) {
			return true
		}
	}
	return false
}

func brief(doc string, detail int) string {
	if detail > 0 {
		return doc
	}
	paras := strings.SplitN(doc, "\n\n", 3)
	if len(paras) > 2 {
		paras = paras[:2]
	}
	return strings.Join(paras, "\n\n")
}

func render(head, doc, title string, list []entry, foot string) Info {
	text, md := head, "```go\n"+head+"\n```"
	if doc != "" {
		text += "\n\n" + doc
		md += "\n\n" + doc
	}
	listText, listMarkdown := listing(title, list)
	text += listText
	md += listMarkdown
	if foot != "" {
		text += "\n\n" + foot
		md += "\n\n*" + strings.ReplaceAll(foot, "\n", "*  \n*") + "*"
	}
	return Info{Text: text, Markdown: md}
}
