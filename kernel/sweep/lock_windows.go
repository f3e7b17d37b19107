package sweep

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// acquire takes the lock at path, or gives nil when another process has it.
// The system releases it when the process ends, however it ends.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION):
		return nil, f.Close()
	default:
		f.Close()
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
}
