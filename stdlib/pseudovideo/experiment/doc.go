// Package experiment runs the chapter's comparison at laptop size, on digits, larger grey pictures or CIFAR-10, and writes
// its tables: what older frames know (A), supervised against free states (B), image against pseudo-video tokenizers (C) and diffusion models
// (D), with the copy control and the equal-bits control, over several seeds.
//
//	report, err := experiment.Run(lab.Context(), experiment.Options{Seeds: 1})
//	fmt.Println(report.Markdown())
//
// The tables are computed from the runs; which arm leads is read off them, not written down. All figures are
// measurements on small data and none is a figure of the paper. Start reading at run.go.
package experiment
