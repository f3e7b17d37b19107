package main

import (
	"fmt"
	"os"

	"github.com/priorlab/priorlab/kernel/spec"
)

// target holds the flags that choose a Jupyter data folder.
type target struct {
	user   bool
	prefix string
	system bool
}

func (t *target) dir() (string, error) {
	switch {
	case t.prefix != "" && t.system:
		return "", usagef("--prefix and --system exclude each other")
	case t.prefix != "":
		return spec.PrefixDir(t.prefix), nil
	case t.system:
		return spec.PrefixDir("/usr/local"), nil
	}
	return spec.UserDir()
}

func parseTarget(name, about string, args []string) (string, error) {
	var t target
	f := newFlags(name, "", about)
	f.BoolVar(&t.user, "user", true, "the user's Jupyter data folder, which every Jupyter of this user reads")
	f.StringVar(&t.prefix, "prefix", "", "`DIR`/share/jupyter instead, such as a virtual environment's folder")
	f.BoolVar(&t.system, "system", false, "/usr/local/share/jupyter instead, for every user")
	rest, err := parse(f, args)
	if err != nil {
		return "", err
	}
	if len(rest) > 0 {
		return "", usagef("takes flags only, found %q", rest)
	}
	return t.dir()
}

func installCommand(args []string) error {
	dir, err := parseTarget("install", "Write the kernelspec, so that Jupyter offers "+spec.DisplayName+".", args)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	made, err := spec.Install(dir, program)
	if err != nil {
		return err
	}
	fmt.Printf("Installed %s in %s\n  it starts %s\n", spec.DisplayName, made, program)
	return nil
}

func uninstallCommand(args []string) error {
	dir, err := parseTarget("uninstall", "Remove the kernelspec.", args)
	if err != nil {
		return err
	}
	removed, err := spec.Uninstall(dir)
	if err != nil {
		return err
	}
	fmt.Println("Removed", removed)
	return nil
}
