package cell

import (
	"context"
	"fmt"
	"go/types"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
	"github.com/priorlab/priorlab/kernel/debug"
)

// node is a value on its way to being shown.
type node struct {
	name string
	eval string // expression that denotes it, "" if there is none
	v    reflect.Value
	typ  string
	text string                        // shown instead of the value's own text
	list func(first, count int) []node // parts, instead of the value's own
	base *node                         // of a group of parts: whose, from which on
	from int
	n    int // how many there are in list or group
}

// reference is what a client may ask the parts of.
type reference struct {
	frame   int
	nodes   func() []node
	parts   *node // to be listed in pages
	inspect int   // of the variables shown without a stop: when
}

// refer gives a reference a number.
func (d *Debugger) refer(r *reference) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lastID++
	d.refs[d.lastID] = r
	return d.lastID
}

func (d *Debugger) reference(id int) (*reference, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r := d.refs[id]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("reference %d is not valid any more: its thread has gone on", id)
}

// Globals lists the session's variables.
func (d *Debugger) Globals() ([]debug.Variable, error) {
	d.mu.Lock()
	d.inspect++
	for id, r := range d.refs {
		if r.inspect > 0 && r.inspect < d.inspect-1 {
			delete(d.refs, id)
		}
	}
	now := d.inspect
	d.mu.Unlock()
	ns := d.globals(nil)
	vs, err := d.show(context.Background(), 0, now, ns)
	if err == errBusy { // names and types are known
		vs = nil
		for _, n := range ns {
			vs = append(vs, debug.Variable{Name: n.name, Type: n.typ, Value: "(a cell is running)"})
		}
		err = nil
	}
	return vs, err
}

// Variables lists what a reference stands for: all, or count of them from
// start.
func (d *Debugger) Variables(ref, start, count int) ([]debug.Variable, error) {
	r, err := d.reference(ref)
	if err != nil {
		return nil, err
	}
	if p := r.parts; p != nil && count > 0 {
		total := p.length()
		start = max(0, min(start, total))
		return d.show(context.Background(), r.frame, r.inspect, p.page(start, min(count, total-start)))
	}
	vs, err := d.show(context.Background(), r.frame, r.inspect, r.nodes())
	if count > 0 && err == nil {
		start = max(0, min(start, len(vs)))
		vs = vs[start:min(len(vs), start+count)]
	}
	return vs, err
}

// show renders values. Their own methods may be called for that.
func (d *Debugger) show(ctx context.Context, frame, inspect int, ns []node) ([]debug.Variable, error) {
	vs := make([]debug.Variable, len(ns))
	err := d.look(ctx, func(*exec.Thread) {
		for i, n := range ns {
			vs[i] = d.shown(n, frame, inspect)
		}
	})
	return vs, err
}

func (d *Debugger) shown(n node, frame, inspect int) debug.Variable {
	x := debug.Variable{Name: n.name, Type: n.typ, EvaluateName: n.eval, Value: n.text}
	if n.v.IsValid() && n.v.Kind() == reflect.Interface && !n.v.IsNil() {
		dynamic := typeName(n.v.Elem().Type())
		if n.typ == "" || n.typ == "any" || n.typ == "interface {}" {
			x.Type = dynamic
		} else {
			x.Type = n.typ + " (" + dynamic + ")"
		}
		n.v = n.v.Elem()
		if n.eval != "" {
			n.eval += ".(" + dynamic + ")"
		}
	}
	if x.Type == "" && n.v.IsValid() {
		x.Type = typeName(n.v.Type())
	}
	if x.Value == "" {
		x.Value = valueText(n.v)
	}
	total := n.length()
	if total == 0 {
		return x
	}
	p := n
	x.Reference = d.refer(&reference{frame: frame, parts: &p, inspect: inspect, nodes: func() []node { return p.all() }})
	if n.indexed() {
		x.Indexed = total
	} else {
		x.Named = total
	}
	return x
}

// pageSize is how many elements are listed together; more are grouped.
const pageSize = 100

// all lists the parts of n, in groups if there are many.
func (n node) all() []node {
	if n.base != nil {
		return n.base.group(n.from, n.n)
	}
	return n.group(0, n.length())
}

func (n node) group(first, count int) []node {
	if count <= pageSize || !n.indexed() {
		return n.page(first, count)
	}
	size := pageSize
	for (count+size-1)/size > pageSize {
		size *= pageSize
	}
	var ns []node
	for i := first; i < first+count; i += size {
		k := min(size, first+count-i)
		ns = append(ns, node{name: fmt.Sprintf("[%d..%d]", i, i+k-1), text: " ", typ: " ", base: &n, from: i, n: k})
	}
	return ns
}

// matrix is what numbers in rows and columns have in common.
type matrix interface {
	Dims() (r, c int)
	At(i, j int) float64
}

// tensor is an array of several axes.
type tensor interface{ Shape() []int }

// methods is v as an interface value, if its methods may be called.
func methods(v reflect.Value) any {
	if !v.IsValid() || !v.CanInterface() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	if v.CanAddr() && v.Kind() == reflect.Struct {
		if _, ok := v.Interface().(fmt.Stringer); !ok {
			return v.Addr().Interface()
		}
	}
	return v.Interface()
}

// indexed reports whether the parts are numbered elements.
func (n node) indexed() bool {
	if n.list != nil || n.base != nil {
		return true
	}
	switch n.v.Kind() {
	case reflect.Slice, reflect.Array:
		return true
	}
	_, ok := methods(n.v).(matrix)
	return ok
}

// length is the number of parts.
func (n node) length() int {
	if n.list != nil || n.base != nil {
		return n.n
	}
	v := n.v
	if !v.IsValid() {
		return 0
	}
	switch m := methods(v).(type) {
	case matrix:
		if r, c, ok := dims(m); ok && c > 0 {
			return r
		}
	case tensor:
		return len(tensorParts(n, m))
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		return v.Len()
	case reflect.Map:
		return v.Len()
	case reflect.Struct:
		return v.NumField()
	case reflect.Pointer:
		if v.IsNil() {
			return 0
		}
		if v.Elem().Kind() == reflect.Struct {
			return v.Elem().NumField()
		}
		return 1
	}
	return 0
}

// page lists count parts from the one numbered first.
func (n node) page(first, count int) []node {
	switch {
	case n.list != nil:
		return n.list(first, count)
	case n.base != nil:
		return n.base.page(n.from+first, count)
	}
	v := n.v
	switch m := methods(v).(type) {
	case matrix:
		return rows(n, m, first, count)
	case tensor:
		return tensorParts(n, m)[first : first+count]
	}
	var ns []node
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := first; i < min(first+count, v.Len()); i++ {
			ns = append(ns, node{name: "[" + strconv.Itoa(i) + "]", eval: within(n.eval, "["+strconv.Itoa(i)+"]"), v: v.Index(i)})
		}
	case reflect.Map:
		ns = entries(n)
		ns = ns[min(first, len(ns)):min(first+count, len(ns))]
	case reflect.Struct:
		ns = fields(n, v)[first : first+count]
	case reflect.Pointer:
		if v.Elem().Kind() == reflect.Struct {
			return fields(n, v.Elem())[first : first+count]
		}
		e := ""
		if n.eval != "" {
			e = "(*" + n.eval + ")"
		}
		ns = append(ns, node{name: "*", eval: e, v: v.Elem()})
	}
	return ns
}

func within(eval, part string) string {
	if eval == "" {
		return ""
	}
	return eval + part
}

func fields(n node, v reflect.Value) (ns []node) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		ns = append(ns, node{name: f.Name, eval: within(n.eval, "."+f.Name), v: v.Field(i)})
	}
	return ns
}

// entries lists a map in the order of its keys.
func entries(n node) (ns []node) {
	keys := n.v.MapKeys()
	sort.SliceStable(keys, func(i, j int) bool { return lessKey(keys[i], keys[j]) })
	for _, k := range keys {
		text := valueText(k)
		e := ""
		switch k.Kind() {
		case reflect.String, reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint8, reflect.Bool:
			e = within(n.eval, "["+keyLiteral(k)+"]")
		}
		ns = append(ns, node{name: text, eval: e, v: n.v.MapIndex(k)})
	}
	return ns
}

func keyLiteral(k reflect.Value) string {
	if k.Kind() == reflect.String {
		return strconv.Quote(k.String())
	}
	if k.CanInt() {
		return strconv.FormatInt(k.Int(), 10)
	}
	if k.CanUint() {
		return strconv.FormatUint(k.Uint(), 10)
	}
	return strconv.FormatBool(k.Bool())
}

// rows lists the rows of a matrix.
func rows(n node, m matrix, first, count int) (ns []node) {
	_, c := m.Dims()
	for i := first; i < first+count; i++ {
		var b strings.Builder
		for j := range min(c, 8) {
			fmt.Fprintf(&b, "%.5g ", m.At(i, j))
		}
		text := strings.TrimSpace(b.String())
		if c > 8 {
			text += " ..."
		}
		ns = append(ns, node{name: "[" + strconv.Itoa(i) + "]", text: "[" + text + "]", typ: fmt.Sprintf("row of %d", c), n: c,
			list: func(first, count int) (es []node) {
				for j := first; j < min(first+count, c); j++ {
					es = append(es, node{name: "[" + strconv.Itoa(j) + "]", v: reflect.ValueOf(m.At(i, j)),
						eval: within(n.eval, fmt.Sprintf(".At(%d, %d)", i, j))})
				}
				return es
			}})
	}
	return ns
}

// tensorParts shows a tensor's shape, element type, and its elements in the
// order of its axes.
func tensorParts(n node, t tensor) (ns []node) {
	ns = append(ns, node{name: "shape", v: reflect.ValueOf(t.Shape()), eval: within(n.eval, ".Shape()")})
	if x, ok := t.(interface{ Float64s() []float64 }); ok {
		size := 1
		for _, k := range t.Shape() {
			size *= k
		}
		var all []float64 // copied when it is looked at
		ns = append(ns, node{name: "data", typ: "[]float64", text: fmt.Sprintf("%d elements", size), n: size,
			eval: within(n.eval, ".Float64s()"), list: func(first, count int) []node {
				if all == nil {
					all = x.Float64s()
				}
				return node{v: reflect.ValueOf(all)}.page(first, count)
			}})
	}
	return ns
}

// typeText is a type as cells write it.
func typeText(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == "main" {
			return ""
		}
		return p.Name()
	})
}

// textLimit is how long the text of a value may be.
const textLimit = 160

// valueText is a value in one line.
func valueText(v reflect.Value) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = "(its text cannot be had)"
		}
	}()
	w := &brief{room: textLimit}
	w.value(v, 0)
	return w.String()
}

// brief writes values and stops when there is no room.
type brief struct {
	strings.Builder
	room int
}

func (w *brief) put(s string) {
	if w.room <= 0 {
		return
	}
	cut := cutText(s, w.room)
	if w.room -= len(cut); cut != s {
		w.room = 0
	}
	w.WriteString(cut)
}

func (w *brief) value(v reflect.Value, depth int) {
	if !v.IsValid() {
		w.put("nil")
		return
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		if v.IsNil() {
			w.put("nil")
			return
		}
	}
	if w.own(v) {
		return
	}
	switch v.Kind() {
	case reflect.String:
		w.put(strconv.Quote(cutText(v.String(), textLimit)))
	case reflect.Interface:
		w.value(v.Elem(), depth)
	case reflect.Pointer:
		if depth > 1 {
			w.put("&…")
			return
		}
		w.put("&")
		w.value(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		w.elements(v, depth)
	case reflect.Map:
		w.entries(v, depth)
	case reflect.Struct:
		w.fields(v, depth)
	case reflect.Func:
		w.put(typeName(v.Type()))
	case reflect.Chan:
		w.put(fmt.Sprintf("len %d cap %d", v.Len(), v.Cap()))
	default:
		w.put(fmt.Sprint(v))
	}
}

// own writes what a value's type has to say of it.
func (w *brief) own(v reflect.Value) bool {
	switch m := methods(v).(type) {
	case error:
		w.put(oneLine(m.Error()))
	case matrix:
		r, c, ok := dims(m)
		if !ok {
			return false
		}
		w.put(fmt.Sprintf("%dx%d", r, c))
		if r > 0 && c > 0 && r*c <= 16 {
			for _, row := range rows(node{}, m, 0, r) {
				w.put(" " + row.text)
			}
		}
	case tensor:
		if s, ok := m.(fmt.Stringer); ok {
			w.put(oneLine(s.String()))
		} else {
			w.put(fmt.Sprint("shape ", m.Shape()))
		}
	case fmt.Stringer:
		w.put(oneLine(m.String()))
	default:
		return false
	}
	return true
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(cutText(s, 4*textLimit)), " ")
}

func (w *brief) elements(v reflect.Value, depth int) {
	n := v.Len()
	if depth == 0 {
		w.put(fmt.Sprintf("len %d ", n))
	}
	if depth > 2 && n > 0 {
		w.put("[…]")
		return
	}
	w.put("[")
	for i := 0; i < n && w.room > 0; i++ {
		if i > 0 {
			w.put(" ")
		}
		if i == 16 {
			w.put("…")
			break
		}
		w.value(v.Index(i), depth+1)
	}
	w.put("]")
}

func (w *brief) entries(v reflect.Value, depth int) {
	if depth == 0 {
		w.put(fmt.Sprintf("len %d ", v.Len()))
	}
	if depth > 2 || v.Len() > 100 {
		w.put("{…}")
		return
	}
	w.put("{")
	for i, e := range entries(node{v: v}) {
		if w.room <= 0 {
			break
		}
		if i > 0 {
			w.put(", ")
		}
		w.put(e.name + ": ")
		w.value(e.v, depth+1)
	}
	w.put("}")
}

func (w *brief) fields(v reflect.Value, depth int) {
	if depth > 2 {
		w.put("{…}")
		return
	}
	w.put("{")
	for i := range v.NumField() {
		if w.room <= 0 {
			break
		}
		if i > 0 {
			w.put(" ")
		}
		w.put(v.Type().Field(i).Name + ": ")
		w.value(v.Field(i), depth+1)
	}
	w.put("}")
}
