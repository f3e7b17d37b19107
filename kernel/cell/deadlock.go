package cell

import (
	"fmt"
	"go/types"
	"strings"
	"time"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// A cell whose goroutines all wait for each other is over, if nothing outside
// can wake them. Go's own check counts all goroutines of the process, of which
// a kernel has others; so this counts those of cells. Timers, signals, network
// and widgets can wake a goroutine from outside: in a session that has named
// one of their functions nothing is certain, and a remark is all there is.

// How often a running cell is looked at, after how many looks of silence it is
// found dead, and after how many it is remarked on.
const (
	lookEvery   = 250 * time.Millisecond
	deadAfter   = 4
	remarkAfter = 40
)

// deadlock is the panic value of a cell that waits for itself.
type deadlock struct{}

func (deadlock) Error() string {
	return "all goroutines are asleep: the cell waits, and nothing is left that could wake it"
}

// deadlockWatch follows a running cell.
type deadlockWatch struct {
	silent, waits int
}

// look is called again and again; it returns how the cell ended when it is dead.
func (w *deadlockWatch) look(s *Session, run *exec.Run) *ending {
	idle, waits := s.machine.AllIdle()
	if !idle || waits != w.waits || run.Stopping() {
		w.silent, w.waits = 0, waits
		return nil
	}
	w.silent++
	if s.wakers.Load() {
		if w.silent == remarkAfter {
			fmt.Fprintf(s.streams.stderr, "%s and all its goroutines wait for each other; interrupt it unless a timer or something outside will wake them\n", run.Name)
		}
		return nil
	}
	if w.silent < deadAfter || !exec.NothingRuns() {
		return nil
	}
	if idle, again := s.machine.AllIdle(); !idle || again != waits {
		return nil
	}
	d := &ending{val: deadlock{}}
	for _, tr := range s.machine.Waiting() {
		d.trace = append(d.trace, tr...)
	}
	return d
}

// quiet are the packages whose functions leave no goroutine and no timer behind
// that could wake a cell later.
var quiet = map[string]bool{
	"fmt": true, "strings": true, "strconv": true, "errors": true, "sort": true, "slices": true, "maps": true, "cmp": true, "bytes": true, "bufio": true,
	"sync": true, "sync/atomic": true, "regexp": true, "io": true, "reflect": true, "log": true, "os": true, "runtime": true, "unicode": true, "unsafe": true,
	"context": true, "time": true, "hash": true, "html": true, "path": true, "path/filepath": true, "iter": true, "unique": true, "builtin": true,
	"github.com/priorlab/priorlab/linalg": true,
}

// loud are functions of quiet packages that do.
var loud = map[string]bool{
	"time.After": true, "time.AfterFunc": true, "time.NewTimer": true, "time.NewTicker": true, "time.Tick": true,
	"context.WithTimeout": true, "context.WithTimeoutCause": true, "context.WithDeadline": true, "context.WithDeadlineCause": true, "context.AfterFunc": true,
	"os.Pipe": true, "io.Pipe": true,
}

// listenFor notes whether a checked part names something that could wake a cell
// from outside.
func (s *Session) listenFor(info *types.Info) {
	if s.wakers.Load() {
		return
	}
	for _, o := range info.Uses {
		f, ok := o.(*types.Func)
		if !ok || f.Pkg() == nil || f.Pkg().Path() == "main" {
			continue
		}
		path := f.Pkg().Path()
		top, _, _ := strings.Cut(path, "/")
		known := quiet[path] || top == "math" || top == "container" || top == "encoding" || top == "unicode" || top == "text" || top == "go" || top == "crypto" || strings.HasPrefix(path, "gonum.org/v1/gonum/")
		if !known || loud[path+"."+f.Name()] {
			s.wakers.Store(true)
			return
		}
	}
}
