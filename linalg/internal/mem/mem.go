// Package mem keeps returned memory for reuse, by size class: fresh memory costs page faults and zeroing, which are more
// than the arithmetic on it.
package mem

import (
	"math/bits"
	"sync"
	"unsafe"
)

// limit bounds the memory held; beyond it, returned memory goes to the garbage collector.
const limit = 4 << 30

var pool struct {
	sync.Mutex
	free [200][][]byte
	held int
}

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

// Get returns n bytes that begin at a multiple of 64, and says whether they are known to be zero. Their capacity is the
// size of their class.
func Get(n int) (b []byte, zero bool) {
	c, size := class(n)
	pool.Lock()
	if l := pool.free[c]; len(l) > 0 {
		b = l[len(l)-1]
		pool.free[c] = l[:len(l)-1]
		pool.held -= size
		pool.Unlock()
		return b[:n], false
	}
	pool.Unlock()
	return Aligned(size)[:n], true
}

// Put takes back what Get returned.
func Put(b []byte) {
	b = b[:cap(b)]
	c, size := class(len(b))
	if size != len(b) {
		panic("mem: this slice did not come from Get")
	}
	pool.Lock()
	if pool.held+size <= limit {
		pool.free[c] = append(pool.free[c], b)
		pool.held += size
	}
	pool.Unlock()
}

// Held is the number of bytes that wait for reuse.
func Held() int {
	pool.Lock()
	defer pool.Unlock()
	return pool.held
}

// Trim hands everything that waits for reuse to the garbage collector.
func Trim() {
	pool.Lock()
	defer pool.Unlock()
	pool.free = [len(pool.free)][][]byte{}
	pool.held = 0
}

// Aligned returns size zero bytes that begin at a multiple of 64.
func Aligned(size int) []byte {
	m := make([]byte, size+64)
	o := int(-uintptr(unsafe.Pointer(unsafe.SliceData(m))) & 63)
	return m[o : o+size : o+size]
}

// Slice reads bytes as numbers.
func Slice[T any](b []byte) []T {
	var z T
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(z)))
}
