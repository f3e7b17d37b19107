package exec

import (
	"go/ast"
	"go/types"
	"unsafe"
)

// rangeFunc compiles a loop over a function: the body becomes the function's
// argument. It runs in the frame of the loop, on the stack of the function.
func (c *compiler) rangeFunc(s *ast.RangeStmt, u *types.Signature, label int) stmtFunc {
	x := c.expr(s.X)
	f := x.fn.(addrFunc)
	yield := u.Params().At(0).Type().Underlying().(*types.Signature)
	yt := c.m.rtype(yield)
	layout := c.m.layout(c.m.rtype(u))
	yl := c.m.layout(yt)
	var sets []frameFunc
	var slots []ex
	for i := range yield.Params().Len() {
		sl := c.slot(yield.Params().At(i).Type())
		slots = append(slots, sl)
	}
	switch len(slots) {
	case 1:
		sets = append(sets, c.rangeVar(s, s.Key, slots[0]))
	case 2:
		setK, setV := c.rangeVars(s, slots[0], slots[1])
		sets = append(sets, setK, setV)
	}
	body := c.loopBody(s.Body, nil)
	m := c.m
	pos := s.Pos()
	return func(fr *frame) ctl {
		fr.pos = pos
		k := resolveFunc(f(fr), layout)
		out := ctlNext
		state := 0 // 0 ready, 1 running, 2 done
		panicked := false
		yc := &code{name: fr.code.name, sig: yl, frame: yl.block, ftype: yl.native.ftype, m: m}
		yc.body = func(yf *frame) {
			switch state {
			case 1:
				panic(rangeError("range function continued iteration after function for loop body returned false"))
			case 2:
				panic(rangeError("range function continued iteration after whole loop exit"))
			}
			state = 1
			for i, sl := range slots {
				laneOf(sl.rt).copy(unsafe.Add(fr.p, sl.off), unsafe.Add(yf.p, yl.paramOffs[i]))
			}
			// The loop's frame is not the top of its stack now: calls made by
			// the body must use frames above the iterator's.
			saved := fr.th
			fr.th = yf.th
			ok := false
			defer func() {
				fr.th = saved
				if !ok {
					state, panicked = 2, true
				}
			}()
			poll(fr)
			for _, set := range sets {
				set(fr)
			}
			r := body(fr)
			ok = true
			more := true
			if r != ctlNext {
				var leave bool
				leave, out = loopEnd(fr, r, label)
				more = !leave
			}
			if more {
				state = 0
			}
			*(*bool)(unsafe.Add(yf.p, yl.resultOffs[0])) = more
		}
		cl := &closure{m: m, code: yc}
		fv := cl.newFunc(yt)
		nf := fr.th.enter(k.frameCode(layout), k.boxes)
		*(*unsafe.Pointer)(unsafe.Add(nf.p, layout.paramOffs[0])) = fv
		k.start(nf)
		if panicked {
			panic(rangeError("range function recovered a loop body panic and did not resume panicking"))
		}
		state = 2
		return out
	}
}

type rangeError string

func (e rangeError) Error() string { return "runtime error: " + string(e) }

func (rangeError) RuntimeError() {}
