package experiment

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	pv "github.com/priorlab/priorlab/stdlib/pseudovideo"
)

// diffusion is part D: image against pseudo-video diffusion at equal size and steps.
func (b *bench) diffusion() error {
	sigma := 2 * b.pixel()
	arms := []struct {
		name    string
		video   pv.Spec
		weights []float64
	}{
		{"image", pv.Spec{}, nil},
		{fmt.Sprintf("2 frames, blur sigma %.3g", sigma), blurred(sigma), nil},
		{fmt.Sprintf("2 frames, blur sigma %.3g, image weighs 3", sigma), blurred(sigma), []float64{1, 3}},
		{"2 frames, copies (control)", pv.Spec{Frames: 2, Kind: pv.Dup}, nil},
		{"3 frames, copies (control)", pv.Spec{Frames: 3, Kind: pv.Dup}, nil},
		{"3 frames, independent noise 0.6, 0.3", pv.Spec{Frames: 3, Kind: pv.NoiseIndependent, Ladder: pv.Levels(0.6, 0.3)}, nil},
		{"3 frames, Markov noise, same levels", pv.Spec{Frames: 3, Kind: pv.NoiseMarkov, Ladder: pv.Levels(0.6, 0.3)}, nil},
	}
	steps := b.steps(b.size.denoise)
	t := Table{Title: "D. Image against pseudo-video diffusion", Notes: b.captions(),
		Columns: append([]string{"arm", "parameters", "multiply-adds per evaluation", "steps", "samples/s"}, b.scoreNames()...)}
	var names []string
	var clf []figures
	var all [][]figures
	for _, a := range arms {
		build := func(seed uint64) (*pv.Diffusion, error) {
			return pv.NewDiffusion(pv.DiffusionConfig{Video: a.video, Seed: seed, FrameWeights: a.weights, UNet: b.size.unet}, b.h, b.w, b.c)
		}
		size, err := build(0)
		if err != nil {
			return err
		}
		f, err := b.seeds("D "+a.name, func(seed uint64) ([]float64, error) {
			d, err := build(seed)
			if err != nil {
				return nil, err
			}
			if err := d.Fit(b.ctx, b.o.Train, pv.TrainOptions{Steps: steps, Batch: b.size.denoiseBatch, LR: 1.5e-3, Warmup: min(100, steps/2), Average: b.size.average, Clip: 1, Seed: seed}); err != nil {
				return nil, err
			}
			x, rate, err := b.perSecond(func() (*linalg.Tensor, error) {
				return d.Sample(b.ctx, b.o.Samples, linalg.NewRand(100+seed), b.size.drawing)
			})
			if err != nil {
				return nil, err
			}
			s, err := b.scores(x)
			return append([]float64{rate}, s...), err
		})
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, append([]string{a.name, fmt.Sprint(size.Parameters()), fmt.Sprintf("%.3g", float64(size.MACs())), fmt.Sprint(steps)}, texts(f)...))
		names, clf = append(names, a.name), append(clf, f[1])
		all = append(all, f[1:1+len(b.features)])
	}
	t.Notes = append(t.Notes, verdict(b.scoreNames()[0]+" of samples", names, clf), agreement(b.scoreNames()[:len(b.features)], names, all),
		"Frames are channels, so all arms cost nearly the same. In joint diffusion even copies act as repeated measurements: credit a corruption only with what it gains over the copies.")
	b.report.add(t)
	return nil
}
