//go:build !linux

package meter

import "errors"

// ResetPeak fails: this system does not tell the peak.
func ResetPeak() error { return errors.ErrUnsupported }

// Peak is 0: this system does not tell it.
func Peak() float64 { return 0 }
