package worker

import "strings"

// helpAsked recognises the two ways to ask for help in a cell: "name?" and
// "%help name" (or "//lab:help name", which keeps the notebook Go).
func helpAsked(code string) (name string, asked bool) {
	code = strings.TrimSpace(code)
	if strings.ContainsRune(code, '\n') {
		return "", false
	}
	for _, prefix := range []string{"%help ", "//lab:help "} {
		if rest, ok := strings.CutPrefix(code, prefix); ok {
			return strings.TrimSpace(rest), true
		}
	}
	if rest, ok := strings.CutSuffix(code, "?"); ok && rest != "" {
		return strings.TrimSpace(strings.TrimRight(rest, "?")), true
	}
	return "", false
}
