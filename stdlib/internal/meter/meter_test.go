package meter

import (
	"testing"
)

// Work takes CPU time; memory that was given back does not count towards the next peak.
func TestMeter(t *testing.T) {
	before := CPU()
	if err := ResetPeak(); err != nil {
		t.Skipf("this system does not tell the peak: %v", err)
	}
	base := Peak()
	x := make([]byte, 64<<20)
	for n := range 2 {
		for i := range x {
			x[i] += byte(i + n)
		}
	}
	if got := Peak() - base; got < 60 || got > 90 {
		t.Errorf("64 MB raise the peak by %.1f MB, sum %d", got, x[len(x)-1])
	}
	if CPU() <= before {
		t.Error("the work took no time")
	}
	x = nil
	if err := ResetPeak(); err != nil {
		t.Fatal(err)
	}
	if got := Peak() - base; got > 32 {
		t.Errorf("memory given back still counts: the peak is %.1f MB above the first", got)
	}
}
