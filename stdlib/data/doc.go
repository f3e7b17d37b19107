// Package data reads data: files of the user's own, and small sets that the
// program carries, so that every lesson runs without a network.
//
//	solar := data.Solar()                    // embedded, with its credit
//	tasks, err := solar.Tasks(10, 0.1, 1)    // ten in a row, 10 % held out, seed 1
//	t, err := data.ReadCSV("mine.csv")       // .gz is recognised by its bytes
//	y, err := t.Numbers("y")                 // names file, row, column and text on error
//	warm, err := t.Where("y", func(v float64) bool { return v > 20 })
//	t.Describe()                             // what each column holds
//
// A [Series] has one input and one output, a [Regression] many inputs, a
// [Table] is a text table as read, [Images] are pictures with labels.
// [Credits] gives the origin and licence of everything embedded; show the
// credit of a set beside pictures made from it.
//
// Every reader checks sizes before it allocates and reports the file, the
// place in it and the reason; none panics on a damaged file. What the package
// is not for: fixing data silently, or downloading unasked ([Source.Fetch] is the
// one call that uses the network). Missing values stay NaN
// until they are dropped on purpose.
//
// Symbols: n rows, d inputs; x is n × d, y has length n; rows are observations.
//
// Start reading at sets.go, then csv.go and table.go; tablepick.go chooses, sorts
// and groups rows.
package data
