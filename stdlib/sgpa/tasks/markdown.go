package tasks

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/priorlab/priorlab/stdlib/calib"
)

// Markdown is the result as the text of a file: what was run, the tables, and what can be read off them.
func (r *Result) Markdown() string {
	var s strings.Builder
	fmt.Fprintf(&s, "# %s\n\n%s. Every network had the same number of passes over the same data; ± is the standard deviation over the seeds, "+
		"which share the data: for the standard error of a mean, divide by the root of their number.\n", r.Task.Name, r.heading())
	fmt.Fprintf(&s, "%s.\n", r.Task.sizes())
	if r.Task.Config.Width > 0 {
		c := r.Task.Config
		fmt.Fprintf(&s, "Networks: depth %d, width %d, %d heads, %d global points a head; batch %d, Adam from %g along a cosine.\n", c.Depth, c.Width, c.Heads, c.Inducing, r.Task.Batch, r.Task.Rate)
	}
	s.WriteString("What rows and columns are stands below the tables.\n")
	part := func(name string, t *calib.Table) {
		fmt.Fprintf(&s, "\n## %s\n\n%s", name, markdownTable(t))
		for _, base := range []string{"MLE", "MLE kernel"} {
			for _, name := range []string{"SGPA", "SGPA tempered"} {
				s.WriteString(beside(t, name, base))
			}
		}
	}
	part("Test set", r.Table)
	for i, t := range r.Shifted {
		part(r.Names[i], t)
	}
	fmt.Fprintf(&s, "\n## Cost\n\n%s\nCPU time and tokens per second of CPU time, on all cores; the peak is that of the whole process in training, data included. Methods that "+
		"correct or combine trained networks are charged with them. These figures belong to the machine and differ from run to run.\n", markdownTable(r.Costs))
	s.WriteString("\n## Rows and columns\n\n")
	for _, row := range r.Table.Rows {
		fmt.Fprintf(&s, "- %s: %s\n", row.Name, legend[row.Name])
	}
	s.WriteString("\nBetter and worse say that two means differ by more than the larger of their standard deviations. With three seeds that is little more " +
		"than one standard error of the difference: a hint, not a test, and of many columns some will differ so by chance.\n")
	if r.Task.regression() {
		s.WriteString("\nMAE and RMSE are in units of the target. NLL: mean of -log p(y) in nats, of a mixture of normal distributions round the samples. " +
			"Coverage: the share of targets inside the central interval that should hold 95 %, of a normal distribution with the moments of the mixture.\n")
		return s.String()
	}
	s.WriteString("\nNLL in nats. Brier: mean over inputs of the sum over classes. ECE and MCE, expected and maximum calibration error: top-1 of the highest " +
		"probability of each input in 15 bins; all-class of every probability in 10 bins, whose many near zero make it look smaller. The two cannot be compared. " +
		"MCE is decided by bins with few inputs. AUROC and AUPR, where there are any: inputs from outside, told by the entropy of the mean probabilities.\n")
	return s.String()
}

// markdownTable writes means and deviations to four figures.
func markdownTable(t *calib.Table) string {
	var s strings.Builder
	fmt.Fprintf(&s, "| | %s |\n|---|%s\n", strings.Join(t.Columns, " | "), strings.Repeat("---|", len(t.Columns)))
	for _, row := range t.Rows {
		s.WriteString("| " + row.Name)
		for c, m := range row.Mean {
			s.WriteString(" | " + figure(m))
			if row.Runs > 1 && row.SD[c] > 0 {
				s.WriteString(" ± " + figure(row.SD[c]))
			}
		}
		s.WriteString(" |\n")
	}
	return s.String()
}

// figure has three decimals below a hundred and none above.
func figure(v float64) string {
	if math.Abs(v) >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	if v == math.Trunc(v) {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%.3f", v)
}

// beside says in which columns one method is better or worse than another by more than either deviation.
func beside(t *calib.Table, name, base string) string {
	at := func(name string) int {
		return slices.IndexFunc(t.Rows, func(r calib.Row) bool { return r.Name == name })
	}
	i, j := at(name), at(base)
	if i < 0 || j < 0 || t.Rows[i].Runs < 2 {
		return ""
	}
	a, b := t.Rows[i], t.Rows[j]
	words := map[int][]string{}
	for c, column := range t.Columns {
		if t.Direction(c) == 0 {
			continue
		}
		gain, spread := float64(t.Direction(c))*(a.Mean[c]-b.Mean[c]), max(a.SD[c], b.SD[c])
		switch {
		case gain > spread:
			words[1] = append(words[1], column)
		case gain < -spread:
			words[-1] = append(words[-1], column)
		default:
			words[0] = append(words[0], column)
		}
	}
	list := func(k int) string {
		if len(words[k]) == 0 {
			return "nothing"
		}
		return strings.Join(words[k], ", ")
	}
	return fmt.Sprintf("\n%s beside %s: better in %s; worse in %s; within the spread of seeds in %s.\n", name, base, list(1), list(-1), list(0))
}
