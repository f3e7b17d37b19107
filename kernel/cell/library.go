package cell

import (
	"embed"
	"go/ast"
	"go/parser"
	"go/types"
	"io/fs"
	"sort"
	"strings"

	"github.com/priorlab/priorlab/symbols"
)

// library is a package, or the generic half of one, that cells run from source.
type library struct {
	info  *types.Info
	decls map[string]*ast.FuncDecl // functions by name; methods of an overlay are called Type_Method
	objs  map[*types.Func]*ast.FuncDecl
	pkg   *types.Package
}

// overlay holds sources for the generic declarations of packages that are
// otherwise compiled. A method M of a generic type T is the function T_M there.
//
//go:embed overlay
var overlay embed.FS

// sourceOf finds the source of a generic library function.
func (s *Session) sourceOf(fn *types.Func) (*types.Func, *ast.FuncDecl, *types.Info) {
	if fn.Pkg() == nil || fn.Pkg().Path() == "main" {
		return nil, nil, nil
	}
	path := fn.Pkg().Path()
	lib := s.load(path)
	if lib == nil {
		return nil, nil, nil
	}
	if d := lib.objs[fn]; d != nil {
		return fn, d, lib.info
	}
	sig := fn.Type().(*types.Signature)
	name := fn.Name()
	if r := sig.Recv(); r != nil {
		if t := namedOf(r.Type()); t != nil {
			name = t.Obj().Name() + "_" + name
		}
	}
	d := lib.decls[name]
	if d == nil {
		return nil, nil, nil
	}
	return lib.info.Defs[d.Name].(*types.Func), d, lib.info
}

func namedOf(t types.Type) *types.Named {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, _ := t.(*types.Named)
	return n
}

// load parses and checks a library package on first use.
func (s *Session) load(path string) *library {
	if lib, ok := s.library[path]; ok {
		return lib
	}
	s.library[path] = nil
	files := librarySource(path)
	if len(files) == 0 {
		return nil
	}
	var names []string
	for n := range files {
		names = append(names, n)
	}
	sort.Strings(names)
	var asts []*ast.File
	for _, n := range names {
		f, err := parser.ParseFile(s.fset, path+"/"+n, files[n], parser.SkipObjectResolution)
		if err != nil {
			return nil
		}
		asts = append(asts, f)
	}
	lib := &library{info: newInfo(), decls: map[string]*ast.FuncDecl{}, objs: map[*types.Func]*ast.FuncDecl{}}
	conf := types.Config{Importer: s.importer, GoVersion: "go1.26", Error: func(error) {}}
	lib.pkg, _ = conf.Check(path, s.fset, asts, lib.info) // functions without a body are reported and replaced
	for _, f := range asts {
		for _, d := range f.Decls {
			fd, ok := d.(*ast.FuncDecl)
			if !ok || fd.Body == nil {
				continue
			}
			if fd.Recv == nil {
				lib.decls[fd.Name.Name] = fd
			}
			if o, ok := lib.info.Defs[fd.Name].(*types.Func); ok {
				lib.objs[o] = fd
			}
		}
	}
	s.library[path] = lib
	return lib
}

func librarySource(path string) map[string]string {
	dir := "overlay/" + strings.ReplaceAll(path, "/", "_")
	es, err := fs.ReadDir(overlay, dir)
	if err == nil {
		m := map[string]string{}
		for _, e := range es {
			b, err := overlay.ReadFile(dir + "/" + e.Name())
			if err != nil {
				return nil
			}
			m[e.Name()] = string(b)
		}
		return m
	}
	return symbols.Source(path)
}
