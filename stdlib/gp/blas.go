package gp

import "github.com/priorlab/priorlab/linalg"

// Products, symmetric updates and triangular solves of gonum go through the
// project's own routines, here and in everything that builds on this package.
func init() { linalg.UseInGonum() }
