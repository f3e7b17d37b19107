package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/priorlab/priorlab/kernel/spec"
)

// python is the interpreter that Debian's Jupyter packages belong to; a
// Python manager's python3 earlier on the PATH would not find them.
const python = "/usr/bin/python3"

// needPython skips the test where Debian's Python or one of the modules is
// not installed.
func needPython(t *testing.T, modules ...string) {
	t.Helper()
	for _, m := range modules {
		if err := exec.Command(python, "-c", "import "+m).Run(); err != nil {
			t.Skipf("%s has no module %s (Debian: apt-get install python3-%s)", python, m, filepath.Base(m))
		}
	}
}

// built is the program under test, built once.
var built string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "priorlab-test-")
	if err != nil {
		panic(err)
	}
	built = filepath.Join(dir, "priorlab")
	if out, err := exec.Command("go", "build", "-o", built, ".").CombinedOutput(); err != nil {
		os.Stderr.Write(out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// jupyterEnv is an environment in which Jupyter finds the kernel under test
// and nothing of the person's.
func jupyterEnv(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	if _, err := spec.Install(filepath.Join(home, "data"), built); err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "HOME="+home, "JUPYTER_DATA_DIR="+filepath.Join(home, "data"),
		"JUPYTER_RUNTIME_DIR="+filepath.Join(home, "run"), "XDG_DATA_HOME="+filepath.Join(home, "xdg"), "IPYTHONDIR="+home)
}

func TestJupyterKernelTest(t *testing.T) {
	needPython(t, "jupyter_kernel_test", "jupyter_client")
	cmd := exec.Command(python, "testdata/kernel_test.py")
	cmd.Env = jupyterEnv(t)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func TestNbconvertExecutes(t *testing.T) {
	needPython(t, "nbconvert", "jupyter_client")
	out := t.TempDir()
	cmd := exec.Command(python, "-m", "nbconvert", "--to", "html", "--execute", "--output-dir", out, "testdata/plain.ipynb")
	cmd.Env = jupyterEnv(t)
	if log, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if _, err := os.Stat(filepath.Join(out, "plain.html")); err != nil {
		t.Error(err)
	}
}
