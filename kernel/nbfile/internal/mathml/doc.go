// Package mathml turns the mathematics of notebooks, written in TeX, into
// MathML, which browsers draw by themselves: no script, no font, no network.
//
// It knows what lessons use: scripts, fractions, roots, accents, fonts,
// stretching brackets, matrices, cases and aligned equations, and the common
// symbols. It is not TeX: there are no macros and no counters. What it does
// not know is an error that names it, and the page then shows the TeX itself.
//
// Start reading at parse.go; symbols.go is the table.
package mathml
