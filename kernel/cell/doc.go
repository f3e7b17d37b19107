// Package cell evaluates cells of Go. It is a library that has never heard of
// Jupyter: a Session takes text and gives values, errors and printed output.
//
// # How a cell travels
//
//	text ─ split ─ parse ─ check ─┬─ plain calls ──► yaegi ──┐
//	         │                    │                          ├──► values
//	       parts                  └─ all else ──► machine ───┘
//
// Split (split.go). A cell may mix imports, declarations and statements in any
// order. It is cut at its top level by tokens alone; declarations and statements
// are parsed separately, each in a copy of the text where the other is blanked,
// so that every position is that of the cell. A top-level := declares session
// variables. A cell that gives a name a second meaning half way is cut there into
// parts (parts.go), checked one after the other. A cell with a package clause is a program:
// its variables are initialised in order of dependency, then init and main run.
//
// Check (check.go). Each part is checked by go/types as package main, against
// the declarations of earlier cells that it mentions and the embedded export data
// of package symbols; no toolchain is needed. Package names that nothing declares
// and that mean one package are imported. Nothing runs unless the whole cell
// checks; unused variables and imports are notes. A method of a type of an
// earlier cell is checked as a function and then given to the type (foreign.go).
//
// Run. There are two executors, and one rule between them:
//
//   - yaegi runs the plain calls: top-level statements f(a), x.m(a) and v := f(a)
//     whose functions are all compiled, take neither functions nor interfaces
//     (but ...any), and whose arguments are constants, variables, plain calls and
//     sums or products of those, of compiled types (yaegi.go). That is the part
//     of Go that yaegi runs exactly as the toolchain does. The statement is
//     lowered: constants folded and typed, names qualified, variables read and
//     written through functions.
//   - The machine (internal/exec) runs everything else: it compiles the checked
//     syntax tree to closures over typed memory. Generic functions are compiled
//     once for each instance; generic packages of the standard library (slices,
//     maps, cmp, and the generic halves under overlay) are compiled from source.
//     Types that cells define are real run-time types with their methods
//     (internal/rt), so compiled packages treat them as their own. It
//     calls compiled functions as the toolchain's code does, with arguments in
//     registers (internal/exec/compiled.go), and through package reflect only
//     those that need more than there are.
//
// What neither can run is refused before anything has run, with an error that
// names the construct.
//
// # What a second definition does
//
// A variable declared again with the same type keeps its storage, so closures
// see the new value; with another type it is a new variable, and closures keep
// the old one. A function declared again with the same signature replaces the
// body for all callers, also those of earlier cells; with another signature
// earlier callers keep the old one. A type declared again is a new type; old
// values keep the old one, and the variables that hold some are named in a note.
// A method may be added to or replaced in a type of an earlier cell. Constants
// are folded where they are used. A cell that does not compile changes nothing;
// one that panics leaves what it had assigned. TestRedefinition is the table.
//
// # Stopping and failing
//
// Loops and calls poll a flag; channel operations, time.Sleep and the waits of
// package sync watch a channel: an interrupt unwinds the cell by a panic that
// cells cannot recover from, and deferred calls have a tenth of a second. A call
// of compiled code that looks at no context is left behind after two seconds.
// Panics of goroutines, timers and callbacks end their cell and not the process;
// recursion without end, os.Exit, log.Fatal and a make beyond 16 GiB are errors.
// A cell whose goroutines all wait for each other ends with Go's own error, where
// nothing outside can wake them (deadlock.go). What Go itself cannot survive (concurrent
// map writes, a fault in native code) needs a process of its own around the
// session. RuntimeError carries a traceback with a line for each frame that is
// the user's, with its arguments (traceback.go).
//
// # Commands
//
// Lines such as %time, !ls or //lab:vars cut the cell into segments, which run
// one after the other (magic.go). %prof samples the machine's own stack, which
// has the names and lines of the cells, and where it stands still asks the
// runtime what compiled code runs there (internal/exec/profile.go).
//
// # Debugging
//
// Session.Debugger stops cells at breakpoints. Code compiled while it is attached
// has a hook before each statement and where functions return and panic
// (internal/exec/debug.go); code compiled at other times has none and runs as
// fast as ever. When a debugger comes or goes, functions and literals that exist
// are compiled again, laid out alike, and the new bodies put in place of the
// old: so functions of earlier cells stop too, but a cell under way only in what
// it calls from then on. Under a debugger the machine runs the plain calls as
// well.
//
// A stop is a goroutine that waits inside a hook. One stands at a time, and the
// others wait at their next statement. Expressions in a frame are compiled like
// a cell whose free variables are the frame's storage; they and the methods that
// render values run on goroutines of their own, in which nothing stops, for ten
// seconds at most. While a cell runs, values are not read.
//
// # Memory
//
// A session keeps the text of the last 500 cells, and of earlier ones as long as
// something leads to them: a name that means what they declared, a function, a
// literal or a goroutine that can still run (sources.go). The rest is forgotten,
// with the variables that were declared again. The front keeps what was run in
// its history on the disk. Types stay, as in every Go program, because values of
// them may be anywhere: some 20 KB for each declaration of one that has methods.
//
// # Limits
//
// Where Go leaves the order of evaluation open, operands are evaluated in the
// toolchain's order (internal/exec/order.go), also where two of them panic
// (panics.go) and where some of several values have been assigned when a later
// one panics (several.go). What the toolchain makes of a call that it inlines is
// not followed: it assigns the arguments one by one, and of two that panic the
// other may come first. Where it knows what an interface holds, a nil pointer
// may fail with other words. The capacity that append gives a slice is that of a
// slice on the heap; the toolchain may give one that stays on the stack more.
//
// Cells have no cgo, assembly or //go: directives; generic functions of the
// library without an overlay are refused by name, and so are arrays of more than
// 16 GiB. The methods of types made in
// cells need amd64 or arm64; elsewhere such a type with methods is refused. A session can
// define about 5,000 methods.
//
// Start reading at Session.Eval.
package cell
