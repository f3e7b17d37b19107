package symbols

import (
	"bytes"
	"fmt"
	"go/token"
	"go/types"
	"sync"

	"golang.org/x/tools/go/gcexportdata"
)

// Importer gives the type checker the declarations of bound packages from the
// embedded export data; no Go toolchain is needed. It may be shared by
// goroutines. Packages it has once returned stay the same objects.
type Importer struct {
	mu   sync.Mutex
	fset *token.FileSet
	pkgs map[string]*types.Package
	done map[string]bool
}

// NewImporter returns an importer with nothing loaded yet.
func NewImporter() *Importer {
	return &Importer{
		fset: token.NewFileSet(),
		pkgs: map[string]*types.Package{"unsafe": types.Unsafe},
		done: map[string]bool{"unsafe": true},
	}
}

// Import implements types.Importer.
func (im *Importer) Import(path string) (*types.Package, error) {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.done[path] {
		return im.pkgs[path], nil
	}
	mu.RLock()
	all := exports
	mu.RUnlock()
	for _, a := range all {
		if b := a.read(path); b != nil {
			p, err := gcexportdata.Read(bytes.NewReader(b), im.fset, im.pkgs, path)
			if err != nil {
				return nil, fmt.Errorf("package %s: %v", path, err)
			}
			im.done[path] = true
			return p, nil
		}
	}
	return nil, fmt.Errorf("package %s is not available in cells", path)
}
