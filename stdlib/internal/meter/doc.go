// Package meter tells what the process has used: CPU time on all cores, which other work on the machine does not change
// as it changes wall time, and the most memory it held at a time.
package meter
