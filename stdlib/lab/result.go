package lab

import "fmt"

// ResultMIME is the type under which a cell publishes results for programs
// that read executed notebooks, such as a sweep: an object of names and texts.
const ResultMIME = "application/vnd.priorlab.result+json"

// Result publishes a named result of the notebook, such as an error or a
// bound, and shows it as a line. Values travel as text, so that NaN and Inf
// are results too.
func Result(name string, value any) {
	text := fmt.Sprint(value)
	Show(Bundle{Data: map[string]any{ResultMIME: map[string]any{name: text}, mimeText: name + " = " + text}})
}
