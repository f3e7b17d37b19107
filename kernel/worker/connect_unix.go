//go:build unix

package worker

import (
	"io"
	"os"
	"os/exec"
	"syscall"
)

// workerDescriptor is where the worker finds its end of the link.
const workerDescriptor = 3

// connect makes the link's two ends and gives one to cmd as an extra file.
func connect(cmd *exec.Cmd) (ours io.ReadWriteCloser, theirs io.Closer, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	// Non-blocking, so that the Go poller waits and Close ends a Read.
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		return nil, nil, os.NewSyscallError("setnonblock", err)
	}
	other := os.NewFile(uintptr(fds[1]), "worker link")
	cmd.ExtraFiles = []*os.File{other}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	return os.NewFile(uintptr(fds[0]), "front link"), other, nil
}

// Descriptor is the worker's end of the link, as its parent left it.
func Descriptor() io.ReadWriteCloser {
	syscall.CloseOnExec(workerDescriptor) // not for the children of cells
	_ = syscall.SetNonblock(workerDescriptor, true)
	return os.NewFile(workerDescriptor, "worker link")
}

// Separate reports whether workers can be processes of their own here.
const Separate = true
