// Package tasks runs the comparisons of the chapter: data, methods and measures, at a size for two cores.
//
// A Task holds training, validation and test data, shifted test sets (corrupted images, sentences from other sources),
// and inputs from outside (classes or collections that the training data do not have). Glyphs makes its own data; CIFAR10,
// CoLA, IMDB and ZINC, a regression, read the folder that the environment variable PRIORLAB_DATA names.
//
//	task := tasks.Glyphs(2000, 1)
//	result, err := tasks.Run(lab.Context(), task, tasks.Budget{Epochs: 20}, []uint64{1, 2, 3})
//	lab.Show(result.Table, err)
//
// Every method sees the same data, the same number of epochs and the same schedule. Where SGPA does not win, the table
// says so. Calibration error is printed in both definitions, because numbers of one cannot be compared with the other.
//
// Seeds, and methods that share no networks, have nothing to do with one another: Parts divides a comparison among
// processes, as command chapter3 does, and Collect makes the same tables whatever the division.
//
// Start at [Run].
package tasks
