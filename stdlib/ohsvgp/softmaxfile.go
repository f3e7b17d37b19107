package ohsvgp

import (
	"encoding/json"
	"fmt"

	"github.com/priorlab/priorlab/stdlib/train"
	"gonum.org/v1/gonum/mat"
)

const classifierKind = "ohsvgp.Classifier"

// savedClassifier wraps the model of class 0; the other classes add what they
// have of their own.
type savedClassifier struct {
	Classes int             `json:"classes"`
	Model   json.RawMessage `json:"model"`
}

// Save writes the whole classifier to a file. A loaded one continues with the
// same bits.
func (c *Classifier) Save(path string) error {
	inner, err := c.m.file()
	if err != nil {
		return err
	}
	var all tensors
	for i, q := range c.q {
		if i > 0 {
			all.add(fmt.Sprintf("class.%d.Lam", i), q.Lam)
			all.add(fmt.Sprintf("class.%d.eta", i), mat.NewDense(1, len(q.eta), q.eta))
		}
	}
	f, err := train.NewFile(classifierKind, 1, savedClassifier{c.classes, inner.Config}, append(tensors(inner.Tensors), all...))
	if err != nil {
		return err
	}
	return f.Save(path)
}

// LoadClassifier reads a classifier that Classifier.Save wrote.
func LoadClassifier(path string) (*Classifier, error) {
	f, err := train.Load(path)
	if err != nil {
		return nil, err
	}
	c, err := classifierFromFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func classifierFromFile(f *train.File) (*Classifier, error) {
	if f.Kind != classifierKind || f.Version != 1 {
		return nil, fmt.Errorf("ohsvgp: the file holds a %s of version %d, not a %s of version 1", f.Kind, f.Version, classifierKind)
	}
	var s savedClassifier
	if err := json.Unmarshal(f.Config, &s); err != nil || s.Classes < 2 {
		return nil, fmt.Errorf("ohsvgp: the saved classifier of %d classes: %w", s.Classes, err)
	}
	m, err := fromFile(&train.File{Kind: fileKind, Version: fileVersion, Config: s.Model, Tensors: f.Tensors})
	if err != nil {
		return nil, err
	}
	c := &Classifier{m: m, classes: s.Classes}
	if m.q == nil {
		return c, nil
	}
	c.q = []*posterior{m.q}
	n := m.q.L.N()
	for i := 1; i < s.Classes; i++ {
		parts, err := matrices(f.Tensors, fmt.Sprintf("class.%d.", i))
		if err != nil {
			return nil, err
		}
		Lam, eta := parts["Lam"], parts["eta"]
		if Lam == nil || eta == nil || len(flatten(eta)) != n || len(flatten(Lam)) != n*n {
			return nil, fmt.Errorf("ohsvgp: the memory of class %d in the file is missing or not of size %d", i, n)
		}
		q := &posterior{basis: m.q.basis, kernel: m.q.kernel, L: m.q.L, Lam: Lam, eta: flatten(eta)}
		if err := q.finish(); err != nil {
			return nil, err
		}
		c.q = append(c.q, q)
	}
	return c, nil
}
