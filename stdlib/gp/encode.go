package gp

import (
	"encoding/json"
	"fmt"

	"github.com/priorlab/priorlab/stdlib/param"
)

// spec is a kernel as it is written: its kind, its own parameters, its parts.
type spec struct {
	Kind    string    `json:"kind"`
	Params  param.Set `json:"params,omitempty"`
	Degree  int       `json:"degree,omitempty"`
	Columns []int     `json:"columns,omitempty"`
	Parts   []spec    `json:"parts,omitempty"`
}

// EncodeKernel writes a kernel of this package as JSON, every bit kept.
func EncodeKernel(k Kernel) (json.RawMessage, error) {
	s, err := specOf(k)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

func specOf(k Kernel) (spec, error) {
	several := func(kind string, parts []Kernel) (spec, error) {
		s := spec{Kind: kind}
		for _, p := range parts {
			c, err := specOf(p)
			if err != nil {
				return s, err
			}
			s.Parts = append(s.Parts, c)
		}
		return s, nil
	}
	switch k := k.(type) {
	case *Radial:
		return spec{Kind: string(k.Family), Params: k.Params()}, nil
	case *PeriodicKernel:
		return spec{Kind: "periodic", Params: k.Params()}, nil
	case *ConstantKernel:
		return spec{Kind: "constant", Params: k.Params()}, nil
	case *WhiteKernel:
		return spec{Kind: "white", Params: k.Params()}, nil
	case *PolynomialKernel:
		return spec{Kind: "polynomial", Params: k.Params(), Degree: k.Degree}, nil
	case *SumKernel:
		return several("sum", k.Parts)
	case *ProductKernel:
		return several("product", k.Parts)
	case *ActiveKernel:
		s, err := several("active", []Kernel{k.Inner})
		s.Columns = k.Columns
		return s, err
	case *ChangePointKernel:
		s, err := several("changepoint", []Kernel{k.Before, k.After})
		s.Params = param.Set{k.Location, k.Steepness}
		return s, err
	}
	return spec{}, fmt.Errorf("gp: a kernel of type %T is not from this package and cannot be saved", k)
}

// DecodeKernel reads what EncodeKernel wrote.
func DecodeKernel(b json.RawMessage) (Kernel, error) {
	var s spec
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("gp: not a saved kernel: %w", err)
	}
	return s.kernel()
}

func (s spec) kernel() (Kernel, error) {
	var parts []Kernel
	for _, p := range s.Parts {
		k, err := p.kernel()
		if err != nil {
			return nil, err
		}
		parts = append(parts, k)
	}
	shape := map[string][2]int{ // parameters and parts of each kind
		"se": {2, 0}, "matern12": {2, 0}, "matern32": {2, 0}, "matern52": {2, 0}, "rq": {3, 0}, "periodic": {3, 0},
		"constant": {1, 0}, "white": {1, 0}, "polynomial": {2, 0}, "sum": {0, len(parts)}, "product": {0, len(parts)},
		"active": {0, 1}, "changepoint": {2, 2},
	}
	want, ok := shape[s.Kind]
	if !ok || len(s.Params) != want[0] || len(parts) != want[1] {
		return nil, fmt.Errorf("gp: the saved kernel %q with %d parameters and %d parts is not one this program knows", s.Kind, len(s.Params), len(parts))
	}
	p := s.Params
	switch s.Kind {
	case "rq":
		return &Radial{Family: FamilyRQ, Variance: p[0], Lengthscale: p[1], Alpha: p[2]}, nil
	case "periodic":
		return &PeriodicKernel{p[0], p[1], p[2]}, nil
	case "constant":
		return &ConstantKernel{p[0]}, nil
	case "white":
		return &WhiteKernel{p[0]}, nil
	case "polynomial":
		return &PolynomialKernel{p[0], p[1], s.Degree}, nil
	case "sum":
		return &SumKernel{parts}, nil
	case "product":
		return &ProductKernel{parts}, nil
	case "active":
		return &ActiveKernel{parts[0], s.Columns}, nil
	case "changepoint":
		return &ChangePointKernel{parts[0], parts[1], p[0], p[1]}, nil
	}
	return &Radial{Family: Family(s.Kind), Variance: p[0], Lengthscale: p[1]}, nil
}

type likSpec struct {
	Name   string    `json:"name"`
	Params param.Set `json:"params,omitempty"`
	Points int       `json:"points,omitempty"`
}

// EncodeLikelihood writes a likelihood of this package as JSON.
func EncodeLikelihood(l *Likelihood) (json.RawMessage, error) {
	if _, ok := likelihoods[l.Name]; !ok {
		return nil, fmt.Errorf("gp: the likelihood %q is not from this package and cannot be saved", l.Name)
	}
	return json.Marshal(likSpec{l.Name, l.Set, l.Points})
}

// likelihoods makes each from its parameters; the number says how many.
var likelihoods = map[string]struct {
	params int
	on     func(param.Set) *Likelihood
}{
	"Gaussian": {1, gaussianOn}, "Bernoulli, logit": {0, logitOn}, "Bernoulli, probit": {0, probitOn}, "Poisson": {0, poissonOn},
	"negative binomial": {1, negbinOn}, "Student t": {2, studentOn},
}

// DecodeLikelihood reads what EncodeLikelihood wrote.
func DecodeLikelihood(b json.RawMessage) (*Likelihood, error) {
	var s likSpec
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("gp: not a saved likelihood: %w", err)
	}
	l, ok := likelihoods[s.Name]
	if !ok || len(s.Params) != l.params {
		return nil, fmt.Errorf("gp: the saved likelihood %q with %d parameters is not one this program knows", s.Name, len(s.Params))
	}
	out := l.on(s.Params)
	out.Points = s.Points
	return out, nil
}
