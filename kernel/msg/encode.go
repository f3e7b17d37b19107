package msg

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Encode returns v as JSON. Numbers that JSON lacks (NaN and the infinities)
// become null, and a value that cannot be encoded at all becomes a string that
// says why, so that a message always leaves. Invalid UTF-8 is replaced.
func Encode(v any) []byte {
	if a, ok := v.(appender); ok {
		size := a.size()
		if b, ok := a.appendJSON(make([]byte, 0, size+size/16+512)); ok {
			return b
		}
	}
	b, err := marshal(v)
	if err == nil {
		return b
	}
	if b, err = marshal(plain(reflect.ValueOf(v), 0)); err == nil {
		return b
	}
	b, _ = marshal(fmt.Sprintf("value cannot be written as JSON: %v", err))
	return b
}

// marshal leaves <, > and & as they are: clients do not paste JSON into HTML.
func marshal(v any) (b []byte, err error) {
	defer func() {
		if r := recover(); r != nil { // a MarshalJSON method of the user's
			err = fmt.Errorf("encoding panicked: %v", r)
		}
	}()
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// maxDepth bounds nesting, so that a value that contains itself ends.
const maxDepth = 64

// plain rebuilds v from maps, slices and scalars that JSON can hold.
func plain(v reflect.Value, depth int) any {
	if !v.IsValid() {
		return nil
	}
	if depth > maxDepth {
		return "nested too deeply"
	}
	if v.CanInterface() {
		if m, ok := v.Interface().(json.Marshaler); ok {
			return marshaled(m)
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return plain(v.Elem(), depth+1)
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil
		}
		return v.Interface()
	case reflect.Slice, reflect.Array:
		return plainList(v, depth)
	case reflect.Map:
		return plainMap(v, depth)
	case reflect.Struct:
		return plainStruct(v, depth)
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Sprint(v)
	}
	return v.Interface()
}

func marshaled(m json.Marshaler) any {
	b, err := marshal(m)
	if err != nil {
		return fmt.Sprintf("value cannot be written as JSON: %v", err)
	}
	return json.RawMessage(b)
}

func plainList(v reflect.Value, depth int) any {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return nil
	}
	if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
		return v.Bytes() // base64
	}
	out := make([]any, v.Len())
	for i := range out {
		out[i] = plain(v.Index(i), depth+1)
	}
	return out
}

func plainMap(v reflect.Value, depth int) any {
	if v.IsNil() {
		return nil
	}
	out := make(map[string]any, v.Len())
	for it := v.MapRange(); it.Next(); {
		out[fmt.Sprint(it.Key())] = plain(it.Value(), depth+1)
	}
	return out
}

func plainStruct(v reflect.Value, depth int) any {
	out := map[string]any{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			inner, _ := plain(v.Field(i), depth+1).(map[string]any)
			maps.Copy(out, inner)
			continue
		}
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || (strings.Contains(opts, "omitempty") && v.Field(i).IsZero()) {
			continue
		}
		if name == "" {
			name = f.Name
		}
		out[name] = plain(v.Field(i), depth+1)
	}
	return out
}

// WholeRunes returns the length of the longest prefix of s that does not end
// inside a UTF-8 sequence. At most three bytes are held back; bytes that can
// never become valid are not.
func WholeRunes(s []byte) int {
	for back := 1; back <= min(3, len(s)); back++ {
		c := s[len(s)-back]
		if utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(s[len(s)-back:]) {
				return len(s) - back
			}
			break
		}
	}
	return len(s)
}
