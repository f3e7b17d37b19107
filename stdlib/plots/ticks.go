package plots

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// niceTicks puts marks at 1, 2 or 5 times a power of ten, at most about so
// many (0: six); with whole set only at integers.
type niceTicks struct {
	whole bool
	most  float64
}

// Ticks satisfies plot.Ticker.
func (n niceTicks) Ticks(lo, hi float64) []plot.Tick {
	if !(hi > lo) || math.IsInf(lo, 0) || math.IsInf(hi, 0) {
		return nil
	}
	most := n.most
	if most == 0 {
		most = 5.5
	}
	step := niceStep((hi - lo) / most)
	if n.whole {
		step = math.Max(1, step)
	}
	marks := func() float64 { return math.Floor(hi/step+1e-9) - math.Ceil(lo/step-1e-9) + 1 }
	for k := 0; k < 2 && marks() < 2 && !(n.whole && step == 1); k++ { // one mark alone says nothing of the scale
		step = niceStep(0.4 * step)
	}
	decimals := int(math.Max(0, -math.Floor(math.Log10(step)+1e-9)))
	var ticks []plot.Tick
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+1e-9*step && len(ticks) < 50; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: tickText(i*step, step, decimals)})
	}
	return ticks
}

func niceStep(raw float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if raw <= m*base*1.0001 {
			return m * base
		}
	}
	return 10 * base
}

func tickText(v, step float64, decimals int) string {
	if math.Abs(v) < step/1e6 {
		return "0"
	}
	var s string
	if a := math.Abs(v); a >= 1e6 || step < 1e-4 {
		s = strconv.FormatFloat(v, 'g', 4, 64)
		if m, e, ok := strings.Cut(s, "e"); ok {
			n, _ := strconv.Atoi(e)
			s = m + "e" + strconv.Itoa(n)
		}
	} else {
		s = strconv.FormatFloat(v, 'f', decimals, 64)
	}
	return strings.Replace(s, "-", "−", 1)
}

// logTicks marks powers of ten, and 2 and 5 times them when few fit.
type logTicks struct{}

// Ticks satisfies plot.Ticker.
func (logTicks) Ticks(lo, hi float64) []plot.Tick {
	if !(lo > 0 && hi > lo) {
		return nil
	}
	decades := math.Log10(hi / lo)
	every := math.Max(1, math.Ceil(decades/7))
	factors := []float64{1}
	if decades < 3 {
		factors = []float64{1, 2, 5}
	}
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(lo)); e <= math.Log10(hi); e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < lo*0.999999 || v > hi*1.000001 {
				continue
			}
			if m > 1 && decades > 5 {
				break
			}
			t := plot.Tick{Value: v}
			for _, f := range factors {
				if f == m && math.Mod(e, every) == 0 {
					t.Label = logText(v)
				}
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

func logText(v float64) string {
	if v >= 1e-3 && v < 1e5 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	s := strconv.FormatFloat(v, 'e', -1, 64)
	m, e, _ := strings.Cut(s, "e")
	n, _ := strconv.Atoi(e)
	return strings.ReplaceAll(m+"e"+strconv.Itoa(n), "-", "−")
}

// spaced keeps the labels of a vertical axis off its tick marks. The labels
// are right-aligned, so a space at the end moves them.
type spaced struct{ plot.Ticker }

// Ticks satisfies plot.Ticker.
func (s spaced) Ticks(lo, hi float64) []plot.Tick {
	ticks := append([]plot.Tick(nil), s.Ticker.Ticks(lo, hi)...)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label += " "
		}
	}
	return ticks
}
