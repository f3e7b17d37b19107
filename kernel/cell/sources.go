package cell

import (
	"go/token"
	"go/types"
	"slices"
	"strings"
	"sync"
	"weak"
)

// keptCells is how many of the latest cells keep their text whatever became of
// them.
const keptCells = 500

// sources are the texts of cells, for tracebacks, questions about code and the
// debugger. A session forgets the text of a cell, and the variables it replaced,
// when keptCells others have come after it, no name means what it declared and
// none of its functions, literals and goroutines is left.
type sources struct {
	fset *token.FileSet

	mu    sync.RWMutex // a goroutine that a cell left may end while another is compiled
	list  []*source
	files map[*token.File]*source
	full  int // length of list that calls for a look at what can go
}

func newSources(fset *token.FileSet) *sources {
	return &sources{fset: fset, files: map[*token.File]*source{}, full: 2 * keptCells}
}

func (t *sources) add(src *source) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, src)
	for f := range src.files {
		t.files[f] = src
	}
}

// discard gives back the places of a cell that was not added.
func (t *sources) discard(src *source) {
	for f := range src.files {
		t.fset.RemoveFile(f)
	}
}

// all lists the texts, the latest last.
func (t *sources) all() []*source {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Clone(t.list)
}

// at is the cell that a position lies in; nil if its text is not kept.
func (t *sources) at(pos token.Pos) *source {
	f := t.fset.File(pos)
	if f == nil {
		return nil
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.files[f]
}

// crowded reports whether many texts have come since the last look.
func (t *sources) crowded() bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.list) >= t.full
}

// retain drops the texts that keep does not want and returns them.
func (t *sources) retain(keep func(src *source, age int) bool) (dropped []*source) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var kept []*source
	for i, src := range t.list {
		if keep(src, len(t.list)-i) {
			kept = append(kept, src)
			continue
		}
		dropped = append(dropped, src)
		t.discard(src)
		for f := range src.files {
			delete(t.files, f)
		}
	}
	t.list, t.full = kept, 2*max(len(kept), keptCells)
	return dropped
}

// know remembers what the checker has learned of a cell as long as some code
// that may be compiled again holds it.
func (s *source) know(infos ...*types.Info) {
	for _, info := range infos {
		s.infos = append(s.infos, weak.Make(info))
	}
}

// mentioned adds what code that is left of the cell declares and mentions; ok is
// false if there is none.
func (s *source) mentioned(into map[types.Object]bool) (ok bool) {
	for _, p := range s.infos {
		info := p.Value()
		if info == nil {
			continue
		}
		ok = true
		for _, o := range info.Defs {
			into[o] = true
		}
		for _, o := range info.Uses {
			into[o] = true
		}
	}
	return ok
}

// Declaration is the text of the declaration or statement by which a cell made o;
// "" if no cell did.
func (s *Session) Declaration(o types.Object) string {
	src := s.sources.at(o.Pos())
	if src == nil {
		return ""
	}
	off := src.offset(s.fset, o.Pos())
	for _, it := range splitItems(src.text) {
		if it.start <= off && off < it.end {
			return strings.TrimRight(src.text[it.start:it.end], " \t\n;")
		}
	}
	return ""
}

// tidy forgets what nothing leads to any more. The caller holds s.mu.
func (s *Session) tidy() {
	if !s.sources.crowded() {
		return
	}
	needed, owners := map[types.Object]bool{}, map[*source]bool{}
	for _, o := range s.live {
		needed[o] = true
		owners[s.sources.at(o.Pos())] = true
	}
	dropped := s.sources.retain(func(src *source, age int) bool {
		return src.mentioned(needed) || age <= keptCells || owners[src]
	})
	s.debug.unknow(dropped)
	for o := range s.defined {
		if _, isType := o.(*types.TypeName); !isType && !needed[o] { // values may be of any type there ever was
			delete(s.defined, o)
		}
	}
	s.machine.Locked(func() {
		s.machine.Retain(func(v *types.Var) bool { return needed[v] || v.Pkg() != s.pkg })
	})
}
