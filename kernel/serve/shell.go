package serve

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
)

// routeShell sends a request from the shell socket to whoever answers it.
func (k *kernel) routeShell(r *request) {
	sh := k.shells.get(r.header.Subshell)
	if sh == nil {
		k.refuse(r)
		return
	}
	switch r.header.Type {
	case "execute_request":
		k.queueIn(sh, sh.cells, r)
	case "comm_open", "comm_msg", "comm_close":
		k.queueIn(sh, sh.comms, r)
	case "shutdown_request", "interrupt_request": // clients before protocol 5.0 send them here
		k.control(r)
	default:
		if assists[r.header.Type] != nil {
			k.assist.queue.put(r)
		}
	}
}

func (k *kernel) queueIn(sh *shell, l *lane, r *request) {
	if !l.queue.put(r) && sh.id != "" { // the subshell was deleted in this moment
		k.refuse(r)
	}
}

// refuse answers a request for a subshell that does not exist.
func (k *kernel) refuse(r *request) {
	unknown := fmt.Errorf("there is no subshell %q; list_subshell_request names those there are", r.header.Subshell)
	switch r.header.Type {
	case "comm_open", "comm_msg", "comm_close":
		k.iopub.busy(r.parent, false)
		k.iopub.idle(r.parent)
	case "execute_request":
		k.serve(r, func(*kernel, *request) (any, error) {
			return failedReply(&Failure{Name: "BadRequest", Value: unknown.Error()}, int(k.cells.Load())), nil
		})
	default:
		if assists[r.header.Type] != nil {
			k.serve(r, func(*kernel, *request) (any, error) { return nil, unknown })
		}
	}
}

// shell runs cells, one after the other, and comm messages, one after the
// other. The main shell has the empty id; subshells share its state and run
// beside it.
//
// Cells and comm messages keep the order in which they arrived, with one
// exception: a comm message waits for the cells before it no longer than
// patience, and is then handled beside the running cell. So a slider moves, and
// a reloaded page finds its widgets, while a cell runs, also with clients that
// know nothing of subshells.
type shell struct {
	k     *kernel
	id    string
	cells *lane
	comms *lane

	mu        sync.Mutex
	abortUpTo uint64 // execute requests up to this arrival are aborted
}

// lane works on its requests one by one.
type lane struct {
	queue  *queue
	handle func(context.Context, *request)

	mu     sync.Mutex
	cancel context.CancelFunc // of the request in work; nil when idle
}

func (l *lane) loop(k *kernel) {
	defer k.loops.Done()
	for {
		r := l.queue.take()
		if r == nil {
			return
		}
		ctx, cancel := context.WithCancel(k.ctx)
		l.setCancel(cancel)
		l.handle(ctx, r)
		l.setCancel(nil)
		cancel()
		l.queue.done()
	}
}

func (l *lane) setCancel(c context.CancelFunc) {
	l.mu.Lock()
	l.cancel = c
	l.mu.Unlock()
}

func (l *lane) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cancel != nil {
		l.cancel()
	}
}

func (s *shell) handleCell(ctx context.Context, r *request) {
	s.comms.queue.passed(ctx, r)
	s.execute(ctx, r)
}

func (s *shell) handleComm(ctx context.Context, r *request) {
	s.cells.queue.passedWithin(ctx, r, patience)
	s.comm(ctx, r)
}

func (s *shell) aborted(r *request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return r.number <= s.abortUpTo
}

func (s *shell) abort() {
	s.mu.Lock()
	s.abortUpTo = s.k.arrivals.Load()
	s.mu.Unlock()
}

// interrupt ends the requests in work and aborts the cells that wait.
func (s *shell) interrupt() {
	s.abort()
	s.cells.interrupt()
	s.comms.interrupt()
}

// settleTime is how long after its arrival a failing cell is answered at the
// earliest. "Run all" sends its requests one by one; those on their way when a
// quick cell fails must be aborted, and what a client sends after it has seen
// the failure must not.
const settleTime = 30 * time.Millisecond

func (s *shell) abortRest(ctx context.Context, r *request) {
	t := time.NewTimer(settleTime - time.Since(r.at))
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.k.ctx.Done():
	}
	s.abort()
}

// shells are the main shell and its subshells.
type shells struct {
	k    *kernel
	main *shell
	mu   sync.Mutex
	sub  map[string]*shell
}

func newShells(k *kernel) *shells {
	ss := &shells{k: k, sub: map[string]*shell{}}
	ss.main = ss.open("")
	return ss
}

func (ss *shells) open(id string) *shell {
	s := &shell{k: ss.k, id: id}
	s.cells = &lane{queue: newQueue(), handle: s.handleCell}
	s.comms = &lane{queue: newQueue(), handle: s.handleComm}
	ss.k.loops.Add(2)
	go s.cells.loop(ss.k)
	go s.comms.loop(ss.k)
	return s
}

func (ss *shells) get(id string) *shell {
	if id == "" {
		return ss.main
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.sub[id]
}

// maxSubshells bounds what a client in a loop can start.
const maxSubshells = 256

func (ss *shells) create() (string, error) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if len(ss.sub) >= maxSubshells {
		return "", fmt.Errorf("there are %d subshells already; delete one first", len(ss.sub))
	}
	id := msg.NewID()
	ss.sub[id] = ss.open(id)
	return id, nil
}

// remove ends a subshell after the request it is working on; cells that wait
// in it are aborted.
func (ss *shells) remove(id string) bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s := ss.sub[id]
	if s == nil {
		return false
	}
	delete(ss.sub, id)
	s.abort()
	s.cells.queue.finish()
	s.comms.queue.finish()
	return true
}

func (ss *shells) ids() []string {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ids := make([]string, 0, len(ss.sub))
	for id := range ss.sub {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (ss *shells) all() []*shell {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	all := []*shell{ss.main}
	for _, s := range ss.sub {
		all = append(all, s)
	}
	return all
}

func (ss *shells) close() {
	for _, s := range ss.all() {
		s.cells.queue.close()
		s.comms.queue.close()
	}
}
