package param

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"
	"text/tabwriter"
)

// Set is an ordered list of parameters.
type Set []*Param

// Get finds a parameter by its name.
func (s Set) Get(name string) (*Param, error) {
	names := make([]string, len(s))
	for i, p := range s {
		if p.Name == name {
			return p, nil
		}
		names[i] = p.Name
	}
	return nil, fmt.Errorf("param: no parameter %q; there are %s", name, strings.Join(names, ", "))
}

// Free gathers the free numbers of all trainable parameters.
func (s Set) Free() []float64 {
	var out []float64
	for _, p := range s {
		if p.Trainable {
			for _, v := range p.value {
				out = append(out, p.Transform.Free(v))
			}
		}
	}
	return out
}

// SetFree is the inverse of Free. The vector must have the same length; a
// free number whose value is not allowed (an overflow) is an error and leaves
// every parameter as it was.
func (s Set) SetFree(free []float64) error {
	if n := len(s.Free()); n != len(free) {
		return fmt.Errorf("param: %d free values for %d trainable numbers", len(free), n)
	}
	i := 0
	for _, p := range s {
		if !p.Trainable {
			continue
		}
		for range p.value {
			v := p.Transform.Value(free[i])
			if !finite(free[i]) || p.Transform.Check(v) != nil {
				return fmt.Errorf("param: free value %v of %s is outside its range", free[i], p.Name)
			}
			i++
		}
	}
	i = 0
	for _, p := range s {
		if p.Trainable {
			for j := range p.value {
				p.value[j] = p.Transform.Value(free[i])
				i++
			}
		}
	}
	return nil
}

// Pack keeps, of a gradient over all numbers of the set in order, the entries
// of trainable parameters, the order of Free.
func (s Set) Pack(grad []float64) []float64 {
	var out []float64
	i := 0
	for _, p := range s {
		if p.Trainable {
			out = append(out, grad[i:i+p.Len()]...)
		}
		i += p.Len()
	}
	return out
}

// Len is how many numbers the set holds in all, trainable or not.
func (s Set) Len() int {
	n := 0
	for _, p := range s {
		n += p.Len()
	}
	return n
}

// LogPrior sums the log priors; slope follows the order of Free.
func (s Set) LogPrior() (logp float64, slope []float64) {
	for _, p := range s {
		l, d := p.LogPrior()
		logp += l
		if p.Trainable {
			slope = append(slope, d...)
		}
	}
	return logp, slope
}

// Clone copies every parameter.
func (s Set) Clone() Set {
	out := make(Set, len(s))
	for i, p := range s {
		out[i] = p.Clone()
	}
	return out
}

// CopyFrom takes over the values of another set with the same names and sizes.
func (s Set) CopyFrom(o Set) error {
	if len(s) != len(o) {
		return fmt.Errorf("param: %d parameters cannot take the values of %d", len(s), len(o))
	}
	for i, p := range s {
		if p.Name != o[i].Name || p.Len() != o[i].Len() {
			return fmt.Errorf("param: %s[%d] cannot take the values of %s[%d]", p.Name, p.Len(), o[i].Name, o[i].Len())
		}
	}
	for i, p := range s {
		copy(p.value, o[i].value)
	}
	return nil
}

func (s Set) rows() [][]string {
	out := [][]string{{"parameter", "value", "transform", "prior", "trained"}}
	for _, p := range s {
		prior, trained := "", "yes"
		if p.Prior != nil {
			prior = p.Prior.String()
		}
		if !p.Trainable {
			trained = "no"
		}
		out = append(out, []string{p.Name, number(p.value), p.Transform.Name(), prior, trained})
	}
	return out
}

// String is the set as a table.
func (s Set) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, r := range s.rows() {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	w.Flush()
	return b.String()
}

// HTML is the table for a notebook.
func (s Set) HTML() string {
	var b strings.Builder
	b.WriteString("<table>")
	for i, r := range s.rows() {
		tag := "td"
		if i == 0 {
			tag = "th"
		}
		b.WriteString("<tr>")
		for _, c := range r {
			fmt.Fprintf(&b, "<%s style=\"text-align:left\">%s</%s>", tag, html.EscapeString(c), tag)
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table>")
	return b.String()
}

// Save writes the set as JSON; numbers keep every bit.
func (s Set) Save(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode([]*Param(s))
}

// Load reads values and training flags that Save wrote into a set of the same
// names, sizes and transforms. On an error nothing changes.
func (s Set) Load(r io.Reader) error {
	var in []*Param
	if err := json.NewDecoder(r).Decode(&in); err != nil {
		return fmt.Errorf("param: not a saved parameter set: %w", err)
	}
	if len(in) != len(s) {
		return fmt.Errorf("param: the file holds %d parameters, the model has %d", len(in), len(s))
	}
	for i, p := range s {
		q := in[i]
		if q == nil || q.Name != p.Name || q.Len() != p.Len() || q.Transform.Name() != p.Transform.Name() {
			return fmt.Errorf("param: parameter %d of the file does not fit %s (%s, %d numbers)", i+1, p.Name, p.Transform.Name(), p.Len())
		}
	}
	for i, p := range s {
		copy(p.value, in[i].value)
		p.Trainable = in[i].Trainable
	}
	return nil
}
