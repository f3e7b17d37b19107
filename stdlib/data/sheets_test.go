package data

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Two sheets of two tiles and their labels are read across their border; what is missing or wrong is named.
func TestCIFAR10Sheets(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(DirVariable, dir)
	if err := os.Mkdir(filepath.Join(dir, "cifar10"), 0o700); err != nil {
		t.Fatal(err)
	}
	put := func(name string, grey bool, shades ...uint8) {
		t.Helper()
		r := image.Rect(0, 0, 32*len(shades), 32)
		var m interface {
			image.Image
			Set(x, y int, c color.Color)
		} = image.NewRGBA(r)
		if grey {
			m = image.NewGray(r)
		}
		for i := range 32 * 32 * len(shades) {
			x := i % (32 * len(shades))
			m.Set(x, i/(32*len(shades)), color.RGBA{shades[x/32], 10, 20, 255})
		}
		f, err := os.Create(filepath.Join(dir, "cifar10", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, m); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	labels := make([]byte, 40002)
	labels[0], labels[1], labels[40000], labels[40001] = 3, 9, 1, 10
	write := func() {
		if err := os.WriteFile(filepath.Join(dir, "cifar10", "labels_00000-44999.u8"), labels, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(first, n int, want string) {
		t.Helper()
		if _, err := CIFAR10Sheets(first, n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d from %d: error %v does not say %q", n, first, err, want)
		}
	}
	fails(0, 1, "labels_00000-44999.u8")
	write()
	put("train_00000.png", false, 100, 200)
	put("dev_40000.png", false, 50, 60)
	put("dev_41000.png", true, 50, 60)
	m, err := CIFAR10Sheets(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	if m.N != 2 || m.Labels[0] != 3 || m.Labels[1] != 9 || m.Pixels[0] != 100 || m.Pixels[32*32*3] != 200 || m.Pixels[1] != 10 {
		t.Errorf("%v, labels %v, pixels %v", m, m.Labels, m.Pixels[:6])
	}
	if m, err = CIFAR10Sheets(40000, 1); err != nil || m.Pixels[0] != 50 || m.Labels[0] != 1 {
		t.Errorf("the development part: %v, %v", m, err)
	}
	fails(40000, 2, "picture 40001")
	fails(41000, 1, "1 colours")
	fails(1000, 1, "train_01000.png")
	fails(5, 1, "multiple of 1000")
	fails(44000, 2000, "there are 45000")
}
