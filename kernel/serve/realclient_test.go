package serve_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
)

// systemPython is the interpreter that Debian's python3-jupyter-client and
// python3-zmq belong to; another one earlier on PATH would not have them.
const systemPython = "/usr/bin/python3"

func needPython(t *testing.T, modules ...string) {
	t.Helper()
	if err := exec.Command(systemPython, "-c", "import "+strings.Join(modules, ", ")).Run(); err != nil {
		t.Skipf("%s with the modules %s is not installed (Debian: python3-zmq python3-jupyter-client)", systemPython, strings.Join(modules, ", "))
	}
}

func TestRealClientOnLibzmq(t *testing.T) {
	needPython(t, "zmq", "jupyter_client")
	for _, transport := range []string{"tcp", "ipc"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := start(t, func(c *serve.ConnectionInfo, _ *serve.Options) {
				if transport == "ipc" {
					c.Transport, c.IP = "ipc", filepath.Join(dir, "k")
				}
			})
			file := filepath.Join(dir, "kernel.json")
			if err := r.conn.WriteFile(file); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			out, err := exec.CommandContext(ctx, systemPython, "testdata/real_client.py", file).CombinedOutput()
			if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "ok") {
				t.Fatalf("%v\n%s", err, out)
			}
			if err := <-r.done; err != nil {
				t.Error(err)
			}
		})
	}
}
