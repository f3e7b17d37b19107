package tasks

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
)

// every kind of corruption keeps numbers in range, changes more as severity grows, and repeats from its seed.
func TestCorruptions(t *testing.T) {
	glyphs := drawGlyphs(1, 20, 0, glyphClasses)
	colour := &pictures{n: 6, c: 3, size: 16, pix: append([]float64(nil), glyphs.pix[:6*3*256]...), y: make([]int, 6)}
	for name, kinds := range map[string][]corruption{"published": corruptions, "glyphs": glyphCorruptions} {
		for _, k := range kinds {
			last := 0.0
			for _, severity := range []int{1, 3, 5} {
				p := corrupt(colour, k, severity, 7)
				change := 0.0
				for i, v := range p.pix {
					if !(v >= 0 && v <= 1) {
						t.Fatalf("%s %s: a pixel is %v", name, k.name, v)
					}
					change += math.Abs(v-colour.pix[i]) / float64(len(p.pix))
				}
				if change < last-0.002 || change == 0 {
					t.Errorf("%s %s: severity %d changes pixels by %v, less than the %v of a lower one", name, k.name, severity, change, last)
				}
				last = change
				again := corrupt(colour, k, severity, 7)
				for i := range p.pix {
					if p.pix[i] != again.pix[i] {
						t.Fatalf("%s %s: one seed gives two pictures", name, k.name)
					}
				}
			}
		}
	}
}

func TestCorruptionsByHand(t *testing.T) {
	x := []float64{0, 1, .5, .5}
	contrast(nil, x, 1, 2, 2)
	for i, want := range []float64{.25, .75, .5, .5} {
		if math.Abs(x[i]-want) > 1e-12 {
			t.Errorf("contrast: pixel %d is %v, want %v", i, x[i], want)
		}
	}
	x = []float64{.2, .4, .8} // one pixel of three channels: value .8 becomes .9
	brightness(nil, x, 3, 1, 2)
	for i, want := range []float64{.225, .45, .9} {
		if math.Abs(x[i]-want) > 1e-12 {
			t.Errorf("brightness: channel %d is %v, want %v", i, x[i], want)
		}
	}
	flat := make([]float64, 64)
	for i := range flat {
		flat[i] = .3
	}
	pixelate(nil, flat, 1, 8, 5)
	for _, v := range flat {
		if math.Abs(v-.3) > 1e-12 {
			t.Fatalf("pixelate changes a flat picture to %v", v)
		}
	}
	r := linalg.NewRand(1)
	many := make([]float64, 4000)
	for i := range many {
		many[i] = .6
	}
	shotNoise(r, many, 1, 1, 3) // Poisson(60)/100
	mean, variance := stat.MeanVariance(many, nil)
	if math.Abs(mean-.6) > .006 || math.Abs(variance-.006) > .0006 {
		t.Errorf("shot noise of .6 has mean %v and variance %v, want .6 and .006", mean, variance)
	}
	dark := []float64{0}
	if shotNoise(r, dark, 1, 1, 3); dark[0] != 0 {
		t.Errorf("shot noise of darkness is %v", dark[0])
	}
	for i, v := range plasma(r, 16, 2) {
		if !(v >= 0 && v <= 1) {
			t.Fatalf("plasma %d is %v", i, v)
		}
	}
}

func TestVocabulary(t *testing.T) {
	v := NewVocabulary([]string{"The cat sat.", "the cat; the DOG<br />don't"}, 5)
	if v.Len() != 5 {
		t.Errorf("%d ids", v.Len())
	}
	got := fmt.Sprint(v.Encode("The cat xyz", 10), v.Encode("the the the", 2), v.Encode("", 3))
	if got != "[2 3 1] [2 2] [1]" {
		t.Errorf("ids %s", got)
	}
	if w := fmt.Sprint(Words("It's A<br />test, ok?")); w != "[it's a test , ok ?]" {
		t.Errorf("words %s", w)
	}
}

// On a triangle a walk returns after two steps with probability 1/2 and after three with 1/4; on a bond of two atoms it
// is back after every second step.
func TestWalkFeatures(t *testing.T) {
	tri := WalkFeatures(3, [][2]int{{0, 1}, {1, 2}, {2, 0}}, 3)
	pair := WalkFeatures(2, [][2]int{{0, 1}}, 3)
	for a := range tri {
		for s, want := range []float64{0, .5, .25} {
			if math.Abs(tri[a][s]-want) > 1e-12 {
				t.Errorf("triangle, atom %d, %d steps: %v, want %v", a, s+1, tri[a][s], want)
			}
		}
	}
	if fmt.Sprint(pair) != "[[0 1 0] [0 1 0]]" {
		t.Errorf("pair: %v", pair)
	}
}

func TestMoleculeErrors(t *testing.T) {
	for want, l := range map[string]map[string]any{
		"y, atoms and edges": {"y": 1.0},
		"atom type 19":       {"y": 1.0, "atoms": []any{19.0}, "edges": []any{}},
		"0 atoms":            {"y": 1.0, "atoms": []any{}, "edges": []any{}},
		"not there":          {"y": 1.0, "atoms": []any{1.0}, "edges": []any{[]any{0.0, 1.0, 1.0}}},
		"not a list":         {"y": 1.0, "atoms": []any{1.0}, "edges": []any{3.0}},
	} {
		if _, _, err := molecule(l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

// A whole comparison with every method runs, repeats to the bit, and fills every table.
func TestRunEveryMethod(t *testing.T) {
	task := Glyphs(100, 1)
	task.Config.Width, task.Config.Heads, task.Config.Inducing = 8, 2, 3
	task.Test, _ = task.Test.Split(40)
	task.Outside = task.Outside.Take([]int{0, 1, 2, 3, 4, 5, 6, 7})
	for i := range task.Shifted {
		task.Shifted[i].Data, _ = task.Shifted[i].Data.Split(30)
	}
	var log strings.Builder
	run := func() *Result {
		r, err := RunLog(context.Background(), task, Budget{Epochs: 1, Samples: 2, Members: 2, SNGPF: 8}, []uint64{1, 2}, &log)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a := run()
	if len(a.Table.Rows) != len(Methods()) || len(a.Shifted) != 3 || a.Table.Rows[0].Runs != 2 {
		t.Fatalf("%d rows, %d shifted tables", len(a.Table.Rows), len(a.Shifted))
	}
	if !strings.Contains(a.String(), "severity 3") || !strings.Contains(a.HTML(), "AUROC") || !strings.Contains(log.String(), "sgpa, seed 2") {
		t.Errorf("the result reads\n%s", a)
	}
	linalg.SetThreads(1)
	defer linalg.SetThreads(2)
	if b := run(); a.String() != b.String() {
		t.Errorf("one and two threads give different tables:\n%s\n%s", a, b)
	}
}

func TestRunErrors(t *testing.T) {
	task := Glyphs(20, 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for want, run := range map[string]func() error{
		"no method": func() error {
			_, err := Run(context.Background(), task, Budget{Methods: []string{"magic"}}, []uint64{1})
			return err
		},
		"at least one seed": func() error { _, err := Run(context.Background(), task, Budget{}, nil); return err },
		"context canceled":  func() error { _, err := Run(ctx, task, Budget{Methods: []string{"MLE"}}, []uint64{1}); return err },
		"training pictures": func() error { _, err := CIFAR10(0, 1); return err },
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestFashionIsCarried(t *testing.T) {
	task, err := Fashion(1)
	if err != nil {
		t.Fatal(err)
	}
	if s := task.Train.X.Images.Shape(); s[0] != 600 || s[1] != 1 || s[2] != 28 {
		t.Errorf("training pictures %v", s)
	}
	if m := task.Train.X.Images.Mean().Item(); math.Abs(m) > 0.1 {
		t.Errorf("normalised pixels have mean %v", m)
	}
}

// folder skips unless PRIORLAB_DATA has a set.
func folder(t *testing.T, set string) {
	t.Helper()
	dir := os.Getenv(data.DirVariable)
	if dir == "" {
		t.Skipf("%s is not set: the folder with %s is needed for this test", data.DirVariable, set)
	}
	if _, err := os.Stat(filepath.Join(dir, set)); err != nil {
		t.Skipf("the folder of %s has no %s", data.DirVariable, set)
	}
}

func TestRealDataTasks(t *testing.T) {
	for _, c := range []struct {
		set   string
		load  func() (*Task, error)
		train int
	}{
		{"cifar10", func() (*Task, error) { return CIFAR10(100, 1) }, -1},
		{"cola", func() (*Task, error) { return CoLA(200, 1) }, 200},
		{"imdb", func() (*Task, error) { return IMDB(100, 64, 1) }, 100},
	} {
		t.Run(c.set, func(t *testing.T) {
			folder(t, c.set)
			task, err := c.load()
			if err != nil {
				t.Fatal(err)
			}
			if c.train > 0 && len(task.Train.Y) != c.train {
				t.Errorf("%v", task)
			}
			task.Test, _ = task.Test.Split(20)
			task.Shifted = task.Shifted[:min(len(task.Shifted), 1)]
			for i := range task.Shifted {
				task.Shifted[i].Data, _ = task.Shifted[i].Data.Split(20)
			}
			if task.Outside != nil {
				task.Outside = task.Outside.Take([]int{0, 1, 2, 3})
			}
			task.Config.Width, task.Config.Depth = 16, 2
			r, err := Run(context.Background(), task, Budget{Epochs: 1, Samples: 2, Methods: []string{"MLE", "SGPA"}}, []uint64{1})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Table.Rows) != 2 {
				t.Errorf("%v", r)
			}
		})
	}
}

func TestZINC(t *testing.T) {
	folder(t, "zinc")
	tab, err := RunZINC(context.Background(), 60, Budget{Epochs: 1, Samples: 2}, []uint64{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(tab.Rows) != 5 || !(tab.Rows[0].Mean[0] > 0) {
		t.Errorf("%v", tab)
	}
}

// On corrupted glyphs, over five seeds, tempered SGPA has a better likelihood and a better calibration than the kernel
// point estimate, at an accuracy within three points. Whole divergences do not give this at this size: see tempered.
func TestSGPAOnCorruptedGlyphs(t *testing.T) {
	if os.Getenv("PRIORLAB_LONG") == "" {
		t.Skip("PRIORLAB_LONG is not set: this comparison takes minutes")
	}
	r, err := Run(context.Background(), Glyphs(1000, 1), Budget{Epochs: 30, Methods: []string{"MLE kernel", "SGPA", "SGPA tempered"}}, []uint64{1, 2, 3, 4, 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", r)
	kernel, post := r.Shifted[1].Rows[0], r.Shifted[1].Rows[2]
	const accuracy, nll, ece = 0, 2, 4
	if !(post.Mean[nll] < kernel.Mean[nll]) || !(post.Mean[ece] < kernel.Mean[ece]) || post.Mean[accuracy] < kernel.Mean[accuracy]-0.03 {
		t.Errorf("severity 3, accuracy, NLL, ECE: tempered SGPA %v %v %v, kernel %v %v %v", post.Mean[accuracy], post.Mean[nll], post.Mean[ece],
			kernel.Mean[accuracy], kernel.Mean[nll], kernel.Mean[ece])
	}
}
