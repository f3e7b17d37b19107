package exec

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"strconv"
	"strings"
)

// printOperands compiles the operands of print, as empty interfaces.
func (c *compiler) printOperands(e *ast.CallExpr) (spread frameFunc, vals []func(*frame) any) {
	var xs []ex
	if _, tuple := c.info.TypeOf(firstOf(e.Args)).(*types.Tuple); tuple { // print(f()) with several values
		spread, xs = c.tuple(e.Args[0])
	} else {
		for _, a := range e.Args {
			xs = append(xs, c.expr(a))
		}
	}
	for _, x := range xs {
		if f, ok := x.fn.(func(*frame) iface); ok {
			vals = append(vals, func(fr *frame) any {
				i := f(fr)
				return printedWords(fmt.Sprintf("(%#x,%#x)", uintptr(i.tab), uintptr(i.data)))
			})
			continue
		}
		vals = append(vals, c.toAny(c.box1(x, types.NewInterfaceType(nil, nil), reflect.TypeFor[any]())))
	}
	return spread, vals
}

// printLine is what print or println writes.
func printLine(name string, vals []any) string {
	var b strings.Builder
	for i, v := range vals {
		if i > 0 && name == "println" {
			b.WriteByte(' ')
		}
		b.WriteString(printed(v))
	}
	if name == "println" {
		b.WriteByte('\n')
	}
	return b.String()
}

// printedWords is the text of an interface value as print writes it.
type printedWords string

// printed is how print writes a value.
func printed(v any) string {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(r.Float(), 'g', -1, 64)
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return fmt.Sprintf("%#x", r.Pointer())
	case reflect.Slice:
		return fmt.Sprintf("[%d/%d]%#x", r.Len(), r.Cap(), r.Pointer())
	case reflect.Invalid:
		return "nil"
	case reflect.String:
		return r.String()
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		return fmt.Sprintf("%d", v)[:0] + plainPrint(r)
	}
	return fmt.Sprint(v)
}

func plainPrint(r reflect.Value) string {
	switch {
	case r.CanInt():
		return strconv.FormatInt(r.Int(), 10)
	case r.CanUint():
		return strconv.FormatUint(r.Uint(), 10)
	case r.Kind() == reflect.Bool:
		return strconv.FormatBool(r.Bool())
	}
	z := r.Complex()
	im := printed(imag(z))
	if im[0] != '-' && im[0] != '+' {
		im = "+" + im
	}
	return "(" + printed(real(z)) + im + "i)"
}

func firstOf(es []ast.Expr) ast.Expr {
	if len(es) == 0 {
		return &ast.BadExpr{}
	}
	return es[0]
}
