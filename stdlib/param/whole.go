package param

import (
	"fmt"
	"math"
)

// Whole admits the whole numbers from Lo to Hi, for sizes such as the number
// of inducing points. No optimiser moves them.
type Whole struct{ Lo, Hi int }

// Count makes a parameter that is a whole number from lo to hi.
func Count(name string, value, lo, hi int) *Param {
	return New(name, Whole{lo, hi}, float64(value)).Fix()
}

// Name gives the two ends.
func (w Whole) Name() string { return fmt.Sprintf("whole from %d to %d", w.Lo, w.Hi) }

// Value returns free.
func (w Whole) Value(free float64) float64 { return free }

// Free returns value.
func (w Whole) Free(value float64) float64 { return value }

// Slope is 1.
func (w Whole) Slope(float64) float64 { return 1 }

// LogSlope is 0.
func (w Whole) LogSlope(float64) (float64, float64) { return 0, 0 }

// Check accepts whole numbers from Lo to Hi.
func (w Whole) Check(v float64) error {
	if v != math.Trunc(v) || !(v >= float64(w.Lo) && v <= float64(w.Hi)) {
		return fmt.Errorf("%v is not a whole number from %d to %d", v, w.Lo, w.Hi)
	}
	return nil
}
