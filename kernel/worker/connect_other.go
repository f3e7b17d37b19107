//go:build !unix

package worker

import (
	"errors"
	"io"
	"os/exec"
)

var errNoWorker = errors.New("this system cannot run the cells in a process of their own")

func connect(*exec.Cmd) (ours io.ReadWriteCloser, theirs io.Closer, err error) {
	return nil, nil, errNoWorker
}

// Descriptor is the worker's end of the link; nil on this system.
func Descriptor() io.ReadWriteCloser { return nil }

// Separate reports whether workers can be processes of their own here.
const Separate = false
