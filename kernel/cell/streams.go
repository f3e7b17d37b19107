package cell

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"reflect"
	"sync"
	"time"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
	"github.com/priorlab/priorlab/symbols"
)

// streams are where cells print and read. With Options.Capture os.Stdout and
// os.Stderr, as cells see them, are pipes that lead to the options' writers,
// and everything else prints through the same pipes, so that order is kept.
type streams struct {
	stdout, stderr io.Writer
	stdin          *bufio.Reader
	osOut, osErr   *os.File
	pumps          []*pump
	table          map[string]reflect.Value // the package os as cells see it
	once           sync.Once
}

func newStreams(opt Options) (*streams, error) {
	st := &streams{stdout: orDiscard(opt.Stdout), stderr: orDiscard(opt.Stderr), osOut: os.Stdout, osErr: os.Stderr}
	in := opt.Stdin
	if in == nil {
		in = eof{}
	}
	st.stdin = bufio.NewReader(input{in})
	if opt.Capture {
		for _, p := range []struct {
			to   *io.Writer
			file **os.File
		}{{&st.stdout, &st.osOut}, {&st.stderr, &st.osErr}} {
			pm, err := newPump(*p.to)
			if err != nil {
				return nil, err
			}
			st.pumps = append(st.pumps, pm)
			*p.to, *p.file = pm.w, pm.w
		}
	}
	return st, nil
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

func (st *streams) flush() {
	for _, p := range st.pumps {
		p.flush()
	}
}

func (st *streams) close() error {
	for _, p := range st.pumps {
		p.flush()
		if err := p.w.Close(); err != nil {
			return err
		}
	}
	st.pumps = nil
	return nil
}

// osTable is the package os with this session's standard streams.
func (st *streams) osTable() map[string]reflect.Value {
	st.once.Do(func() {
		st.table = map[string]reflect.Value{}
		for n, v := range symbols.Values("os") {
			st.table[n] = v
		}
		st.table["Stdout"] = reflect.ValueOf(&st.osOut).Elem()
		st.table["Stderr"] = reflect.ValueOf(&st.osErr).Elem()
	})
	return st.table
}

// pump copies what arrives in a pipe to a writer.
type pump struct {
	w    *os.File
	mu   sync.Mutex
	cond *sync.Cond
	got  int // flush marks seen
	sent int
}

// mark is written to a pipe to learn when everything before it has arrived.
const mark = "\x00priorlab-flush\x00"

func newPump(to io.Writer) (*pump, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &pump{w: w}
	p.cond = sync.NewCond(&p.mu)
	go p.copy(r, to)
	return p, nil
}

func (p *pump) copy(r *os.File, to io.Writer) {
	defer r.Close()
	var held []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		held = append(held, buf[:n]...)
		held = p.pass(held, to)
		if err != nil {
			return
		}
	}
}

// pass writes what is complete in b and returns the rest: a mark that has only
// begun to arrive.
func (p *pump) pass(b []byte, to io.Writer) []byte {
	for {
		i := indexMark(b)
		if i < 0 {
			break
		}
		writeAll(to, b[:i])
		b = b[i+len(mark):]
		p.mu.Lock()
		p.got++
		p.cond.Broadcast()
		p.mu.Unlock()
	}
	keep := 0
	for k := min(len(mark)-1, len(b)); k > 0; k-- {
		if string(b[len(b)-k:]) == mark[:k] {
			keep = k
			break
		}
	}
	writeAll(to, b[:len(b)-keep])
	return append([]byte(nil), b[len(b)-keep:]...)
}

func writeAll(to io.Writer, b []byte) {
	if len(b) > 0 {
		_, _ = to.Write(b) // a writer that fails loses its output only
	}
}

func indexMark(b []byte) int {
	for i := 0; i+len(mark) <= len(b); i++ {
		if b[i] == 0 && string(b[i:i+len(mark)]) == mark {
			return i
		}
	}
	return -1
}

// flush waits until everything written so far has been passed on.
func (p *pump) flush() {
	p.mu.Lock()
	p.sent++
	want := p.sent
	p.mu.Unlock()
	if _, err := p.w.WriteString(mark); err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.got < want {
		p.cond.Wait()
	}
}

// values gives the machine a package's compiled symbols.
func (s *Session) values(path string) map[string]reflect.Value {
	if path == "os" {
		return s.streams.osTable()
	}
	return symbols.Values(path)
}

// replace gives the functions that behave differently in a cell: they print
// where the session prints, end the cell and not the process, and wait so that
// an interrupt reaches them.
func (s *Session) replace(path, name string) reflect.Value {
	st := s.streams
	switch path + "." + name {
	case "fmt.Print":
		return reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fprint(st.stdout, a...) })
	case "fmt.Println":
		return reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fprintln(st.stdout, a...) })
	case "fmt.Printf":
		return reflect.ValueOf(func(f string, a ...any) (int, error) { return fmt.Fprintf(st.stdout, f, a...) })
	case "maps.clone":
		return reflect.ValueOf(cloneMap)
	case "runtime.Breakpoint":
		return reflect.ValueOf(func() { panic("runtime.Breakpoint: there is no debugger in a cell") })
	case "os.Exit":
		return reflect.ValueOf(func(code int) { panic(exec.Exit{Code: code}) })
	case "time.Sleep":
		return reflect.ValueOf(sleep)
	}
	switch path {
	case "log":
		return s.replaceLog(name)
	case "fmt", "bufio", "io":
		return st.replaceInput(path + "." + name)
	}
	return reflect.Value{}
}

// replaceLog makes the standard logger print where the session prints.
func (s *Session) replaceLog(name string) reflect.Value {
	switch name {
	case "Print", "Println", "Printf", "Output", "Panic", "Panicf", "Panicln", "Default", "SetFlags", "SetPrefix":
		s.streams.redirectLog()
	case "Fatal":
		return reflect.ValueOf(func(a ...any) {
			s.streams.redirectLog()
			_ = log.Output(2, fmt.Sprint(a...))
			panic(exec.Exit{Code: 1})
		})
	case "Fatalln":
		return reflect.ValueOf(func(a ...any) {
			s.streams.redirectLog()
			_ = log.Output(2, fmt.Sprintln(a...))
			panic(exec.Exit{Code: 1})
		})
	case "Fatalf":
		return reflect.ValueOf(func(f string, a ...any) {
			s.streams.redirectLog()
			_ = log.Output(2, fmt.Sprintf(f, a...))
			panic(exec.Exit{Code: 1})
		})
	}
	return reflect.Value{}
}

// redirectLog points the standard logger here, unless a cell has pointed it
// elsewhere.
func (st *streams) redirectLog() {
	if log.Writer() == io.Writer(os.Stderr) {
		log.SetOutput(st.stderr)
	}
}

func sleep(d time.Duration) {
	run := exec.CurrentRun()
	if run == nil {
		time.Sleep(d)
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-run.Done():
		panic(exec.Stopped{})
	}
}

// replaceMethod does for methods what replace does for functions.
func (s *Session) replaceMethod(path, name string) reflect.Value {
	if path == "os" && name == "File.Read" {
		return reflect.ValueOf(s.streams.readFile)
	}
	if path == "sync" {
		return locks[name]
	}
	return reflect.Value{}
}

// cloneMap is the half of maps.Clone that is not Go.
func cloneMap(m any) any {
	v := reflect.ValueOf(m)
	if v.IsNil() {
		return m
	}
	c := reflect.MakeMapWithSize(v.Type(), v.Len())
	for it := v.MapRange(); it.Next(); {
		c.SetMapIndex(it.Key(), it.Value())
	}
	return c.Interface()
}
