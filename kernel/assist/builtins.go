package assist

// builtins says what the language's own functions and types are for; the
// checker knows of them no more than their names.
var builtins = map[string]struct{ head, doc string }{
	"append":     {"func append(s []T, values ...T) []T", "The slice with the values behind its last element. Keep the result: s = append(s, v). A whole slice is appended by append(s, other...)."},
	"cap":        {"func cap(v) int", "How many elements fit into a slice, or into a channel's buffer, before more memory is taken."},
	"clear":      {"func clear(m or s)", "Takes all entries out of a map; sets all elements of a slice to zero."},
	"close":      {"func close(c chan T)", "Says that nothing more will be sent: receivers get what is left, then zero values. Only the sender closes."},
	"complex":    {"func complex(r, i float64) complex128", "The complex number with these parts."},
	"copy":       {"func copy(dst, src []T) int", "Copies elements, as many as the shorter slice has, and says how many."},
	"delete":     {"func delete(m map[K]V, key K)", "Takes an entry out of a map; nothing happens if there is none."},
	"imag":       {"func imag(c complex128) float64", "The imaginary part."},
	"len":        {"func len(v) int", "How many elements a slice, array, map or channel holds; how many bytes a string has."},
	"make":       {"func make(T, size ...int) T", "A new slice, map or channel: make([]float64, n), make([]float64, 0, n), make(map[string]int), make(chan int, n)."},
	"max":        {"func max(x T, y ...T) T", "The largest of its arguments; slices.Max looks through a slice."},
	"min":        {"func min(x T, y ...T) T", "The smallest of its arguments; slices.Min looks through a slice."},
	"new":        {"func new(T) *T", "A pointer to a new zero value of a type, or to a copy of a value."},
	"panic":      {"func panic(v any)", "Ends the function, its callers and the cell with an error, unless a deferred function recovers. Deferred calls run."},
	"print":      {"func print(values...)", "Writes to standard error, for a look in passing; fmt.Print is for output."},
	"println":    {"func println(values...)", "Writes a line to standard error, for a look in passing; fmt.Println is for output."},
	"real":       {"func real(c complex128) float64", "The real part."},
	"recover":    {"func recover() any", "In a deferred function: ends a panic and gives its value; nil if there is none."},
	"any":        {"type any = interface{}", "A value of whatever type; x.(T) and switch x.(type) look what it is."},
	"error":      {"type error interface { Error() string }", "What a function gives back beside its result when it can fail; nil if it did not."},
	"comparable": {"type comparable interface", "As a constraint: the types that have ==."},
	"nil":        {"nil", "The zero value of pointers, slices, maps, channels, functions and interfaces."},
	"iota":       {"const iota", "In a group of constants: 0 in the first line, 1 in the second, and so on."},
}
