package linalg

import (
	"sync"
	"sync/atomic"

	"github.com/priorlab/priorlab/linalg/internal/mem"
)

// buffer is the memory under one or several tensors. It holds no pointers. Its life: made by newBuffer; if a Scope was
// open on the goroutine that made it, given back (released) when the scope ends unless kept; otherwise left to the
// garbage collector.
type buffer struct {
	raw      []byte
	kept     bool
	walk     bool // made by a function of a record during Backward
	waiting  int  // records whose gradient it is
	pooled   bool // raw came from package mem
	released atomic.Bool
}

// newBuffer returns a buffer of n bytes, aligned to 64, and says whether it is known to be zero.
func newBuffer(n int) (b *buffer, zero bool) {
	s := openScope()
	if s == nil {
		return &buffer{raw: mem.Aligned(n)}, true
	}
	raw, zero := mem.Get(n)
	b = &buffer{raw: raw, pooled: true}
	s.made = append(s.made, b)
	return b, zero
}

// release gives the buffer's memory back to the pool.
func (b *buffer) release() {
	if b.released.Swap(true) {
		return
	}
	if b.pooled {
		mem.Put(b.raw)
	}
	b.raw = nil
}

// scope is the list of what was made between the beginning and the end of one call of Scope.
type scope struct {
	made  []*buffer
	outer *scope
}

var (
	scopes    sync.Map // gid -> *scope
	openCount atomic.Int32
)

// openScope is the innermost open scope of this goroutine, or nil.
func openScope() *scope {
	if openCount.Load() == 0 {
		return nil
	}
	if s, ok := scopes.Load(gid()); ok {
		return s.(*scope)
	}
	return nil
}

// Scope calls f and then takes back the memory of every tensor that f made on this goroutine, so that the next scope
// can use it again; tensors marked by Keep, parameters and their gradients stay. Using a released tensor panics with an
// *Error. Scopes nest. Tensors made by other goroutines meanwhile are not touched.
func Scope(f func()) {
	id := gid()
	s := &scope{}
	if o, ok := scopes.Load(id); ok {
		s.outer = o.(*scope)
	}
	scopes.Store(id, s)
	openCount.Add(1)
	defer func() {
		openCount.Add(-1)
		if s.outer != nil {
			scopes.Store(id, s.outer)
		} else {
			scopes.Delete(id)
		}
		for _, b := range s.made {
			if !b.kept {
				b.release()
			}
		}
	}()
	f()
}

// releaseFrom marks what was made from number from on as made during Backward, and releases what no record waits for.
func (s *scope) releaseFrom(from int) {
	for _, b := range s.made[from:] {
		if b.walk = !b.kept; b.walk && b.waiting == 0 {
			b.release()
		}
	}
}

// Keep exempts t from the release at the end of the scope it was made in, and returns it. What t was computed from is
// released all the same: call Keep on results, not on something still to be differentiated.
func (t *Tensor) Keep() *Tensor {
	t.alive("Keep")
	t.buf.kept = true
	return t
}

// ReleaseMemory hands the memory that scopes took back, and that waits for reuse, to the garbage collector: worth calling
// after a large model is done with.
func ReleaseMemory() { mem.Trim() }

// outsideScopes calls f with the scopes of this goroutine set aside: what f makes is not released by them.
func outsideScopes(f func()) {
	id := gid()
	o, ok := scopes.Load(id)
	if !ok {
		f()
		return
	}
	scopes.Delete(id)
	defer scopes.Store(id, o)
	f()
}
