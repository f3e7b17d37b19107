package data

import (
	"encoding/binary"
	"math"
)

// A numberType says how a file stores numbers.
type numberType struct {
	name  string
	width int
	get   func(b []byte, o binary.ByteOrder) float64
}

var (
	u1 = numberType{"uint8", 1, func(b []byte, _ binary.ByteOrder) float64 { return float64(b[0]) }}
	i1 = numberType{"int8", 1, func(b []byte, _ binary.ByteOrder) float64 { return float64(int8(b[0])) }}
	b1 = numberType{"bool", 1, func(b []byte, _ binary.ByteOrder) float64 { return float64(min(b[0], 1)) }}
	u2 = numberType{"uint16", 2, func(b []byte, o binary.ByteOrder) float64 { return float64(o.Uint16(b)) }}
	i2 = numberType{"int16", 2, func(b []byte, o binary.ByteOrder) float64 { return float64(int16(o.Uint16(b))) }}
	u4 = numberType{"uint32", 4, func(b []byte, o binary.ByteOrder) float64 { return float64(o.Uint32(b)) }}
	i4 = numberType{"int32", 4, func(b []byte, o binary.ByteOrder) float64 { return float64(int32(o.Uint32(b))) }}
	u8 = numberType{"uint64", 8, func(b []byte, o binary.ByteOrder) float64 { return float64(o.Uint64(b)) }}
	i8 = numberType{"int64", 8, func(b []byte, o binary.ByteOrder) float64 { return float64(int64(o.Uint64(b))) }}
	f4 = numberType{"float32", 4, func(b []byte, o binary.ByteOrder) float64 { return float64(math.Float32frombits(o.Uint32(b))) }}
	f8 = numberType{"float64", 8, func(b []byte, o binary.ByteOrder) float64 { return math.Float64frombits(o.Uint64(b)) }}
)

// fill decodes raw into the array.
func (t numberType) fill(a *Array, raw []byte, o binary.ByteOrder) {
	a.Type = t.name
	if t.name == "uint8" {
		a.Bytes = raw
		return
	}
	a.Value = make([]float64, len(raw)/t.width)
	for i := range a.Value {
		a.Value[i] = t.get(raw[i*t.width:], o)
	}
}
