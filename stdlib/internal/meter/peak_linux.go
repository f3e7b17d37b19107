package meter

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/priorlab/priorlab/linalg"
)

// ResetPeak gives back what memory is free and begins to look for a new peak. It fails where the system does not allow it.
func ResetPeak() error {
	linalg.ReleaseMemory()
	debug.FreeOSMemory()
	return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// Peak is the most memory, in megabytes, that the process has held since ResetPeak: its program and data included. It is 0
// where the system does not tell.
func Peak() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if size, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kB, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(size), "kB")), 64)
			if err != nil {
				return 0
			}
			return kB / 1024
		}
	}
	return 0
}
