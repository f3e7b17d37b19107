package sweep

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/priorlab/priorlab/kernel/nbfile"
)

// A Sweep is a folder in which a grid is run.
type Sweep struct {
	Dir  string `json:"-"`
	Plan Plan
}

// A Plan is sweep.json.
type Plan struct {
	Notebook string        `json:"notebook,omitempty"` // original path
	Program  string        `json:"program,omitempty"`
	Hash     string        `json:"hash"`    // of the notebook or program
	Folder   string        `json:"folder"`  // where runs have their working directory
	Results  []string      `json:"results"` // variables to record
	Timeout  time.Duration `json:"timeout"`
	Runs     []Run         `json:"runs"`
}

// A Run is one setting of all parameters. Its name is that of its folder.
type Run struct {
	Name     string    `json:"name"`
	Settings []Setting `json:"settings"`
}

// Open begins a sweep of g in dir, or takes up the one that is there. Runs
// that g has and the folder has not are added; runs that g no longer has stay
// in the folder but out of the plan.
func Open(dir string, g *Grid) (*Sweep, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &Sweep{Dir: dir, Plan: Plan{Results: g.Results, Timeout: g.Timeout}}
	path := g.Notebook + g.Program // one is empty
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	s.Plan.Hash, s.Plan.Folder = hex.EncodeToString(sum[:]), filepath.Dir(path)
	if g.Notebook != "" {
		s.Plan.Notebook = path
		if err := checkSettings(path, data, g); err != nil {
			return nil, err
		}
	} else {
		s.Plan.Program = path
	}
	for _, r := range g.Runs {
		s.Plan.Runs = append(s.Plan.Runs, Run{runName(r), r})
	}
	if err := s.agrees(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "runs"), 0o777); err != nil {
		return nil, err
	}
	if g.Notebook != "" {
		if err := writeWhole(s.notebook(), data); err != nil {
			return nil, err
		}
	}
	return s, writeJSON(filepath.Join(dir, "sweep.json"), s.Plan)
}

// agrees refuses to mix runs of two versions of one notebook in one table.
func (s *Sweep) agrees() error {
	var old Plan
	err := readJSON(filepath.Join(s.Dir, "sweep.json"), &old)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if list, _ := os.ReadDir(s.Dir); len(list) > 0 {
			return fmt.Errorf("%s has files but is no sweep; give another folder with -o", s.Dir)
		}
		return nil
	case err != nil:
		return err
	case old.Notebook+old.Program != s.Plan.Notebook+s.Plan.Program:
		return fmt.Errorf("%s holds a sweep of %s; give another folder with -o", s.Dir, old.Notebook+old.Program)
	case old.Hash != s.Plan.Hash:
		return fmt.Errorf("%s has changed since the sweep in %s began, and results of both would be mixed; give another folder with -o, or remove that one", s.Plan.Notebook+s.Plan.Program, s.Dir)
	}
	return nil
}

// Load reads the sweep in dir.
func Load(dir string) (*Sweep, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &Sweep{Dir: dir}
	return s, readJSON(filepath.Join(dir, "sweep.json"), &s.Plan)
}

func (s *Sweep) notebook() string          { return filepath.Join(s.Dir, "notebook.ipynb") }
func (s *Sweep) folder(name string) string { return filepath.Join(s.Dir, "runs", name) }

func (s *Sweep) find(name string) (Run, error) {
	for _, r := range s.Plan.Runs {
		if r.Name == name {
			return r, nil
		}
	}
	return Run{}, fmt.Errorf("the sweep in %s has no run %q", s.Dir, name)
}

// checkSettings tries every setting on the notebook before anything runs.
func checkSettings(path string, data []byte, g *Grid) error {
	for _, r := range g.Runs {
		nb, err := nbfile.Read(path, bytes.Clone(data))
		if err != nil {
			return err
		}
		if err := nb.SetParameters(arguments(r)); err != nil {
			return err
		}
	}
	return nil
}

// arguments writes settings as name=value.
func arguments(list []Setting) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.Name+"="+s.Value)
	}
	return out
}

// runName is a folder name that says what the settings are, made unique by a
// few letters of their hash.
func runName(list []Setting) string {
	text := strings.Join(arguments(list), ",")
	sum := sha256.Sum256([]byte(text))
	plain := strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("=,.-_+", r)) {
			return r
		}
		return '_'
	}, text)
	if len(plain) > 80 {
		plain = plain[:80]
	}
	return strings.TrimLeft(plain, ".-") + "-" + hex.EncodeToString(sum[:3])
}
