package serve

import (
	"io"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/wire"
)

// Options say how the kernel introduces itself and what it may use. The zero
// value works.
type Options struct {
	Implementation  string // "priorlab"
	Version         string // of the implementation; "0"
	LanguageVersion string // of Go; "1.26"
	Banner          string // what a console prints at its start
	HelpLinks       []msg.HelpLink

	// HistoryPath is the file of stored input, made private to its owner.
	// Empty keeps the history in memory.
	HistoryPath string

	// Log takes one line for whatever a person running a server may want to
	// know. It must not be a stream the kernel captures. Nil discards.
	Log io.Writer

	// WatchParent ends the kernel when the process that started it is gone.
	WatchParent bool
	// IgnoreSignals leaves SIGINT and SIGTERM alone; otherwise SIGINT
	// interrupts the running cell and SIGTERM ends the kernel.
	IgnoreSignals bool

	// StreamLimit is how many bytes of text a cell may print before the rest
	// is replaced by a notice; 8 MiB.
	StreamLimit int

	Limits wire.Limits
}

func (o Options) withDefaults() Options {
	text := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	text(&o.Implementation, "priorlab")
	text(&o.Version, "0")
	text(&o.LanguageVersion, "1.26")
	text(&o.Banner, "PriorLab "+o.Version+": Go for Bayesian thinking. Cells are Go; lab.Show displays, Tab completes.")
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.StreamLimit == 0 {
		o.StreamLimit = 8 << 20
	}
	if o.HelpLinks == nil {
		o.HelpLinks = []msg.HelpLink{
			{Text: "Go", URL: "https://go.dev/doc/"},
			{Text: "Gonum", URL: "https://pkg.go.dev/gonum.org/v1/gonum"},
		}
	}
	return o
}
