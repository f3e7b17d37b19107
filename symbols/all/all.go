// Package all links every symbol table into the program.
package all

import (
	_ "github.com/priorlab/priorlab/symbols/gonum" // gonum and gonum/plot
	_ "github.com/priorlab/priorlab/symbols/ours"  // linalg and stdlib
	_ "github.com/priorlab/priorlab/symbols/std"   // the standard library
)
