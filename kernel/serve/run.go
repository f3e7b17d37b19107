package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve/internal/history"
	"github.com/priorlab/priorlab/kernel/wire"
)

// How long the parts of an orderly end may take. A client kills the process
// 2.5 s after its shutdown_request.
const (
	waitForCells   = 400 * time.Millisecond
	waitForBackend = 800 * time.Millisecond
	waitForSockets = 800 * time.Millisecond
)

// Run opens the sockets that conn names and serves until a client asks for
// shutdown, ctx ends, or (as Options say) SIGTERM arrives or the parent goes.
// It closes b. The error is nil after an orderly end; otherwise it says which
// socket could not be opened.
func Run(ctx context.Context, conn ConnectionInfo, b Backend, opt Options) error {
	k, err := newKernel(conn, b, opt.withDefaults())
	if err != nil {
		return errors.Join(err, b.Close())
	}
	ctx, k.stop = context.WithCancel(ctx)
	defer k.stop()
	k.ctx = ctx
	if !opt.IgnoreSignals {
		defer k.handleSignals()()
	}
	if opt.WatchParent {
		go k.watchParent()
	}
	k.iopub.send(noParent, "status", msg.Encode(msg.Status{ExecutionState: "starting"}), nil, nil)
	k.start()
	<-ctx.Done()
	k.end()
	return nil
}

// kernel is what all handlers share.
type kernel struct {
	backend Backend
	conn    ConnectionInfo
	opt     Options
	key     wire.Key
	session string
	user    string
	ctx     context.Context
	stop    context.CancelFunc

	shellSocket, controlSocket, stdinSocket *wire.Router
	heartbeat                               *wire.Echo

	iopub   *publisher
	input   *inputs
	shells  *shells
	assist  *assistant
	debug   *debugger
	history *history.Log
	seen    *replays

	cells    atomic.Int64 // the last execution count
	arrivals atomic.Uint64
	loops    sync.WaitGroup // goroutines that may run cells
}

func newKernel(conn ConnectionInfo, b Backend, opt Options) (k *kernel, err error) {
	if err := conn.check(); err != nil {
		return nil, fmt.Errorf("connection: %w", err)
	}
	k = &kernel{backend: b, conn: conn, opt: opt, session: msg.NewID(), user: userName()}
	if k.key, err = wire.NewKey(conn.SignatureScheme, conn.Key); err != nil {
		return nil, err
	}
	if err := k.listen(conn); err != nil {
		k.closeSockets()
		return nil, err
	}
	k.input = newInputs(k)
	k.shells = newShells(k)
	k.assist = &assistant{k: k, queue: newQueue()}
	k.debug = newDebugger(k)
	k.history = history.New(opt.HistoryPath, k.logf)
	k.seen = newReplays(conn.Key != "")
	return k, nil
}

func (k *kernel) listen(conn ConnectionInfo) (err error) {
	router := func(port int) (r *wire.Router) {
		if err == nil {
			r, err = wire.ListenRouter(conn.Endpoint(port), k.opt.Limits)
		}
		return r
	}
	k.shellSocket = router(conn.ShellPort)
	k.controlSocket = router(conn.ControlPort)
	k.stdinSocket = router(conn.StdinPort)
	if err != nil {
		return err
	}
	if k.heartbeat, err = wire.ListenEcho(conn.Endpoint(conn.HeartbeatPort), k.opt.Limits); err != nil {
		return err
	}
	k.iopub, err = newPublisher(k, conn.Endpoint(conn.IOPubPort))
	return err
}

func (k *kernel) start() {
	go k.receive(k.shellSocket, k.routeShell)
	go k.receive(k.controlSocket, k.control)
	go k.receive(k.stdinSocket, k.input.receive)
	go k.assist.loop()
	go k.debug.loop()
}

// end lets running cells finish for a moment, then closes everything, with
// what was queued for the clients on the wire first.
func (k *kernel) end() {
	k.shells.close()
	k.assist.queue.close()
	k.debug.queue.close()
	within(waitForCells, k.loops.Wait)
	within(waitForBackend, func() {
		if err := k.backend.Close(); err != nil {
			k.logf("closing the evaluator: %v", err)
		}
	})
	within(waitForBackend, k.history.Close)
	for _, s := range []interface{ Flush(time.Duration) }{k.shellSocket, k.controlSocket, k.iopub.socket} {
		s.Flush(waitForSockets / 3)
	}
	k.closeSockets()
}

func (k *kernel) closeSockets() {
	for _, r := range []*wire.Router{k.shellSocket, k.controlSocket, k.stdinSocket} {
		if r != nil {
			r.Close()
		}
	}
	if k.heartbeat != nil {
		k.heartbeat.Close()
	}
	if k.iopub != nil {
		k.iopub.socket.Close()
	}
}

// within runs f and stops waiting for it after limit.
func within(limit time.Duration, f func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(limit):
	}
}

func (k *kernel) handleSignals() (undo func()) {
	c := make(chan os.Signal, 4)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	go func() {
		for s := range c {
			if s == os.Interrupt {
				k.interrupt()
			} else {
				k.logf("ended by %v", s)
				k.stop()
			}
		}
	}()
	return func() { signal.Stop(c); close(c) }
}

// watchParent ends the kernel when its parent has gone: a client that was
// killed, and "jupyter run" at its normal end, never send a shutdown.
func (k *kernel) watchParent() {
	parent := os.Getppid()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-k.ctx.Done():
			return
		}
		if os.Getppid() != parent {
			k.logf("the process that started this kernel (%d) has gone; ending", parent)
			k.stop()
			return
		}
	}
}

func (k *kernel) logf(format string, args ...any) {
	fmt.Fprintf(k.opt.Log, "priorlab kernel: "+format+"\n", args...)
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "kernel"
}
