//go:build unix

package sweep

import (
	"os"
	"os/exec"
)

// passOn makes cmd hold the lock, too.
func passOn(cmd *exec.Cmd, lock *os.File) { cmd.ExtraFiles = append(cmd.ExtraFiles, lock) }
