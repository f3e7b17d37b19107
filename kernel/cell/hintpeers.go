package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/priorlab/priorlab/symbols"
)

// peerNames are what the libraries that people come from call what a type of
// ours has under another name, in lower case and without underscores. $ is the
// value.
var peerNames = map[string]map[string]string{
	"plots.Figure": {
		"show": "a figure that is the last line of a cell shows itself; lab.Show($) shows it anywhere", "legend": "the labels of what is drawn make the key; $.NoKey() leaves it out",
		"xlabel": "$.Labels(x, y) names both axes", "ylabel": "$.Labels(x, y) names both axes", "setxlabel": "$.Labels(x, y) names both axes", "setylabel": "$.Labels(x, y) names both axes", "label": "$.Labels(x, y) names both axes",
		"settitle": "$.Title(text)", "suptitle": "$.Title(text)", "savefig": "$.Save(\"name.png\"), or .svg or .pdf", "savepng": "$.Save(\"name.png\")", "savesvg": "$.Save(\"name.svg\")",
		"xlim": "$.XRange(lo, hi)", "ylim": "$.YRange(lo, hi)", "setxlim": "$.XRange(lo, hi)", "setylim": "$.YRange(lo, hi)", "xscale": "$.LogX()", "yscale": "$.LogY()", "loglog": "$.LogX().LogY()", "semilogy": "$.LogY()", "semilogx": "$.LogX()",
		"fillbetween": "$.Between(x, lo, hi, label), or Band(x, mean, sd, label)", "errorbar": "$.ErrorBars(x, y, e, label)", "imshow": "$.Heat(m)", "matshow": "$.Heat(m)", "pcolormesh": "$.HeatXY(x, y, m)", "contourf": "$.HeatXY(x, y, m)", "heatmap": "$.Heat(m)",
		"boxplot": "$.Boxes(names, values)", "barplot": "$.Bars(names, values)", "annotate": "$.Note(x, y, text)", "text": "$.Note(x, y, text)", "axvline": "$.VLine(x, label)", "axhline": "$.HLine(y, label)", "points": "$.Scatter(x, y, label)",
		"figsize": "$.Size(width, height), in pixels", "colorbar": "$.ColorBar(label) names the bar that heat maps have", "subplots": "plots.Grid(columns, figures…)", "clim": "$.ColorRange(lo, hi)", "histogram": "$.Hist(values, bins, label)",
	},
	"data.Table": {
		"query": "$.Where(column, func(v float64) bool { return … })", "filter": "$.Where(column, func(v float64) bool { return … })", "loc": "$.Where and $.WhereText choose rows", "iloc": "$.Head(n) and $.Tail(n) are rows from the ends",
		"dropna": "$.Complete(columns…)", "isna": "a missing number is NaN in $.Numbers(column)", "isnull": "a missing number is NaN in $.Numbers(column)", "sortvalues": "$.SortBy(column)", "sort": "$.SortBy(column)", "tocsv": "$.WriteCSV(path)", "save": "$.WriteCSV(path)",
		"valuecounts": "$.CountValues(column)", "unique": "$.CountValues(column)", "info": "$.Describe()", "summary": "$.Describe()", "shape": "$.Len() rows, len($.Columns) columns", "rename": "$.Columns are the names", "column": "$.Numbers(name), or Text or Times",
		"col": "$.Numbers(name), or Text or Times", "float": "$.Numbers(name)", "floats": "$.Numbers(name)", "values": "$.Numbers(name)", "strings": "$.Text(name)", "mean": "$.Describe() has means; stat.Mean(x, nil) of $.Numbers(column) is one", "drop": "$.Select(columns…) keeps those that are named", "assign": "$.With(column, values)", "agg": "$.Aggregate(by, f, columns…)", "group": "$.GroupBy(column)", "rows": "$.Len() rows; $.Text and $.Numbers give columns", "plot": "plots.New(title).Scatter(x, y, label), with columns by $.Numbers(name)",
	},
	"linalg.Tensor": {
		"take": "$.Gather(0, linalg.FromInts(i, len(i))) takes rows", "index": "$.Gather(0, linalg.FromInts(i, len(i))) takes rows", "indexselect": "$.Gather(0, linalg.FromInts(i, len(i))) takes rows", "rows": "$.Slice(0, from, to), or $.Gather(0, …)",
		"view": "$.Reshape(shape…)", "numpy": "$.Float64s(), or $.Dense()", "tolist": "$.Float64s()", "size": "$.Shape()", "mm": "$.MatMul(y)", "dot": "$.MatMul(y)", "matmul": "$.MatMul(y)", "transpose": "$.T(), or $.SwapAxes(a, b)", "detach": "linalg.Detach($)",
		"norm": "$.Square().Sum().Sqrt()", "std": "$.Var(axes…).Sqrt()", "pow": "$.PowS(v)", "float": "$.To(linalg.F32)", "double": "$.To(linalg.F64)", "cpu": "nothing: tensors live in the computer's memory", "cuda": "nothing: there is no other device", "copy": "$.Clone()",
	},
	"linalg.Rand": {
		"normals": "$.FillNormal(x), or linalg.Normal($, linalg.F64, shape…)", "randn": "linalg.Normal($, linalg.F64, shape…)", "normfloat64": "$.Normal()", "uniform": "$.Float64(), or linalg.Uniform($, linalg.F64, shape…)", "rand": "$.Float64()", "integers": "$.Intn(n)",
	},
	"gp.Exact": {
		"train": "$.Condition(x, y), then $.Fit(lab.Context(), steps)", "optimize": "$.Fit(lab.Context(), steps)", "forward": "$.Predict(x)", "plot": "lab.Explore($, x, y) draws and moves it",
		"loglikelihood": "$.LogMarginal()", "mll": "$.LogMarginal()", "sample": "$.SampleWith(x, base), with normals in base", "lengthscale": "$.Params() lists them; Get(name).Value() is one",
	},
}

// pyplotNames are functions of other plotting libraries that stand alone there.
var pyplotNames = map[string]string{
	"plot": `plots.New("title").Line(x, y, "label")`, "figure": `plots.New("title")`, "subplots": "plots.Grid(columns, figures…)", "subplot": "plots.Grid(columns, figures…)",
	"show": "nothing: a figure that is the last line of a cell shows itself", "savefig": `fig.Save("name.png")`, "imshow": `plots.New("title").Heat(m)`, "title": `plots.New("title")`,
	"xlabel": "fig.Labels(x, y)", "ylabel": "fig.Labels(x, y)", "legend": "nothing: labels make the key", "close": "nothing", "style": "plots.SetTheme(plots.Dark)",
}

func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// peerMember says what t has in the place of a member that another library
// would have.
func (h *hinter) peerMember(t types.Type, x, want string) string {
	say := peerNames[deref(types.TypeString(t, qualifyShort))][plain(want)]
	return strings.ReplaceAll(say, "$", x)
}

// methodElsewhere finds a name that a package does not have among the methods of
// its types.
func (h *hinter) methodElsewhere(p *types.Package, name string) string {
	if p.Name() == "plots" {
		if say := pyplotNames[plain(name)]; say != "" {
			return "here that is " + say
		}
	}
	scope := p.Scope()
	for _, n := range scope.Names() {
		tn, ok := scope.Lookup(n).(*types.TypeName)
		if !ok || !tn.Exported() || types.IsInterface(tn.Type()) {
			continue
		}
		for _, m := range membersOf(tn.Type()) {
			o, _, _ := types.LookupFieldOrMethod(types.NewPointer(tn.Type()), true, h.pt.pkg, m)
			if f, isFunc := o.(*types.Func); isFunc && strings.EqualFold(m, name) {
				say := m + " is a method of " + p.Name() + "." + n
				if make := maker(scope, tn); make != "" {
					say += ": " + p.Name() + "." + make + "(…)." + m + types.TypeString(f.Signature().Params(), qualifyShort)
				}
				return say
			}
		}
	}
	return ""
}

// maker is the function of a package that makes values of a type: New, or New
// with the type's name.
func maker(scope *types.Scope, tn *types.TypeName) string {
	for _, name := range []string{"New" + tn.Name(), "New"} {
		f, ok := scope.Lookup(name).(*types.Func)
		if !ok {
			continue
		}
		for r := range f.Signature().Results().Variables() {
			if types.Identical(r.Type(), tn.Type()) || types.Identical(r.Type(), types.NewPointer(tn.Type())) {
				return name
			}
		}
	}
	return ""
}

// fraction: a constant with a fraction beside an integer.
func (h *hinter) fraction(pos token.Pos, _ []string) string {
	b := around(h, pos, func(b *ast.BinaryExpr) bool { return b.X.Pos() == pos || b.Y.Pos() == pos })
	if b == nil {
		return ""
	}
	other := b.X
	if b.X.Pos() == pos {
		other = b.Y
	}
	if t := h.typeOf(other); t == nil || !isNumber(t) || isFloat(t) {
		return ""
	}
	return "the other side is an integer; float64(" + h.text(other) + ") takes part with fractions"
}

// column: numbers where a matrix is wanted.
func (h *hinter) column(e ast.Expr, have types.Type, want string) string {
	if want != "*mat.Dense" && want != "mat.Matrix" && want != "mat.Vector" && want != "*mat.VecDense" {
		return ""
	}
	s, ok := have.Underlying().(*types.Slice)
	if !ok || !types.Identical(s.Elem(), types.Typ[types.Float64]) {
		return ""
	}
	x := h.text(e)
	if strings.HasSuffix(want, "Vector") || strings.HasSuffix(want, "VecDense") {
		return "mat.NewVecDense(len(" + x + "), " + x + ") makes a vector of it"
	}
	return "gp.Column(" + x + ") makes a matrix of one column of it; mat.NewDense(n, d, " + x + ") one of n rows"
}

// elementwise: an operator between a slice and a number.
func (h *hinter) elementwise(b *ast.BinaryExpr) string {
	slice, number := b.X, b.Y
	if isNumber(h.typeOf(slice)) {
		slice, number = number, slice
	}
	s, ok := h.typeOf(slice).Underlying().(*types.Slice)
	if !ok || !isNumber(h.typeOf(number)) {
		return ""
	}
	x, k := h.text(slice), h.text(number)
	if isFloat(s.Elem()) {
		switch b.Op {
		case token.MUL:
			return "floats.Scale(" + k + ", " + x + ") multiplies every element in place; or a loop, for i := range " + x
		case token.QUO:
			return "floats.Scale(1/" + k + ", " + x + ") divides every element in place; or a loop, for i := range " + x
		case token.ADD:
			return "floats.AddConst(" + k + ", " + x + ") adds to every element in place; or a loop, for i := range " + x
		case token.SUB:
			return "floats.AddConst(-" + k + ", " + x + ") takes from every element in place; or a loop, for i := range " + x
		}
	}
	return "operators do not go through a slice: for i := range " + x + " { … }"
}

// condition: what is no bool in an if or for.
func (h *hinter) condition(pos token.Pos, _ []string) string {
	e := h.operand(pos)
	if e == nil {
		return ""
	}
	x := h.text(e)
	switch t := h.typeOf(e).Underlying().(type) {
	case *types.Slice, *types.Map:
		return "compare: len(" + x + ") > 0"
	case *types.Basic:
		if isString(t) {
			return "compare: " + x + ` != ""`
		}
		return "compare: " + x + " != 0"
	case *types.Pointer, *types.Interface, *types.Signature, *types.Chan:
		return "compare: " + x + " != nil"
	}
	return ""
}

// notRun remembers what a cell that was refused would have declared, so that
// its name's absence can be explained.
func (s *Session) notRun(p *parsed) {
	for _, it := range p.items {
		for _, n := range defines(it) {
			s.refused[n] = p.src.name
		}
	}
}

// refusedIn: a name that only a cell which did not run declares.
func (h *hinter) refusedIn(name string) string {
	cell := h.s.refused[name]
	if cell == "" || cell == h.src.name {
		return ""
	}
	return name + " is declared in " + cell + ", which did not run because of its error: mend that cell and run it"
}

// followsImport reports whether an error only follows from an import that is not
// available: a package of the same name stood in for it.
func followsImport(errs []Diagnostic, msg string) bool {
	return strings.HasSuffix(msg, " redeclared in this block") && slices.ContainsFunc(errs, func(d Diagnostic) bool {
		return strings.HasPrefix(d.Msg, "could not import ")
	}) && len(symbols.Candidates(strings.TrimSuffix(msg, " redeclared in this block"))) > 0
}
