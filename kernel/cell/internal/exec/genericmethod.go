package exec

import "go/types"

// GenericMethod is the signature of a method of the generic type t, given the
// generic function fs that has the receiver as its first parameter.
func GenericMethod(t *types.Named, fs *types.Signature) *types.Signature {
	m := New(Config{})
	var tps []*types.TypeParam
	var args []types.Type
	for i := range fs.TypeParams().Len() {
		old := fs.TypeParams().At(i)
		n := types.NewTypeParam(types.NewTypeName(old.Obj().Pos(), old.Obj().Pkg(), old.Obj().Name(), nil), old.Constraint())
		tps = append(tps, n)
		args = append(args, n)
	}
	e := m.newEnv(nil, fs.TypeParams(), args)
	var ps []*types.Var
	for i := 1; i < fs.Params().Len(); i++ {
		v := fs.Params().At(i)
		ps = append(ps, types.NewParam(v.Pos(), v.Pkg(), v.Name(), m.subst(e, v.Type())))
	}
	var rs []*types.Var
	for i := range fs.Results().Len() {
		v := fs.Results().At(i)
		rs = append(rs, types.NewParam(v.Pos(), v.Pkg(), v.Name(), m.subst(e, v.Type())))
	}
	r := fs.Params().At(0)
	recv := types.NewParam(r.Pos(), r.Pkg(), r.Name(), m.subst(e, r.Type()))
	return types.NewSignatureType(recv, tps, nil, types.NewTuple(ps...), types.NewTuple(rs...), fs.Variadic())
}
