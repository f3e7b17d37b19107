package sweep

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParseGrid(t *testing.T) {
	g, err := parseGrid([]byte(`
notebook: a.ipynb
grid:
  M: [10, 1e2]
  name: [a b, "3"]
  x: {from: 0.5, to: 1, step: 0.25}
runs:
  - {M: 80, x: 9}
  - {M: 10, name: a b, x: "0.50"}
  - {sizes: [1, 2]}
fixed: {tasks: 5, x: 7}
results: [worst, best]
timeout: 90s
slurm: {time: "01:00:00", cpus-per-task: 2}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range g.Runs {
		got = append(got, strings.Join(arguments(r), " "))
	}
	want := []string{
		"M=10 name=a b x=0.50 tasks=5", "M=10 name=a b x=0.75 tasks=5", "M=10 name=a b x=1.00 tasks=5",
		"M=10 name=3 x=0.50 tasks=5", "M=10 name=3 x=0.75 tasks=5", "M=10 name=3 x=1.00 tasks=5",
		"M=1e2 name=a b x=0.50 tasks=5", "M=1e2 name=a b x=0.75 tasks=5", "M=1e2 name=a b x=1.00 tasks=5",
		"M=1e2 name=3 x=0.50 tasks=5", "M=1e2 name=3 x=0.75 tasks=5", "M=1e2 name=3 x=1.00 tasks=5",
		"M=80 x=9 tasks=5",
		"sizes=1,2 tasks=5 x=7", // the second of the runs is in the grid
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("runs\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if g.Timeout != 90*time.Second || fmt.Sprint(g.Results) != "[worst best]" || fmt.Sprint(g.Slurm) != "[{time 01:00:00} {cpus-per-task 2}]" {
		t.Errorf("timeout %v, results %v, slurm %v", g.Timeout, g.Results, g.Slurm)
	}
}

func TestGridFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "it holds no grid"},
		{"- 1", "it holds no grid"},
		{"notebook: a\ngrid: {", "line 2:"},
		{"notebook: a\nprogram: b\ngrid: {x: 1}", `it needs one of "notebook:" and "program:"`},
		{"grid: {x: 1}", `it needs one of "notebook:" and "program:"`},
		{"notebook: a", `it needs "grid:" or "runs:"`},
		{"notebook: a\ngird: {x: 1}", `line 2: "gird" is not known`},
		{"notebook: a\ngrid: {x: []}", "line 2: parameter x has no values"},
		{"notebook: a\ngrid: {x: {from: 3, to: 1}}", "line 2: this range has no values"},
		{"notebook: a\ngrid: {x: {from: 1, to: 5, by: 2}}", `a range has from, to and step, not "by"`},
		{"notebook: a\ngrid: {x: {from: one, to: 5}}", `from is "one", not a number`},
		{"notebook: a\ngrid: {x: {from: 0, to: 1, step: 1e-9}}", "this range has 1e+09 values"},
		{"notebook: a\ngrid: {x: {from: 1, to: 1000}, y: {from: 1, to: 1000}}", "more than 100000 combinations"},
		{"notebook: a\ngrid: {x: [null]}", "a single value is wanted"},
		{"notebook: a\nruns: {x: 1}", "line 2: a list of settings is wanted"},
		{"notebook: a\ngrid: {x: 1}\ntimeout: soon", `line 3: the timeout is "soon"`},
		{"notebook: a\ngrid: {x: 1}\nresults: [1 + 1]", `line 3: result "1 + 1" is not the name of a variable`},
		{"program: a\ngrid: {x: 1}\nresults: [b]", "a program publishes its results itself"},
	} {
		if _, err := parseGrid([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

func TestRunNames(t *testing.T) {
	a := runName([]Setting{{"M", "10"}, {"path", "../x y/../../z"}})
	if strings.ContainsAny(a, "/ ") || !strings.HasPrefix(a, "M=10,path=.._x_y_.._.._z-") {
		t.Errorf("name %q", a)
	}
	b := runName([]Setting{{"path", strings.Repeat("x", 300) + "1"}})
	c := runName([]Setting{{"path", strings.Repeat("x", 300) + "2"}})
	if b == c || len(b) > 100 {
		t.Errorf("names %q and %q", b, c)
	}
}
