package lab

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

const (
	foldDepth = 5    // nested deeper than this: …
	foldItems = 20   // longer lists show their ends
	foldWidth = 80   // one line when it fits
	foldBytes = 8000 // the whole text
)

// renderFolded prints a value in the manner of Go. When the whole does not
// fit on a screen, an HTML form is a tree that can be unfolded.
func renderFolded(v any) Bundle {
	n := folded(reflect.ValueOf(v), foldBytes)
	text := layout(n, 0)
	b := textBundle(text)
	if strings.Count(text, "\n") > 24 {
		b.Data[mimeHTML] = `<div style="font-family:var(--jp-code-font-family,monospace);line-height:1.4">` + n.html(true) + `</div>`
	}
	return b
}

// html writes a node as a tree of which only the first level is open.
func (n node) html(open bool) string {
	if flat := n.flat(); n.items == nil || len(flat) <= foldWidth {
		return "<div>" + escape(flat) + "</div>"
	}
	var b strings.Builder
	b.WriteString("<details")
	if open {
		b.WriteString(" open")
	}
	fmt.Fprintf(&b, `><summary>%s <span style="opacity:.6">… %d %s</span></summary><div style="margin-left:1.5em">`,
		escape(n.text+n.open), len(n.items), n.close)
	for _, it := range n.items {
		b.WriteString(it.html(false))
	}
	b.WriteString("</div></details>")
	return b.String()
}

// folded is v with at most about limit bytes of text.
func folded(v reflect.Value, limit int) node {
	f := folder{left: limit, seen: map[uintptr]bool{}}
	return f.node(v, 0, true)
}

// foldedText writes v with at most about limit bytes.
func foldedText(v reflect.Value, limit int) string { return layout(folded(v, limit), 0) }

// node is a piece of text, or a list of them between open and close.
type node struct {
	text        string
	open, close string
	items       []node
}

// flat is the node on one line.
func (n node) flat() string {
	if n.items == nil {
		return n.text + n.open + n.close
	}
	parts := make([]string, len(n.items))
	for i, it := range n.items {
		parts[i] = it.flat()
	}
	return n.text + n.open + strings.Join(parts, ", ") + n.close
}

// layout breaks a node into lines where it is too wide for one.
func layout(n node, indent int) string {
	if s := n.flat(); n.items == nil || indent+len(s) <= foldWidth && !strings.Contains(s, "\n") {
		return s
	}
	var b strings.Builder
	b.WriteString(n.text + n.open + "\n")
	tab := strings.Repeat("  ", indent/2+1)
	line := ""
	flush := func() {
		if line != "" {
			b.WriteString(tab + line + ",\n")
			line = ""
		}
	}
	for _, it := range n.items {
		s := layout(it, indent+2)
		short := it.items == nil && len(s) < 16 && it.text == s
		if !short || len(tab)+len(line)+len(s) > foldWidth-3 {
			flush()
		}
		if line != "" {
			line += ", "
		}
		line += s
		if !short {
			flush()
		}
	}
	flush()
	b.WriteString(strings.Repeat("  ", indent/2) + n.close)
	return b.String()
}

// folder walks a value with a budget of text and a memory of the pointers it
// is inside of.
type folder struct {
	left int
	seen map[uintptr]bool
}

func (f *folder) word(s string) node {
	f.left -= len(s)
	return node{text: s}
}

// node turns v into text; top means v's own type is not yet told.
func (f *folder) node(v reflect.Value, depth int, top bool) node {
	if !v.IsValid() {
		return f.word("nil")
	}
	if f.left <= 0 {
		return node{text: "…"}
	}
	if s, ok := ownText(v); ok {
		if depth > 0 && v.Kind() == reflect.String {
			s = strconv.Quote(s)
		}
		return f.word(clip(s, max(f.left, 40)))
	}
	t := v.Type()
	switch v.Kind() {
	case reflect.Bool, reflect.Complex64, reflect.Complex128:
		return f.word(fmt.Sprint(v))
	case reflect.Float32, reflect.Float64:
		bits := t.Bits()
		if depth > 0 {
			return f.word(strconv.FormatFloat(v.Float(), 'g', 6, bits))
		}
		return f.word(strconv.FormatFloat(v.Float(), 'g', -1, bits))
	case reflect.String:
		if depth == 0 {
			return f.word(clip(v.String(), f.left))
		}
		return f.word(strconv.Quote(clip(v.String(), max(40, min(f.left, 200)))))
	case reflect.Interface:
		if v.IsNil() {
			return f.word("nil")
		}
		return f.node(v.Elem(), depth, true)
	case reflect.Pointer:
		return f.pointer(v, depth)
	case reflect.Slice, reflect.Array:
		return f.list(v, depth, top)
	case reflect.Map:
		return f.dictionary(v, depth, top)
	case reflect.Struct:
		return f.record(v, depth)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		if v.IsNil() {
			return f.word(t.String() + "(nil)")
		}
		return f.word(t.String())
	}
	if v.CanUint() {
		return f.word(strconv.FormatUint(v.Uint(), 10))
	}
	return f.word(strconv.FormatInt(v.Int(), 10))
}

func (f *folder) pointer(v reflect.Value, depth int) node {
	if v.IsNil() {
		return f.word("nil")
	}
	p := v.Pointer()
	if f.seen[p] {
		return f.word("↺ " + v.Type().String())
	}
	f.seen[p] = true
	defer delete(f.seen, p)
	n := f.node(v.Elem(), depth, true)
	n.text = "&" + n.text
	return n
}

func (f *folder) list(v reflect.Value, depth int, top bool) node {
	n := node{open: "{", close: "}", items: []node{}}
	if top {
		n.text = typeText(v.Type())
		f.left -= len(n.text)
	}
	if v.Kind() == reflect.Slice && v.IsNil() {
		return f.word(typeText(v.Type()) + "(nil)")
	}
	if v.Len() > 0 && depth >= foldDepth {
		return f.word(fmt.Sprintf("%s{… %d}", typeText(v.Type()), v.Len()))
	}
	if e := v.Type().Elem(); e.Kind() == reflect.Uint8 && v.Kind() == reflect.Slice && !prints(e) {
		b := v.Bytes()
		text := fmt.Sprintf("%s(%s)", v.Type(), strconv.Quote(string(b[:min(len(b), 64)])))
		if len(b) > 64 {
			text += fmt.Sprintf(" … %d bytes", len(b))
		}
		return f.word(text)
	}
	for _, i := range shownIndex(v.Len(), foldItems) {
		if i < 0 {
			n.items = append(n.items, f.word(fmt.Sprintf("… %d more …", v.Len()-foldItems)))
			continue
		}
		n.items = append(n.items, f.node(v.Index(i), depth+1, v.Type().Elem().Kind() == reflect.Interface))
	}
	return n
}

func (f *folder) dictionary(v reflect.Value, depth int, top bool) node {
	if v.IsNil() {
		return f.word(typeText(v.Type()) + "(nil)")
	}
	if v.Len() > 0 && depth >= foldDepth {
		return f.word(fmt.Sprintf("%s{… %d}", typeText(v.Type()), v.Len()))
	}
	n := node{open: "{", close: "}", items: []node{}}
	if top {
		n.text = typeText(v.Type())
	}
	type entry struct {
		name string
		key  reflect.Value
	}
	var keys []entry
	for _, k := range v.MapKeys() {
		keys = append(keys, entry{(&folder{left: 200, seen: map[uintptr]bool{}}).node(k, 1, false).flat(), k})
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i].key, keys[j].key
		if isNumber(a.Kind()) && isNumber(b.Kind()) {
			return number(a) < number(b)
		}
		return keys[i].name < keys[j].name
	})
	for i, k := range keys {
		if i == foldItems {
			n.items = append(n.items, f.word(fmt.Sprintf("… %d more", len(keys)-i)))
			break
		}
		item := f.node(v.MapIndex(k.key), depth+1, v.Type().Elem().Kind() == reflect.Interface)
		item.text = k.name + ": " + item.text
		n.items = append(n.items, item)
	}
	return n
}

func (f *folder) record(v reflect.Value, depth int) node {
	t := v.Type()
	n := node{text: t.String(), open: "{", close: "}", items: []node{}}
	if t.Name() == "" {
		n.text = "struct"
	}
	f.left -= len(n.text)
	if t.NumField() > 0 && depth >= foldDepth {
		n.items = append(n.items, node{text: "…"})
		return n
	}
	for i := range t.NumField() {
		if f.left <= 0 {
			n.items = append(n.items, node{text: "…"})
			break
		}
		item := f.node(v.Field(i), depth+1, true)
		item.text = t.Field(i).Name + ": " + item.text
		n.items = append(n.items, item)
	}
	return n
}

// ownText is what a value says of itself as a Stringer or an error. Fields
// that are not exported cannot be asked.
func ownText(v reflect.Value) (string, bool) {
	if !v.CanInterface() || v.Kind() == reflect.Pointer && v.IsNil() {
		return "", false
	}
	var f func() string
	switch x := v.Interface().(type) {
	case error:
		f = x.Error
	case fmt.Stringer:
		f = x.String
	default:
		return "", false
	}
	s, err := guarded(f)
	if err != nil {
		s = fmt.Sprintf("%s (%v)", v.Type(), err)
	}
	return s, true
}

// typeText names a type as people write it.
func typeText(t reflect.Type) string { return strings.ReplaceAll(t.String(), "interface {}", "any") }
