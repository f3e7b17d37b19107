package cell

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"github.com/priorlab/priorlab/symbols"
	_ "github.com/priorlab/priorlab/symbols/all" // what cells may import
)

// Session holds what cells have defined.
type Session struct {
	opt  Options
	intp *interp.Interpreter
}

// NewSession starts an empty session.
func NewSession(opt Options) (*Session, error) {
	s := &Session{opt: opt}
	s.intp = interp.New(interp.Options{Stdout: opt.Stdout, Stderr: opt.Stderr, Stdin: opt.Stdin})
	if err := s.intp.Use(stdlib.Symbols); err != nil {
		return nil, err
	}
	ex := interp.Exports{}
	for _, p := range symbols.Paths() {
		if strings.Contains(p, ".") {
			ex[p+"/"+symbols.Name(p)] = symbols.Values(p)
		}
	}
	if err := s.intp.Use(ex); err != nil {
		return nil, err
	}
	return s, nil
}

// Eval runs one cell to its end. It never panics; cancelling ctx interrupts
// the cell. One cell runs at a time.
func (s *Session) Eval(ctx context.Context, c Cell) (out Outcome) {
	defer func() {
		if r := recover(); r != nil {
			out.Err = &RuntimeError{Name: fmt.Sprintf("%T", r), Value: fmt.Sprint(r)}
		}
	}()
	setCurrent(c.Name)
	for _, name := range packageNames(c.Source) {
		if ps := symbols.Candidates(name); len(ps) == 1 {
			_, _ = s.intp.Eval(fmt.Sprintf("import %q", ps[0]))
		}
	}
	v, err := s.intp.EvalWithContext(ctx, c.Source)
	if ctx.Err() != nil {
		out.Err = &Interrupted{}
		return out
	}
	if err != nil {
		out.Err = &RuntimeError{Name: fmt.Sprintf("%T", err), Value: err.Error()}
		return out
	}
	if v.IsValid() && v.CanInterface() && v.Kind() != reflect.Func {
		out.Values = []any{v.Interface()}
	}
	return out
}

func packageNames(src string) []string {
	var names []string
	for i := 0; i < len(src); i++ {
		if src[i] == '.' {
			j := i
			for j > 0 && (src[j-1] >= 'a' && src[j-1] <= 'z' || src[j-1] >= '0' && src[j-1] <= '9') {
				j--
			}
			names = append(names, src[j:i])
		}
	}
	return names
}

// Close ends the session.
func (s *Session) Close() error { return nil }
