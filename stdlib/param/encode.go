package param

import (
	"encoding/json"
	"fmt"
)

// saved is how one parameter is written: every bit of its values, its
// transform and, for the priors of this package, its prior.
type saved struct {
	Name      string     `json:"name"`
	Transform string     `json:"transform"`
	Ends      []float64  `json:"ends,omitempty"` // of Between and Whole
	Trainable bool       `json:"trainable"`
	Prior     string     `json:"prior,omitempty"`
	PriorAt   [2]float64 `json:"prior_at,omitzero"`
	Value     []float64  `json:"value"`
}

// MarshalJSON writes the parameter so that UnmarshalJSON makes the same one.
// A prior of another package is an error.
func (p *Param) MarshalJSON() ([]byte, error) {
	s := saved{Name: p.Name, Transform: p.Transform.Name(), Trainable: p.Trainable, Value: p.value}
	switch t := p.Transform.(type) {
	case Between:
		s.Transform, s.Ends = "between", []float64{t.Lo, t.Hi}
	case Whole:
		s.Transform, s.Ends = "whole", []float64{float64(t.Lo), float64(t.Hi)}
	case Log, Identity:
	default:
		return nil, fmt.Errorf("param: %s has a transform of its own (%s) and cannot be written", p.Name, t.Name())
	}
	switch q := p.Prior.(type) {
	case nil:
	case Normal:
		s.Prior, s.PriorAt = "normal", [2]float64{q.Mean, q.SD}
	case LogNormal:
		s.Prior, s.PriorAt = "lognormal", [2]float64{q.Mu, q.Sigma}
	case Gamma:
		s.Prior, s.PriorAt = "gamma", [2]float64{q.Shape, q.Rate}
	default:
		return nil, fmt.Errorf("param: %s has a prior of its own (%s) and cannot be written", p.Name, q)
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Param) UnmarshalJSON(b []byte) error {
	var s saved
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("param: not a saved parameter: %w", err)
	}
	q := Param{Name: s.Name, Trainable: s.Trainable, value: s.Value}
	switch {
	case s.Transform == "real":
		q.Transform = Identity{}
	case s.Transform == "positive":
		q.Transform = Log{}
	case s.Transform == "between" && len(s.Ends) == 2:
		q.Transform = Between{s.Ends[0], s.Ends[1]}
	case s.Transform == "whole" && len(s.Ends) == 2:
		q.Transform = Whole{int(s.Ends[0]), int(s.Ends[1])}
	default:
		return fmt.Errorf("param: %s was saved with the transform %q, which this program does not know", s.Name, s.Transform)
	}
	switch s.Prior {
	case "":
	case "normal":
		q.Prior = Normal{s.PriorAt[0], s.PriorAt[1]}
	case "lognormal":
		q.Prior = LogNormal{s.PriorAt[0], s.PriorAt[1]}
	case "gamma":
		q.Prior = Gamma{s.PriorAt[0], s.PriorAt[1]}
	default:
		return fmt.Errorf("param: %s was saved with the prior %q, which this program does not know", s.Name, s.Prior)
	}
	if len(q.value) == 0 {
		return fmt.Errorf("param: %s was saved without a value", s.Name)
	}
	for _, v := range q.value {
		if err := q.Transform.Check(v); err != nil {
			return fmt.Errorf("param: %s in the file: %w", s.Name, err)
		}
	}
	*p = q
	return nil
}
