//go:build unix

package sweep

import (
	"errors"
	"os"
	"syscall"
)

// acquire takes the lock at path, or gives nil when another process has it.
// The system releases it when the last process that holds the file ends,
// however it ends.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case err == nil:
		return f, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, f.Close()
	default:
		f.Close()
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
}
