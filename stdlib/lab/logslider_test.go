package lab

import (
	"math"
	"testing"
)

func TestLogSliderShowsItsFirstValue(t *testing.T) {
	useHost(t, true)
	for _, c := range [][3]float64{{8, 1, 100}, {8, 2, 60}, {1, 1, 100}, {100, 1, 100}, {0.03, 1e-4, 10}, {500, 1, 100}, {1.0001, 1, 100}} {
		w := FloatLogSlider("s", c[0], c[1], c[2])
		value, lo, step := w.Float(), w.Get("min").(float64), w.Get("step").(float64)
		if want := math.Min(math.Max(c[0], c[1]), c[2]); value != want {
			t.Errorf("%v: the value is %v", c, value)
		}
		shown := math.Pow(10, lo+step*math.Round((math.Log10(value)-lo)/step))
		if math.Abs(shown-value) > 1e-3*value {
			t.Errorf("%v: the page shows %v", c, shown)
		}
		if n := (w.Get("max").(float64) - lo) / step; n < 60 || n > 200 {
			t.Errorf("%v: %v steps", c, n)
		}
	}
}
