//go:build amd64 || arm64

package kernel

import (
	"testing"

	"github.com/priorlab/priorlab/linalg/internal/par"
)

// The parts that threads take are whole tiles of no more rows than asked, all rows are in one, and the last is a small part of what
// a thread does.
func TestShares(t *testing.T) {
	defer par.SetThreads(par.Threads())
	for _, threads := range []int{2, 3, 8} {
		par.SetThreads(threads)
		for _, m := range []int{1, 6, 13, 100, 1024, 6500} {
			const tile, most = 6, 192
			cuts := shares(m, tile, most)
			if cuts[0] != 0 || cuts[len(cuts)-1] != m {
				t.Fatalf("%d rows for %d threads: %v", m, threads, cuts)
			}
			for q, i := range cuts[1:] {
				rows := i - cuts[q]
				if rows <= 0 || rows > most || cuts[q]%tile != 0 {
					t.Errorf("%d rows for %d threads: part %d of %v", m, threads, q, cuts)
				}
			}
			if last := m - cuts[len(cuts)-2]; last > max(2*tile, m/threads/8) {
				t.Errorf("%d rows for %d threads: the last part has %d", m, threads, last)
			}
		}
	}
}
