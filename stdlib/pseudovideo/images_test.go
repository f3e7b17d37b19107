package pseudovideo

import (
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

func TestDigitsAndTheirSplit(t *testing.T) {
	d := Digits()
	sameInts(t, "training", d.Train.Shape(), []int{1437, 1, 8, 8})
	sameInts(t, "held out", d.Test.Shape(), []int{360, 1, 8, 8})
	// the first picture is a nought whose first row is 0 0 5 13 9 1 0 0
	near(t, "first row", d.Train.Float64s()[:8], []float64{-1, -1, -0.375, 0.625, 0.125, -0.875, -1, -1}, 1e-7)
	if len(d.TrainY) != 1437 || len(d.TestY) != 360 || d.TrainY[0] != 0 || d.Credit == "" {
		t.Errorf("labels %d and %d, credit %q", len(d.TrainY), len(d.TestY), d.Credit)
	}
}

func TestImagesThereAndBack(t *testing.T) {
	x := linalg.Uniform(linalg.NewRand(1), linalg.F32, 3, 3, 4, 5).MulS(2).AddS(-1)
	m, err := ToImages(x)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "pixels", FromImages(m).Float64s(), x.Float64s(), 1/255.0+1e-6)
	if _, err := ToImages(linalg.Zeros(linalg.F32, 1, 2, 4, 4)); err == nil {
		t.Error("two colours were accepted")
	}
	v, _ := Build(x, Spec{Frames: 4, Kind: Blur, Ladder: Linear(2)}, nil)
	s, err := Strip(v)
	if err != nil || s.N != 12 {
		t.Fatalf("%v, %d pictures", err, s.N)
	}
	near(t, "the strip's fourth picture is the first image", FromImages(s).Slice(0, 3, 4).Float64s(), x.Slice(0, 0, 1).Float64s(), 1/255.0+1e-6)
}

func TestResize(t *testing.T) {
	x := linalg.Arange(linalg.F64, 16).Reshape(1, 1, 4, 4)
	y, err := Resize(x, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "halved", y.Float64s(), []float64{2.5, 4.5, 10.5, 12.5}, 1e-12)
	z, _ := Resize(y, 2, 2)
	near(t, "kept", z.Float64s(), y.Float64s(), 0)
	up, _ := Resize(linalg.FromFloat64([]float64{0, 1}, 1, 1, 1, 2), 1, 4)
	near(t, "doubled", up.Float64s(), []float64{0, 0.25, 0.75, 1}, 1e-12)
	if _, err := Resize(x, 0, 2); err == nil {
		t.Error("no rows")
	}
}

// picture writes a flat coloured picture.
func picture(t *testing.T, path string, w, h int, c color.Color) {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		m.Set(i%w, i/w, c)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if strings.HasSuffix(path, ".png") {
		err = png.Encode(f, m)
	} else {
		err = jpeg.Encode(f, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "more"), 0o700); err != nil {
		t.Fatal(err)
	}
	picture(t, filepath.Join(dir, "a.png"), 6, 6, color.RGBA{255, 0, 0, 255})
	picture(t, filepath.Join(dir, "b.png"), 6, 6, color.Gray{0})
	picture(t, filepath.Join(dir, "more", "c.JPG"), 6, 6, color.Gray{255})
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	x, skipped, err := Folder(dir, FolderOptions{})
	if err != nil || len(skipped) != 0 {
		t.Fatal(err, skipped)
	}
	sameInts(t, "shape", x.Shape(), []int{3, 3, 6, 6})
	near(t, "red", []float64{x.At(0, 0, 3, 3), x.At(0, 1, 3, 3)}, []float64{1, -1}, 1e-6)

	picture(t, filepath.Join(dir, "d.png"), 9, 5, color.Gray{128})
	if _, _, err := Folder(dir, FolderOptions{}); err == nil || !strings.Contains(err.Error(), "d.png has 9 x 5") {
		t.Errorf("mixed sizes: %v", err)
	}
	if x, skipped, err = Folder(dir, FolderOptions{Mixed: "skip"}); err != nil || len(skipped) != 1 || x.Dim(0) != 3 || !strings.HasSuffix(skipped[0].File, "d.png") {
		t.Errorf("skipping other sizes: %v %v", err, skipped)
	}
	x, _, err = Folder(dir, FolderOptions{Side: 4, Grey: true})
	if err != nil {
		t.Fatal(err)
	}
	sameInts(t, "resized", x.Shape(), []int{4, 1, 4, 4})
	if v := x.At(2, 0, 1, 1); math.Abs(v-0.004) > 0.01 {
		t.Errorf("grey 128 became %g", v)
	}

	if err := os.WriteFile(filepath.Join(dir, "broken.png"), []byte("\x89PNG\r\n\x1a\n rest is missing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Folder(dir, FolderOptions{Side: 4}); err == nil || !strings.Contains(err.Error(), "broken.png") || !strings.Contains(err.Error(), "Damaged") {
		t.Errorf("a damaged picture: %v", err)
	}
	if _, skipped, err = Folder(dir, FolderOptions{Side: 4, Damaged: "skip"}); err != nil || len(skipped) != 1 || !strings.Contains(skipped[0].Reason.Error(), "broken.png") {
		t.Errorf("skipping damaged ones: %v %v", err, skipped)
	}
	if _, _, err := Folder(t.TempDir(), FolderOptions{}); err == nil || !strings.Contains(err.Error(), "no usable") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, _, err := Folder(dir, FolderOptions{Mixed: "stretch"}); err == nil {
		t.Error("an unknown policy")
	}
}

// A folder of one's own pictures trains and samples in three steps.
func TestOwnPicturesTrainAndSample(t *testing.T) {
	dir := t.TempDir()
	for i := range 6 {
		picture(t, filepath.Join(dir, string(rune('a'+i))+".png"), 5+i, 8, color.Gray{uint8(40 * i)})
	}
	x, _, err := Folder(dir, FolderOptions{Side: 8})
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDiffusion(DiffusionConfig{Video: Spec{Frames: 2, Ladder: Linear(1)}, UNet: UNetConfig{Width: 8, Multiples: []int{1, 2}, Blocks: 1, Groups: 4}}, 8, 8, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Fit(context.Background(), x, TrainOptions{Steps: 2, Batch: 4}); err != nil {
		t.Fatal(err)
	}
	y, err := d.Sample(context.Background(), 2, linalg.NewRand(1), SampleOptions{Steps: 3, DDIM: true})
	if err != nil {
		t.Fatal(err)
	}
	sameInts(t, "samples", y.Shape(), []int{2, 3, 8, 8})
}
