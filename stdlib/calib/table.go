package calib

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/gonum/stat"

	"github.com/priorlab/priorlab/stdlib/plots"
)

// Table sets models side by side: one row a model, mean and standard deviation over its runs (seeds). It shows itself
// in a notebook, best means in bold.
type Table struct {
	Columns []string
	Rows    []Row

	diagrams bool  // HTML draws them too
	better   []int // per column: +1 larger is better, -1 smaller is better, 0 neither
	reports  []*Report
}

// Row is one model of a Table. Mean and SD (n-1) belong to the columns; SD is 0 when there is one run only.
type Row struct {
	Name     string
	Runs     int
	Mean, SD []float64

	values [][]float64 // one slice a run
}

// Compare makes a table of reports. Reports of one name are runs of one model: the table shows their mean and standard
// deviation. All must have been measured on sets of the same size.
func Compare(reports ...*Report) (*Table, error) {
	if len(reports) == 0 {
		return nil, fmt.Errorf("calib.Compare: there is no report to compare")
	}
	ood := true
	for i, r := range reports {
		if r == nil {
			return nil, fmt.Errorf("calib.Compare: report %d is nil", i)
		}
		if r.N != reports[0].N {
			return nil, fmt.Errorf("calib.Compare: %s was measured on %d inputs and %s on %d; compare on one set",
				r.Name, r.N, reports[0].Name, reports[0].N)
		}
		ood = ood && r.OOD != nil
	}
	t := NewTable([]string{"accuracy", "MCC", "NLL", "Brier", "ECE top-1", "MCE top-1", "ECE all-class", "MCE all-class"},
		[]int{1, 1, -1, -1, -1, -1, -1, -1})
	if ood {
		t.Columns, t.better = append(t.Columns, "AUROC", "AUPR"), append(t.better, 1, 1)
	}
	for _, r := range reports {
		v := []float64{r.Accuracy, r.MCC, r.NLL, r.Brier, r.Top1.ECE, r.Top1.MCE, r.AllClass.ECE, r.AllClass.MCE}
		if ood {
			v = append(v, r.OOD.AUROC, r.OOD.AUPR)
		}
		t.Add(r.Name, v...)
	}
	t.reports = reports
	return t, nil
}

// NewTable is an empty table with columns of any measures: better[i] is +1 when larger is better, -1 when smaller is,
// 0 when neither. Fill it with Add.
func NewTable(columns []string, better []int) *Table {
	if len(columns) != len(better) || len(columns) == 0 {
		fail("NewTable", "", "%d columns and %d directions", len(columns), len(better))
	}
	return &Table{Columns: columns, better: better}
}

// Add puts one run of a model into the table and returns the table.
func (t *Table) Add(name string, values ...float64) *Table {
	if len(values) != len(t.Columns) {
		fail("Table.Add", "", "%d values for %d columns", len(values), len(t.Columns))
	}
	at := slices.IndexFunc(t.Rows, func(r Row) bool { return r.Name == name })
	if at < 0 {
		at = len(t.Rows)
		t.Rows = append(t.Rows, Row{Name: name})
	}
	t.Rows[at].add(values)
	return t
}

func (r *Row) add(values []float64) {
	r.values = append(r.values, slices.Clone(values))
	r.Runs = len(r.values)
	r.Mean, r.SD = make([]float64, len(values)), make([]float64, len(values))
	run := make([]float64, r.Runs)
	for c := range values {
		for i := range run {
			run[i] = r.values[i][c]
		}
		r.Mean[c] = stat.Mean(run, nil)
		if r.Runs > 1 {
			r.SD[c] = stat.StdDev(run, nil)
		}
	}
}

// Direction is +1 when larger is better in a column, -1 when smaller is, 0 when neither.
func (t *Table) Direction(column int) int { return t.better[column] }

// best marks, for each column, the rows with the best mean.
func (t *Table) best(row, col int) bool {
	if t.better[col] == 0 || len(t.Rows) < 2 {
		return false
	}
	for _, r := range t.Rows {
		if float64(t.better[col])*(r.Mean[col]-t.Rows[row].Mean[col]) > 0 {
			return false
		}
	}
	return !math.IsNaN(t.Rows[row].Mean[col])
}

func (r Row) cell(c int) string {
	if r.Runs > 1 {
		return fmt.Sprintf("%.4f ± %.4f", r.Mean[c], r.SD[c])
	}
	return fmt.Sprintf("%.4f", r.Mean[c])
}

// String is the table as text; the best mean of a column carries a star.
func (t *Table) String() string {
	cells := [][]string{append([]string{"model", "runs"}, t.Columns...)}
	for i, r := range t.Rows {
		line := []string{r.Name, fmt.Sprint(r.Runs)}
		for c := range t.Columns {
			mark := " "
			if t.best(i, c) {
				mark = "*"
			}
			line = append(line, r.cell(c)+mark)
		}
		cells = append(cells, line)
	}
	width := make([]int, len(cells[0]))
	for _, line := range cells {
		for c, s := range line {
			width[c] = max(width[c], utf8.RuneCountInString(s))
		}
	}
	var out strings.Builder
	for i, line := range cells {
		if i > 0 {
			out.WriteByte('\n')
		}
		for c, s := range line {
			pad := strings.Repeat(" ", width[c]-utf8.RuneCountInString(s))
			if c == 0 {
				out.WriteString(s + pad)
			} else {
				out.WriteString("  " + pad + s)
			}
		}
	}
	return out.String()
}

// HTML is the table as HTML.
func (t *Table) HTML() string {
	var s strings.Builder
	s.WriteString("<table><thead><tr><th>model</th><th>runs</th>")
	for _, c := range t.Columns {
		s.WriteString("<th>" + html.EscapeString(c) + "</th>")
	}
	s.WriteString("</tr></thead><tbody>")
	for i, r := range t.Rows {
		fmt.Fprintf(&s, "<tr><td>%s</td><td>%d</td>", html.EscapeString(r.Name), r.Runs)
		for c := range t.Columns {
			if t.best(i, c) {
				s.WriteString("<td><b>" + r.cell(c) + "</b></td>")
			} else {
				s.WriteString("<td>" + r.cell(c) + "</td>")
			}
		}
		s.WriteString("</tr>")
	}
	s.WriteString("</tbody></table>")
	if f := t.Diagrams(); t.diagrams && f != nil {
		s.WriteString(f.SVG())
	}
	return s.String()
}

// WithDiagrams makes the table show the reliability diagrams of its models beneath it, and returns it.
func (t *Table) WithDiagrams() *Table {
	t.diagrams = true
	return t
}

// Diagrams draws the top-1 reliability diagram of each model, of its first run. It is nil unless the table was made by
// Compare.
func (t *Table) Diagrams() *plots.Figure {
	var figs []*plots.Figure
	seen := map[string]bool{}
	for _, r := range t.reports {
		if !seen[r.Name] {
			seen[r.Name] = true
			figs = append(figs, r.Top1.Figure().Title(fmt.Sprintf("%s: ECE %.3f", r.Name, r.Top1.ECE)))
		}
	}
	if len(figs) == 0 {
		return nil
	}
	return plots.Grid(3, figs...)
}
