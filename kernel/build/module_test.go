package build

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReleased(t *testing.T) {
	for v, want := range map[string]bool{
		"v1.2.3": true, "v0.1.0": true, "v1.0.0-rc1": true,
		"v0.0.0-20261126193535-4678ee6fb2c4": false, "v0.1.1-0.20261126193535-4678ee6fb2c4": false,
		"v0.1.0+dirty": false, "(devel)": false, "": false,
	} {
		if released(v) != want {
			t.Errorf("%q: %v", v, !want)
		}
	}
}

// A binary that was built with trimmed paths finds its source where install.sh
// said, or around the working directory.
func TestFindModuleWithoutPaths(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module "+modulePath+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	deep := filepath.Join(root, "notebooks", "mine")
	if err := os.MkdirAll(deep, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := checkoutAround(deep); got != root {
		t.Errorf("around %s is %q, want %q", deep, got, root)
	}
	if got := checkoutAround(t.TempDir()); got != "" {
		t.Errorf("there is no checkout, but %q", got)
	}
	t.Setenv(SourceVariable, root)
	if m, err := FindModule(""); err != nil || m.Dir != root {
		t.Errorf("by the environment: %+v, %v", m, err)
	}
	if _, err := FindModule(deep); err == nil {
		t.Error("a folder inside was taken for the checkout")
	}
}
