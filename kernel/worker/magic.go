package worker

import (
	"strings"
	"unicode"
)

// helpAsked recognises the ways to ask for help in a cell: "name?", "?name",
// and "%help name" or "//lab:help name", which keeps the notebook Go. The name
// is empty when the commands are asked for.
func helpAsked(code string) (name string, asked bool) {
	code = strings.TrimSpace(code)
	if strings.ContainsRune(code, '\n') {
		return "", false
	}
	for _, prefix := range []string{"%help", "//lab:help"} {
		if rest, ok := strings.CutPrefix(code, prefix); ok && (rest == "" || unicode.IsSpace(rune(rest[0]))) {
			return strings.TrimSpace(rest), true
		}
	}
	if rest := strings.Trim(code, "?"); rest != code && strings.IndexFunc(rest, notInName) < 0 {
		return rest, true
	}
	return "", false
}

// leaveAsked recognises the words that end a console, as name or call.
func leaveAsked(code string) (name string, asked bool) {
	name, _ = strings.CutSuffix(strings.TrimSpace(code), "()")
	return name, name == "exit" || name == "quit"
}

func notInName(r rune) bool {
	return r != '.' && r != '_' && r != '%' && r != '!' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}
