package serve

import (
	"fmt"

	"github.com/priorlab/priorlab/kernel/msg"
)

// controls are answered at once, whatever runs.
var controls = map[string]answer{
	"kernel_info_request":     kernelInfo,
	"interrupt_request":       interrupt,
	"create_subshell_request": createSubshell,
	"delete_subshell_request": deleteSubshell,
	"list_subshell_request":   listSubshell,
}

func (k *kernel) control(r *request) {
	switch r.header.Type {
	case "shutdown_request":
		k.shutdown(r)
	case "debug_request":
		k.debug.put(r)
	default:
		if a := controls[r.header.Type]; a != nil {
			k.serve(r, a)
		}
	}
}

// interrupt ends the cells that run and what works between them, and aborts the
// cells that wait.
func (k *kernel) interrupt() {
	for _, s := range k.shells.all() {
		s.interrupt()
	}
	if b, ok := k.backend.(Interrupter); ok {
		go b.Interrupt() // the evaluator may be slow to listen; the reply must not
	}
}

func interrupt(k *kernel, _ *request) (any, error) {
	k.interrupt()
	return msg.StatusReply{Status: "ok"}, nil
}

// shutdown replies, tells all clients the same, and ends the kernel. A restart
// is the client's affair: it starts a new process with the same ports.
func (k *kernel) shutdown(r *request) {
	req, err := decoded(r, msg.ShutdownRequest{})
	if err != nil {
		k.serve(r, func(*kernel, *request) (any, error) { return nil, err })
		return
	}
	reply := msg.ShutdownReply{Status: "ok", Restart: req.Restart}
	k.serve(r, func(*kernel, *request) (any, error) {
		k.iopub.send(r.parent, "shutdown_reply", msg.Encode(reply), nil, nil)
		return reply, nil
	})
	k.stop()
}

func createSubshell(k *kernel, _ *request) (any, error) {
	id, err := k.shells.create()
	if err != nil {
		return nil, err
	}
	return msg.CreateSubshellReply{Status: "ok", ID: id}, nil
}

func deleteSubshell(k *kernel, r *request) (any, error) {
	req, err := decoded(r, msg.SubshellRequest{})
	if err != nil {
		return nil, err
	}
	if !k.shells.remove(req.ID) {
		return nil, fmt.Errorf("there is no subshell %q to delete", req.ID)
	}
	return msg.StatusReply{Status: "ok"}, nil
}

func listSubshell(k *kernel, _ *request) (any, error) {
	return msg.ListSubshellReply{Status: "ok", IDs: k.shells.ids()}, nil
}
