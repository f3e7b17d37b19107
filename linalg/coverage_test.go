package linalg

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// sources parses the files of this folder whose names pass.
func sources(t *testing.T, pass func(name string) bool) []*ast.File {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".go") && pass(n) {
			f, err := parser.ParseFile(token.NewFileSet(), n, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
	}
	return files
}

// returnsTensor reports whether one of a function's results is a tensor.
func returnsTensor(f *ast.FuncDecl) bool {
	if f.Type.Results == nil {
		return false
	}
	for _, r := range f.Type.Results.List {
		typ := r.Type
		if a, ok := typ.(*ast.ArrayType); ok {
			typ = a.Elt
		}
		if p, ok := typ.(*ast.StarExpr); ok {
			if id, ok := p.X.(*ast.Ident); ok && id.Name == "Tensor" {
				return true
			}
		}
	}
	return false
}

// calls lists the functions of this package that the body of f names.
func calls(f *ast.FuncDecl) (names []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.SelectorExpr:
			names = append(names, x.Sel.Name)
		case *ast.Ident:
			names = append(names, x.Name)
		}
		return true
	})
	return names
}

// Every exported function that makes a tensor is called by a test, and every one that has a gradient is in the table of
// gradients. What has a gradient records it with track, itself or through functions of its own file's making.
func TestEveryOperatorIsTested(t *testing.T) {
	funcs := map[string]*ast.FuncDecl{}
	for _, f := range sources(t, func(n string) bool { return !strings.HasSuffix(n, "_test.go") }) {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil {
				funcs[fd.Name.Name] = fd
			}
		}
	}
	// A function has a gradient if it reaches track through functions that are not exported.
	var tracks func(name string, seen map[string]bool) bool
	tracks = func(name string, seen map[string]bool) bool {
		if seen[name] {
			return false
		}
		seen[name] = true
		for _, c := range calls(funcs[name]) {
			if c == "track" {
				return true
			}
			if f := funcs[c]; f != nil && !ast.IsExported(c) && returnsTensor(f) && tracks(c, seen) {
				return true
			}
		}
		return false
	}
	inTable, inTests := map[string]bool{}, map[string]bool{}
	for _, f := range sources(t, func(n string) bool { return strings.HasSuffix(n, "_test.go") }) {
		table := false
		ast.Inspect(f, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.FuncDecl:
				table = false
			case *ast.CallExpr:
				if id, ok := x.Fun.(*ast.Ident); ok && id.Name == "addCases" {
					table = true
				}
			case *ast.SelectorExpr:
				inTests[x.Sel.Name] = true
				inTable[x.Sel.Name] = inTable[x.Sel.Name] || table
			case *ast.Ident:
				inTests[x.Name] = true
				inTable[x.Name] = inTable[x.Name] || table
			}
			return true
		})
	}
	// Param and Custom are about records themselves, and StraightThrough is no derivative: they have tests of their own.
	aside := []string{"Param", "Custom", "StraightThrough"}
	operators, withGradient := 0, 0
	for name, f := range funcs {
		if !ast.IsExported(name) || !returnsTensor(f) {
			continue
		}
		operators++
		if !inTests[name] {
			t.Errorf("no test calls %s", name)
		}
		if tracks(name, map[string]bool{}) && !slices.Contains(aside, name) {
			withGradient++
			if !inTable[name] {
				t.Errorf("%s has a gradient and is not in the table of gradients", name)
			}
		}
	}
	if operators < 80 || withGradient < 50 {
		t.Errorf("only %d operators were found, %d of them with gradients", operators, withGradient)
	}
	t.Logf("%d operators, %d with gradients, %d cases", operators, withGradient, len(opCases))
}

// spaced is x with gaps in memory: every axis but the last counts down from another order, and rows have space behind them.
func spaced(x *Tensor) *Tensor {
	if x.Rank() == 0 {
		return Concat(0, x.Reshape(1), x.Reshape(1)).Slice(0, 1, 2).Reshape()
	}
	r := x.Rank()
	order, back := make([]int, r), make([]int, r)
	for i := range order {
		order[i] = r - 1 - i
		back[order[i]] = i
	}
	wide := Concat(r-1, x, x) // a row of x, and rubbish
	return wide.Permute(order...).Contiguous().Permute(back...).Slice(r-1, 0, x.Dim(-1))
}

// Operations give the same on views with gaps as on tensors without.
func TestStridedInputs(t *testing.T) {
	for _, c := range opCases {
		t.Run(c.name, func(t *testing.T) {
			xs := c.inputs(F64)
			want, grads := c.run(xs)
			ps, vs := make([]*Tensor, len(xs)), make([]*Tensor, len(xs))
			for i, x := range xs {
				ps[i] = Param(x)
				vs[i] = spaced(ps[i])
			}
			y := c.f(vs)
			near(t, "value", y.Float64s(), want.Float64s(), 1e-12)
			y.Mul(weighting(y)).Sum().Backward()
			for i, p := range ps {
				g := p.Grad()
				if g == nil {
					g = Zeros(F64, p.shape...)
				}
				near(t, fmt.Sprint("gradient ", i), g.Float64s(), grads[i].Float64s(), 1e-10)
			}
		})
	}
}

// resized is the case with every axis of length from turned to length to.
func (c opCase) resized(from, to int) opCase {
	d := c
	d.shapes = nil
	for _, s := range c.shapes {
		s = slices.Clone(s)
		for i, n := range s {
			if n == from {
				s[i] = to
			}
		}
		d.shapes = append(d.shapes, s)
	}
	return d
}

// With axes of length zero and one in place of any other length, operations work, or say with an *Error what they want; they
// never fail in another way. What works with length one has the right gradient.
func TestEveryOperatorOnShortAxes(t *testing.T) {
	for _, c := range opCases {
		var lengths []int
		for _, s := range c.shapes {
			lengths = append(lengths, s...)
		}
		slices.Sort(lengths)
		for _, from := range slices.Compact(lengths) {
			for _, to := range []int{0, 1} {
				d := c.resized(from, to)
				xs := d.inputs(F64)
				var y *Tensor
				var grads []*Tensor
				if err := Try(func() { y, grads = d.run(xs) }); err != nil {
					continue
				}
				for i, g := range grads {
					if !slices.Equal(g.shape, xs[i].shape) {
						t.Errorf("%s with %d for %d: input %v has a gradient of shape %v", c.name, to, from, xs[i].shape, g.shape)
					}
				}
				if to == 0 || y.Len() == 0 {
					continue
				}
				// One random direction through all inputs.
				slope, h := 0.0, 1e-5
				var up, down []*Tensor
				for i, x := range xs {
					v := Normal(NewRand(uint64(i+7)), F64, x.shape...)
					slope += v.Mul(grads[i]).Sum().Item()
					up, down = append(up, x.Add(v.MulS(h))), append(down, x.Sub(v.MulS(h)))
				}
				at := func(zs []*Tensor) float64 { o := d.f(zs); return o.Mul(weighting(o)).Sum().Item() }
				want := (at(up) - at(down)) / (2 * h)
				if math.Abs(slope-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("%s with %d for %d: slope %.9g, central difference %.9g", c.name, to, from, slope, want)
				}
			}
		}
	}
}
