package spec

import (
	"bytes"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func TestInstallReadUninstall(t *testing.T) {
	data := t.TempDir()
	for range 2 { // installing twice is the same as once
		dir, err := Install(data, "priorlab")
		if err != nil {
			t.Fatal(err)
		}
		f, err := Read(data)
		if err != nil {
			t.Fatal(err)
		}
		if !filepath.IsAbs(f.Argv[0]) || f.Language != "go" || f.DisplayName != "Go (PriorLab)" || f.InterruptMode != "message" {
			t.Errorf("kernel.json holds %+v", f)
		}
		for name, side := range map[string]int{"logo-32x32.png": 32, "logo-64x64.png": 64} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.DecodeConfig(bytes.NewReader(b))
			if err != nil || img.Width != side || img.Height != side {
				t.Errorf("%s: %v, %v, want side %d", name, img, err, side)
			}
		}
	}
	if _, err := Uninstall(data); err != nil {
		t.Fatal(err)
	}
	if _, err := Uninstall(data); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("uninstalling what is not there: %v", err)
	}
}

func TestDamagedSpecSaysWhatToDo(t *testing.T) {
	data := t.TempDir()
	if _, err := Read(data); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("reading from an empty folder: %v", err)
	}
	os.MkdirAll(Dir(data), 0o755)
	os.WriteFile(filepath.Join(Dir(data), "kernel.json"), []byte("{"), 0o644)
	if _, err := Read(data); err == nil || errors.Is(err, ErrNotInstalled) {
		t.Errorf("reading a damaged file: %v", err)
	}
}

func TestUserDirFollowsTheEnvironment(t *testing.T) {
	t.Setenv("JUPYTER_DATA_DIR", "/somewhere")
	if dir, err := UserDir(); err != nil || dir != "/somewhere" {
		t.Errorf("got %q, %v", dir, err)
	}
}
