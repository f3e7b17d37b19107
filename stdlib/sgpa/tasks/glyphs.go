package tasks

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

const glyphSize = 16

// glyphPens draw the classes: each says how dark the point (u, v) of the unit square is. The last two are strangers.
var glyphPens = []func(u, v float64) bool{
	func(u, v float64) bool { return math.Abs(u) < .18 || math.Abs(v) < .18 },              // plus
	func(u, v float64) bool { return math.Abs(u-v) < .22 || math.Abs(u+v) < .22 },          // cross
	func(u, v float64) bool { d := math.Hypot(u, v); return d > .55 && d < .9 },            // ring
	func(u, v float64) bool { return math.Max(math.Abs(u), math.Abs(v)) > .6 },             // frame
	func(u, v float64) bool { return math.Abs(math.Abs(u)-.5) < .18 },                      // two bars
	func(u, v float64) bool { return math.Hypot(u, v) < .6 },                               // disc
	func(u, v float64) bool { return (u > 0) == (v > 0) },                                  // checks
	func(u, v float64) bool { return math.Abs(math.Mod(math.Abs(v)*3+u*1.5+6, 2)-1) < .4 }, // stripes
}

const glyphClasses = 6

// drawGlyphs draws n pictures of classes from..to-1, moved, turned, scaled and dimmed at random, on a noisy ground.
func drawGlyphs(seed uint64, n, from, to int) *pictures {
	p := &pictures{n: n, c: 1, size: glyphSize, pix: make([]float64, n*glyphSize*glyphSize), y: make([]int, n)}
	for i := 0; i < n; i++ {
		r := linalg.NewRand(seed).Split(uint64(i))
		k := from + r.Intn(to-from)
		p.y[i] = k - from
		dx, dy, turn := .25*(2*r.Float64()-1), .25*(2*r.Float64()-1), .35*r.Normal()
		scale, ink, ground := .75+.35*r.Float64(), .45+.5*r.Float64(), .15*r.Float64()
		sin, cos := math.Sincos(turn)
		x := p.one(i)
		for a := 0; a < glyphSize; a++ {
			for b := 0; b < glyphSize; b++ {
				u, v := (2*float64(b)+1)/glyphSize-1-dx, (2*float64(a)+1)/glyphSize-1-dy
				u, v = (cos*u-sin*v)/scale, (sin*u+cos*v)/scale
				value := ground
				if math.Max(math.Abs(u), math.Abs(v)) <= 1 && glyphPens[k](u, v) {
					value = ink
				}
				x[a*glyphSize+b] = math.Min(math.Max(value+.12*r.Normal(), 0), 1)
			}
		}
	}
	return p
}

// Glyphs is a generated task: 16 x 16 pictures of six kinds of signs, n of them for training, with corrupted test sets at
// severities 1, 3 and 5 and two kinds of signs that training has not seen.
func Glyphs(n int, seed uint64) *Task {
	r := linalg.NewRand(seed)
	mean, sd := []float64{.25}, []float64{.27}
	test := drawGlyphs(r.Split(3).Uint64(), 500, 0, glyphClasses)
	t := &Task{Name: "glyphs", Rate: 3e-3, Batch: 50,
		Train:       drawGlyphs(r.Split(1).Uint64(), n, 0, glyphClasses).data(mean, sd),
		Valid:       drawGlyphs(r.Split(2).Uint64(), 300, 0, glyphClasses).data(mean, sd),
		Test:        test.data(mean, sd),
		Outside:     drawGlyphs(r.Split(4).Uint64(), 300, glyphClasses, len(glyphPens)).inputs(mean, sd),
		OutsideName: "unseen signs",
		Config: sgpa.Config{Width: 32, Heads: 2, Depth: 2, Inducing: 8, Classes: glyphClasses, Dropout: 0.1,
			Channels: 1, Size: glyphSize, Patch: 4}}
	for _, severity := range []int{1, 3, 5} {
		t.Shifted = append(t.Shifted, shiftedGlyphs(test, severity, seed, mean, sd))
	}
	return t
}
