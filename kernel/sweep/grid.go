package sweep

import (
	"errors"
	"fmt"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Setting is one parameter and its value as text.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Grid is what a grid file says.
type Grid struct {
	File     string // its path
	Notebook string // path of the notebook, or "" when there is a program
	Program  string
	Runs     [][]Setting
	Results  []string
	Timeout  time.Duration
	Slurm    []Setting // options of sbatch
}

// maxRuns keeps a slip of the pen from filling the disk.
const maxRuns = 100_000

// ReadGrid reads the grid file at path. Paths in it are relative to it.
func ReadGrid(path string) (*Grid, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	g, err := parseGrid(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	g.File = path
	for _, p := range []*string{&g.Notebook, &g.Program} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(filepath.Dir(path), *p)
		}
	}
	return g, nil
}

// axis is one parameter and the values it takes.
type axis struct {
	name   string
	values []string
}

func parseGrid(data []byte) (*Grid, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New(`it holds no grid; it needs "notebook:" and "grid:"`)
	}
	g := &Grid{}
	var axes []axis
	var runs [][]Setting
	var fixed []Setting
	gridSeen := false
	for key, v := range pairs(doc.Content[0]) {
		var err error
		switch key.Value {
		case "notebook":
			g.Notebook, err = scalar(v)
		case "program":
			g.Program, err = scalar(v)
		case "grid":
			gridSeen = true
			axes, err = readAxes(v)
		case "runs":
			runs, err = readRuns(v)
		case "fixed":
			fixed, err = readSettings(v)
		case "results":
			g.Results, err = readResults(v)
		case "timeout":
			g.Timeout, err = readDuration(v)
		case "slurm":
			g.Slurm, err = readSettings(v)
		default:
			err = fmt.Errorf("line %d: %q is not known; a grid has notebook, program, grid, runs, fixed, results, timeout, slurm", key.Line, key.Value)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case (g.Notebook == "") == (g.Program == ""):
		return nil, errors.New(`it needs one of "notebook:" and "program:"`)
	case !gridSeen && len(runs) == 0:
		return nil, errors.New(`it needs "grid:" or "runs:"`)
	case g.Program != "" && len(g.Results) > 0:
		return nil, errors.New(`"results:" names variables of a notebook; a program publishes its results itself`)
	}
	if gridSeen {
		all, err := product(axes)
		if err != nil {
			return nil, err
		}
		runs = append(all, runs...)
	}
	return g, g.setRuns(runs, fixed)
}

// setRuns adds what is fixed to the runs and leaves out repetitions.
func (g *Grid) setRuns(runs [][]Setting, fixed []Setting) error {
	seen := map[string]bool{}
	for _, r := range runs {
		r = merge(fixed, r)
		key := fmt.Sprint(r)
		if !seen[key] {
			seen[key] = true
			g.Runs = append(g.Runs, r)
		}
	}
	if len(g.Runs) == 0 {
		return errors.New("it asks for no runs")
	}
	return nil
}

// merge is r followed by what fixed has and r has not.
func merge(fixed, r []Setting) []Setting {
	out := append([]Setting(nil), r...)
	for _, f := range fixed {
		found := false
		for _, s := range r {
			found = found || s.Name == f.Name
		}
		if !found {
			out = append(out, f)
		}
	}
	return out
}

// product is every combination; the last parameter changes fastest.
func product(axes []axis) ([][]Setting, error) {
	out := [][]Setting{nil}
	for _, a := range axes {
		var next [][]Setting
		if len(out)*len(a.values) > maxRuns {
			return nil, fmt.Errorf("the grid has more than %d combinations", maxRuns)
		}
		for _, r := range out {
			for _, v := range a.values {
				next = append(next, append(r[:len(r):len(r)], Setting{a.name, v}))
			}
		}
		out = next
	}
	return out, nil
}

// pairs yields the keys and values of a mapping.
func pairs(m *yaml.Node) func(yield func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		for i := 0; i+1 < len(m.Content); i += 2 {
			if !yield(m.Content[i], resolve(m.Content[i+1])) {
				return
			}
		}
	}
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func scalar(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", fmt.Errorf("line %d: a single value is wanted here", n.Line)
	}
	return n.Value, nil
}

func wantMapping(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: names and values are wanted here, as in \"seed: 1\"", n.Line)
	}
	return nil
}

func readSettings(n *yaml.Node) ([]Setting, error) {
	if err := wantMapping(n); err != nil {
		return nil, err
	}
	var out []Setting
	for k, v := range pairs(n) {
		value, err := listOrScalar(v)
		if err != nil {
			return nil, err
		}
		out = append(out, Setting{k.Value, value})
	}
	return out, nil
}

// listOrScalar also takes a list, as the value of a parameter that is one.
func listOrScalar(n *yaml.Node) (string, error) {
	if n.Kind != yaml.SequenceNode {
		return scalar(n)
	}
	var parts []string
	for _, e := range n.Content {
		s, err := scalar(resolve(e))
		if err != nil {
			return "", err
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ","), nil
}

func readRuns(n *yaml.Node) ([][]Setting, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: a list of settings is wanted here, as in \"- {M: 80, seed: 1}\"", n.Line)
	}
	var out [][]Setting
	for _, e := range n.Content {
		r, err := readSettings(resolve(e))
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func readAxes(n *yaml.Node) ([]axis, error) {
	if err := wantMapping(n); err != nil {
		return nil, err
	}
	var out []axis
	for k, v := range pairs(n) {
		a := axis{name: k.Value}
		var err error
		switch v.Kind {
		case yaml.SequenceNode:
			for _, e := range v.Content {
				s, err := listOrScalar(resolve(e))
				if err != nil {
					return nil, err
				}
				a.values = append(a.values, s)
			}
		case yaml.MappingNode:
			a.values, err = readRange(v)
		default:
			var s string
			s, err = scalar(v)
			a.values = []string{s}
		}
		if err != nil {
			return nil, err
		}
		if len(a.values) == 0 {
			return nil, fmt.Errorf("line %d: parameter %s has no values", v.Line, a.name)
		}
		out = append(out, a)
	}
	return out, nil
}

// readRange reads {from: 1, to: 5, step: 2}. The end belongs to the range.
func readRange(n *yaml.Node) ([]string, error) {
	num := map[string]float64{"step": 1}
	digits := 0
	for k, v := range pairs(n) {
		if k.Value != "from" && k.Value != "to" && k.Value != "step" {
			return nil, fmt.Errorf("line %d: a range has from, to and step, not %q", k.Line, k.Value)
		}
		s, err := scalar(v)
		if err != nil {
			return nil, err
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || f-f != 0 {
			return nil, fmt.Errorf("line %d: %s is %q, not a number", v.Line, k.Value, s)
		}
		num[k.Value] = f
		if _, decimals, ok := strings.Cut(s, "."); ok {
			digits = max(digits, len(decimals))
		}
	}
	from, hasFrom := num["from"]
	to, hasTo := num["to"]
	step := num["step"]
	if !hasFrom || !hasTo || step == 0 || (to-from)/step < 0 {
		return nil, fmt.Errorf("line %d: this range has no values; write {from: 1, to: 5}", n.Line)
	}
	count := math.Floor((to-from)/step+1e-9) + 1
	if count > maxRuns {
		return nil, fmt.Errorf("line %d: this range has %g values", n.Line, count)
	}
	var out []string
	for i := range int(count) {
		out = append(out, strconv.FormatFloat(from+float64(i)*step, 'f', digits, 64))
	}
	return out, nil
}

func readResults(n *yaml.Node) ([]string, error) {
	var out []string
	if n.Kind == yaml.SequenceNode {
		for _, e := range n.Content {
			s, err := scalar(resolve(e))
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
	} else {
		s, err := scalar(n)
		if err != nil {
			return nil, err
		}
		out = []string{s}
	}
	for _, s := range out {
		if !token.IsIdentifier(s) {
			return nil, fmt.Errorf("line %d: result %q is not the name of a variable", n.Line, s)
		}
	}
	return out, nil
}

func readDuration(n *yaml.Node) (time.Duration, error) {
	s, err := scalar(n)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("line %d: the timeout is %q; write a time such as 90s, 10m or 1h30m", n.Line, s)
	}
	return d, nil
}
