package ohsvgp

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/param"
	"github.com/priorlab/priorlab/stdlib/train"
	"gonum.org/v1/gonum/mat"
)

const (
	fileKind    = "ohsvgp.Model"
	fileVersion = 1
)

// savedModel is the part of a saved model that is not matrices.
type savedModel struct {
	Method     string          `json:"method"`
	Optimise   bool            `json:"optimise,omitempty"`
	Options    Options         `json:"options"` // without kernel and likelihood, which are written as they are now
	Kernel     json.RawMessage `json:"kernel,omitempty"`
	Likelihood json.RawMessage `json:"likelihood,omitempty"`
	Noise      *param.Param    `json:"noise,omitempty"`
	Rand       [3]uint64       `json:"rand"`
	Columns    int             `json:"columns"`
	Tasks      []savedTask     `json:"tasks,omitempty"`
	Basis      *savedBasis     `json:"basis,omitempty"`
	Jitter     float64         `json:"jitter"` // on the diagonal of the memory's K_uu
	Old        json.RawMessage `json:"old_kernel,omitempty"`
}

type savedTask struct {
	N          int
	End, Bound float64
	Jitter     float64
	Learned    string
	Took       time.Duration
}

// savedBasis is a basis without its matrices.
type savedBasis struct {
	Kind        string // legs, features, points, vff, path features, path exact
	M           int
	Measure     hippo.Measure
	T, Window   float64
	Step        float64
	A, B        float64
	F, N        int
	Lengthscale []float64
	Rule        hippo.Rule
}

// Save writes the whole model to a file: the memory, hyper-parameters, options,
// record and the state of its random numbers. A loaded model continues with the
// same bits.
func (m *Model) Save(path string) error {
	f, err := m.file()
	if err != nil {
		return err
	}
	return f.Save(path)
}

// Load reads a model that Save wrote.
func Load(path string) (*Model, error) {
	f, err := train.Load(path)
	if err != nil {
		return nil, err
	}
	m, err := fromFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func (m *Model) file() (*train.File, error) {
	s := savedModel{Method: m.method.name(), Rand: m.rand.State(), Columns: m.columns, Noise: m.noise, Options: m.opt}
	s.Options.Kernel, s.Options.Likelihood = nil, nil
	for _, t := range m.tasks {
		s.Tasks = append(s.Tasks, savedTask(t))
	}
	var err error
	if m.kernel != nil {
		if s.Kernel, err = gp.EncodeKernel(m.kernel); err != nil {
			return nil, err
		}
	}
	if m.lik != nil {
		if s.Likelihood, err = gp.EncodeLikelihood(m.lik); err != nil {
			return nil, err
		}
	}
	var matrices tensors
	if q := m.q; q != nil {
		if s.Old, err = gp.EncodeKernel(q.kernel); err != nil {
			return nil, err
		}
		s.Jitter = q.L.Jitter()
		s.Basis = matrices.posterior("", q)
	}
	return train.NewFile(fileKind, fileVersion, s, matrices)
}

// tensors are the matrices of a file.
type tensors []nn.Param

// Params lists them for train.NewFile.
func (t tensors) Params() []nn.Param { return t }

func (t *tensors) add(name string, a *mat.Dense) {
	r, c := a.Dims()
	*t = append(*t, nn.Param{Name: name, Value: linalg.FromFloat64(flatten(a), r, c)})
}

// flatten copies the rows of a, one after the other.
func flatten(a *mat.Dense) []float64 {
	r, c := a.Dims()
	out := make([]float64, 0, r*c)
	for i := 0; i < r; i++ {
		out = append(out, a.RawRowView(i)...)
	}
	return out
}

// posterior adds q under a prefix.
func (t *tensors) posterior(prefix string, q *posterior) *savedBasis {
	var own tensors
	own.add("L", q.L.L())
	own.add("Lam", q.Lam)
	own.add("eta", mat.NewDense(1, len(q.eta), q.eta))
	b := own.basis(q.basis)
	for _, p := range own {
		p.Name = prefix + p.Name
		*t = append(*t, p)
	}
	return b
}

func (t *tensors) basis(b basis) *savedBasis {
	switch b := b.(type) {
	case *legs:
		return &savedBasis{Kind: "legs", M: b.M, T: b.T}
	case *features:
		if b.base != nil {
			t.add("base", mat.NewDense(1, len(b.base), b.base))
		}
		return &savedBasis{Kind: "features", M: b.M, Measure: b.at.measure, T: b.at.T, Window: b.at.window}
	case *points:
		t.add("Z", b.Z)
		return &savedBasis{Kind: "points"}
	case *vff:
		return &savedBasis{Kind: "vff", A: b.A, B: b.B, F: b.F}
	case *pathFeatures:
		t.add("W", b.W)
		t.add("Z", b.Z)
		t.add("last", mat.NewDense(1, len(b.Last), b.Last))
		return &savedBasis{Kind: "path features", M: b.M, N: b.N, Lengthscale: b.ls, Step: b.Step}
	case *pathExact:
		t.add("W", b.W)
		t.add("path", b.Path)
		return &savedBasis{Kind: "path exact", Rule: b.Rule}
	}
	return nil
}

func fromFile(f *train.File) (*Model, error) {
	if f.Kind != fileKind || f.Version != fileVersion {
		return nil, fmt.Errorf("ohsvgp: the file holds a %s of version %d, not a %s of version %d", f.Kind, f.Version, fileKind, fileVersion)
	}
	var s savedModel
	if err := json.Unmarshal(f.Config, &s); err != nil {
		return nil, fmt.Errorf("ohsvgp: the saved model: %w", err)
	}
	m, err := s.model()
	if err != nil {
		return nil, err
	}
	if s.Basis == nil {
		return m, nil
	}
	parts, err := matrices(f.Tensors, "")
	if err != nil {
		return nil, err
	}
	if m.q, err = s.Basis.posterior(parts, s.Old, s.Jitter); err != nil {
		return nil, err
	}
	return m, nil
}

// matrices are the tensors whose names begin with the prefix, by the rest of
// their names.
func matrices(list []nn.Param, prefix string) (map[string]*mat.Dense, error) {
	parts := map[string]*mat.Dense{}
	for _, t := range list {
		name, mine := strings.CutPrefix(t.Name, prefix)
		if !mine {
			continue
		}
		shape := t.Value.Shape()
		if len(shape) != 2 || t.Value.DType() != linalg.F64 {
			return nil, fmt.Errorf("ohsvgp: %s in the file is not a float64 matrix", t.Name)
		}
		if shape[0]*shape[1] > 0 {
			parts[name] = mat.NewDense(shape[0], shape[1], t.Value.Float64s())
		}
	}
	return parts, nil
}

// model is everything but the memory.
func (s *savedModel) model() (*Model, error) {
	m := &Model{opt: s.Options, noise: s.Noise, columns: s.Columns, rand: linalg.RandFromState(s.Rand)}
	if _, err := m.opt.filled(); err != nil {
		return nil, err
	}
	switch s.Method {
	case "OHSVGP":
		m.method = &hippoMethod{}
	case "OSGPR":
		m.method = &pointMethod{}
	case "OVC", "OVC-optZ":
		m.method = &ovcMethod{optimise: s.Method == "OVC-optZ"}
	case "OVFF":
		m.method = fourierMethod{}
	case "OHSVGP path":
		m.method = &pathMethod{}
	default:
		return nil, fmt.Errorf("ohsvgp: the file holds a model called %q, which this program does not know", s.Method)
	}
	for _, t := range s.Tasks {
		m.tasks = append(m.tasks, Task(t))
	}
	var err error
	if s.Kernel != nil {
		if m.kernel, err = gp.DecodeKernel(s.Kernel); err != nil {
			return nil, err
		}
	}
	if s.Likelihood != nil {
		if m.lik, err = gp.DecodeLikelihood(s.Likelihood); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (s *savedBasis) posterior(parts map[string]*mat.Dense, kernel json.RawMessage, jitter float64) (*posterior, error) {
	b, err := s.restore(parts)
	if err != nil {
		return nil, err
	}
	n := b.size()
	square := func(name string) (*mat.Dense, error) {
		a := parts[name]
		if a == nil || a.RawMatrix().Rows != n || a.RawMatrix().Cols != n {
			return nil, fmt.Errorf("ohsvgp: %s in the file is not %d by %d", name, n, n)
		}
		return a, nil
	}
	q := &posterior{basis: b}
	if q.kernel, err = gp.DecodeKernel(kernel); err != nil {
		return nil, err
	}
	l, err := square("L")
	if err != nil {
		return nil, err
	}
	if q.L, err = linalg.FactorFromLower(l, jitter); err != nil {
		return nil, err
	}
	if q.Lam, err = square("Lam"); err != nil {
		return nil, err
	}
	if eta := parts["eta"]; eta == nil || len(flatten(eta)) != n {
		return nil, fmt.Errorf("ohsvgp: eta in the file does not have %d numbers", n)
	} else {
		q.eta = flatten(eta)
	}
	return q, q.finish()
}

func (s *savedBasis) restore(parts map[string]*mat.Dense) (basis, error) {
	need := func(names ...string) error {
		for _, n := range names {
			if parts[n] == nil {
				return fmt.Errorf("ohsvgp: %s is missing from the file", n)
			}
		}
		return nil
	}
	switch s.Kind {
	case "legs":
		if s.M < 1 || !(s.T > 0) {
			return nil, fmt.Errorf("ohsvgp: a memory of %d variables at time %g is not one", s.M, s.T)
		}
		return &legs{s.M, s.T}, nil
	case "features":
		b := &features{M: s.M, at: span{s.Measure, s.T, s.Window}}
		if parts["base"] != nil {
			b.base = flatten(parts["base"])
		}
		return b, nil
	case "points":
		return &points{parts["Z"]}, need("Z")
	case "vff":
		if s.F < 0 || !(s.B > s.A) || math.IsInf(s.B-s.A, 0) {
			return nil, fmt.Errorf("ohsvgp: %d features on [%g, %g] are none", s.F, s.A, s.B)
		}
		return &vff{s.A, s.B, s.F}, nil
	case "path features":
		if err := need("W", "Z", "last"); err != nil {
			return nil, err
		}
		return &pathFeatures{M: s.M, N: s.N, W: parts["W"], ls: s.Lengthscale, Z: parts["Z"], Last: flatten(parts["last"]), Step: s.Step}, nil
	case "path exact":
		return &pathExact{W: parts["W"], Path: parts["path"], Rule: s.Rule}, need("W", "path")
	}
	return nil, fmt.Errorf("ohsvgp: the file holds inducing variables of kind %q, which this program does not know", s.Kind)
}
