package tasks

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/priorlab/priorlab/stdlib/lab"
)

//go:embed results/*.md
var writtenFiles embed.FS

// Written is a table that command chapter3 wrote: every method, over several seeds, at the size that the file names. The task
// is cifar10, cola, glyphs, imdb or zinc, the heading one of the file, such as "Test set", "severity 5" or "Cost"; "" is the
// whole file.
func Written(task, heading string) (lab.Markdown, error) {
	b, err := writtenFiles.ReadFile("results/" + task + ".md")
	if err != nil {
		files, _ := writtenFiles.ReadDir("results")
		var names []string
		for _, f := range files {
			names = append(names, strings.TrimSuffix(f.Name(), ".md"))
		}
		return "", fmt.Errorf("tasks: there are no written tables of %q; there are %q", task, names)
	}
	title, rest, _ := strings.Cut(string(b), "\n## ")
	if heading == "" {
		return lab.Markdown(b), nil
	}
	parts := strings.Split(rest, "\n## ")
	i := slices.IndexFunc(parts, func(p string) bool { return strings.HasPrefix(p, heading+"\n") })
	if i < 0 {
		var names []string
		for _, p := range parts {
			name, _, _ := strings.Cut(p, "\n")
			names = append(names, name)
		}
		return "", fmt.Errorf("tasks: the tables of %s have no heading %q; they have %q", task, heading, names)
	}
	return lab.Markdown(strings.TrimSpace(title) + "\n\n## " + parts[i]), nil
}
