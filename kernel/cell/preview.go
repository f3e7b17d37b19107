package cell

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
)

// show prints a value in one line of at most limit characters. It runs no code
// of cells: their String methods could print, loop or panic. With typed the
// line says what kind of thing it is where that is not plain. Maps are not
// looked into: another goroutine may be writing.
func show(v reflect.Value, limit int, typed bool) (text string) {
	defer func() {
		if recover() != nil {
			text = "(its text cannot be had)"
		}
	}()
	p := printer{limit: limit}
	p.value(v, typed, 0)
	return cutText(strings.ReplaceAll(p.b.String(), "\n", " "), limit)
}

// preview is show for a variable whose type stands beside it, at a time when
// no cell runs.
func preview(v reflect.Value, limit int) (text string) {
	defer func() {
		if recover() != nil {
			text = "(its text cannot be had)"
		}
	}()
	p := printer{limit: limit, maps: true}
	p.value(v, false, 0)
	return cutText(strings.ReplaceAll(p.b.String(), "\n", " "), limit)
}

type printer struct {
	b     strings.Builder
	limit int
	maps  bool // look into maps
}

// Elements shown of a container, and how deep.
const (
	maxElements = 6
	maxNesting  = 3
)

func (p *printer) full() bool { return p.b.Len() > p.limit }

func (p *printer) value(v reflect.Value, typed bool, depth int) {
	if !v.IsValid() {
		p.b.WriteString("nil")
		return
	}
	if p.full() {
		return
	}
	if depth > maxNesting {
		p.b.WriteString("…")
		return
	}
	if p.known(v, typed) {
		return
	}
	t := v.Type()
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		p.scalar(v, typed)
	case reflect.Float32, reflect.Float64:
		p.b.WriteString(strconv.FormatFloat(v.Float(), 'g', 6, 64))
	case reflect.Complex64, reflect.Complex128:
		fmt.Fprintf(&p.b, "%.6g", v.Complex())
	case reflect.String:
		s := v.String()
		if len(s) > 4*p.limit {
			s = s[:4*p.limit]
		}
		p.b.WriteString(strconv.Quote(s))
	case reflect.Slice, reflect.Array:
		p.list(v, typed, depth)
	case reflect.Map:
		p.mapping(v, typed, depth)
	case reflect.Struct:
		p.structure(v, typed, depth)
	case reflect.Pointer:
		switch {
		case v.IsNil():
			p.b.WriteString("nil")
		case v.Elem().Kind() == reflect.Struct && depth == 0:
			p.b.WriteByte('&')
			p.value(v.Elem(), typed, depth+1)
		default:
			p.b.WriteString(typeName(t))
		}
	case reflect.Interface:
		p.value(v.Elem(), true, depth)
	case reflect.Chan:
		if v.IsNil() {
			p.b.WriteString("nil")
			return
		}
		if typed {
			p.b.WriteString(typeName(t) + " ")
		}
		fmt.Fprintf(&p.b, "%d of %d", v.Len(), v.Cap())
	case reflect.Func:
		if v.IsNil() {
			p.b.WriteString("nil")
			return
		}
		if typed || depth > 0 {
			p.b.WriteString(typeName(t))
		} else {
			p.b.WriteString("func")
		}
	default:
		p.b.WriteString(typeName(t))
	}
}

// known prints values of compiled types that have a good short text.
func (p *printer) known(v reflect.Value, typed bool) bool {
	if !compiledType(v) {
		return false
	}
	if k := v.Kind(); (k == reflect.Pointer || k == reflect.Interface) && v.IsNil() || k == reflect.Interface {
		return false
	}
	if v.Type().Name() == "" && v.Kind() != reflect.Pointer {
		return false
	}
	switch x := v.Interface().(type) {
	case time.Time:
		p.b.WriteString(x.Format("2006-01-02 15:04:05.999 MST"))
		return true
	case error:
		p.b.WriteString(strconv.Quote(x.Error()))
		return true
	}
	shape, size := shapeOf(v)
	switch v.Interface().(type) {
	case interface{ Dims() (int, int) }, interface{ Shape() []int }:
		if typed {
			p.b.WriteString(typeName(v.Type()) + " " + shape)
		}
		if size <= 1<<20 {
			p.elements(v, typed)
		}
		return true
	case fmt.Stringer:
		if v.Kind() != reflect.Struct && v.Kind() != reflect.Pointer {
			p.b.WriteString(v.Interface().(fmt.Stringer).String())
			return true
		}
	}
	return false
}

// compiledType reports whether the methods of v are compiled code.
func compiledType(v reflect.Value) bool {
	if !v.IsValid() || !v.CanInterface() {
		return false
	}
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() != "main" && (t.Name() != "" || t.Kind() != reflect.Struct)
}

// elements shows the first numbers of a matrix or tensor.
func (p *printer) elements(v reflect.Value, typed bool) {
	var xs []float64
	switch m := v.Interface().(type) {
	case interface{ Float64s() []float64 }:
		xs = m.Float64s()
	case interface {
		Dims() (int, int)
		At(i, j int) float64
	}:
		r, c := m.Dims()
		for i := 0; i < min(r*c, maxElements+1); i++ {
			xs = append(xs, m.At(i/c, i%c))
		}
	default:
		return
	}
	if typed {
		p.b.WriteByte(' ')
	}
	p.list(reflect.ValueOf(xs), false, 0)
}

func (p *printer) scalar(v reflect.Value, typed bool) {
	if typed && v.Type().PkgPath() != "" {
		fmt.Fprintf(&p.b, "%s(%s)", typeName(v.Type()), plainText(v))
		return
	}
	p.b.WriteString(plainText(v))
}

func plainText(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	}
	return strconv.FormatUint(v.Uint(), 10)
}

func (p *printer) list(v reflect.Value, typed bool, depth int) {
	n := v.Len()
	if v.Kind() == reflect.Slice && v.IsNil() {
		p.b.WriteString("nil")
		return
	}
	if typed && depth == 0 {
		fmt.Fprintf(&p.b, "%s len %d ", typeName(v.Type()), n)
	}
	if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice && n > 0 && printable(v.Bytes()) {
		p.b.WriteString(strconv.Quote(string(v.Bytes()[:min(n, p.limit)])))
		return
	}
	p.b.WriteByte('[')
	for i := range min(n, maxElements) {
		if i > 0 {
			p.b.WriteByte(' ')
		}
		p.value(v.Index(i), false, depth+1)
		if p.full() {
			return
		}
	}
	if n > maxElements {
		p.b.WriteString(" …")
	}
	p.b.WriteByte(']')
}

func printable(b []byte) bool {
	for _, c := range b[:min(len(b), 64)] {
		if c < ' ' && c != '\n' && c != '\t' || c > '~' {
			return false
		}
	}
	return true
}

func (p *printer) mapping(v reflect.Value, typed bool, depth int) {
	n := v.Len()
	switch {
	case v.IsNil():
		p.b.WriteString("nil")
		return
	case !p.maps || n > 1000:
		fmt.Fprintf(&p.b, "%s len %d", typeName(v.Type()), n)
		return
	case typed:
		fmt.Fprintf(&p.b, "%s len %d ", typeName(v.Type()), n)
	}
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return lessKey(keys[i], keys[j]) })
	p.b.WriteByte('{')
	for i, k := range keys[:min(n, maxElements)] {
		if i > 0 {
			p.b.WriteString(", ")
		}
		p.value(k, false, depth+1)
		p.b.WriteString(": ")
		p.value(v.MapIndex(k), false, depth+1)
		if p.full() {
			return
		}
	}
	if n > maxElements {
		p.b.WriteString(", …")
	}
	p.b.WriteByte('}')
}

func lessKey(a, b reflect.Value) bool {
	for a.Kind() == reflect.Interface && !a.IsNil() {
		a = a.Elem()
	}
	for b.Kind() == reflect.Interface && !b.IsNil() {
		b = b.Elem()
	}
	switch {
	case a.Kind() != b.Kind():
		return a.Kind() < b.Kind()
	case a.CanInt():
		return a.Int() < b.Int()
	case a.CanUint():
		return a.Uint() < b.Uint()
	case a.CanFloat():
		return a.Float() < b.Float()
	case a.Kind() == reflect.Bool:
		return !a.Bool() && b.Bool()
	case a.Kind() == reflect.String:
		return a.String() < b.String()
	case a.Kind() == reflect.Struct && a.Type() == b.Type():
		return lessParts(a.NumField(), a.Field, b.Field)
	case a.Kind() == reflect.Array && a.Type() == b.Type():
		return lessParts(a.Len(), a.Index, b.Index)
	}
	return false
}

func lessParts(n int, a, b func(int) reflect.Value) bool {
	for i := range n {
		if x, y := a(i), b(i); lessKey(x, y) {
			return true
		} else if lessKey(y, x) {
			return false
		}
	}
	return false
}

// structure prints the fields that a cell can name.
func (p *printer) structure(v reflect.Value, typed bool, depth int) {
	t := v.Type()
	if typed {
		p.b.WriteString(typeName(t))
	}
	own := t.PkgPath() == "main" || t.Name() == ""
	p.b.WriteByte('{')
	shown := 0
	for i := range v.NumField() {
		f := t.Field(i)
		if !own && !f.IsExported() {
			continue
		}
		if shown++; shown > 1 {
			p.b.WriteString(", ")
		}
		p.b.WriteString(f.Name + ": ")
		p.value(v.Field(i), false, depth+1)
		if p.full() {
			return
		}
	}
	if shown == 0 && v.NumField() > 0 {
		p.b.WriteString("…")
	}
	p.b.WriteByte('}')
}

var typeNames = strings.NewReplacer("interface {}", "any", "main.", "", "[]uint8", "[]byte")

// typeName is a type as a cell writes it.
func typeName(t reflect.Type) string {
	return typeNames.Replace(t.String())
}

// shapeOf gives the extent of a container and the memory of its elements.
func shapeOf(v reflect.Value) (string, int64) {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	size := int64(v.Type().Size())
	if compiledType(v) && !(v.Kind() == reflect.Pointer && v.IsNil()) {
		switch m := v.Interface().(type) {
		case interface{ Dims() (int, int) }:
			if r, c, ok := dims(m); ok {
				return fmt.Sprintf("%dx%d", r, c), int64(r) * int64(c) * 8
			}
		case interface{ Shape() []int }:
			return tensorShape(m, size)
		}
	}
	switch v.Kind() {
	case reflect.Slice:
		if n := v.Len(); n > 0 && v.Type().Elem().Kind() == reflect.Slice {
			if inner, bytes := innerShape(v); inner != "" {
				return inner, size + bytes
			}
		}
		return fmt.Sprintf("len %d", v.Len()), size + int64(v.Cap())*int64(v.Type().Elem().Size())
	case reflect.String:
		return fmt.Sprintf("len %d", v.Len()), size + int64(v.Len())
	case reflect.Map:
		t := v.Type()
		return fmt.Sprintf("len %d", v.Len()), size + int64(v.Len())*int64(t.Key().Size()+t.Elem().Size())
	case reflect.Chan:
		return fmt.Sprintf("len %d", v.Len()), size + int64(v.Cap())*int64(v.Type().Elem().Size())
	case reflect.Array:
		return fmt.Sprintf("len %d", v.Len()), size
	case reflect.Pointer:
		if !v.IsNil() {
			size += int64(v.Type().Elem().Size())
		}
	}
	return "", size
}

// innerShape is the extent of a slice of slices of one length.
func innerShape(v reflect.Value) (string, int64) {
	n, m := v.Len(), v.Index(0).Len()
	bytes := int64(v.Cap()) * int64(v.Type().Elem().Size())
	for i := range n {
		if v.Index(i).Len() != m {
			return "", 0
		}
		bytes += int64(v.Index(i).Cap()) * int64(v.Type().Elem().Elem().Size())
	}
	return fmt.Sprintf("%dx%d", n, m), bytes
}

func tensorShape(m interface{ Shape() []int }, size int64) (shape string, bytes int64) {
	defer func() {
		if recover() != nil {
			shape, bytes = "", size
		}
	}()
	n := int64(1)
	for _, d := range m.Shape() {
		n *= int64(d)
	}
	each := int64(8)
	if t := reflect.ValueOf(m).MethodByName("DType"); t.IsValid() && t.Type().NumIn() == 0 && fmt.Sprint(t.Call(nil)[0]) == "F32" {
		each = 4
	}
	if shape = strings.Trim(strings.ReplaceAll(fmt.Sprint(m.Shape()), " ", "x"), "[]"); shape == "" {
		shape = "scalar"
	}
	return shape, size + n*each
}

func dims(m interface{ Dims() (int, int) }) (r, c int, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	r, c = m.Dims()
	return r, c, true
}

func cutText(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit-1]) + "…"
}
