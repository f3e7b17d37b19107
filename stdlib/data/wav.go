package data

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Audio is sound: samples between -1 and 1, one slice for each channel.
type Audio struct {
	Name    string
	Credit  string
	Rate    int // samples a second
	Channel [][]float64
}

// String tells what it is.
func (a *Audio) String() string {
	n := 0
	if len(a.Channel) > 0 {
		n = len(a.Channel[0])
	}
	return fmt.Sprintf("%s: %d channels of %d samples, %d Hz, %.2f s", a.Name, len(a.Channel), n, a.Rate, float64(n)/float64(max(a.Rate, 1)))
}

// Series is the first channel along time in seconds.
func (a *Audio) Series() Series {
	s := Series{Name: a.Name, Credit: a.Credit, XName: "seconds", YName: "amplitude"}
	if len(a.Channel) == 0 {
		return s
	}
	s.Y = append([]float64(nil), a.Channel[0]...)
	for i := range s.Y {
		s.X = append(s.X, float64(i)/float64(a.Rate))
	}
	return s
}

// ReadWAV reads a WAV file: PCM of 8, 16, 24 or 32 bits or 32-bit floats, any
// number of channels.
func ReadWAV(path string) (*Audio, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return DecodeWAV(path, r)
}

// wavFormat is the fmt chunk.
type wavFormat struct {
	code, channels, bits, block int
	rate                        int
}

// DecodeWAV reads WAV from r; name stands for it in errors.
func DecodeWAV(name string, r io.Reader) (*Audio, error) {
	fail := func(format string, args ...any) (*Audio, error) { return nil, fault(name, "", 0, format, args...) }
	head, err := readFull(r, 12)
	if err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return fail("not a WAV file")
	}
	var f *wavFormat
	for {
		chunk, err := readFull(r, 8)
		if err != nil {
			return fail("there is no sound in it: %v", err)
		}
		size := int(binary.LittleEndian.Uint32(chunk[4:]))
		switch id := string(chunk[:4]); id {
		case "fmt ":
			if f, err = readFormat(r, size); err != nil {
				return fail("%v", err)
			}
		case "data":
			if f == nil {
				return fail("the sound comes before its format")
			}
			raw, err := readSound(r, size)
			if err != nil {
				return fail("%v", err)
			}
			return &Audio{Name: name, Rate: f.rate, Channel: f.decode(raw)}, nil
		default:
			if _, err := io.CopyN(io.Discard, r, int64(size+size%2)); err != nil {
				return fail("the chunk %q is cut off", id)
			}
		}
	}
}

// readSound reads the data chunk. Writers that stream put 0 or the largest
// number as its size; then it goes to the end of the file.
func readSound(r io.Reader, size int) ([]byte, error) {
	if size == 0 || size >= 0xffffffff-36 {
		return io.ReadAll(io.LimitReader(r, maxBytes))
	}
	return readFull(r, size)
}

func readFormat(r io.Reader, size int) (*wavFormat, error) {
	if size < 16 || size > 4096 {
		return nil, fmt.Errorf("a format chunk of %d bytes", size)
	}
	b, err := readFull(r, size+size%2)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	f := &wavFormat{code: int(le.Uint16(b)), channels: int(le.Uint16(b[2:])), rate: int(le.Uint32(b[4:])), bits: int(le.Uint16(b[14:]))}
	if f.code == 0xfffe && size >= 26 { // extensible: the real code follows
		f.code = int(le.Uint16(b[24:]))
	}
	f.block = f.channels * f.bits / 8
	pcm := f.code == 1 && (f.bits == 8 || f.bits == 16 || f.bits == 24 || f.bits == 32)
	if !pcm && !(f.code == 3 && f.bits == 32) {
		return nil, fmt.Errorf("sound of format %d with %d bits is not read; only PCM of 8, 16, 24, 32 bits and 32-bit floats are", f.code, f.bits)
	}
	if f.channels < 1 || f.channels > 1024 || f.rate < 1 {
		return nil, fmt.Errorf("%d channels at %d Hz", f.channels, f.rate)
	}
	return f, nil
}

func (f *wavFormat) decode(raw []byte) [][]float64 {
	n := len(raw) / f.block
	out := make([][]float64, f.channels)
	for c := range out {
		out[c] = make([]float64, n)
		for i := range n {
			out[c][i] = f.sample(raw[i*f.block+c*f.bits/8:])
		}
	}
	return out
}

func (f *wavFormat) sample(b []byte) float64 {
	le := binary.LittleEndian
	switch {
	case f.code == 3:
		return f4.get(b, le)
	case f.bits == 8:
		return (float64(b[0]) - 128) / 128
	case f.bits == 16:
		return float64(int16(le.Uint16(b))) / (1 << 15)
	case f.bits == 24:
		return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)>>8) / (1 << 23)
	}
	return float64(int32(le.Uint32(b))) / (1 << 31)
}
