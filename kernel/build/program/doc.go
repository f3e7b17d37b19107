// Package program runs a notebook that "priorlab build" has turned into a Go
// program: it reads the flags, runs the cells in order, shows what they show
// on the terminal, and keeps pictures and results in files.
//
//	p := program.New("lesson", "A lesson")
//	p.Flag(&M, "M", "30", "inducing variables")
//	p.Cell(1, cell1)
//	p.Settings()
//	p.Cell(2, cell2)
//	p.End()
//
// Flags of every program beside those of the notebook's parameters:
//
//	-pictures DIR   where pictures go; "none" writes none
//	-results FILE   write what cells publish as JSON
//	-q              print only what cells print themselves
//
// A cell publishes results by showing a bundle of the type [lab.ResultMIME].
//
// Start reading at program.go; host.go is the front end.
package program
