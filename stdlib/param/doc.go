// Package param holds the one parameter type that every model uses.
//
// A [Param] has a name, a value (one number or a vector), a transform between
// the value a person reads (a length-scale, a variance) and the free number an
// optimiser moves, an optional prior, and a flag that says whether it is
// trained. A [Set] is an ordered list of them: it prints as a table, in a
// notebook too, gathers the free values into one vector, and saves and loads
// exactly.
//
// Start at [Positive]; then [Set.Free] and [Set.SetFree] are what an optimiser
// needs.
package param
