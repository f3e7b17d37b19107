//go:build unix

package cell

import (
	"os/exec"
	"syscall"
)

var shellProgram = []string{"sh", "-c"}

// ownGroup puts a command in a process group, which ends as a whole.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
