package worker

import "strings"

// causes are the beginnings of what the Go runtime prints when it gives up,
// with what to tell the person.
var causes = []struct{ said, means string }{
	{"fatal error: concurrent map", "two goroutines used one map at the same time; guard it with a sync.Mutex"},
	{"fatal error: all goroutines are asleep", "every goroutine was waiting for another (deadlock)"},
	{"stack overflow", "recursion without end exhausted the stack"},
	{"goroutine stack exceeds", "recursion without end exhausted the stack"},
	{"fatal error: runtime: out of memory", "the machine had no memory left to give"},
	{"fatal error: runtime: cannot allocate memory", "the machine had no memory left to give"},
	{"fatal error: sync: unlock of unlocked mutex", "a mutex was unlocked that was not locked"},
	{"fatal error: sync: ", "a lock was used wrongly"},
	{"signal: killed", "the system killed it, most often because memory ran out"},
	{"SIGSEGV", "compiled code touched memory that is not its own"},
	{"panic: ", "a panic reached the top of a goroutine"},
}

// obituary says why p ended: in words, and the runtime's own line.
func obituary(p *process) (why, detail string) {
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	if held := p.takeOutgrown(); held > 0 {
		return outOfMemory("it", held).Value, ""
	}
	last := p.stderr.last()
	for _, c := range causes {
		if i := strings.LastIndex(last, c.said); i >= 0 {
			start := strings.LastIndexByte(last[:i], '\n') + 1
			line, _, _ := strings.Cut(last[start:], "\n")
			return c.means, line
		}
		if strings.Contains(ended.Error(), c.said) {
			return c.means, ended.Error()
		}
	}
	return ended.Error(), ""
}
