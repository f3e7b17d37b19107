// Package dap speaks the Debug Adapter Protocol, with the commands Jupyter adds
// to it, on behalf of something that can be debugged: a Target.
//
// An Adapter takes one request as JSON and returns one response as JSON, and
// publishes events the same way; it satisfies serve.Debugger. It keeps what the
// protocol wants remembered (breakpoints, stopped threads, dumped cells) so
// that a Target need only know about running code.
//
// A cell has no file. Clients name it by a hash of its text between a prefix
// and a suffix that debugInfo tells; CellPath computes the same name, and a
// Target uses it for the frames of that cell.
//
// Jupyter's additions: debugInfo (asked at every connection and run),
// dumpCell, inspectVariables (works without a debugging session),
// richInspectVariables, copyToGlobals.
//
// # Where to start
//
// Target, then Adapter.Debug and the table of commands.
package dap
