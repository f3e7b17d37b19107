// Package serve is the protocol half of the kernel: sockets in, messages out,
// and in between the order that Jupyter's clients depend on. It knows nothing
// of Go code; a Backend runs the cells and answers questions about them.
//
// # Who runs what
//
// Every socket has one goroutine that receives. From there a request goes to
//
//   - a shell (shell.go): the main one or a subshell, each with a queue for
//     cells and one for comm messages;
//   - the assistant (assist.go): completion, inspection and other questions
//     that must not wait for a running cell;
//   - control (control.go): interrupt, shutdown, subshells;
//   - the debugger (debug.go), when the Backend has one.
//
// Whatever goes to all clients passes the publisher (iopub.go). What a cell
// shows passes its output (output.go), which belongs to that cell for good:
// a goroutine that outlives the cell still prints under it.
//
// # Promises
//
//   - Around every request: status busy, then idle with the same parent.
//   - Everything a cell showed is published before its reply and its idle.
//   - No request is left without a reply; wrong content gets an error reply.
//   - A message whose signature is wrong has no effect at all.
//   - Control never waits for a cell.
//
// # Where to start
//
// Run, then routeShell and shell.execute. One handler per message, in files
// named after the message.
package serve
