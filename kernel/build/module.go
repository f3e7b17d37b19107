package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

const modulePath = "github.com/priorlab/priorlab"

// SourceVariable names the environment variable with the folder of a checkout
// of this module, for programs made by a binary that was not built from a
// released version.
const SourceVariable = "PRIORLAB_SOURCE"

// checkout is the folder that install.sh built this binary in; the linker sets
// it.
var checkout string

// A Module says where a program gets this module from: a checkout on this
// machine, or a released version.
type Module struct {
	Dir     string // of a checkout; "" for the version
	Version string
}

// FindModule finds the module by the folder given (a flag), the environment,
// the checkout this binary was built in, the version it was built from if that is
// a release, or the checkout that the working directory lies in.
func FindModule(dir string) (Module, error) {
	for _, d := range []string{dir, os.Getenv(SourceVariable)} {
		if d == "" {
			continue
		}
		abs, err := filepath.Abs(d)
		if err != nil {
			return Module{}, err
		}
		if !isCheckout(abs) {
			return Module{}, fmt.Errorf("%s is no checkout of %s: its go.mod is missing or names another module", d, modulePath)
		}
		return Module{Dir: abs}, nil
	}
	for _, d := range []string{builtIn(), checkout} {
		if isCheckout(d) {
			return Module{Dir: d}, nil
		}
	}
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Path == modulePath && released(info.Main.Version) {
		return Module{Version: info.Main.Version}, nil
	}
	if d, err := os.Getwd(); err == nil {
		if d = checkoutAround(d); d != "" {
			return Module{Dir: d}, nil
		}
	}
	return Module{}, fmt.Errorf("the source of %s is needed to compile against: give a checkout with -source or in %s", modulePath, SourceVariable)
}

// builtIn is the checkout that this file was compiled from.
func builtIn() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return ""
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// released reports whether a version can be had from others: that of a commit
// may be nowhere but here.
func released(v string) bool {
	return semver.IsValid(v) && !module.IsPseudoVersion(v) && semver.Build(v) == ""
}

// checkoutAround is the checkout that dir lies in; "" if it lies in none.
func checkoutAround(dir string) string {
	for !isCheckout(dir) {
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
	return dir
}

func isCheckout(dir string) bool {
	if dir == "" {
		return false
	}
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && modfile.ModulePath(data) == modulePath
}

// Write makes the folder of the program: main.go, go.mod, go.sum, README.md.
func (p *Program) Write(dir string, m Module) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	mod, sum, err := m.files(p.Name)
	if err != nil {
		return err
	}
	files := map[string][]byte{"main.go": p.Source, "go.mod": mod, "README.md": p.readme(m)}
	if sum != nil {
		files["go.sum"] = sum
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// files are go.mod and go.sum. Against a checkout its own requirements are
// taken over, so that nothing has to be looked up.
func (m Module) files(name string) (mod, sum []byte, err error) {
	f := new(modfile.File)
	if err := f.AddModuleStmt("notebook/" + name); err != nil {
		return nil, nil, err
	}
	if m.Dir == "" {
		if err := f.AddGoStmt(strings.TrimPrefix(runtime.Version(), "go")); err != nil {
			return nil, nil, err
		}
		if err := f.AddRequire(modulePath, m.Version); err != nil {
			return nil, nil, err
		}
		mod, err = f.Format()
		return mod, nil, err
	}
	data, err := os.ReadFile(filepath.Join(m.Dir, "go.mod"))
	if err != nil {
		return nil, nil, err
	}
	theirs, err := modfile.Parse(filepath.Join(m.Dir, "go.mod"), data, nil)
	if err != nil {
		return nil, nil, err
	}
	if theirs.Go != nil {
		if err := f.AddGoStmt(theirs.Go.Version); err != nil {
			return nil, nil, err
		}
	}
	f.AddNewRequire(modulePath, "v0.0.0", false)
	for _, r := range theirs.Require {
		f.AddNewRequire(r.Mod.Path, r.Mod.Version, true)
	}
	if err := f.AddReplace(modulePath, "", m.Dir, ""); err != nil {
		return nil, nil, err
	}
	for _, r := range theirs.Replace {
		to := r.New.Path
		if r.New.Version == "" && !filepath.IsAbs(to) {
			to = filepath.Join(m.Dir, to)
		}
		if err := f.AddReplace(r.Old.Path, r.Old.Version, to, r.New.Version); err != nil {
			return nil, nil, err
		}
	}
	f.Cleanup()
	if mod, err = f.Format(); err != nil {
		return nil, nil, err
	}
	sum, err = os.ReadFile(filepath.Join(m.Dir, "go.sum"))
	return mod, sum, err
}

func (p *Program) readme(m Module) []byte {
	return fmt.Appendf(nil, "# %s\n\nMade from the notebook %s by `priorlab build`: `go build`, then `./%s -h` lists its flags.\n", p.Title, p.notebook, p.Name)
}

// ErrNoCompiler is the error of Compile where there is no Go toolchain.
var ErrNoCompiler = errors.New("there is no go command on this machine")

// Compile compiles the program in dir with the Go toolchain and returns the
// path of the executable.
func (p *Program) Compile(ctx context.Context, dir string, m Module) (string, error) {
	tool, err := exec.LookPath("go")
	if err != nil {
		return "", ErrNoCompiler
	}
	if m.Dir == "" {
		if err := runGo(ctx, tool, dir, "mod", "tidy"); err != nil {
			return "", err
		}
	}
	name := p.Name
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if err := runGo(ctx, tool, dir, "build", "-o", name, "."); err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

func runGo(ctx context.Context, tool, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir = dir
	// A workspace file of a folder above is none of the program's.
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s in %s: %w\n%s", args[0], dir, err, strings.TrimSpace(out.String()))
	}
	return nil
}
