package cell

import (
	"context"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
	"text/tabwriter"
)

// A cell may hold commands to the kernel between its Go: lines that begin with
// %, with ! or, so that a notebook stays plain Go, with //lab:. They cut the
// cell into segments, which run one after the other as cells would.

// magic is a command. Its run is given the Go that it is about.
type magic struct {
	name, args, help string
	run              func(s *Session, ctx context.Context, g segment) Outcome
}

var magics []magic

func init() { // the commands call what reads the table
	magics = []magic{
		{"vars", "", "the session's variables: name, type, shape, size, value and cell", func(s *Session, _ context.Context, _ segment) Outcome { s.printVariables(); return Outcome{} }},
		{"time", "[STATEMENT]", "run the statement, or the rest of the cell, and say how long it took", (*Session).timed},
		{"bench", "[STATEMENT]", "run it again and again and give the time and the memory of one run", (*Session).bench},
		{"prof", "[STATEMENT]", "run it and show where its time goes, as a flame graph", (*Session).profiled},
		{"replay", "", "after a crash: run again the cells that had succeeded", nil},
		{"help", "[NAME]", "these commands, or what is known about a name such as mat.Dense; NAME? does the same", nil},
		{"sh", "COMMAND", "run a command, or the rest of the cell, in the system's shell; !COMMAND does the same", (*Session).shell},
	}
	for _, m := range magics {
		Magics = append(Magics, "%"+m.name)
	}
	slices.Sort(Magics)
}

// Magics lists the commands that a line may begin with.
var Magics []string

// MagicHelp explains the commands.
func MagicHelp() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 2, 8, 2, ' ', 0)
	for _, m := range magics {
		fmt.Fprintf(w, "%%%s %s\t%s\n", m.name, m.args, m.help)
	}
	w.Flush() // writes to memory
	b.WriteString(`
Commands stand on lines of their own, before, between and after Go. Two signs, as in %%time, make one of the whole
cell. In !COMMAND a {name} is replaced by the value of the variable. The spelling //lab:vars, //lab:time ... keeps a
notebook plain Go.
`)
	return b.String()
}

// elsewhere says what takes the place of commands of other kernels.
var elsewhere = map[string]string{
	"who": "%vars", "whos": "%vars", "who_ls": "%vars", "timeit": "%bench STATEMENT", "prun": "%prof STATEMENT", "lprun": "%prof STATEMENT", "pinfo": "%help NAME",
	"matplotlib": "nothing: plots show themselves", "pip": "nothing: cells import what is built in", "conda": "nothing: cells import what is built in",
	"load_ext": "nothing: there are no extensions", "autoreload": "nothing: there are no extensions", "cd": "os.Chdir(\"folder\")", "pwd": "os.Getwd()", "ls": "!ls", "env": "os.Getenv(\"NAME\")",
	"debug": "a breakpoint, with the front end's debugger switched on", "pdb": "a breakpoint, with the front end's debugger switched on", "reset": "a restart of the kernel",
	"writefile": "os.WriteFile(name, data, 0o644)", "bash": "%sh", "run": "os/exec, or a cell with the file's text", "capture": "fmt.Sprint, or a bytes.Buffer", "html": "lab.Show", "latex": "lab.Show",
}

// segment is a stretch of a cell that is run as a whole: Go, or a command with
// the Go that it is about.
type segment struct {
	name  string // of the command, "" for Go
	arg   string // text behind the name
	line  int
	whole bool // the command is about the rest of the cell
	cell  Cell // code is the Go of this segment alone, in its place
}

// segments cuts a cell. One without commands is one segment.
func segments(c Cell, known func(name string) bool) []segment {
	lines := strings.SplitAfter(c.Source, "\n")
	var out []segment
	goFrom := 0
	add := func(g segment, from, to int) {
		g.cell = Cell{Name: c.Name, Source: c.Source, code: only(c.Source, from, to)}
		out = append(out, g)
	}
	flush := func(to int) {
		if strings.TrimSpace(c.Source[goFrom:to]) != "" {
			add(segment{}, goFrom, to)
		}
	}
	off := 0
	for i := 0; i < len(lines); i++ {
		begin := off
		off += len(lines[i])
		line := strings.TrimSpace(lines[i])
		if !strings.HasPrefix(line, "%") && !strings.HasPrefix(line, "!") && !strings.HasPrefix(line, "//lab:") {
			continue
		}
		before := c.Source[goFrom:begin]
		if !outside(before) || strings.HasPrefix(line, "!") && negation(line, func(name string) bool { return known(name) || declares(before, name) }) {
			continue
		}
		g, at := command(line)
		g.line = i + 1
		flush(begin)
		at += begin + strings.Index(lines[i], line)
		g.whole = g.whole || g.arg == "" && (g.name == "time" || g.name == "bench" || g.name == "prof" || g.name == "sh")
		if g.whole {
			off = len(c.Source)
			i = len(lines)
		} else if g.name != "sh" { // a statement may go on over several lines
			for i+1 < len(lines) && !outside(c.Source[at:off]) {
				i++
				off += len(lines[i])
			}
		}
		add(g, at, off)
		goFrom = off
	}
	flush(len(c.Source))
	return out
}

// command reads a line; at is where its argument begins.
func command(line string) (g segment, at int) {
	rest, ok := strings.CutPrefix(line, "//lab:")
	if !ok {
		rest = line
	}
	rest = strings.TrimLeft(rest, " ")
	switch {
	case strings.HasPrefix(rest, "!"):
		g.name, g.arg = "sh", strings.TrimLeft(rest, "! ")
	default:
		g.whole = strings.HasPrefix(rest, "%%")
		rest = strings.TrimLeft(rest, "% ")
		g.name, g.arg, _ = strings.Cut(rest, " ")
		g.arg = strings.TrimSpace(g.arg)
	}
	return g, len(line) - len(g.arg)
}

// only blanks all of text but a stretch.
func only(text string, from, to int) string {
	return keep(text, []span{{start: from, end: to}})
}

// outside reports whether a line behind text stands at the top level: within no
// bracket, string or comment.
func outside(text string) bool {
	if off, _ := unclosed(text); off >= 0 {
		return false
	}
	return !openText(text)
}

// openText reports whether text ends within a raw string or a comment.
func openText(text string) (open bool) {
	var sc scanner.Scanner
	sc.Init(token.NewFileSet().AddFile("", 1, len(text)), []byte(text), func(_ token.Position, msg string) {
		open = open || msg == "raw string literal not terminated" || msg == "comment not terminated"
	}, 0)
	for {
		if _, t, _ := sc.Scan(); t == token.EOF {
			return open
		}
	}
}

// negation reports whether a line that begins with ! is Go: an expression of
// names that are known.
func negation(line string, known func(string) bool) bool {
	e, err := parser.ParseExpr(line)
	if err != nil {
		return false
	}
	names := map[string]bool{}
	mentions(e, names)
	for n := range names {
		if n != "true" && n != "false" && !known(n) {
			return false
		}
	}
	return true
}

// declares reports whether Go declares a name at its top level.
func declares(text, name string) bool {
	p, _ := parse(token.NewFileSet(), Cell{Source: text})
	return slices.ContainsFunc(p.items, func(it item) bool { return slices.Contains(defines(it), name) })
}

// isDefined reports whether a name is one that a cell has defined.
func (s *Session) isDefined(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.live[name] != nil
}

// evalSegments runs a cell that holds commands. Its Go is parsed whole first:
// a slip of the pen runs nothing.
func (s *Session) evalSegments(ctx context.Context, gs []segment) (out Outcome) {
	for _, g := range gs {
		if err := s.known(g); err != nil {
			return Outcome{Err: err}
		}
		if g.name != "" && (g.name == "sh" || g.name == "vars") {
			continue
		}
		p, errs := parse(token.NewFileSet(), g.cell)
		if len(errs) > 0 {
			return Outcome{Err: &CompileError{Diagnostics: syntaxDiagnostics(p.src, errs)}}
		}
	}
	var notes []Diagnostic
	for _, g := range gs {
		if g.name == "" {
			out = s.evalGo(ctx, g.cell)
		} else {
			out = findMagic(g.name).run(s, ctx, g)
		}
		notes = append(notes, out.Notes...)
		if out.Err != nil || out.Exit != nil {
			break
		}
	}
	out.Notes = notes
	return out
}

func findMagic(name string) *magic {
	for i := range magics {
		if magics[i].name == name {
			return &magics[i]
		}
	}
	return nil
}

// known refuses a command that does not exist or cannot stand here.
func (s *Session) known(g segment) error {
	if g.name == "" {
		return nil
	}
	d := Diagnostic{Cell: g.cell.Name, Line: g.line, Col: 1, Msg: "there is no command %" + g.name}
	src := source{text: g.cell.Source}
	d.Excerpt = src.excerpt(g.line, 1)
	switch m := findMagic(g.name); {
	case m != nil && m.run != nil:
		return nil
	case m != nil:
		d.Msg = "%" + g.name + " stands alone in its cell"
	case elsewhere[g.name] != "":
		d.Hint = "here that is " + elsewhere[g.name]
	default:
		d.Hint = "%help lists the commands"
		if near := nearest("%"+g.name, Magics); near != "" {
			d.Hint = "did you mean " + near + "?"
		}
	}
	return &CompileError{Diagnostics: []Diagnostic{d}}
}

func (s *Session) printVariables() {
	vars := s.variables(true)
	if len(vars) == 0 {
		fmt.Fprintln(s.streams.stdout, "no variables")
		return
	}
	w := tabwriter.NewWriter(s.streams.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "name\ttype\tshape\tsize\tvalue\tcell")
	for _, v := range vars {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", v.Name, cutText(v.Type, 40), v.Shape, byteSize(v.Bytes), v.Preview, v.Cell)
	}
	w.Flush() // writes to the session's stream, whose errors are its own
}

func byteSize(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

// SyntaxError is the first syntax error of a cell, or "".
func SyntaxError(text string) string {
	_, errs := parse(token.NewFileSet(), Cell{Source: GoText(text)})
	if len(errs) == 0 {
		return ""
	}
	return errs[0].Msg
}

// GoText is a cell with its commands blanked.
func GoText(text string) string {
	gs := segments(Cell{Source: text}, func(string) bool { return false })
	if len(gs) == 1 && gs[0].name == "" {
		return text
	}
	b := []byte(only(text, 0, 0))
	for _, g := range gs {
		for i := range len(text) {
			if g.name != "sh" && g.cell.code[i] != ' ' {
				b[i] = text[i]
			}
		}
	}
	return string(b)
}
