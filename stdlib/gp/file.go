package gp

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// savedGP is a model as a file holds it, every bit kept. Inputs and matrices are
// written row by row.
type savedGP struct {
	Model      string          `json:"model"` // exact, SGPR or SVGP
	Version    int             `json:"version"`
	Kernel     json.RawMessage `json:"kernel"`
	Noise      *param.Param    `json:"noise,omitempty"`
	Likelihood json.RawMessage `json:"likelihood,omitempty"`
	Z          *param.Param    `json:"Z,omitempty"`
	Columns    int             `json:"columns,omitempty"` // of Z, or of the inputs
	X          []float64       `json:"x,omitempty"`
	Y          []float64       `json:"y,omitempty"`
	D          []float64       `json:"D,omitempty"` // of an SVGP's q
	Eta        []float64       `json:"eta,omitempty"`
}

// Save writes the model with its data to a file.
func (g *Exact) Save(path string) error {
	s := savedGP{Model: "exact", Noise: g.Noise, Y: g.y}
	if g.x != nil {
		s.X = numbers(g.x)
		_, s.Columns = g.x.Dims()
	}
	return s.save(path, g.Kernel)
}

// LoadExact reads a model that Save wrote.
func LoadExact(path string) (*Exact, error) {
	s, k, err := loadGP(path, "exact")
	if err != nil {
		return nil, err
	}
	g := &Exact{Kernel: k, Noise: s.Noise}
	return g, s.condition(path, g.Condition)
}

// Save writes the model with its data to a file.
func (g *SGPR) Save(path string) error {
	s := savedGP{Model: "SGPR", Noise: g.Noise, Z: g.Z, Columns: g.cols, Y: g.y}
	if g.x != nil {
		s.X = numbers(g.x)
	}
	return s.save(path, g.Kernel)
}

// LoadSGPR reads a model that Save wrote.
func LoadSGPR(path string) (*SGPR, error) {
	s, k, err := loadGP(path, "SGPR")
	if err != nil {
		return nil, err
	}
	g := &SGPR{Kernel: k, Noise: s.Noise, Z: s.Z, cols: s.Columns}
	return g, s.condition(path, g.Condition)
}

// Save writes the model with its q to a file; it holds no data.
func (s *SVGP) Save(path string) error {
	f := savedGP{Model: "SVGP", Z: s.Z, Columns: s.cols, D: numbers(s.D), Eta: s.eta}
	var err error
	if f.Likelihood, err = EncodeLikelihood(s.Likelihood); err != nil {
		return err
	}
	return f.save(path, s.Kernel)
}

// LoadSVGP reads a model that Save wrote.
func LoadSVGP(path string) (*SVGP, error) {
	s, k, err := loadGP(path, "SVGP")
	if err != nil {
		return nil, err
	}
	l, err := DecodeLikelihood(s.Likelihood)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	M := len(s.Eta)
	if M*s.Columns != s.Z.Len() {
		return nil, fmt.Errorf("%s: gp: a saved SVGP with %d numbers of Z in %d columns and a q of %d variables", path, s.Z.Len(), s.Columns, M)
	}
	D, err := s.matrix(path, s.D, M, M)
	if err != nil {
		return nil, err
	}
	return &SVGP{Kernel: k, Likelihood: l, Z: s.Z, cols: s.Columns, D: D, eta: s.Eta}, nil
}

// numbers are those of a matrix, row by row.
func numbers(a *mat.Dense) []float64 {
	n, d := a.Dims()
	out := make([]float64, 0, n*d)
	for i := 0; i < n; i++ {
		out = append(out, row(a, i)...)
	}
	return out
}

// condition gives saved data to a model, if there are any.
func (s *savedGP) condition(path string, on func(*mat.Dense, []float64) error) error {
	if len(s.Y) == 0 {
		return nil
	}
	x, err := s.matrix(path, s.X, len(s.Y), s.Columns)
	if err != nil {
		return err
	}
	return on(x, s.Y)
}

// matrix makes a matrix of saved numbers.
func (s *savedGP) matrix(path string, v []float64, r, c int) (*mat.Dense, error) {
	if r < 1 || c < 1 || len(v) != r*c {
		return nil, fmt.Errorf("%s: gp: %d saved numbers, a matrix of %d by %d was expected: the file is damaged", path, len(v), r, c)
	}
	return mat.NewDense(r, c, v), nil
}

// save writes a file whole or not at all.
func (s *savedGP) save(path string, k Kernel) error {
	var err error
	s.Version = 1
	if s.Kernel, err = EncodeKernel(k); err != nil {
		return err
	}
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("gp: %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(b); err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// loadGP reads a file of one kind of model, with all that every one has.
func loadGP(path, model string) (*savedGP, Kernel, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	s := new(savedGP)
	if err := json.Unmarshal(b, s); err != nil {
		return nil, nil, fmt.Errorf("%s: gp: not a saved model: %w", path, err)
	}
	switch {
	case s.Model != model:
		return nil, nil, fmt.Errorf("%s: gp: it holds %q, a model %q was asked for", path, s.Model, model)
	case s.Version != 1:
		return nil, nil, fmt.Errorf("%s: gp: version %d of the format, this program knows 1", path, s.Version)
	case (model == "SVGP") == (s.Noise != nil), model != "exact" && (s.Z == nil || s.Columns < 1 || s.Z.Len() == 0 || s.Z.Len()%s.Columns != 0):
		return nil, nil, fmt.Errorf("%s: gp: a saved %s without all of its parameters: the file is damaged", path, model)
	}
	k, err := DecodeKernel(s.Kernel)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, k, nil
}
