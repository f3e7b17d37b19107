//go:build !unix

package cell

import "os/exec"

var shellProgram = []string{"cmd", "/c"}

func ownGroup(*exec.Cmd) {}
