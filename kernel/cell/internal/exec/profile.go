package exec

import (
	"go/token"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// A profile samples the calls of a run's goroutines. The machine's own stack
// has the names and lines that a person wrote; a profile of the process would
// show the machine's closures. The sampler reads frames while they change:
// each word it reads is one that was there, and a stack that moved between two
// looks is only a sample taken a moment earlier or later. Where a goroutine
// stands still it may be inside compiled code; the runtime then tells what runs
// there.

// Sample is a stack of calls, outermost first, and the time spent in it.
type Sample struct {
	Frames []Spot
	Time   time.Duration
}

// Spot is a call in a sample: a function of a cell at a position, or compiled
// code.
type Spot struct {
	Func     string
	Pos      token.Pos
	Compiled bool
}

// Profile collects samples of a run.
type Profile struct {
	mu      sync.Mutex
	threads []*thread
	samples map[string]*Sample
	stop    chan struct{}
	done    chan struct{}
	records []runtime.StackRecord
}

// How often samples are taken: closely at first, for what is short.
const (
	sampleClose = time.Millisecond
	sampleWide  = 5 * time.Millisecond
	closeFor    = time.Second
	moment      = 20 * time.Microsecond // in which interpreted code moves on
)

// StartProfile samples what the run does until Stop. It comes before Go.
func (r *Run) StartProfile() *Profile {
	p := &Profile{samples: map[string]*Sample{}, stop: make(chan struct{}), done: make(chan struct{}), records: make([]runtime.StackRecord, 64)}
	r.profile = p
	go p.loop()
	return p
}

// Stop ends the profile and returns its samples, longest first.
func (p *Profile) Stop() []Sample {
	close(p.stop)
	<-p.done
	var out []Sample
	for _, s := range p.samples {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Sample) int { return int(b.Time - a.Time) })
	return out
}

// add makes a thread of the run known.
func (p *Profile) add(th *thread) {
	th.publish()
	p.mu.Lock()
	p.threads = append(p.threads, th)
	p.mu.Unlock()
}

// publish gives the sampler the thread's stack; its frames stay where they are.
func (th *thread) publish() {
	s := th.stack
	th.view.Store(&s)
}

func (p *Profile) loop() {
	defer close(p.done)
	begun := time.Now()
	last := begun
	for {
		every := sampleClose
		if time.Since(begun) > closeFor {
			every = sampleWide
		}
		select {
		case <-p.stop:
			return
		case <-time.After(every):
		}
		now := time.Now()
		p.sample(min(now.Sub(last), 20*every))
		last = now
	}
}

// sample looks at every goroutine of the run.
func (p *Profile) sample(weight time.Duration) {
	p.mu.Lock()
	p.threads = slices.DeleteFunc(p.threads, func(th *thread) bool { return th.g == 0 })
	threads := slices.Clone(p.threads)
	p.mu.Unlock()
	inner := map[*thread]bool{} // threads that wait for a callback of theirs
	for _, th := range threads {
		if th.parent != nil {
			inner[th.parent] = true
		}
	}
	var still []*thread
	stacks := map[*thread][]Spot{}
	for _, th := range threads {
		if inner[th] || th.idle.Load() && !th.cell {
			continue
		}
		stacks[th] = th.spots()
	}
	for begun := time.Now(); time.Since(begun) < moment; { // not yielded: others may keep it for long
	}
	for th, s := range stacks {
		if slices.Equal(s, th.spots()) {
			still = append(still, th)
		}
	}
	if len(still) == 1 {
		th := still[0]
		if fs := p.compiled(); len(fs) > 0 && slices.Equal(stacks[th], th.spots()) {
			stacks[th] = append(stacks[th], fs...)
		}
	}
	for _, s := range stacks {
		if len(s) > 0 {
			p.count(s, weight)
		}
	}
}

func (p *Profile) count(s []Spot, weight time.Duration) {
	var key strings.Builder
	for _, f := range s {
		key.WriteString(f.Func)
		key.WriteByte(0)
		for n := int(f.Pos); n > 0; n >>= 7 {
			key.WriteByte(byte(n)&127 + 1)
		}
	}
	if old := p.samples[key.String()]; old != nil {
		old.Time += weight
		return
	}
	p.samples[key.String()] = &Sample{Frames: s, Time: weight}
}

// spots reads a thread's calls, outermost first, those of the callers of a
// callback included.
func (th *thread) spots() (out []Spot) {
	if th.parent != nil {
		out = th.parent.spots()
	} else if th.born.IsValid() {
		out = append(out, Spot{Func: "goroutine", Pos: th.born})
	}
	v := th.view.Load()
	if v == nil {
		return out
	}
	fs := *v
	for i := 1; i <= min(th.sp, len(fs)-1) && len(out) < maxFrames; i++ {
		fr := fs[i]
		if c := fr.code; c != nil && c.name != "native" && fr.pos.IsValid() {
			out = append(out, Spot{Func: c.name, Pos: fr.pos})
		}
	}
	return out
}

// compiled asks the runtime what compiled code runs on behalf of the one
// goroutine that stands still, outermost first; none if that is not certain.
func (p *Profile) compiled() (out []Spot) {
	n, ok := runtime.GoroutineProfile(p.records)
	if !ok {
		p.records = make([]runtime.StackRecord, n+64)
		return nil
	}
	for i := range p.records[:n] {
		fs, inside := compiledAbove(p.records[i].Stack())
		if !inside || len(fs) == 0 {
			continue
		}
		if out != nil {
			return nil
		}
		out = fs
	}
	return out
}

// compiledAbove lists the compiled calls above the machine's, and reports
// whether there is a machine below them.
func compiledAbove(pcs []uintptr) (out []Spot, inside bool) {
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		switch {
		case strings.Contains(f.Function, "/kernel/cell/internal/exec."), strings.Contains(f.Function, "yaegi/"):
			slices.Reverse(out)
			return out, !strings.Contains(f.Function, ".(*Profile)")
		case strings.Contains(f.Function, "/kernel/cell."): // waits for a goroutine on behalf of a cell
			return nil, false
		case strings.HasPrefix(f.Function, "runtime."), strings.HasPrefix(f.Function, "reflect."), strings.HasPrefix(f.Function, "internal/"):
		default:
			out = append(out, Spot{Func: shortFunction(f.Function), Compiled: true})
		}
		if !more {
			return nil, false
		}
	}
}
