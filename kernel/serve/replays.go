package serve

import (
	"crypto/sha256"
	"sync"

	"github.com/priorlab/priorlab/kernel/wire"
)

// replays remembers the latest genuine messages: someone who could read the
// wire could otherwise send one again with its valid signature.
type replays struct {
	mu   sync.Mutex
	seen map[[sha256.Size]byte]struct{} // nil when messages are not signed
	ring [][sha256.Size]byte
	next int
}

const replayMemory = 1 << 14

func newReplays(signed bool) *replays {
	r := &replays{}
	if signed {
		r.seen = make(map[[sha256.Size]byte]struct{})
	}
	return r
}

// first reports whether e was not seen before, and remembers it.
func (r *replays) first(e wire.Envelope) bool {
	if r.seen == nil {
		return true
	}
	h := sha256.New()
	h.Write(e.Header)
	h.Write(e.Content)
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, again := r.seen[sum]; again {
		return false
	}
	r.seen[sum] = struct{}{}
	if len(r.ring) < replayMemory {
		r.ring = append(r.ring, sum)
		return true
	}
	delete(r.seen, r.ring[r.next])
	r.ring[r.next] = sum
	r.next = (r.next + 1) % replayMemory
	return true
}
