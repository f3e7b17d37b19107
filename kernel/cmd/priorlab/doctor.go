package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
	"github.com/priorlab/priorlab/kernel/spec"
	"github.com/priorlab/priorlab/stdlib/lab"
)

func doctorCommand(args []string) error {
	f := newFlags("doctor", "", "Say what is installed where and what is missing, and try the kernel.")
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("takes no arguments, found %q", rest)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	d := &doctor{}
	d.say(true, "program", "%s, version %s, %s", program, fullVersion(), runtime.Version())
	d.kernelspecs(program)
	d.jupyter()
	d.theme()
	d.kernel(program)
	if d.missing {
		return errSaid
	}
	return nil
}

// doctor prints one line for each thing it looked at.
type doctor struct{ missing bool }

func (d *doctor) say(ok bool, what, format string, args ...any) {
	mark := "ok     "
	if !ok {
		mark, d.missing = "MISSING", true
	}
	fmt.Printf("%s  %-12s %s\n", mark, what, fmt.Sprintf(format, args...))
}

// note prints what is worth knowing and not an ill.
func (d *doctor) note(what, format string, args ...any) {
	fmt.Printf("note     %-12s %s\n", what, fmt.Sprintf(format, args...))
}

// theme reports a colouring of figures that is not one.
func (d *doctor) theme() {
	name, ok := os.LookupEnv("PRIORLAB_THEME")
	if !ok {
		return
	}
	if err := lab.CheckTheme(name); err != nil {
		d.say(false, "figures", "PRIORLAB_THEME: %v", err)
	} else {
		d.say(true, "figures", "theme %s", name)
	}
}

// kernelspecs looks where Jupyter looks.
func (d *doctor) kernelspecs(program string) {
	user, err := spec.UserDir()
	if err != nil {
		d.say(false, "kernelspec", "%v", err)
		return
	}
	found := false
	for _, data := range []string{user, "/usr/local/share/jupyter", "/usr/share/jupyter"} {
		f, err := spec.Read(data)
		if errors.Is(err, spec.ErrNotInstalled) {
			continue
		}
		found = true
		switch {
		case err != nil:
			d.say(false, "kernelspec", "%v", err)
		case len(f.Argv) == 0:
			d.say(false, "kernelspec", "%s names no program; run \"priorlab install\" again", spec.Dir(data))
		default:
			if _, err := os.Stat(f.Argv[0]); err != nil {
				d.say(false, "kernelspec", "%s starts %s, which is not there; run \"priorlab install\" again", spec.Dir(data), f.Argv[0])
				continue
			}
			d.say(true, "kernelspec", "%s", spec.Dir(data))
			if f.Argv[0] != program {
				d.note("kernelspec", "it starts another program: %s", f.Argv[0])
			}
		}
	}
	if !found {
		d.say(false, "kernelspec", "not in %s; run \"priorlab install\"", user)
	}
}

// jupyter looks for front ends. None is needed to run notebooks headless.
func (d *doctor) jupyter() {
	path, err := exec.LookPath("jupyter")
	if err != nil {
		d.note("jupyter", "not on the PATH; \"pip install jupyterlab\" brings it. \"priorlab run\" works without")
		return
	}
	for _, sub := range []string{"jupyter-lab", "jupyter-notebook", "jupyter-nbconvert", "jupyter-console"} {
		if p, err := exec.LookPath(sub); err == nil {
			d.say(true, "jupyter", "%s", p)
			path = ""
		}
	}
	if path != "" {
		d.note("jupyter", "%s is there, but no lab, notebook, console or nbconvert; \"pip install jupyterlab\" brings the first", path)
	}
}

// kernel starts the kernel as Jupyter would and runs a cell in it.
func (d *doctor) kernel(program string) {
	took, answer, err := tryKernel(program)
	if err != nil {
		d.say(false, "kernel", "%v", err)
		return
	}
	d.say(true, "kernel", "answered 1+1 with %s, %d ms after its start", answer, took.Milliseconds())
}

func tryKernel(program string) (took time.Duration, answer string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "priorlab-doctor-")
	if err != nil {
		return 0, "", err
	}
	defer os.RemoveAll(dir)
	conn, err := serve.LocalConnection()
	if err != nil {
		return 0, "", err
	}
	file := filepath.Join(dir, "connection.json")
	if err := conn.WriteFile(file); err != nil {
		return 0, "", err
	}
	var log strings.Builder
	begun := time.Now()
	cmd := exec.CommandContext(ctx, program, "kernel", "--connection-file", file)
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		return 0, "", err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // its end was wanted
	}()
	c, err := client.Connect(ctx, conn)
	if err != nil {
		return 0, "", fmt.Errorf("%w %s", err, log.String())
	}
	defer c.Close()
	o, err := c.Execute(ctx, "1+1")
	if err != nil {
		return 0, "", err
	}
	return time.Since(begun), o.Result(), o.Err()
}
