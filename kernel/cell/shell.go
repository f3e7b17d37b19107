package cell

import (
	"context"
	"fmt"
	"go/types"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// shell runs a command line; what it prints appears as the cell's output. An
// interrupt ends it and whatever it started.
func (s *Session) shell(ctx context.Context, g segment) Outcome {
	line := g.arg
	if g.whole {
		_, line, _ = strings.Cut(g.cell.code, "\n")
		if g.arg != "" {
			line = g.arg
		}
	}
	line = s.interpolated(line)
	cmd := exec.CommandContext(ctx, shellProgram[0], append(shellProgram[1:], line)...)
	cmd.Stdout, cmd.Stderr = s.streams.stdout, s.streams.stderr
	cmd.WaitDelay = 100 * time.Millisecond
	ownGroup(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		return Outcome{Err: &Interrupted{}}
	}
	if err != nil {
		return Outcome{Err: &RuntimeError{Name: "command failed", Value: line + ": " + err.Error()}}
	}
	if first, rest, _ := strings.Cut(line, " "); first == "cd" && !strings.ContainsAny(rest, ";&|") {
		fmt.Fprintln(s.streams.stderr, "the shell went there and ended; os.Chdir changes the folder of the session")
	}
	return Outcome{}
}

var inBraces = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{\w+\}`) })

// interpolated puts the values of variables in the place of {name}.
func (s *Session) interpolated(line string) string {
	return inBraces().ReplaceAllStringFunc(line, func(m string) string {
		s.mu.RLock()
		v, ok := s.live[m[1:len(m)-1]].(*types.Var)
		s.mu.RUnlock()
		if !ok {
			return m
		}
		g, ok := s.machine.Global(v)
		if !ok {
			return m
		}
		return fmt.Sprint(g.Interface())
	})
}
