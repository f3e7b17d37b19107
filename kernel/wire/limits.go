package wire

import "time"

// Limits bound what one peer can cost. Zero fields take the defaults.
type Limits struct {
	Message int // bytes in one incoming message; 1 GiB
	Frames  int // frames in one incoming message; 4096
	Peers   int // connections to one socket; 1024

	// Incoming messages that wait for Recv, over all peers; a peer that
	// sends more waits for room.
	InMessages int // 16384
	InBytes    int // 1 GiB

	// Outgoing messages that wait for one peer. Above the Out limits the peer
	// is dropped; above the Soft limits Publisher.Wait waits.
	OutMessages  int // 200000
	OutBytes     int // 512 MiB
	SoftMessages int // 8192
	SoftBytes    int // 32 MiB

	Handshake time.Duration // greeting and READY must be complete; 10 s

	// Publisher.Wait gives up on a peer that takes nothing for Stall (1 s),
	// and on any peer after Patience (30 s).
	Stall    time.Duration
	Patience time.Duration
}

func (l Limits) withDefaults() Limits {
	def(&l.Message, 1<<30)
	def(&l.Frames, 4096)
	def(&l.Peers, 1024)
	def(&l.InMessages, 16384)
	def(&l.InBytes, 1<<30)
	def(&l.OutMessages, 200000)
	def(&l.OutBytes, 512<<20)
	def(&l.SoftMessages, 8192)
	def(&l.SoftBytes, 32<<20)
	def(&l.Handshake, 10*time.Second)
	def(&l.Stall, time.Second)
	def(&l.Patience, 30*time.Second)
	return l
}

func def[T int | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}
