package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strings"
	"sync"
)

// hinter proposes what to do about the checker's messages on one part of a
// cell.
type hinter struct {
	s    *Session
	src  *source
	pt   *part
	fset *token.FileSet
	file *ast.File
}

// rule is a kind of message, the parts of which are given to say.
type rule struct {
	msg *regexp.Regexp
	say func(h *hinter, pos token.Pos, m []string) string
}

func fixed(text string) func(*hinter, token.Pos, []string) string {
	return func(*hinter, token.Pos, []string) string { return text }
}

// rules are made when the first cell does not check.
var rules = sync.OnceValue(func() []rule {
	return []rule{
		{regexp.MustCompile(`^undefined: (\w+)\.(\w+)(?: \(but have (\w+)\))?`), func(h *hinter, _ token.Pos, m []string) string { return h.member(m[1], m[2]) }},
		{regexp.MustCompile(`^undefined: (\S+)$`), func(h *hinter, pos token.Pos, m []string) string { return h.name(pos, m[1]) }},
		{regexp.MustCompile(`^\S+ undefined \(type (.+) has no field or method (\w+)`), (*hinter).selector},
		{regexp.MustCompile(`^unknown field (\w+) in struct literal`), (*hinter).fieldName},
		{regexp.MustCompile(`^too few values in struct literal`), func(h *hinter, pos token.Pos, _ []string) string { return h.fieldsOf(pos) }},
		{regexp.MustCompile(`is not available in cells`), fixed("cells can import the standard library, gonum, gonum/plot, linalg and stdlib; other modules belong into a program, which a cell can start by !")},
		{regexp.MustCompile(`\(untyped float constant\) truncated to `), (*hinter).fraction},
		{regexp.MustCompile(`\(slice can only be compared to nil\)`), fixed("slices.Equal(x, y) compares element by element")},
		{regexp.MustCompile(`^non-boolean condition in`), (*hinter).condition},
		{regexp.MustCompile(`^cannot use _ as value`), fixed("the value of an earlier cell is not kept; name it there: x := …")},
		{regexp.MustCompile(`^missing return`), fixed("every path through the function must end in a return")},
		{regexp.MustCompile(`^too many return values`), (*hinter).returns},
		{regexp.MustCompile(`^multiple-value (\S+)\(.*\(value of type \((.*)\)\) in`), func(_ *hinter, _ token.Pos, m []string) string { return several(m[1], m[2]) }},
		{regexp.MustCompile(`^assignment mismatch: (\d+) variables? but (\S+?)(?:\(.*\))? returns (\d+) values?`), (*hinter).mismatch},
		{regexp.MustCompile(`\(no value\) used as value`), fixed("it gives nothing back: call it on a line of its own")},
		{regexp.MustCompile(`^no new variables on left side of :=`), fixed("the names exist already: assign with =")},
		{regexp.MustCompile(`\(mismatched types (.+) and (.+)\)$`), (*hinter).operands},
		{regexp.MustCompile(`operator (\S+) not defined on .*\((?:variable|value|constant).* of (?:[a-z]+ )?type (.+)\)$`), (*hinter).operator},
		{regexp.MustCompile(`^cannot use .* as (.+) value in .*\(truncated\)`), fixed("the value has a fraction: write a whole number, or declare float64")},
		{regexp.MustCompile(`^cannot convert .*untyped float constant.* to type (\w+)|^cannot convert .*\(truncated\)`), fixed("a constant with a fraction does not become an integer; math.Round, math.Floor and int(x) do that to a variable x")},
		{regexp.MustCompile(`^cannot use nil as (string|int|float64|bool) value`), (*hinter).zero},
		{regexp.MustCompile(`^cannot use .* as (.+?) value in .*: .* does not implement (.+?) \((.*)\)`), (*hinter).implement},
		{regexp.MustCompile(`^cannot use .* \((?:variable|value|constant)[^)]* of (?:[a-z]+ )?type (.+)\) as (.+?) value in`), (*hinter).convert},
		{regexp.MustCompile(`for built-in (len|cap)$`), (*hinter).length},
		{regexp.MustCompile(`^invalid argument: .*\(value of type (.+)\) cannot be ordered|^invalid argument: .* cannot be ordered`), fixed("min and max take numbers one by one; slices.Max(x) and slices.Min(x) look through a slice")},
		{regexp.MustCompile(`^cannot index (\S+)`), (*hinter).index},
		{regexp.MustCompile(`index .* must not be negative`), fixed("indices count from 0; the last element of x is x[len(x)-1]")},
		{regexp.MustCompile(`cannot indirect .*untyped`), fixed("a power is math.Pow(x, y), or x*x")},
		{regexp.MustCompile(`^use of untyped nil`), fixed("nil needs a type: var x []float64, var x *T, var err error")},
		{regexp.MustCompile(`^cannot range over`), fixed("range takes a slice, array, map, string, channel, integer or iterator")},
		{regexp.MustCompile(`is not an expression$`), (*hinter).typeNamed},
		{regexp.MustCompile(`is not used$`), (*hinter).unused},
		{regexp.MustCompile(`^use of package (\w+) without selector`), func(_ *hinter, _ token.Pos, m []string) string { return "name something in it: " + m[1] + ".Name" }},
		{regexp.MustCompile(`^cannot call .*non-function`), fixed("it is not a function; a conversion names the type, T(x)")},
		{regexp.MustCompile(`^missing init expr for`), fixed("a constant says its value: const c = 3")},
		{regexp.MustCompile(`^not enough arguments in call to (\S+)`), (*hinter).arguments},
		{regexp.MustCompile(`^too many arguments in call to (\S+)`), (*hinter).arguments},
		{regexp.MustCompile(`^cannot assign to struct field (.+) in map`), fixed("take the struct out, change it and put it back; or keep pointers in the map")},
		{regexp.MustCompile(`^cannot assign to .*\(neither addressable nor a map index expression\)`), fixed("text cannot be changed in place: b := []byte(s); b[0] = 'x'; s = string(b)")},
		{regexp.MustCompile(`^cannot infer (\w+)`), fixed("say the type: f[float64](…)")},
	}
})

// hint proposes what to do about a message of the checker; "" where nothing is
// known.
func (h *hinter) hint(pos token.Pos, msg string) (text string) {
	defer func() {
		if recover() != nil { // a hint is not worth a failure: the syntax tree is that of a mistake
			text = ""
		}
	}()
	line, _, _ := strings.Cut(msg, "\n")
	for _, r := range rules() {
		if m := r.msg.FindStringSubmatch(line); m != nil {
			if text := r.say(h, pos, m); text != "" {
				return text
			}
		}
	}
	return ""
}

// enclosing lists the nodes around pos, outermost first.
func (h *hinter) enclosing(pos token.Pos) (path []ast.Node) {
	ast.Inspect(h.file, func(n ast.Node) bool {
		if n == nil {
			return false
		}
		if _, isFile := n.(*ast.File); isFile {
			return true
		}
		if g, ok := n.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			return false
		}
		if n.Pos() > pos || pos > n.End() {
			return false
		}
		path = append(path, n)
		return true
	})
	return path
}

// around is the innermost node of type N around pos that satisfies ok.
func around[N ast.Node](h *hinter, pos token.Pos, ok func(N) bool) (found N) {
	for _, n := range h.enclosing(pos) {
		if x, is := n.(N); is && (ok == nil || ok(x)) {
			found = x
		}
	}
	return found
}

// text is the source of a node, or "…" when it is long.
func (h *hinter) text(n ast.Node) string {
	t := h.src.text[h.src.offset(h.fset, n.Pos()):h.src.offset(h.fset, n.End())]
	if len(t) > 30 || strings.Contains(t, "\n") {
		return "…"
	}
	return t
}

func (h *hinter) typeOf(e ast.Expr) types.Type { return h.pt.info.TypeOf(e) }

// converted writes the conversion of e to the type called to.
func (h *hinter) converted(e ast.Expr, to string) string { return to + "(" + h.text(e) + ")" }

// operands: two sides of an operator differ in type.
func (h *hinter) operands(pos token.Pos, m []string) string {
	b := around(h, pos, func(b *ast.BinaryExpr) bool { return true })
	for _, n := range h.enclosing(pos) {
		if x, ok := n.(*ast.BinaryExpr); ok && (x.Pos() == pos || x.Y.Pos() == pos || x.OpPos == pos) {
			b = x
			break
		}
	}
	if b == nil {
		if a := around[*ast.AssignStmt](h, pos, nil); a != nil && len(a.Lhs) == 1 && len(a.Rhs) == 1 {
			b = &ast.BinaryExpr{X: a.Lhs[0], Y: a.Rhs[0]}
		} else {
			return ""
		}
	}
	x, y := h.typeOf(b.X), h.typeOf(b.Y)
	if x == nil || y == nil {
		return ""
	}
	switch {
	case b.Op == token.REM && isString(x):
		return "values are put into text by fmt.Sprintf(" + h.text(b.X) + ", " + h.text(b.Y) + ")"
	case isSlice(x) && isNumber(y) || isNumber(x) && isSlice(y):
		return h.elementwise(b)
	case isNumber(x) && isNumber(y):
		switch {
		case isUntyped(x) || isUntyped(y):
			return "the number has a fraction; convert the other side: float64(…)"
		case isFloat(x) && !isFloat(y):
			return "convert one side: " + h.converted(b.Y, x.String())
		case isFloat(y) && !isFloat(x):
			return "convert one side: " + h.converted(b.X, y.String())
		}
		return "convert one side: " + h.converted(b.Y, types.TypeString(x, qualifyShort))
	case b.Op == token.ADD && isString(x) && isNumber(y):
		return "join text and numbers by fmt.Sprint(" + h.text(b.X) + ", " + h.text(b.Y) + "), or fmt.Sprintf"
	case b.Op == token.ADD && isNumber(x) && isString(y):
		return "join text and numbers by fmt.Sprint(" + h.text(b.X) + ", " + h.text(b.Y) + "), or fmt.Sprintf"
	case isChar(x) && isString(y) || isString(x) && isChar(y):
		return "one character of a string is a byte: compare with 'a' in single quotes"
	case isString(x) && isNil(y) || isString(y) && isNil(x):
		return `a string is never nil; the empty one is ""`
	case isNumber(x) && isNil(y) || isNumber(y) && isNil(x):
		return "a number is never nil; a new one is 0"
	case isBool(x) && isNumber(y) || isBool(y) && isNumber(x):
		return "true and false are not numbers; compare with ==, or use if"
	}
	if hint := h.method(b.Op.String(), x, b.X, b.Y); hint != "" {
		return hint
	}
	return h.method(b.Op.String(), y, b.Y, b.X)
}

// operator: an operator that a type does not have.
func (h *hinter) operator(pos token.Pos, m []string) string {
	b := around[*ast.BinaryExpr](h, pos, nil)
	if b == nil {
		if u := around[*ast.UnaryExpr](h, pos, nil); u != nil && u.Op == token.NOT && isNumber(h.typeOf(u.X)) {
			return "compare: " + h.text(u.X) + " == 0"
		}
		return ""
	}
	if b.Op == token.LAND || b.Op == token.LOR {
		return "conditions are bool: compare with != 0 or != nil"
	}
	if isFloat(h.typeOf(b.X)) && b.Op == token.REM {
		return "write math.Mod(" + h.text(b.X) + ", " + h.text(b.Y) + ")"
	}
	if isFloat(h.typeOf(b.X)) && b.Op == token.XOR {
		return "a power is math.Pow(" + h.text(b.X) + ", " + h.text(b.Y) + ")"
	}
	if s, ok := h.typeOf(b.X).Underlying().(*types.Slice); ok {
		if isFloat(s.Elem()) {
			name := map[token.Token]string{token.ADD: "AddTo", token.SUB: "SubTo", token.MUL: "MulTo", token.QUO: "DivTo"}[b.Op]
			if name != "" {
				return "slices of numbers are joined element by element by floats." + name + "(make([]float64, len(" + h.text(b.X) + ")), " + h.text(b.X) + ", " + h.text(b.Y) + "); slices.Concat puts one behind the other"
			}
		}
		if b.Op == token.ADD {
			return "slices are put one behind the other by slices.Concat(" + h.text(b.X) + ", " + h.text(b.Y) + ")"
		}
	}
	return h.method(b.Op.String(), h.typeOf(b.X), b.X, b.Y)
}

// method names the method of t that does what an operator would.
func (h *hinter) method(op string, t types.Type, x, y ast.Expr) string {
	names := map[string][]string{"+": {"Add"}, "-": {"Sub"}, "*": {"Mul"}, "/": {"Div", "Quo"}, "<": {"Less", "Before", "Cmp"}, ">": {"After", "Cmp"}, "==": {"Equal"}}[op]
	for _, name := range names {
		o, _, _ := types.LookupFieldOrMethod(t, true, h.pt.pkg, name)
		f, ok := o.(*types.Func)
		if !ok {
			continue
		}
		s := f.Type().(*types.Signature)
		if yt := h.typeOf(y); yt != nil && isNumber(yt) && !isNumber(t) { // a number beside a tensor or matrix
			if o, _, _ := types.LookupFieldOrMethod(t, true, h.pt.pkg, name+"S"); o != nil {
				return "operators are methods here: " + h.text(x) + "." + name + "S(" + h.text(y) + ")"
			}
			if o, _, _ := types.LookupFieldOrMethod(t, true, h.pt.pkg, "Scale"); o != nil && op == "*" {
				return "the method Scale multiplies by a number"
			}
		}
		if s.Results().Len() == 0 && s.Params().Len() == 2 { // gonum: the receiver is the destination
			return "operators are methods here: var c " + deref(types.TypeString(t, qualifyShort)) + "; c." + name + "(" + h.text(x) + ", " + h.text(y) + ")"
		}
		return "operators are methods here: " + h.text(x) + "." + name + "(" + h.text(y) + ")"
	}
	return ""
}

func deref(name string) string { return strings.TrimPrefix(name, "*") }

// qualifyShort names packages as a cell does.
func qualifyShort(p *types.Package) string {
	if p.Path() == "main" {
		return ""
	}
	return p.Name()
}

func basicInfo(t types.Type) types.BasicInfo {
	if t == nil {
		return 0
	}
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		return 0
	}
	return b.Info()
}

func isNumber(t types.Type) bool  { return basicInfo(t)&types.IsNumeric != 0 }
func isFloat(t types.Type) bool   { return basicInfo(t)&(types.IsFloat|types.IsComplex) != 0 }
func isString(t types.Type) bool  { return basicInfo(t)&types.IsString != 0 }
func isBool(t types.Type) bool    { return basicInfo(t)&types.IsBoolean != 0 }
func isUntyped(t types.Type) bool { return basicInfo(t)&types.IsUntyped != 0 }
func isSlice(t types.Type) bool {
	_, ok := t.Underlying().(*types.Slice)
	return ok
}
func isNil(t types.Type) bool { return t == types.Typ[types.UntypedNil] }

func isChar(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && (b.Kind() == types.Byte || b.Kind() == types.Rune || b.Kind() == types.UntypedRune)
}
