package param

import (
	"fmt"
	"math"
)

// Transform maps a free real number to an allowed value and back.
type Transform interface {
	// Name says which transform it is, for tables and files.
	Name() string
	// Value maps a free number to the value.
	Value(free float64) float64
	// Free is the inverse of Value.
	Free(value float64) float64
	// Slope is d value / d free, at a value.
	Slope(value float64) float64
	// LogSlope returns log|d value / d free| at a value and its derivative
	// with respect to the free number: the change of volume that a density
	// over values needs when free numbers are sampled.
	LogSlope(value float64) (logSlope, dFree float64)
	// Check returns an error for a value outside the allowed range.
	Check(value float64) error
}

// Identity leaves the number as it is.
type Identity struct{}

// Name is "real".
func (Identity) Name() string { return "real" }

// Value returns free.
func (Identity) Value(free float64) float64 { return free }

// Free returns value.
func (Identity) Free(value float64) float64 { return value }

// Slope is 1.
func (Identity) Slope(float64) float64 { return 1 }

// LogSlope is 0.
func (Identity) LogSlope(float64) (float64, float64) { return 0, 0 }

// Check accepts every finite number.
func (Identity) Check(v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%v is not a finite number", v)
	}
	return nil
}

// Log keeps the value positive: value = exp(free).
type Log struct{}

// Name is "positive".
func (Log) Name() string { return "positive" }

// Value is exp(free).
func (Log) Value(free float64) float64 { return math.Exp(free) }

// Free is log(value).
func (Log) Free(value float64) float64 { return math.Log(value) }

// Slope is the value itself.
func (Log) Slope(value float64) float64 { return value }

// LogSlope is the free number, with derivative 1.
func (Log) LogSlope(value float64) (float64, float64) { return math.Log(value), 1 }

// Check accepts positive finite numbers.
func (Log) Check(v float64) error {
	if !(v > 0) || math.IsInf(v, 0) {
		return fmt.Errorf("%v is not a positive number", v)
	}
	return nil
}

// Between keeps the value strictly between Lo and Hi by a logistic curve.
type Between struct{ Lo, Hi float64 }

// Name gives the two ends.
func (b Between) Name() string { return fmt.Sprintf("between %g and %g", b.Lo, b.Hi) }

// Value is Lo + (Hi-Lo)/(1+exp(-free)).
func (b Between) Value(free float64) float64 { return b.Lo + (b.Hi-b.Lo)/(1+math.Exp(-free)) }

// Free is the logit of the position between the ends.
func (b Between) Free(value float64) float64 { return math.Log((value - b.Lo) / (b.Hi - value)) }

// Slope is (value-Lo)(Hi-value)/(Hi-Lo).
func (b Between) Slope(value float64) float64 {
	return (value - b.Lo) * (b.Hi - value) / (b.Hi - b.Lo)
}

// LogSlope is the logarithm of Slope.
func (b Between) LogSlope(value float64) (float64, float64) {
	return math.Log(b.Slope(value)), 1 - 2*(value-b.Lo)/(b.Hi-b.Lo)
}

// Check accepts numbers strictly between the ends.
func (b Between) Check(v float64) error {
	if !(v > b.Lo && v < b.Hi) {
		return fmt.Errorf("%v is not between %g and %g", v, b.Lo, b.Hi)
	}
	return nil
}
