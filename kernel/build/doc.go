// Package build turns a notebook into a Go program that uses the same
// packages, compiles natively, takes the notebook's parameters as flags and
// gives the same numbers.
//
//	p, err := build.Notebook(nb)
//	m, err := build.FindModule("")
//	err = p.Write("lesson", m)
//	path, err := p.Compile(ctx, "lesson", m)
//
// # From cells to Go
//
// Each cell becomes a declaration part and one function that runs its
// statements; main calls the functions in order. The text of the cells is
// edited, never printed anew from a syntax tree, so comments and layout stay.
//
//   - A variable that another cell or a declared function uses becomes a
//     variable of the package, and its definition an assignment. The others
//     stay where they are.
//   - A name that gets a new meaning: a variable of the same type keeps its
//     storage; a function or method of the same signature is called through a
//     variable from then on, so that earlier callers see the new body; anything
//     else is renamed (x becomes x1) in all that came before.
//   - A package that is used but not imported is, when exactly one bound
//     package has the name.
//   - The value that ends a cell goes to lab.Show, unless a semicolon follows
//     or it is what fmt.Println and its kin return.
//   - Variables and imports may be unused; lines that are not Go (%time, !ls,
//     name?) become comments.
//
// The rules are those of the evaluator. All cells together are checked by
// go/types, with export data that the binary carries, each time one is added;
// so names are resolved and not guessed, and faults are told by cell and line.
//
// # What a program cannot do
//
// Widgets are not drawn: lab.Interact shows its picture once. Pictures go to
// files. A variable shared by cells must have a type that can be named. A
// struct that embeds a type which is later declared anew has its field
// renamed. Of a cell that is a file without statements, package variables are
// initialised in the order in which they stand.
//
// Start reading at convert.go; text.go, piece.go and check.go are what it
// stands on.
package build
