package cell

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/priorlab/priorlab/kernel/cell/internal/cpu"
	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// timed runs Go and prints how long that took, and apart from it how long it
// took to check and compile.
func (s *Session) timed(ctx context.Context, g segment) Outcome {
	u, out := s.prepare(g.cell)
	if u == nil {
		return out
	}
	before := cpu.Time()
	s.run(ctx, u, &out)
	line := "took " + short(out.Timing.Run)
	if used := cpu.Time() - before; used > 0 {
		line += ", " + short(used) + " of processor time"
	}
	fmt.Fprintf(s.streams.stdout, "%s (checked and compiled in %s)\n", line, short(out.Timing.Check+out.Timing.Lower))
	if u.parsed.quiet {
		out.Values = nil
	}
	return out
}

// short writes a duration with three digits.
func short(d time.Duration) string {
	if d <= 0 {
		return d.String()
	}
	unit := time.Duration(math.Pow(10, math.Max(0, math.Floor(math.Log10(float64(d)))-2)))
	return d.Round(unit).String()
}

// How long bench measures, and in how many rounds.
const (
	benchFor    = time.Second
	benchRounds = 10
)

// bench runs Go again and again. Rounds are long enough for the clock; the
// fastest is the least disturbed.
func (s *Session) bench(ctx context.Context, g segment) Outcome {
	u, out := s.prepare(g.cell)
	if u == nil {
		return out
	}
	s.run(ctx, u, &out) // once as it is, which says what is wrong
	if out.Err != nil {
		return out
	}
	var each []float64 // nanoseconds of one run, by round
	var runs, n int
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for n = 1; ; {
		took := s.repeat(ctx, u, n, &out)
		if out.Err != nil {
			return out
		}
		runs += n
		if took < benchFor/benchRounds && n < 1<<30 {
			grow := float64(benchFor/benchRounds) / float64(max(took, 1))
			n = int(float64(n)*min(grow*1.1, 100)) + 1
			if took < benchFor/benchRounds/2 {
				continue
			}
		}
		each = append(each, float64(took)/float64(n))
		if len(each) >= benchRounds || float64(len(each))*float64(took) > 3*float64(benchFor) {
			break
		}
	}
	runtime.ReadMemStats(&after)
	slices.Sort(each)
	text := fmt.Sprintf("%s a run, fastest of %d rounds (median %s)", short(nanos(each[0])), len(each), short(nanos(each[len(each)/2])))
	fmt.Fprintf(s.streams.stdout, "%s; %s in %.1f allocations\n", text,
		byteSize(int64(after.TotalAlloc-before.TotalAlloc)/int64(runs)), float64(after.Mallocs-before.Mallocs)/float64(runs))
	out.Values = nil
	return out
}

func nanos(x float64) time.Duration { return time.Duration(math.Round(x)) }

// repeat runs a compiled cell n times on one goroutine.
func (s *Session) repeat(ctx context.Context, u *unit, n int, out *Outcome) (took time.Duration) {
	s.execute(ctx, u, out, nil, func(t *exec.Thread) []any {
		began := time.Now()
		for range n {
			s.machine.RunAll(t, u.bodies, func(int) {})
		}
		took = time.Since(began)
		return nil
	})
	return took
}

// profiled runs Go under the sampler and shows what it saw.
func (s *Session) profiled(ctx context.Context, g segment) Outcome {
	u, out := s.prepare(g.cell)
	if u == nil {
		return out
	}
	var p *exec.Profile
	s.execute(ctx, u, &out, func(r *exec.Run) { p = r.StartProfile() }, func(t *exec.Thread) []any {
		return s.machine.RunAll(t, u.bodies, func(i int) { s.publish(u, u.parts[i], &out) })
	})
	took := out.Timing.Run
	f := s.flame(p.Stop())
	if f.total == 0 {
		fmt.Fprintf(s.streams.stdout, "took %s: too short for a profile; %%bench measures what is short\n", short(took))
		return out
	}
	if u.parsed.quiet {
		out.Values = nil
	}
	title := strings.Join(strings.Fields(g.cell.code), " ")
	s.showProfile(f, cutText(title, 80), took)
	return out
}
