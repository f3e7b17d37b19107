package build

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

const programPath = "github.com/priorlab/priorlab/kernel/build/program"

// finish adds what the Go compiler wants and cells need not have: a use for
// every local variable, no label without a jump to it.
func (c *converter) finish() (*checked, error) {
	k, err := c.check(c.units, nil)
	if err != nil {
		return nil, err
	}
	e := edits{}
	for _, x := range k.errs {
		u, off := k.place(x.Pos)
		if !x.Soft || u == nil || off < 0 {
			continue
		}
		path := enclosing(k.files[u], x.Pos)
		switch {
		case strings.Contains(x.Msg, "declared and not used"):
			useVariable(k, path, x.Pos, e)
		case strings.HasPrefix(x.Msg, "label"):
			for _, n := range path {
				if l, ok := n.(*ast.LabeledStmt); ok && l.Pos() == x.Pos {
					e.replace(k, l.Pos(), l.Colon+1, "")
				}
			}
		}
	}
	e.apply()
	if k, err = c.check(c.units, nil); err != nil {
		return nil, err
	}
	for i, x := range k.errs {
		if strings.Contains(x.Msg, "declared and not used") || strings.HasPrefix(x.Msg, "label") {
			k.errs[i].Soft = false // no way was found above
		}
	}
	return k, k.faults(nil)
}

// enclosing are the nodes around a position, the innermost last.
func enclosing(f *ast.File, pos token.Pos) []ast.Node {
	var path []ast.Node
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil || pos < n.Pos() || pos >= n.End() {
			return false
		}
		path = append(path, n)
		return true
	})
	return path
}

// useVariable writes "_ = x" where it is in the scope of the variable x
// defined at pos.
func useVariable(k *checked, path []ast.Node, pos token.Pos, e edits) {
	id, ok := path[len(path)-1].(*ast.Ident)
	if !ok {
		return
	}
	use := "_ = " + id.Name
	for i := len(path) - 2; i >= 0; i-- {
		switch n := path[i].(type) {
		case *ast.TypeSwitchStmt:
			if a, ok := n.Assign.(*ast.AssignStmt); ok && a.Pos() <= pos && pos < a.End() {
				e.replace(k, a.Lhs[0].Pos(), a.Rhs[0].Pos(), "")
				return
			}
		case *ast.IfStmt:
			e.insert(k, n.Body.Lbrace+1, "\n"+use+"\n")
			return
		case *ast.ForStmt:
			e.insert(k, n.Body.Lbrace+1, "\n"+use+"\n")
			return
		case *ast.RangeStmt:
			e.insert(k, n.Body.Lbrace+1, "\n"+use+"\n")
			return
		case *ast.SwitchStmt:
			if len(n.Body.List) > 0 {
				clause := n.Body.List[0].(*ast.CaseClause)
				e.insert(k, clause.Colon+1, "\n"+use+"\n")
			}
			return
		case *ast.CommClause:
			if n.Comm != nil && pos < n.Colon {
				e.insert(k, n.Colon+1, "\n"+use+"\n")
				return
			}
		case *ast.AssignStmt, *ast.DeclStmt:
			if i > 0 && inList(path[i-1], n.(ast.Stmt)) {
				e.insert(k, n.End(), "\n"+use)
				return
			}
		}
	}
}

// inList reports whether s stands in a list of statements, where another may
// follow it.
func inList(parent ast.Node, s ast.Stmt) bool {
	switch p := parent.(type) {
	case *ast.BlockStmt:
		return slices.Contains(p.List, s)
	case *ast.CaseClause:
		return slices.Contains(p.Body, s)
	case *ast.CommClause:
		return slices.Contains(p.Body, s)
	case *ast.LabeledStmt:
		return true
	}
	return false
}

// file writes the program as one Go file.
func (c *converter) file(p *Program, k *checked) ([]byte, error) {
	var b strings.Builder
	main := c.main(p, k)
	fmt.Fprintf(&b, "// Command %s is the notebook %s as a program: %s.\n//\n// Made by \"priorlab build\"; each cell is a function, run in order by main.\npackage main\n\n", p.Name, p.notebook, strings.TrimSuffix(p.Title, "."))
	b.WriteString(c.importBlock(k))
	b.WriteString(main)
	for _, u := range c.units {
		title := "cell " + strconv.Itoa(u.cell) + u.suffix
		if u.prose != "" {
			b.WriteString("\n" + commented(u.prose))
		}
		fmt.Fprintf(&b, "\n// ---- %s ----\n\n", title)
		s := u.text
		if len(k.body(u).Body.List) == 0 { // declarations alone
			_, from := k.place(k.body(u).Pos())
			_, to := k.place(k.body(u).End())
			rest := strings.TrimSpace(s.slice(from, to).String())
			rest = strings.TrimSuffix(strings.TrimPrefix(rest, "func "+u.name+"() {"), "}")
			s = append(s.slice(0, from), part{-1, strings.TrimSpace(rest) + "\n"})
		}
		b.WriteString(strings.TrimSpace(blankStart.ReplaceAllString(s.String(), "$1\n")) + "\n")
	}
	out, err := format.Source([]byte(b.String()))
	if err != nil {
		return nil, fmt.Errorf("the program made is not Go, which is a fault of priorlab build: %w", err)
	}
	return out, nil
}

// blankStart is what taking a statement away leaves at the start of a cell.
var blankStart = regexp.MustCompile(`(?m)^(func cell\w+\(\) \{)\s*\n`)

// importBlock imports what is used.
func (c *converter) importBlock(k *checked) string {
	used := map[string]string{programName(c): programPath}
	dots := map[string]bool{}
	for _, o := range k.info.Uses {
		if p, ok := o.(*types.PkgName); ok {
			used[p.Name()] = p.Imported().Path()
		}
	}
	for _, u := range c.units {
		for _, d := range u.dots {
			dots[d] = true
		}
	}
	var std, other []string
	add := func(line, path string) {
		if strings.Contains(strings.Split(path, "/")[0], ".") {
			other = append(other, line)
		} else {
			std = append(std, line)
		}
	}
	for n, path := range used {
		line := strconv.Quote(path)
		if n != path[strings.LastIndexByte(path, '/')+1:] {
			line = n + " " + line
		}
		add(line, path)
	}
	for d := range dots {
		add(". "+strconv.Quote(d), d)
	}
	byPath := func(list []string) {
		sort.Slice(list, func(i, j int) bool {
			return list[i][strings.IndexByte(list[i], '"'):] < list[j][strings.IndexByte(list[j], '"'):]
		})
	}
	byPath(std)
	byPath(other)
	return "import (\n" + strings.Join(std, "\n") + "\n\n" + strings.Join(other, "\n") + "\n)\n"
}

// programName is what the program calls the package that runs it.
func programName(c *converter) string {
	if _, taken := c.local["program"]; taken || c.top["program"] {
		if c.alias["program"] == "" {
			c.alias["program"] = c.fresh("programpkg")
		}
		return c.alias["program"]
	}
	return "program"
}

// main writes the function that runs the cells.
func (c *converter) main(p *Program, k *checked) string {
	var b strings.Builder
	name := "p"
	for c.top[name] {
		name += "_"
	}
	fmt.Fprintf(&b, "\nfunc main() {\n%s := %s.New(%q, %q)\n", name, programName(c), p.Name, p.Title)
	for _, x := range c.params {
		if x.flag {
			fmt.Fprintf(&b, "%s.Flag(&%s, %q, %q, %q)\n", name, x.now, x.name, x.value, x.about)
		}
	}
	settle := -1 // the unit after which the flags count
	for i, u := range c.units {
		if u.isParameter || u.tagged("injected-parameters") && settle >= 0 {
			settle = i
		}
	}
	for i, u := range c.units {
		if len(k.body(u).Body.List) > 0 {
			verb := "Cell"
			if u.tagged("raises-exception") {
				verb = "MayFail"
			}
			fmt.Fprintf(&b, "%s.%s(%d, %s)\n", name, verb, u.cell, u.name)
		}
		if i == settle && slices.ContainsFunc(c.params, func(x param) bool { return x.flag }) {
			fmt.Fprintf(&b, "%s.Settings() // what the command line says\n", name)
		}
	}
	fmt.Fprintf(&b, "%s.End()\n}\n", name)
	return b.String()
}

// commented makes prose a comment.
func commented(prose string) string {
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(prose), "\n") {
		b.WriteString(strings.TrimRight("// "+line, " ") + "\n")
	}
	return b.String()
}
