package tasks

import (
	"strings"
	"testing"
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
