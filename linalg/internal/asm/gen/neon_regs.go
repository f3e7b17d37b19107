package main

import (
	"fmt"
	"log"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/reg"
)

// write appends the function to the text, unless it needs more than 32 vector registers.
func (n *neon) write() bool {
	n.prune()
	number, ok := n.allocate()
	if !ok {
		return false
	}
	b := &neonBodies
	fmt.Fprintf(b, "TEXT %s<>(SB), NOSPLIT, $64-16\n\tMOVD a+8(FP), R0\n\tMOVD $neonTable<>(SB), R2\n", n.name)
	for _, l := range n.code {
		switch {
		case l.label != "":
			fmt.Fprintf(b, "%s\n", l.text)
		case l.word == 0:
			b.line("%s", l.text)
		default:
			word, v := l.word, []any{}
			for _, r := range l.regs {
				v = append(v, number[r.ID()])
				word |= uint32(number[r.ID()]) << r.at
			}
			if len(v) == 3 && v[0] == v[1] && v[1] == v[2] && strings.HasPrefix(l.text, "mov") {
				continue // the copy took the place of what it copies
			}
			b.word(word, l.text, v...)
		}
	}
	b.WriteString("\tRET\n\n")
	return true
}

// prune drops instructions whose results nobody reads.
func (n *neon) prune() {
	for {
		uses := map[reg.ID]int{}
		for _, l := range n.code {
			for _, r := range l.regs {
				if r.use && !r.def {
					uses[r.ID()]++
				}
			}
		}
		kept := n.code[:0]
		for _, l := range n.code {
			dead := len(l.regs) > 0
			for _, r := range l.regs {
				dead = dead && (!r.def && l.regs[0].def || r.def && uses[r.ID()] == 0)
			}
			if !dead {
				kept = append(kept, l)
			}
		}
		if len(kept) == len(n.code) {
			return
		}
		n.code = kept
	}
}

// allocate gives every register a number. A register is taken from its first line to its last, and to the end of every loop that
// it is carried into.
func (n *neon) allocate() (number map[reg.ID]int, ok bool) {
	first, last, labels := map[reg.ID]int{}, map[reg.ID]int{}, map[string]int{}
	for i, l := range n.code {
		for _, r := range l.regs {
			if _, seen := first[r.ID()]; !seen {
				if first[r.ID()] = i; r.use {
					log.Fatalf("%s: line %q reads what nothing wrote", n.name, l.text)
				}
			}
			last[r.ID()] = i
		}
		if l.label != "" {
			labels[l.label] = i
		}
	}
	for again := true; again; {
		again = false
		for end, l := range n.code {
			begin, seen := labels[l.target]
			if !seen || begin > end {
				continue
			}
			for r, i := range last {
				if first[r] < begin && i > begin && i < end {
					last[r], again = end, true
				}
			}
		}
	}
	number = map[reg.ID]int{}
	taken := [32]reg.ID{}
	for i, l := range n.code {
		for v, r := range taken {
			if r != 0 && last[r] <= i {
				taken[v] = 0
			}
		}
		for _, r := range l.regs {
			if first[r.ID()] != i {
				continue
			}
			v := slices.Index(taken[:], 0)
			if v < 0 {
				return nil, false
			}
			taken[v], number[r.ID()] = r.ID(), v
		}
	}
	return number, true
}
