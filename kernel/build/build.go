package build

import (
	"regexp"
	"strings"

	"github.com/priorlab/priorlab/kernel/nbfile"
)

// A Program is a notebook turned into Go.
type Program struct {
	Name     string // of the command: letters, digits, - and _
	Title    string
	Source   []byte   // main.go, formatted
	Notes    []string // what is not as in the notebook
	notebook string
}

// Notebook turns a notebook into a program. The error is Faults where cells
// do not check.
func Notebook(nb *nbfile.Notebook) (*Program, error) {
	p := &Program{Name: commandName(nb.Name), Title: nb.Title(), notebook: nb.Name}
	list, err := notebookPieces(nb)
	if err != nil {
		return nil, err
	}
	c := newConverter(list)
	c.sparePredeclared()
	for _, piece := range c.pieces {
		if err := c.add(piece); err != nil {
			return nil, err
		}
	}
	k, err := c.finish()
	if err != nil {
		return nil, err
	}
	for _, x := range c.params {
		if !x.flag {
			p.Notes = append(p.Notes, "parameter "+x.name+" is no flag: its value cannot be written on a command line")
		}
	}
	p.Source, err = c.file(p, k)
	return p, err
}

// notebookPieces takes all code cells apart and gives them the prose before.
func notebookPieces(nb *nbfile.Notebook) ([]*piece, error) {
	var out []*piece
	var prose []string
	var faults Faults
	n := 0
	parameters := false
	for _, cell := range nb.Cells {
		switch {
		case cell.Type == "markdown":
			prose = append(prose, strings.TrimSpace(cell.Source))
		case cell.Type == "code":
			n++
			if strings.TrimSpace(cell.Source) == "" {
				continue
			}
			base := piece{cell: n, source: cell.Source, prose: strings.Join(prose, "\n\n"), tags: cell.Tags()}
			if cell.HasTag("parameters") && !parameters {
				base.isParameter, parameters = true, true
			}
			prose = nil
			list, err := pieces(base, split(cell.Source))
			if err != nil {
				more, ok := err.(Faults)
				if !ok {
					return nil, err
				}
				faults = append(faults, more...)
				continue
			}
			out = append(out, list...)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return out, nil
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

func commandName(file string) string {
	n := strings.Trim(notInNames.ReplaceAllString(strings.TrimSuffix(file, ".ipynb"), "_"), "_-")
	if n == "" || n == "main" {
		return "notebook"
	}
	return n
}
