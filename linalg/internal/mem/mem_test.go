package mem

import (
	"testing"
	"unsafe"
)

func TestClassesCover(t *testing.T) {
	last := -1
	for n := 1; n < 1<<20; n += 1 + n/97 {
		c, size := class(n)
		if size < n || (n > 256 && size > n+n/4+4) {
			t.Fatalf("%d bytes get %d", n, size)
		}
		if c < last {
			t.Fatalf("class of %d bytes is %d, below %d", n, c, last)
		}
		last = c
		if c2, s2 := class(size); c2 != c || s2 != size {
			t.Fatalf("class of its own size %d: %d %d, want %d", size, c2, s2, c)
		}
	}
}

func TestReuse(t *testing.T) {
	a, zero := Get(100000)
	if !zero || uintptr(unsafe.Pointer(&a[0]))%64 != 0 {
		t.Error("fresh memory is not zero or not aligned")
	}
	a[5] = 7
	p := &a[0]
	held := Held()
	Put(a)
	if Held() <= held {
		t.Error("returned memory is not held")
	}
	b, zero := Get(99999)
	if zero || &b[0] != p || b[5] != 7 {
		t.Error("returned memory was not used again")
	}
	Put(b)
	if Trim(); Held() != 0 {
		t.Error("Trim leaves memory behind")
	}
	defer func() {
		if recover() == nil {
			t.Error("foreign memory was taken")
		}
	}()
	Put(make([]byte, 1000))
}
