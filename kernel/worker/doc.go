// Package worker runs cells in a process of their own.
//
// The kernel is two processes. The front process owns the sockets, the history
// and the queue; the worker process owns the session: variables, goroutines,
// widgets, memory. Go has errors that nothing inside a process can survive
// (concurrent map writes, exhausted memory, a deadlock of every goroutine, a
// fault in native code). When one of them ends the worker, the front process
// says what happened and which cell did it, starts a fresh worker within a
// moment, and stays in touch with the client throughout; "%replay" then runs
// again the cells that had succeeded.
//
//	front process                                    worker process
//	serve ── Backend ──► Remote ── frames (gob) ──► loop ── Backend ──► Local ──► cell, assist, lab
//	                        ▲                                                      │
//	                        └──────── descriptors 1 and 2 (pipes) ◄── prints ──────┘
//
// Local is the worker's half: it implements serve.Backend over a cell session
// and lab.Host over whatever Output the running cell was given. Remote is the
// front's half and implements serve.Backend too, so the kernel, the headless
// runner and the terminal work with either.
//
// Everything printed takes one way, the worker's descriptors 1 and 2, whether
// it comes from interpreted code, a compiled package or a child process, and so
// keeps its order. Displays, replies and comm messages travel as frames. To
// keep the two in step the worker writes a marker to both descriptors before
// each frame that must not overtake a print, and the front waits for the
// marker before it passes the frame on; the worker in turn waits for the front
// to have done so before the cell goes on.
//
// Debugging is shared in the same way: the adapter that speaks the client's
// protocol and the breakpoints live in the front (debugremote.go), what stops and
// looks in the worker (debug.go). A fresh worker is told the breakpoints before
// it runs its first cell.
//
// Start reading at Local.Execute, then Remote.Execute.
package worker
