package pseudovideo

import (
	"context"
	"errors"
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
