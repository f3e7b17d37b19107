package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/priorlab/priorlab/symbols"
)

// foreignNames are names of other languages and libraries, with what a cell
// writes.
var foreignNames = map[string]string{
	"None": "nil", "null": "nil", "NULL": "nil", "nullptr": "nil", "True": "true", "False": "false",
	"str": "fmt.Sprint(x)", "float": "float64(x)", "double": "float64", "long": "int64", "char": "byte or rune", "boolean": "bool", "object": "any",
	"list": "a slice such as []float64{1, 2}", "tuple": "a struct, or several values", "dict": "a map such as map[string]int{\"a\": 1}", "set": "map[string]bool{}",
	"np": "linalg for tensors, mat for matrices, floats for slices", "numpy": "linalg for tensors, mat for matrices, floats for slices",
	"torch": "linalg for tensors, nn for networks, train for fitting", "jnp": "linalg for tensors", "tf": "linalg for tensors, nn for networks",
	"plt": "plots", "matplotlib": "plots", "pd": "data", "scipy": "gonum's optimize, stat, distuv, integrate", "sklearn": "gp, sgpa, train",
	"sum": "floats.Sum(x), or x.Sum() of a tensor", "abs": "math.Abs(x)", "round": "math.Round(x)", "pow": "math.Pow(x, y)", "pi": "math.Pi",
	"enumerate": "for i, v := range x", "zip": "for i := range x, with x[i] and y[i]", "map": "a loop, or slices of the package slices", "sorted": "slices.Sorted, or sort.Float64s(x) in place",
	"isinstance": "a type assertion: _, ok := x.(T)", "type_": "fmt.Sprintf(\"%T\", x)", "self": "the receiver's own name", "this": "the receiver's own name",
	"console": "fmt.Println(x)", "System": "fmt.Println(x)", "cout": "fmt.Println(x)", "input": "fmt.Scanln(&x)", "open": "os.Open(name)", "display": "lab.Show(x)",
	"help": "%help NAME, or NAME?", "dir": "%help NAME, which lists methods", "Out": "a name: x := … keeps the value of a cell", "In": "a name: x := … keeps the value of a cell", "exit": "os.Exit(0)", "quit": "os.Exit(0)", "async": "go f()", "await": "<-ch", "linspace": "floats.Span(make([]float64, n), a, b), or linalg.Linspace", "arange": "for i := range n, or linalg.Arange", "zeros": "make([]float64, n), or linalg.Zeros", "ones": "linalg.Ones",
	"array": "[]float64{…}, or linalg.FromFloat64", "mean": "stat.Mean(x, nil)", "std": "stat.StdDev(x, nil)", "var_": "stat.Variance(x, nil)", "dot": "floats.Dot(x, y)", "random": "rand.Float64(), or linalg.NewRand(seed)",
}

// homes are the packages in which a bare name is looked for.
var homes = []string{"fmt", "math", "strings", "strconv", "errors", "os", "time", "sort", "slices", "maps", "gonum.org/v1/gonum/floats", "gonum.org/v1/gonum/stat",
	"github.com/priorlab/priorlab/linalg", "github.com/priorlab/priorlab/stdlib/lab", "github.com/priorlab/priorlab/stdlib/plots"}

// name: what an undefined name may have meant.
func (h *hinter) name(pos token.Pos, name string) string {
	if say := h.refusedIn(name); say != "" {
		return say
	}
	near := h.nearName(pos, name)
	if strings.EqualFold(near, name) && near != "" {
		return "did you mean " + near + "?"
	}
	if say := foreignNames[name]; say != "" {
		return "in a cell that is " + say
	}
	if a := around[*ast.AssignStmt](h, pos, nil); a != nil && a.Tok == token.ASSIGN {
		for _, l := range a.Lhs {
			if id, ok := l.(*ast.Ident); ok && id.Pos() == pos && near == "" {
				return "a new variable is declared with :=, " + name + " := …"
			}
		}
	}
	if f := around[*ast.FuncType](h, pos, nil); f != nil && f.Params != nil {
		for _, p := range f.Params.List {
			if id, ok := p.Type.(*ast.Ident); ok && id.Pos() == pos && len(p.Names) == 0 && name == strings.ToLower(name) && near == "" {
				return "each parameter says its type: func(" + name + " float64)"
			}
		}
	}
	if c := symbols.Candidates(name); len(c) > 1 {
		return "several packages are called " + name + "; import one of " + strings.Join(c, ", ")
	}
	if home := h.inHomes(name); home != "" {
		return "did you mean " + home + "?"
	}
	if near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// inHomes finds a bare name in a package that people forget to name.
func (h *hinter) inHomes(name string) string {
	for _, path := range homes {
		p, err := h.s.importer.Import(path)
		if err != nil {
			continue
		}
		for _, n := range p.Scope().Names() {
			if token.IsExported(n) && strings.EqualFold(n, name) {
				return p.Name() + "." + n
			}
		}
	}
	return ""
}

// nearName is a name in reach that is spelt alike.
func (h *hinter) nearName(pos token.Pos, name string) string {
	var names []string
	for n := range h.s.live {
		names = append(names, n)
	}
	for n := range h.pt.named {
		names = append(names, n)
	}
	for _, sc := range h.pt.info.Scopes {
		if sc.Contains(pos) {
			names = append(names, sc.Names()...)
		}
	}
	names = append(names, types.Universe.Names()...)
	// A package is meant where a member follows.
	if sel := around[*ast.SelectorExpr](h, pos, nil); sel != nil && sel.X.Pos() == pos {
		for _, p := range symbols.Paths() {
			if n := symbols.Name(p); len(n) > 3 || strings.EqualFold(n, name) {
				names = append(names, n)
			}
		}
	}
	return nearest(name, names)
}

// member: what an unknown member of a package may have meant.
func (h *hinter) member(pkg, name string) string {
	path := h.s.imports[pkg]
	if path == "" {
		if c := symbols.Candidates(pkg); len(c) == 1 {
			path = c[0]
		}
	}
	p, err := h.s.importer.Import(path)
	if err != nil {
		return ""
	}
	if near := nearest(name, exported(p.Scope().Names())); near != "" {
		return "did you mean " + pkg + "." + near + "?"
	}
	for _, other := range symbols.Paths() { // another package of the name
		if other == path || symbols.Name(other) != pkg || !token.IsExported(name) {
			continue
		}
		if p, err := h.s.importer.Import(other); err == nil && p.Scope().Lookup(name) != nil {
			return pkg + " is " + path + " here; the package that has it is got by import " + strconv.Quote(other)
		}
	}
	return h.methodElsewhere(p, name)
}

func exported(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !token.IsExported(n) })
}

// selector: a field or method that a type does not have.
func (h *hinter) selector(pos token.Pos, m []string) string {
	sel := around(h, pos, func(s *ast.SelectorExpr) bool { return s.Sel.Pos() == pos })
	if sel == nil {
		return ""
	}
	t, x, want := h.typeOf(sel.X), h.text(sel.X), m[2]
	if t == nil {
		return ""
	}
	if again := h.declaredAgain(t); again != "" && !h.pt.named[strings.TrimPrefix(m[1], "*")] {
		return again
	}
	if id, ok := sel.X.(*ast.Ident); ok {
		for _, path := range symbols.Candidates(id.Name) {
			if p, err := h.s.importer.Import(path); err == nil && token.IsExported(want) && p.Scope().Lookup(want) != nil {
				return "the variable " + id.Name + " hides the package " + path + ": give it another name"
			}
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		switch strings.ToLower(want) {
		case "append", "push", "add":
			return x + " = append(" + x + ", …)"
		case "len", "length", "size", "shape", "count":
			return "len(" + x + ")"
		case "sort":
			return "slices.Sort(" + x + ")"
		case "sum", "mean", "max", "min", "std":
			return map[string]string{"sum": "floats.Sum(", "mean": "stat.Mean(", "max": "slices.Max(", "min": "slices.Min(", "std": "stat.StdDev("}[strings.ToLower(want)] + x + map[string]string{"mean": ", nil", "std": ", nil"}[strings.ToLower(want)] + ")"
		}
		return "a slice has no methods; see the packages slices and floats"
	case *types.Map:
		switch strings.ToLower(want) {
		case "keys", "values":
			return "slices.Sorted(maps." + strings.ToUpper(want[:1]) + strings.ToLower(want[1:]) + "(" + x + "))"
		case "get":
			return "v, ok := " + x + "[key]"
		case "items":
			return "for key, value := range " + x
		}
		return "a map has no methods; see the package maps"
	case *types.Basic:
		if u.Info()&types.IsString != 0 {
			if p, err := h.s.importer.Import("strings"); err == nil {
				for _, n := range p.Scope().Names() {
					if strings.EqualFold(n, want) || strings.EqualFold(n, "to"+want) {
						return "strings." + n + "(" + x + ", …)"
					}
				}
			}
			if strings.EqualFold(want, "format") {
				return "fmt.Sprintf(" + x + ", …)"
			}
		}
	}
	if strings.Contains(m[0], "but does have") {
		return ""
	}
	if say := h.peerMember(t, x, want); say != "" {
		return say
	}
	if near := nearest(want, membersOf(t)); near != "" {
		return "did you mean " + x + "." + near + "?"
	}
	return ""
}

// fieldName: a field that a struct literal does not have.
func (h *hinter) fieldName(pos token.Pos, m []string) string {
	_, names := h.literal(pos, reachable)
	if names == nil {
		return ""
	}
	if near := nearest(m[1], names); near != "" {
		return "did you mean " + near + "?"
	}
	if len(names) > 12 {
		names = append(names[:12], "…")
	}
	return "its fields are " + strings.Join(names, ", ")
}

// literal is the struct literal around pos and the fields of its struct that
// are good.
func (h *hinter) literal(pos token.Pos, good func(types.Object) bool) (l *ast.CompositeLit, names []string) {
	if l = around[*ast.CompositeLit](h, pos, nil); l == nil {
		return nil, nil
	}
	if st, ok := h.typeOf(l).Underlying().(*types.Struct); ok {
		for f := range st.Fields() {
			if good(f) {
				names = append(names, f.Name())
			}
		}
	}
	return l, names
}

// reachable reports whether a cell can select o.
func reachable(o types.Object) bool {
	return o.Exported() || o.Pkg() != nil && o.Pkg().Path() == "main"
}

// membersOf lists the fields and methods that a cell can select of t.
func membersOf(t types.Type) (names []string) {
	mt := t
	if _, ptr := t.Underlying().(*types.Pointer); !ptr && !types.IsInterface(t) {
		mt = types.NewPointer(t)
	}
	ms := types.NewMethodSet(mt)
	for i := range ms.Len() {
		if o := ms.At(i).Obj(); reachable(o) {
			names = append(names, o.Name())
		}
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	if st, ok := t.Underlying().(*types.Struct); ok {
		for i := range st.NumFields() {
			if f := st.Field(i); reachable(f) {
				names = append(names, f.Name())
			}
		}
	}
	return names
}

// nearest is the name closest to want, if it is close enough.
func nearest(want string, names []string) string {
	limit := 1 + (len(want)-1)/4
	if len(want) < 3 {
		limit = 0
	}
	best, least := "", limit+1
	for _, n := range names {
		if n == want || strings.Contains(n, "·") {
			continue
		}
		if strings.EqualFold(n, want) {
			return n
		}
		d := distance(strings.ToLower(want), strings.ToLower(n), limit)
		if d < least || d == least && d <= limit && n < best {
			best, least = n, d
		}
	}
	return best
}

// distance counts the edits between two words, an exchange of neighbours being
// one, and gives up beyond limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	var before []int
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur := make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev = prev, cur
	}
	return prev[len(b)]
}
