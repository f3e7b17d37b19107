package tasks

import (
	"os"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/stdlib/internal/quoted"
)

func TestWritten(t *testing.T) {
	whole, err := Written("zinc", "")
	if err != nil {
		t.Fatal(err)
	}
	part, err := Written("zinc", "Cost")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(part), "# ZINC") || !strings.Contains(string(part), "| training, CPU s |") || strings.Contains(string(part), "## Test set") ||
		!strings.Contains(string(whole), "## Test set") || len(part) >= len(whole) {
		t.Errorf("the part reads\n%s", part)
	}
	if _, err := Written("chess", ""); err == nil || !strings.Contains(err.Error(), `"cifar10" "cola" "glyphs" "imdb" "zinc"`) {
		t.Errorf("an unknown task gives %v", err)
	}
	if _, err := Written("glyphs", "severity 9"); err == nil || !strings.Contains(err.Error(), `"severity 5" "Cost"`) {
		t.Errorf("an unknown heading gives %v", err)
	}
}

// The figures that RESULTS.md quotes of a task, between backquotes, are cells of its tables.
func TestQuotedFiguresAreInTheTables(t *testing.T) {
	text, err := os.ReadFile("RESULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, reading, _ := strings.Cut(string(text), "\n# What the tables show\n")
	reading, _, _ = strings.Cut(reading, "\n# ")
	count := 0
	for _, item := range strings.Split(reading, "\n- **")[1:] {
		name, rest, _ := strings.Cut(item, "**")
		tables, err := Written(name, "")
		if err != nil {
			t.Fatal(err)
		}
		missing, n := quoted.Missing(rest, string(tables))
		for _, figure := range missing {
			t.Errorf("%s: the tables do not have %s", name, figure)
		}
		count += n
	}
	if count < 30 {
		t.Errorf("only %d figures are quoted: the reading is not what it was", count)
	}
}
