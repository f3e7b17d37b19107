package cell

import (
	"fmt"
	"go/token"
	"reflect"
	"strings"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// runtimeError describes a panic.
func (s *Session) runtimeError(v any, tr []exec.Frame) *RuntimeError {
	e := &RuntimeError{Panic: v, Name: panicName(v), Value: panicText(v)}
	if e.Name == "runtime error" {
		e.Value = strings.TrimPrefix(e.Value, "runtime error: ")
	}
	first, rest, _ := strings.Cut(e.Value, "\n")
	e.Value = first
	e.Traceback = []string{e.Name + ": " + e.Value}
	if rest = strings.TrimRight(rest, "\n"); rest != "" && len(rest) < 2000 {
		e.Traceback = append(e.Traceback, rest)
	}
	if aboutSizes.MatchString(e.Value) {
		if sizes := s.sizes(tr); sizes != "" {
			e.Traceback = append(e.Traceback, "    "+sizes)
		}
	}
	e.Traceback = append(e.Traceback, s.traceback(tr)...)
	return e
}

// panicName is what kind of thing a cell panicked with.
func panicName(v any) string {
	if _, dead := v.(deadlock); dead {
		return "deadlock"
	}
	if v == error(exec.ErrDepth) {
		return "runtime error"
	}
	t := reflect.TypeOf(v)
	name := strings.TrimPrefix(fmt.Sprintf("%T", v), "*")
	_, isError := v.(error)
	switch {
	case strings.HasPrefix(name, "runtime."), strings.HasPrefix(name, "exec."):
		return "runtime error"
	case strings.HasPrefix(name, "main."):
		if !isError {
			return "panic"
		}
		return strings.TrimPrefix(name, "main.")
	case !isError:
		return "panic"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !token.IsExported(t.Name()) { // errors.errorString and the like tell a person nothing
		return "error"
	}
	return name
}

func panicText(v any) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprintf("(a value whose text cannot be had: %v)", r)
		}
	}()
	switch x := v.(type) {
	case error:
		return x.Error()
	case fmt.Stringer:
		return x.String()
	case string:
		return x
	}
	return show(reflect.ValueOf(v), 200, true)
}

// traceback renders frames, innermost first; repeated ones are folded, and so
// are those of compiled code.
func (s *Session) traceback(tr []exec.Frame) []string {
	var out []string
	prev, times := "", 0
	flush := func() {
		if times > 1 {
			out = append(out, fmt.Sprintf("    (this call %d times)", times))
		}
		times = 0
	}
	var compiled []string
	for _, f := range tr {
		if f.Compiled {
			compiled = append(compiled, f.Func)
			continue
		}
		src := s.sources.at(f.Pos)
		if src == nil {
			continue
		}
		if len(compiled) > 0 {
			out = append(out, "    compiled code: "+folded(compiled))
			compiled = nil
		}
		p := src.position(src.offset(s.fset, f.Pos))
		where := fmt.Sprintf("%s:%d:%d", src.name, p.Line, p.Column)
		name := strings.TrimPrefix(f.Func, "cell.")
		inside := name != "" && name != "cell"
		switch {
		case f.Go:
			where += " began the goroutine"
		case inside:
			where += " in " + name
		}
		if where == prev {
			times++
			continue
		}
		flush()
		prev, times = where, 1
		if inside {
			where += "(" + arguments(f.Args) + ")"
		}
		out = append(out, where+"\n"+src.excerpt(p.Line, p.Column))
	}
	flush()
	return out
}

// folded names the call that a cell made and the function that panicked.
func folded(fs []string) string {
	if len(fs) == 1 {
		return fs[0]
	}
	between := ""
	if n := len(fs) - 2; n > 0 {
		between = fmt.Sprintf(" (%d calls between)", n)
	}
	return fs[len(fs)-1] + between + ", there " + fs[0]
}

// maxArguments bounds the text of a call's arguments.
const maxArguments = 160

func arguments(args []exec.Arg) string {
	var parts []string
	for _, a := range args {
		if a.Name == "" || a.Name == "_" {
			continue
		}
		parts = append(parts, a.Name+"="+show(a.Value, 60, true))
	}
	return cutText(strings.Join(parts, ", "), maxArguments)
}
