package cell

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"reflect"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// Cells read what the person types through fmt.Scan, or as programs do, through
// os.Stdin. That is a file, and a file cannot ask a person; so the functions
// that read one are given the session's input in its place.

// input is the session's input. An interrupt that ends a read ends the cell.
type input struct{ from io.Reader }

func (in input) Read(p []byte) (int, error) {
	n, err := in.from.Read(p)
	if run := exec.CurrentRun(); err != nil && run != nil && (run.Stopping() || run.Ctx != nil && run.Ctx.Err() != nil) {
		panic(exec.Stopped{})
	}
	return n, err
}

// reader is the session's input for os.Stdin, and r itself otherwise.
func (st *streams) reader(r io.Reader) io.Reader {
	if f, ok := r.(*os.File); ok && f == os.Stdin {
		return st.stdin
	}
	return r
}

// replaceInput gives the functions that read from a reader which may be
// os.Stdin.
func (st *streams) replaceInput(name string) reflect.Value {
	switch name {
	case "fmt.Scan":
		return reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fscan(st.stdin, a...) })
	case "fmt.Scanln":
		return reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fscanln(st.stdin, a...) })
	case "fmt.Scanf":
		return reflect.ValueOf(func(f string, a ...any) (int, error) { return fmt.Fscanf(st.stdin, f, a...) })
	case "fmt.Fscan":
		return reflect.ValueOf(func(r io.Reader, a ...any) (int, error) { return fmt.Fscan(st.reader(r), a...) })
	case "fmt.Fscanln":
		return reflect.ValueOf(func(r io.Reader, a ...any) (int, error) { return fmt.Fscanln(st.reader(r), a...) })
	case "fmt.Fscanf":
		return reflect.ValueOf(func(r io.Reader, f string, a ...any) (int, error) { return fmt.Fscanf(st.reader(r), f, a...) })
	case "bufio.NewScanner":
		return reflect.ValueOf(func(r io.Reader) *bufio.Scanner { return bufio.NewScanner(st.reader(r)) })
	case "bufio.NewReader":
		return reflect.ValueOf(func(r io.Reader) *bufio.Reader { return bufio.NewReader(st.reader(r)) })
	case "bufio.NewReaderSize":
		return reflect.ValueOf(func(r io.Reader, n int) *bufio.Reader { return bufio.NewReaderSize(st.reader(r), n) })
	case "io.ReadAll":
		return reflect.ValueOf(func(r io.Reader) ([]byte, error) { return io.ReadAll(st.reader(r)) })
	case "io.Copy":
		return reflect.ValueOf(func(w io.Writer, r io.Reader) (int64, error) { return io.Copy(w, st.reader(r)) })
	}
	return reflect.Value{}
}

// readFile is (*os.File).Read.
func (st *streams) readFile(f *os.File, p []byte) (int, error) { return st.reader(f).Read(p) }
