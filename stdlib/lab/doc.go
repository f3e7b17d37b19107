// Package lab is how a cell talks to the person in front of it: it shows
// values, pictures and tables, asks for input, reports progress, and draws
// controls whose movement redraws a picture in place.
//
//	lab.Show(fig)                      // show something now
//	d := lab.Display(fig)              // ... and replace it later
//	d.Update(fig2)
//	lab.Interact(func(scale float64, m int) any {
//		return draw(scale, m)
//	}, lab.FloatLogSlider("length-scale", 20, 1, 200), lab.IntSlider("M", 30, 5, 80))
//
// # What can be shown
//
// [Render] turns any value into a [Bundle], several forms of one thing. It
// looks, in this order, for
//
//   - a Bundle, or a value with a method Bundle() lab.Bundle;
//   - methods without arguments named HTML, SVG, PNG, JPEG, Markdown, Latex,
//     JSON and MIMEBundle, each giving a string, a []byte or (JSON,
//     MIMEBundle) any value, perhaps with an error;
//   - a *plot.Plot, an image.Image, a mat.Matrix, an error;
//   - slices of structs and rectangular slices of numbers, shown as tables;
//   - anything else, printed in the manner of Go with long and deep parts
//     folded.
//
// A text form is always there. All text taken from values is escaped in HTML.
// A display method that panics gives a readable note and never ends the cell.
//
// # Where it is shown
//
// The package speaks to one [Host]. The kernel installs one that sends
// messages to the front end; without it a plain terminal is used, so the same
// program runs from a shell. Where [Host] reports no widgets (a terminal, an
// exported page) controls are left out and one line of text says what they
// stood at.
//
// # Controls
//
// Every control is a [Widget]; constructors such as [IntSlider], [Dropdown],
// [Button] and [VBox] make them. Their state lives here and in every open
// page at once. Events follow one rule, latest value wins: in one tree of
// widgets one callback runs at a time, always with the newest values; a value
// that arrives meanwhile replaces the one that waits and cancels the context
// of the callback it makes obsolete. Nothing queues up. See [HandleComm] for
// the pacing against the front end.
//
// On top of controls stand Interact (a function and its arguments), Explore (a
// model and its parameters), Elicit and ElicitFunctions (a prior from what a
// person expects), Bake (sliders that need no kernel) and Progress.
//
// Start reading at render.go for display, at widget.go and events.go for
// controls, at interact.go for what is built of them.
package lab
