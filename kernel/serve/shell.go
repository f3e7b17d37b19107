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
	case "execute_request", "comm_open", "comm_msg", "comm_close":
		if !sh.queue.put(r) && sh.id != "" { // deleted in this moment
			k.refuse(r)
		}
	case "shutdown_request", "interrupt_request": // clients before protocol 5.0 send them here
		k.control(r)
	default:
		if assists[r.header.Type] != nil {
			k.assist.queue.put(r)
		}
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

// shell runs cells and comm messages, one after the other. The main shell has
// the empty id; subshells share its state and run beside it.
type shell struct {
	k     *kernel
	id    string
	queue *queue

	mu        sync.Mutex
	cancel    context.CancelFunc // of the request in work; nil when idle
	abortUpTo uint64             // execute requests up to this arrival are aborted
}

func (s *shell) loop() {
	defer s.k.loops.Done()
	for {
		r := s.queue.take()
		if r == nil {
			return
		}
		s.handle(r)
		s.queue.done()
	}
}

func (s *shell) handle(r *request) {
	ctx, cancel := context.WithCancel(s.k.ctx)
	defer cancel()
	s.setCancel(cancel)
	defer s.setCancel(nil)
	if r.header.Type == "execute_request" {
		s.execute(ctx, r)
	} else {
		s.comm(ctx, r)
	}
}

func (s *shell) setCancel(c context.CancelFunc) {
	s.mu.Lock()
	s.cancel = c
	s.mu.Unlock()
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

// interrupt ends the request in work and aborts the cells that wait.
func (s *shell) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abortUpTo = s.k.arrivals.Load()
	if s.cancel != nil {
		s.cancel()
	}
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
	s := &shell{k: ss.k, id: id, queue: newQueue()}
	ss.k.loops.Add(1)
	go s.loop()
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
	s.queue.finish()
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
		s.queue.close()
	}
}
