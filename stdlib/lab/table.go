package lab

import (
	"fmt"
	"reflect"
	"strings"
)

// renderTable shows slices of structs (or of pointers to them) and rectangular
// slices of numbers as tables, and Table values. ok is false for all else.
func renderTable(v any) (b Bundle, ok bool) {
	rv := reflect.ValueOf(v)
	if k := rv.Kind(); k != reflect.Slice && k != reflect.Array || rv.Len() == 0 {
		return Bundle{}, false
	}
	elem := rv.Type().Elem()
	if at, r, c, ok := rectangle(rv); ok {
		return numbers(fmt.Sprintf("%T %d × %d", v, r, c), r, c, at).bundle(), true
	}
	if elem.Kind() == reflect.Pointer {
		elem = elem.Elem()
	}
	if elem.Kind() != reflect.Struct || prints(rv.Type().Elem()) {
		return Bundle{}, false
	}
	var fields []int
	for i := range elem.NumField() {
		if elem.Field(i).IsExported() {
			fields = append(fields, i)
		}
	}
	if len(fields) == 0 {
		return Bundle{}, false
	}
	return structTable(fmt.Sprintf("%T, %d rows", v, rv.Len()), rv, elem, fields).bundle(), true
}

func structTable(caption string, rv reflect.Value, elem reflect.Type, fields []int) grid {
	ri, ci := shownIndex(rv.Len(), maxTableRows), shownIndex(len(fields), maxTableCols)
	g := grid{caption: caption, number: make([]bool, len(ci))}
	for k, j := range ci {
		if j < 0 {
			g.header = append(g.header, "…")
			continue
		}
		f := elem.Field(fields[j])
		g.header = append(g.header, f.Name)
		g.number[k] = isNumber(f.Type.Kind()) && !prints(f.Type)
	}
	for _, i := range ri {
		g.label = append(g.label, indexText(i))
		row := make([]string, len(ci))
		for k, j := range ci {
			switch {
			case i < 0:
				row[k] = "⋮"
			case j < 0:
				row[k] = "…"
			default:
				row[k] = cellText(rv.Index(i), fields[j])
			}
		}
		g.rows = append(g.rows, row)
	}
	for k, j := range ci { // floats of one column share their digits
		if j < 0 || !g.number[k] {
			continue
		}
		if kind := elem.Field(fields[j]).Type.Kind(); kind != reflect.Float64 && kind != reflect.Float32 {
			continue
		}
		var col []float64
		var at []int
		for l, i := range ri {
			if i >= 0 && g.rows[l][k] != "nil" {
				row := rv.Index(i)
				if row.Kind() == reflect.Pointer {
					row = row.Elem()
				}
				col, at = append(col, row.Field(fields[j]).Float()), append(at, l)
			}
		}
		for n, s := range formatColumn(col) {
			g.rows[at[n]][k] = s
		}
	}
	return g
}

func cellText(row reflect.Value, field int) string {
	if row.Kind() == reflect.Pointer {
		if row.IsNil() {
			return "nil"
		}
		row = row.Elem()
	}
	f := row.Field(field)
	if f.Kind() == reflect.String {
		return clip(strings.ReplaceAll(f.String(), "\n", "⏎"), 80)
	}
	return clip(strings.ReplaceAll(foldedText(f, 60), "\n", " "), 80)
}

// rectangle reports whether v is a slice of equally long slices of numbers.
func rectangle(v reflect.Value) (at func(i, j int) float64, r, c int, ok bool) {
	elem := v.Type().Elem()
	if k := elem.Kind(); k != reflect.Slice && k != reflect.Array || !isNumber(elem.Elem().Kind()) ||
		elem.Elem().Kind() == reflect.Uint8 || prints(elem) || prints(elem.Elem()) {
		return nil, 0, 0, false
	}
	r, c = v.Len(), v.Index(0).Len()
	for i := range r {
		if v.Index(i).Len() != c || c == 0 {
			return nil, 0, 0, false
		}
	}
	return func(i, j int) float64 { return number(v.Index(i).Index(j)) }, r, c, true
}

func isNumber(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Float64 }

func number(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Float()
}

// prints reports whether values of t write themselves.
func prints(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[fmt.Stringer]()) || t.Implements(reflect.TypeFor[error]())
}
