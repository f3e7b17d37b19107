// Package plots draws what the models of this project give: posterior bands,
// samples, inducing points, task boundaries, error curves, covariances. It is
// a thin, opinionated layer over gonum/plot: one theme, sized for a notebook,
// with colours that people with any colour vision can tell apart and a
// background of its own, so that it reads on light and dark pages. A picture
// that is a part of a page follows the page's theme; SetTheme(plots.Dark) makes
// all of them dark.
//
//	fig := plots.New("Solar irradiance after task 4").
//		Regions(edges, "task").
//		Samples(x, paths, "samples").
//		Band(x, mean, sd, "OHSVGP").
//		Scatter(xData, yData, "data").
//		Rug(z, "inducing points").
//		Labels("year", "W/m²")
//
// A Figure shows itself in a notebook (it has SVG and PNG methods) and is
// written to a file by Save. Calls that add to a figure return it, in any
// order: what belongs behind is drawn behind. Things with the same label share
// a colour and one entry in the key, which stands above the picture and so
// never hides data. Values that are NaN leave a gap.
//
// Data of any kind have Scatter, ErrorBars, Hist, Counts, Boxes, Bars, ScatterBy,
// Heat and HeatXY; LogX and LogY make axes logarithmic, and Note writes into the
// picture.
//
// Several figures stand side by side with Grid. For all else Figure.Plot gives
// the *plot.Plot beneath, and Of makes a Figure of any *plot.Plot.
//
// It is not for models: every call takes slices or a mat.Matrix. Slices whose
// lengths do not match are a mistake in the calling program and panic with a
// message that names the call and both lengths.
//
// Start reading at figure.go, then layers.go; theme.go and inks.go are about
// colour.
package plots
