package experiment

import (
	"errors"
	"fmt"
	"html"
	"io/fs"
	"math"
	"os"
	"strings"
)

// Table is one table of the report.
type Table struct {
	Title   string
	Columns []string
	Rows    [][]string
	Notes   []string
}

// Report is what a run found.
type Report struct {
	Heading string // what was run
	Tables  []Table
	Seconds float64
	CPU     float64 // seconds on all cores
}

// add appends a table.
func (r *Report) add(t Table) { r.Tables = append(r.Tables, t) }

// Markdown is the report as text.
func (r *Report) Markdown() string {
	var b strings.Builder
	b.WriteString(r.Heading + "\n\n")
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "### %s\n\n| %s |\n|%s\n", t.Title, strings.Join(t.Columns, " | "), strings.Repeat("---|", len(t.Columns)))
		for _, row := range t.Rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
		for _, n := range t.Notes {
			fmt.Fprintf(&b, "\n%s\n", n)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%.0f seconds in all, %.0f of CPU time.\n", r.Seconds, r.CPU)
	return b.String()
}

// written parts a file's reading, which is kept, from the tables, which every run writes anew.
const written = "<!-- The run wrote what follows. -->"

// WriteFile writes the report to a file. If the file exists and has a line "<!-- The run wrote what follows. -->", what
// stands above it stays.
func (r *Report) WriteFile(path string) error {
	var head string
	if old, err := os.ReadFile(path); err == nil {
		if reading, _, ok := strings.Cut(string(old), written+"\n"); ok {
			head = reading + written + "\n\n"
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, []byte(head+r.Markdown()), 0o644)
}

// HTML is the report for the notebook.
func (r *Report) HTML() string {
	var b strings.Builder
	b.WriteString("<p>" + html.EscapeString(r.Heading) + "</p>")
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "<h4>%s</h4><table><tr>", html.EscapeString(t.Title))
		for _, c := range t.Columns {
			fmt.Fprintf(&b, "<th>%s</th>", html.EscapeString(c))
		}
		b.WriteString("</tr>")
		for _, row := range t.Rows {
			b.WriteString("<tr>")
			for _, c := range row {
				fmt.Fprintf(&b, "<td>%s</td>", html.EscapeString(c))
			}
			b.WriteString("</tr>")
		}
		b.WriteString("</table>")
		for _, n := range t.Notes {
			fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(n))
		}
	}
	return b.String()
}

// figures are the measurements of one quantity over seeds.
type figures []float64

// mean and sample standard deviation (NaN for one seed).
func (f figures) mean() (m, sd float64) {
	for _, v := range f {
		m += v / float64(len(f))
	}
	for _, v := range f {
		sd += (v - m) * (v - m)
	}
	return m, math.Sqrt(sd / float64(len(f)-1))
}

// String is the mean, with the spread over seeds if there are several.
func (f figures) String() string {
	if len(f) == 0 {
		return "-"
	}
	m, sd := f.mean()
	if len(f) == 1 {
		return fmt.Sprintf("%.4g (1 seed)", m)
	}
	return fmt.Sprintf("%.4g ± %.2g", m, sd)
}

// verdict compares the arms by a quantity of which less is better. With several seeds, arms count as undecided while
// the means are closer than the larger spread.
func verdict(what string, arms []string, values []figures) string {
	best, second := -1, -1
	for i, v := range values {
		if len(v) == 0 {
			continue
		}
		m, _ := v.mean()
		switch {
		case best < 0 || m < first(values[best].mean()):
			best, second = i, best
		case second < 0 || m < first(values[second].mean()):
			second = i
		}
	}
	if second < 0 {
		return ""
	}
	m1, s1 := values[best].mean()
	m2, s2 := values[second].mean()
	gap := fmt.Sprintf("%.4g against %.4g", m1, m2)
	switch {
	case len(values[best]) < 2:
		return fmt.Sprintf("%s: lowest for «%s», next «%s» (%s); one seed decides nothing.", what, arms[best], arms[second], gap)
	case m2-m1 < max(s1, s2):
		return fmt.Sprintf("%s: undecided between «%s» and «%s» (%s, within the spread over seeds).", what, arms[best], arms[second], gap)
	}
	return fmt.Sprintf("%s: lowest for «%s», next «%s» (%s).", what, arms[best], arms[second], gap)
}

// agreement tells whether several distances put the same arm first; if not, the ranking is undecided. perArm[i][j] is
// distance j of arm i.
func agreement(names, arms []string, perArm [][]figures) string {
	var firsts []string
	same := true
	for j, name := range names {
		best := 0
		for i := range perArm {
			if first(perArm[i][j].mean()) < first(perArm[best][j].mean()) {
				best = i
			}
		}
		firsts = append(firsts, fmt.Sprintf("%s «%s»", name, arms[best]))
		same = same && strings.HasSuffix(firsts[0], "«"+arms[best]+"»")
	}
	if same {
		return "All distances put the same arm first: " + strings.Join(firsts, ", ") + "."
	}
	return "The distances put different arms first (" + strings.Join(firsts, ", ") + "): treat the ranking of samples as undecided."
}

func first(a, _ float64) float64 { return a }
