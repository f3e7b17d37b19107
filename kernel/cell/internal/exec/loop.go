package exec

import (
	"go/ast"
	"go/token"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// loopEnd interprets how a loop's body ended: whether to leave the loop, and
// with what.
func loopEnd(fr *frame, r ctl, label int) (leave bool, out ctl) {
	switch r {
	case ctlNext, ctlContinue:
		return false, ctlNext
	case ctlBreak:
		return true, ctlNext
	case ctlBreakLabel:
		if label != 0 && fr.target == label {
			return true, ctlNext
		}
	case ctlContinueLabel:
		if label != 0 && fr.target == label {
			return false, ctlNext
		}
	}
	return true, r
}

func (c *compiler) forStmt(s *ast.ForStmt, label int) stmtFunc {
	var init, post stmtFunc
	var renew []frameFunc
	if s.Init != nil {
		init = c.stmt(s.Init)
		// A captured loop variable is a new one in each iteration.
		if a, ok := s.Init.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
			for _, l := range a.Lhs {
				if v := c.vars[c.info.Defs[identOf(l)]]; v != nil && v.boxed {
					off, d, cp := v.off, rt.Pointer(v.rt), laneOf(v.rt).copy
					renew = append(renew, func(fr *frame) {
						at := (*unsafe.Pointer)(unsafe.Add(fr.p, off))
						p := unsafeNew(d)
						cp(p, *at)
						*at = p
					})
				}
			}
		}
	}
	var cond func(*frame) bool
	pos := s.Pos()
	if s.Cond != nil {
		cond, pos = c.cond(s.Cond), s.Cond.Pos()
	}
	body := c.loopBody(s.Body, s.Post)
	if s.Post != nil {
		post = c.stmt(s.Post)
	}
	return func(fr *frame) ctl {
		if init != nil {
			init(fr)
		}
		run := fr.th.run
		for {
			if run.stop.Load() != 0 {
				fr.pos = pos
				fr.th.checkStop()
			}
			if cond != nil {
				fr.pos = pos
				if !cond(fr) {
					return ctlNext
				}
			}
			if r := body(fr); r != ctlNext {
				if leave, out := loopEnd(fr, r, label); leave {
					return out
				}
			}
			for _, f := range renew {
				f(fr)
			}
			if post != nil {
				post(fr)
			}
		}
	}
}
