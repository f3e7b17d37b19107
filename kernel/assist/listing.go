package assist

import (
	"go/types"
	"strings"

	"github.com/priorlab/priorlab/symbols"
)

// entry is a line of a list of methods or of what a package holds.
type entry struct{ head, say string }

// maxListed bounds a list: longer ones are for the completion menu.
const maxListed = 150

// listing writes a list under a title, as text and as Markdown.
func listing(title string, list []entry) (text, md string) {
	if len(list) == 0 {
		return "", ""
	}
	text, md = "\n\n"+title+":", "\n\n**"+title+"**\n"
	for _, e := range list {
		text += "\n  " + e.head
		md += "\n- `" + e.head + "`"
		if e.say != "" {
			text += "\n      " + e.say
			md += "  \n  " + e.say
		}
	}
	return text, md
}

// synopsis is the first sentence of a doc comment.
func synopsis(doc string) string {
	doc, _, _ = strings.Cut(doc, "\n\n")
	doc = strings.Join(strings.Fields(doc), " ")
	if i := strings.Index(doc, ". "); i >= 0 {
		doc = doc[:i+1]
	}
	return doc
}

func signatureText(f *types.Func) string {
	return f.Name() + strings.TrimPrefix(types.TypeString(f.Signature(), qualify), "func")
}

// methodList is the methods of a compiled type that a cell can call, with what
// they do.
func methodList(tn *types.TypeName) (list []entry) {
	n, ok := types.Unalias(tn.Type()).(*types.Named)
	if !ok {
		return nil
	}
	for i := range n.NumMethods() {
		if m := n.Method(i); visible(m) && len(list) < maxListed {
			list = append(list, entry{signatureText(m), synopsis(symbols.Doc(tn.Pkg().Path(), tn.Name()+"."+m.Name()))})
		}
	}
	return list
}

// contents is the functions and types of a package, with what they are.
func contents(p *types.Package) (list []entry) {
	for _, n := range p.Scope().Names() {
		o := p.Scope().Lookup(n)
		if !o.Exported() || len(list) == maxListed {
			continue
		}
		say := synopsis(symbols.Doc(p.Path(), n))
		switch o := o.(type) {
		case *types.Func:
			list = append(list, entry{p.Name() + "." + signatureText(o), say})
		case *types.TypeName:
			list = append(list, entry{"type " + p.Name() + "." + n, say})
		}
	}
	return list
}

// compiled is the name of the compiled type that t is, or points to; nil for
// others.
func compiled(t types.Type) *types.TypeName {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || n.Obj().Pkg().Path() == "main" {
		return nil
	}
	return n.Obj()
}
