package serve_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

// kernelFile makes this test binary run a kernel with the fake backend, so that
// signals and the death of a parent can be tried on a process.
const kernelFile = "PRIORLAB_TEST_KERNEL"

func TestMain(m *testing.M) {
	file := os.Getenv(kernelFile)
	if file == "" {
		os.Exit(m.Run())
	}
	conn, err := serve.ReadConnectionFile(file)
	if err == nil {
		err = serve.Run(context.Background(), conn, &fake{comms: map[string]string{}}, serve.Options{WatchParent: true, Log: os.Stderr})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// spawn starts a kernel process; wrap may put a command before its own.
func spawn(t *testing.T, file string, wrap ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	if len(wrap) > 0 {
		cmd = exec.Command(wrap[0], append(wrap[1:], os.Args[0])...)
	}
	cmd.Env = append(os.Environ(), kernelFile+"="+file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
	return cmd
}

func newFile(t *testing.T) (serve.ConnectionInfo, string) {
	t.Helper()
	conn, err := serve.LocalConnection()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kernel.json")
	if err := conn.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	return conn, file
}

func connect(t *testing.T, conn serve.ConnectionInfo) *client.Client {
	t.Helper()
	c, err := client.Connect(within(t, slack), conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func ended(t *testing.T, cmd *exec.Cmd, limit time.Duration) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		t.Fatal("the kernel process did not end")
		return nil
	}
}

func TestSignalsOfTheProcess(t *testing.T) {
	conn, file := newFile(t)
	cmd := spawn(t, file)
	c := connect(t, conn)
	cmd.Process.Signal(os.Interrupt) // while idle: nothing to end
	p := begin(t, c, "", "spin")
	cmd.Process.Signal(os.Interrupt)
	if o := finish(t, p); failure(o).Name != "Interrupted" {
		t.Errorf("%s", o.Reply.Content)
	}
	if o := run(t, c, "result on"); o.Result() != "on" {
		t.Error("the kernel does not go on")
	}
	begin(t, c, "", "spin")
	cmd.Process.Signal(syscall.SIGTERM)
	if err := ended(t, cmd, 3*time.Second); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

func TestShutdownEndsTheProcessWithSuccess(t *testing.T) {
	conn, file := newFile(t)
	cmd := spawn(t, file)
	c := connect(t, conn)
	ask(t, c, "control", "shutdown_request", map[string]any{"restart": true})
	if err := ended(t, cmd, 3*time.Second); err != nil {
		t.Errorf("%v", err)
	}
	// A restart: the same file, at once.
	spawn(t, file)
	if o := run(t, connect(t, conn), "result again"); o.Result() != "again" {
		t.Error("no answer after the restart")
	}
}

func TestKilledKernelIsReplacedOnItsPorts(t *testing.T) {
	conn, file := newFile(t)
	cmd := spawn(t, file)
	connect(t, conn)
	cmd.Process.Kill()
	ended(t, cmd, 3*time.Second)
	spawn(t, file)
	if o := run(t, connect(t, conn), "result again"); o.Result() != "again" {
		t.Error("no answer after the kill")
	}
}

func TestOrphanEnds(t *testing.T) {
	conn, file := newFile(t)
	// The shell starts the kernel and is killed while it waits for it.
	parent := spawn(t, file, "/bin/sh", "-c", `"$0" & wait`)
	connect(t, conn)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	at := conn.Endpoint(conn.ShellPort).Address
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		c, err := net.DialTimeout("tcp", at, time.Second)
		if err != nil {
			return
		}
		c.Close()
	}
	t.Error("the orphan still listens")
}

func TestTakenPortEndsTheProcessWithAMessage(t *testing.T) {
	conn, file := newFile(t)
	l, err := net.Listen("tcp", conn.Endpoint(conn.ShellPort).Address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := ended(t, spawn(t, file), 3*time.Second); err == nil {
		t.Error("the process ended with success")
	}
}
