package sweep

import (
	"os"
	"os/exec"
)

// passOn does nothing: files are not inherited here.
func passOn(*exec.Cmd, *os.File) {}
