package cell

import (
	"context"
	"fmt"
	"go/token"
	"io"
	"os/exec"
	"sort"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/priorlab/priorlab/symbols"
)

// Magics lists the commands that a line may begin with.
var Magics = []string{"%bench", "%help", "%time", "%vars"}

// magicHelp explains them.
const magicHelp = `%vars             the session's variables: name, type, shape, size, value
%time STATEMENT   run the statement (or the rest of the cell) and say how long it took
%bench STATEMENT  run it again and again and give the time of one run
%help [NAME]      this text, or what is known about a name such as mat.Dense
!COMMAND          run a command of the system's shell
The spelling //lab:vars, //lab:time ... keeps a notebook plain Go.
`

// command is a line that is not Go.
type command struct {
	name, arg string
	rest      string // of the cell, with the command's line blanked
}

// findCommand looks at the first line of a cell that is not blank.
func findCommand(text string) (command, bool) {
	start := 0
	for start < len(text) {
		end := start + strings.IndexByte(text[start:]+"\n", '\n')
		line := strings.TrimSpace(text[start:end])
		if line == "" {
			start = end + 1
			continue
		}
		var c command
		switch {
		case strings.HasPrefix(line, "!"):
			c = command{name: "!", arg: strings.TrimSpace(line[1:])}
		case strings.HasPrefix(line, "%"):
			c.name, c.arg, _ = strings.Cut(strings.TrimLeft(line, "%"), " ")
		case strings.HasPrefix(line, "//lab:"):
			c.name, c.arg, _ = strings.Cut(strings.TrimPrefix(line, "//lab:"), " ")
		default:
			return command{}, false
		}
		// The argument keeps its place, so that positions in it stay right.
		c.arg = strings.TrimSpace(c.arg)
		at := start + strings.Index(text[start:end], c.arg)
		blank := []byte(text[:min(end, len(text))])
		for i := range blank {
			if blank[i] != '\n' && (i < at || c.arg == "" || c.name == "!") {
				blank[i] = ' '
			}
		}
		c.rest = string(blank) + text[min(end, len(text)):]
		return c, true
	}
	return command{}, false
}

// magic runs a cell that is a command to the kernel and not Go. It reports
// whether it did.
func (s *Session) magic(ctx context.Context, c *Cell) (bool, Outcome) {
	cmd, ok := findCommand(c.Source)
	if !ok {
		return false, Outcome{}
	}
	src := Cell{Name: c.Name, Source: cmd.rest, sent: c.Source}
	switch cmd.name {
	case "!":
		return true, s.shell(ctx, cmd.arg)
	case "vars":
		s.printVariables()
		return true, Outcome{}
	case "help":
		s.printHelp(cmd.arg)
		return true, Outcome{}
	case "time":
		began := time.Now()
		out := s.evalGo(ctx, src)
		if out.Err == nil || len(out.Values) > 0 {
			fmt.Fprintf(s.streams.stdout, "%v\n", time.Since(began).Round(time.Microsecond))
		}
		return true, out
	case "bench":
		return true, s.bench(ctx, src)
	}
	if strings.HasPrefix(strings.TrimSpace(c.Source), "//") {
		return false, Outcome{} // a comment
	}
	line := 1 + strings.Count(c.Source[:strings.IndexByte(c.Source, '%')], "\n")
	d := Diagnostic{Cell: c.Name, Line: line, Col: 1, Msg: "there is no command %" + cmd.name, Hint: "the commands are " + strings.Join(Magics, ", ")}
	if near := nearest("%"+cmd.name, Magics); near != "" {
		d.Hint = "did you mean " + near + "?"
	}
	return true, Outcome{Err: &CompileError{Diagnostics: []Diagnostic{d}}}
}

// shell runs a command line; what it prints appears as the cell's output.
func (s *Session) shell(ctx context.Context, line string) Outcome {
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Stdout, cmd.Stderr = s.streams.stdout, s.streams.stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return Outcome{Err: &Interrupted{}}
	}
	if err != nil {
		return Outcome{Err: &RuntimeError{Name: "command failed", Value: line + ": " + err.Error()}}
	}
	return Outcome{}
}

func (s *Session) printVariables() {
	vars := s.variables(true)
	if len(vars) == 0 {
		fmt.Fprintln(s.streams.stdout, "no variables")
		return
	}
	w := tabwriter.NewWriter(s.streams.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "name\ttype\tshape\tbytes\tvalue\tcell")
	for _, v := range vars {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", v.Name, v.Type, v.Shape, v.Bytes, v.Preview, v.Cell)
	}
	w.Flush() // writes to the session's stream, whose errors are its own
}

func (s *Session) printHelp(name string) {
	if name == "" {
		_, _ = io.WriteString(s.streams.stdout, magicHelp)
		return
	}
	pkg, member, _ := strings.Cut(name, ".")
	if c := symbols.Candidates(pkg); len(c) > 0 {
		text := symbols.Doc(c[0], member)
		if text == "" {
			text = "nothing is written about " + name
		}
		fmt.Fprintf(s.streams.stdout, "%s (import %q)\n\n%s\n", name, c[0], text)
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if o := s.live[name]; o != nil {
		p := s.defined[o]
		fmt.Fprintf(s.streams.stdout, "%s\ndefined in %s, line %d\n%s\n", o, p.cell, p.line, p.doc)
		return
	}
	fmt.Fprintf(s.streams.stdout, "nothing is called %s\n", name)
}

// bench runs a cell until a second has passed and prints the time of one run.
func (s *Session) bench(ctx context.Context, c Cell) Outcome {
	u, out := s.prepare(c)
	if u == nil {
		return out
	}
	var times []time.Duration
	for began := time.Now(); len(times) < 3 || time.Since(began) < time.Second && len(times) < 100000; {
		t := time.Now()
		s.run(ctx, u, &out)
		if out.Err != nil {
			return out
		}
		times = append(times, time.Since(t))
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	fmt.Fprintf(s.streams.stdout, "%v median of %s runs (fastest %v)\n", times[len(times)/2].Round(10*time.Nanosecond), strconv.Itoa(len(times)), times[0].Round(10*time.Nanosecond))
	return out
}

// SyntaxError is the first syntax error of a cell, or "".
func SyntaxError(text string) string {
	_, errs := parse(token.NewFileSet(), Cell{Source: text})
	if len(errs) == 0 {
		return ""
	}
	return errs[0].Msg
}
