package pseudovideo

import (
	"context"
	"errors"
	"image"
	"strconv"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// front is a front end that counts displays and their updates.
type front struct {
	ids            map[string]bool
	shown, updated int
}

func (f *front) Context() context.Context { return context.Background() }
func (f *front) Display(_ lab.Bundle, id string, update bool) error {
	if update {
		f.updated++
		if !f.ids[id] {
			return errors.New("an update of nothing")
		}
		return nil
	}
	f.shown++
	f.ids[id] = true
	return nil
}
func (f *front) ClearOutput(bool) error                                 { return nil }
func (f *front) ReadLine(context.Context, string, bool) (string, error) { return "", nil }
func (f *front) Comm(lab.CommMessage) error                             { return nil }
func (f *front) Widgets() bool                                          { return false }

func TestLiveKeepsOneDisplay(t *testing.T) {
	f := &front{ids: map[string]bool{}}
	lab.SetHost(f)
	defer lab.SetHost(nil)
	d := tiny(t, 2, Stacked, nil)
	samples := 0
	o := TrainOptions{Steps: 4, Batch: 2, Every: 1, Watch: Live(func() (*linalg.Tensor, error) {
		if samples++; samples == 3 {
			return nil, errors.New("no sample this time")
		}
		return d.SampleVideos(context.Background(), 2, linalg.NewRand(1), SampleOptions{Steps: 2, DDIM: true})
	})}
	if err := d.Fit(context.Background(), linalg.Normal(linalg.NewRand(1), linalg.F64, 4, 1, 4, 4), o); err != nil {
		t.Fatal(err)
	}
	if f.shown != 1 || f.updated != 3 || samples != 4 {
		t.Errorf("%d displays, %d updates, %d samples; want one display that is updated three times", f.shown, f.updated, samples)
	}
}

// The strip grows by a row each time, keeps the newest and an even choice of the older ones, and never gets long.
func TestStripGrows(t *testing.T) {
	var s growing
	x, err := ToImages(linalg.Zeros(linalg.F32, 20, 1, 4, 4))
	if err != nil {
		t.Fatal(err)
	}
	for k := 1; k <= 40; k++ {
		s.add(strconv.Itoa(k), x)
		if n := len(s.rows); n > stripRows || k <= stripRows && n != k || len(s.names) != n {
			t.Fatalf("after %d calls the strip has %d rows and names %v", k, n, s.names)
		}
		if s.names[len(s.names)-1] != strconv.Itoa(k) {
			t.Fatalf("row %d is not the newest of %v", k, s.names)
		}
	}
	if first, _ := strconv.Atoi(s.names[0]); first > 8 {
		t.Errorf("the beginning is gone: %v", s.names)
	}
	if n := len(s.rows[0].([]image.Image)); n != stripColumns {
		t.Errorf("%d pictures in a row", n)
	}
	if svg := s.figure().SVG(); !strings.Contains(svg, "<image") {
		t.Error("the figure shows no picture")
	}
}

func TestImportanceSamplingInTraining(t *testing.T) {
	d := tiny(t, 1, Stacked, func(c *DiffusionConfig) { c.Loss, c.Importance, c.Steps = "bound", true, 4 })
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 8, 1, 4, 4).MulS(0.3)
	if err := d.Fit(context.Background(), x, TrainOptions{Steps: 30, Batch: 8}); err != nil {
		t.Fatal(err)
	}
	w := d.steps.weights()
	if equal(w, []float64{0.25, 0.25, 0.25, 0.25}) {
		t.Error("after 240 losses the steps are still drawn uniformly")
	}
	near(t, "sum of the probabilities", []float64{sumOf(w)}, []float64{1}, 1e-9)
}
