// Package experiments runs the comparisons of thesis chapter 4 on real data:
// solar irradiance, speech, epidemic counts, and two regressions met in parts.
// Every method has the same number of inducing variables and meets the same
// tasks; after each task it is tested on all tasks so far.
//
// Each study is a [Study]; [Run] returns its rows, and [Write] makes the tables,
// which are never typed in. The command is in ../cmd/chapter4.
//
// Settings follow the publication where it gives them (numbers of tasks and of
// inducing variables, likelihoods, kernels learned on the first task and then
// frozen). Where it does not, the choice is named in the Study's Notes.
package experiments
