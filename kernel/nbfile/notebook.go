package nbfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Notebook is a list of cells.
type Notebook struct {
	Name     string // file name, for messages
	Cells    []*Cell
	Metadata map[string]any
	extra    map[string]any // top-level fields not known here
}

// A Cell is one cell; Type is "code", "markdown" or "raw".
type Cell struct {
	ID       string
	Type     string
	Source   string
	Metadata map[string]any
	Outputs  []*Output // code cells only
	Count    int       // execution count, 0 for none
	extra    map[string]any
}

// An Output is one output of a code cell. Type is "stream" (Name, Text),
// "display_data" or "execute_result" (Data, Metadata, Count) or "error".
type Output struct {
	Type      string
	Name      string
	Text      string
	Data      map[string]any // by MIME type: string, or decoded JSON
	Metadata  map[string]any
	Count     int
	ErrName   string
	ErrValue  string
	Traceback []string
	extra     map[string]any
	roll      *paper // the text of a stream while its cell runs
}

// New is an empty notebook of this kernel.
func New() *Notebook {
	return &Notebook{Metadata: map[string]any{
		"kernelspec":    map[string]any{"display_name": "Go (PriorLab)", "language": "go", "name": "priorlab"},
		"language_info": map[string]any{"file_extension": ".go", "mimetype": "text/x-go", "name": "go"},
	}}
}

// Add puts a cell at the end and gives it back.
func (nb *Notebook) Add(kind, source string) *Cell {
	c := &Cell{Type: kind, Source: source, Metadata: map[string]any{}}
	nb.Cells = append(nb.Cells, c)
	nb.nameCells()
	return c
}

// Tags are the cell's tags.
func (c *Cell) Tags() []string {
	list, _ := c.Metadata["tags"].([]any)
	var out []string
	for _, t := range list {
		if s, ok := t.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// HasTag reports whether the cell has a tag.
func (c *Cell) HasTag(tag string) bool {
	for _, t := range c.Tags() {
		if t == tag {
			return true
		}
	}
	return false
}

// Title is the first heading of the notebook, or its file name.
func (nb *Notebook) Title() string {
	for _, c := range nb.Cells {
		if c.Type != "markdown" {
			continue
		}
		for _, line := range strings.Split(c.Source, "\n") {
			if h, ok := strings.CutPrefix(line, "# "); ok {
				return strings.TrimSpace(h)
			}
		}
	}
	return strings.TrimSuffix(nb.Name, ".ipynb")
}

// nameCells gives every cell an id of its own. Ids made here follow from the
// text, so that writing twice gives the same file.
func (nb *Notebook) nameCells() {
	seen := map[string]bool{}
	for i, c := range nb.Cells {
		for try := 0; c.ID == "" || seen[c.ID]; try++ {
			sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %s", i, try, c.Source))
			c.ID = hex.EncodeToString(sum[:4])
		}
		seen[c.ID] = true
	}
}
