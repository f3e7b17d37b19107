package linalg

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// buffer is the memory under one or several tensors. It holds no pointers. Its life: made by newBuffer; if a Scope was
// open on the goroutine that made it, given back (released) when the scope ends unless kept; otherwise left to the
// garbage collector.
type buffer struct {
	raw      []byte
	kept     bool
	released atomic.Bool
}

// pool keeps returned memory by size class.
var pool struct {
	sync.Mutex
	free [160][][]byte
	held int // bytes in free
}

// poolLimit bounds the memory the pool holds; beyond it, returned memory goes to the garbage collector.
const poolLimit = 4 << 30

// class is the size class of n bytes and the class's size: powers of two in four steps, from 256 bytes.
func class(n int) (c, size int) {
	if n <= 256 {
		return 0, 256
	}
	e := bits.Len(uint(n-1)) - 1 // 2^e < n <= 2^(e+1)
	step := 1 << (e - 2)
	k := (n - 1<<e + step - 1) / step // 1 ... 4
	return (e-8)*4 + k, 1<<e + k*step
}

// newBuffer returns a buffer of n bytes, aligned to 64, and says whether it is known to be zero.
func newBuffer(n int) (b *buffer, zero bool) {
	s := openScope()
	c, size := class(n)
	if s != nil {
		pool.Lock()
		if l := pool.free[c]; len(l) > 0 {
			raw := l[len(l)-1]
			pool.free[c] = l[:len(l)-1]
			pool.held -= size
			pool.Unlock()
			b = &buffer{raw: raw[:n]}
			s.made = append(s.made, b)
			return b, false
		}
		pool.Unlock()
	}
	if s == nil {
		size = n
	}
	b = &buffer{raw: aligned(size)[:n]}
	if s != nil {
		s.made = append(s.made, b)
	}
	return b, true
}

// aligned returns size zero bytes that begin at a multiple of 64.
func aligned(size int) []byte {
	m := make([]byte, size+64)
	o := -uintptr(unsafe.Pointer(unsafe.SliceData(m))) & 63
	return m[o : int(o)+size : int(o)+size]
}

// release gives the buffer's memory back to the pool.
func (b *buffer) release() {
	if b.released.Swap(true) {
		return
	}
	raw := b.raw[:cap(b.raw)]
	b.raw = nil
	c, size := class(len(raw))
	if size != len(raw) {
		return
	}
	pool.Lock()
	if pool.held+size <= poolLimit {
		pool.free[c] = append(pool.free[c], raw)
		pool.held += size
	}
	pool.Unlock()
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

// Keep exempts t from the release at the end of the scope it was made in, and returns it. What t was computed from is
// released all the same: call Keep on results, not on something still to be differentiated.
func (t *Tensor) Keep() *Tensor {
	t.alive("Keep")
	t.buf.kept = true
	return t
}

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
