package exec

import (
	"go/token"
	"go/types"
	"reflect"
	"testing"
)

func TestATypeMustBeAsDescribed(t *testing.T) {
	type point struct{ X, Y int }
	named := func(u types.Type) *types.Named {
		return types.NewNamed(types.NewTypeName(token.NoPos, nil, "point", nil), u, nil)
	}
	fields := func(names ...string) *types.Struct {
		var fs []*types.Var
		for _, n := range names {
			fs = append(fs, types.NewField(token.NoPos, nil, n, types.Typ[types.Int], false))
		}
		return types.NewStruct(fs, nil)
	}
	r := reflect.TypeFor[point]()
	for _, c := range []struct {
		under types.Type
		want  bool
	}{
		{fields("X", "Y"), true},
		{fields("X"), false},
		{fields("X", "Y", "Z"), false},
		{fields("Y", "X"), false},
		{types.Typ[types.Int], false},
	} {
		if got := described(named(c.under), r); got != c.want {
			t.Errorf("%v: %v, want %v", c.under, got, c.want)
		}
	}
}
