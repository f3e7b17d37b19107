package generate

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// docOf collects the doc comments of a package: "" for the package, a name for
// a package-level declaration, "T.M" for a method, an interface method or a
// struct field.
func docOf(p listed) ([]byte, error) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	d, err := doc.NewFromFiles(fset, files, p.ImportPath)
	if err != nil {
		return nil, fmt.Errorf("%s: %v", p.ImportPath, err)
	}
	m := map[string]string{}
	put := func(name, text string) {
		if text = strings.TrimSpace(text); text != "" {
			m[name] = text
		}
	}
	put("", d.Doc)
	values := func(vs []*doc.Value) {
		for _, v := range vs {
			for _, s := range v.Decl.Specs {
				vs, ok := s.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for _, n := range vs.Names {
					switch {
					case vs.Doc != nil:
						put(n.Name, vs.Doc.Text())
					case vs.Comment != nil:
						put(n.Name, vs.Comment.Text())
					default:
						put(n.Name, v.Doc)
					}
				}
			}
		}
	}
	values(d.Consts)
	values(d.Vars)
	for _, f := range d.Funcs {
		put(f.Name, f.Doc)
	}
	for _, t := range d.Types {
		put(t.Name, t.Doc)
		values(t.Consts)
		values(t.Vars)
		for _, f := range t.Funcs {
			put(f.Name, f.Doc)
		}
		for _, f := range t.Methods {
			put(t.Name+"."+f.Name, f.Doc)
		}
		for _, s := range t.Decl.Specs {
			if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.Name == t.Name {
				members(ts.Type, func(member, text string) { put(t.Name+"."+member, text) })
			}
		}
	}
	return json.Marshal(m)
}

// members reports the comments of struct fields and interface methods.
func members(e ast.Expr, put func(name, text string)) {
	var fields *ast.FieldList
	switch e := e.(type) {
	case *ast.StructType:
		fields = e.Fields
	case *ast.InterfaceType:
		fields = e.Methods
	default:
		return
	}
	for _, f := range fields.List {
		text := f.Doc.Text()
		if text == "" {
			text = f.Comment.Text()
		}
		for _, n := range f.Names {
			if n.IsExported() {
				put(n.Name, text)
			}
		}
	}
}
