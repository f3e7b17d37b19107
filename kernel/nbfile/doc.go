// Package nbfile reads and writes Jupyter notebooks, runs them without
// Jupyter, and turns them into pages and programs.
//
//	nb, err := nbfile.ReadFile("lesson.ipynb")
//	err = nb.SetParameters([]string{"M=50", "seed=2"})
//	err = nbfile.Run(ctx, nb, backend, nbfile.Options{Progress: show})
//	err = nb.WriteFile("out.ipynb")
//	err = nb.HTML(w, nbfile.Page{})
//	err = nb.Program(w)
//
// Notebooks of format 4 are read, 4.0 to 4.5, and written as 4.5 the way
// Jupyter writes them: keys in order, one space of indent, texts as lists of
// lines, so that a notebook that did not change does not change on disk.
// Fields this package does not know are kept.
//
// Cells run through serve.Backend; the package knows nothing of Go code beyond
// what parameters.go and program.go need.
//
// Start reading at notebook.go, then run.go.
package nbfile
