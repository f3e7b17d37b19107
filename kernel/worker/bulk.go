package worker

import (
	"slices"
	"unsafe"
)

// part is a large part of a frame. It follows the frame byte by byte, because
// gob would copy it several times on either side.
type part struct {
	Kind string // "text", "binary" or "json" of a bundle; "data" or "buffer" of a comm message
	Key  string // MIME type
	At   int    // place among the buffers
	Size int
	data []byte
}

// bulkSize is from where on a part is large.
const bulkSize = 64 << 10

// shown is the bundle that a frame carries, or nil.
func (f *frame) shown() *bundle {
	if f.Bundle == nil && f.Reply != nil {
		return f.Reply.Result
	}
	return f.Bundle
}

// detach takes the large parts out of a frame that is to be sent. The bundle
// is the frame's own; the buffers are not.
func (f *frame) detach() {
	if b := f.shown(); b != nil {
		for mime, s := range b.Text {
			if len(s) >= bulkSize {
				delete(b.Text, mime)
				f.add(part{Kind: "text", Key: mime, data: unsafe.Slice(unsafe.StringData(s), len(s))}) // only read
			}
		}
		for kind, forms := range map[string]map[string][]byte{"binary": b.Binary, "json": b.JSON} {
			for mime, v := range forms {
				if len(v) >= bulkSize {
					delete(forms, mime)
					f.add(part{Kind: kind, Key: mime, data: v})
				}
			}
		}
	}
	if f.Comm == nil {
		return
	}
	if len(f.Comm.Data) >= bulkSize {
		f.add(part{Kind: "data", data: f.Comm.Data})
		f.Comm.Data = nil
	}
	buffers := slices.Clone(f.Comm.Buffers)
	for i, v := range buffers {
		if len(v) >= bulkSize {
			buffers[i] = nil
			f.add(part{Kind: "buffer", At: i, data: v})
		}
	}
	f.Comm.Buffers = buffers
}

func (f *frame) add(p part) {
	p.Size = len(p.data)
	f.Bulk = append(f.Bulk, p)
}

// attach puts the parts of a received frame back.
func (f *frame) attach() {
	for _, p := range f.Bulk {
		switch b := f.shown(); {
		case p.Kind == "data":
			f.Comm.Data = p.data
		case p.Kind == "buffer":
			f.Comm.Buffers[p.At] = p.data
		case p.Kind == "text":
			put(&b.Text, p.Key, unsafe.String(unsafe.SliceData(p.data), len(p.data))) // nobody else has the bytes
		case p.Kind == "binary":
			put(&b.Binary, p.Key, p.data)
		case p.Kind == "json":
			put(&b.JSON, p.Key, p.data)
		}
	}
	f.Bulk = nil
}

// put sets an entry of a map that gob left out because it was empty.
func put[V any](m *map[string]V, key string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = v
}

// bulk is how many bytes follow the frame.
func (f *frame) bulk() int {
	n := 0
	for _, p := range f.Bulk {
		n += p.Size
	}
	return n
}
