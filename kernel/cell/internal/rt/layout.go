package rt

import "unsafe"

// The descriptors below mirror internal/abi of the Go version the module pins;
// TestLayout compares them with what reflect reports.

type header struct {
	Size, PtrBytes uintptr
	Hash           uint32
	TFlag          uint8
	Align, FAlign  uint8
	Kind           uint8
	Equal          unsafe.Pointer
	GCData         unsafe.Pointer
	Str            int32
	PtrToThis      int32
}

type uncommon struct {
	PkgPath int32
	M, X    uint16
	Off     uint32
	_       uint32
}

type method struct{ Name, Mtyp, Ifn, Tfn int32 }

type imethod struct{ Name, Typ int32 }

type sfield struct {
	Name, Typ unsafe.Pointer
	Off       uintptr
}

const (
	flagUncommon  = 1 << 0
	flagExtraStar = 1 << 1
	flagNamed     = 1 << 2
	flagRegular   = 1 << 3
	flagDirect    = 1 << 5
	maxMethods    = 128
)

type basicType struct {
	header
	u uncommon
	m [maxMethods]method
}

// pointerType serves slices too.
type pointerType struct {
	header
	Elem unsafe.Pointer
	u    uncommon
	m    [maxMethods]method
}

type structType struct {
	header
	Pkg    unsafe.Pointer
	Fields []sfield
	u      uncommon
	m      [maxMethods]method
}

type arrayType struct {
	header
	Elem, Slice unsafe.Pointer
	Len         uintptr
	u           uncommon
	m           [maxMethods]method
}

type chanType struct {
	header
	Elem unsafe.Pointer
	Dir  int
	u    uncommon
	m    [maxMethods]method
}

type mapBody struct {
	Key, Elem, Group, Hasher     unsafe.Pointer
	GroupSize, SlotSize, ElemOff uintptr
	Flags                        uint32
	_                            uint32
}

type mapType struct {
	header
	mapBody
	u uncommon
	m [maxMethods]method
}

type funcType struct {
	header
	In, Out uint16
	_       uint32
	u       uncommon
	params  [64]unsafe.Pointer
	m       [maxMethods]method
}

type interfaceType struct {
	header
	Pkg     unsafe.Pointer
	Methods []imethod
	u       uncommon
	m       [1]method
}
