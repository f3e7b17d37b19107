package cell

import (
	"reflect"
	"testing"
)

func TestTypesAreNamedAsCellsWriteThem(t *testing.T) {
	for want, v := range map[string]any{
		"[]byte": []byte(nil), "map[string][][]byte": map[string][][]byte(nil), "[2]uint8": [2]byte{}, "[]any": []any(nil), "[]uint16": []uint16(nil),
	} {
		if got := typeName(reflect.TypeOf(v)); got != want {
			t.Errorf("%T is named %s", v, got)
		}
	}
}
