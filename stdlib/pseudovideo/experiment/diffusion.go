package experiment

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	pv "github.com/priorlab/priorlab/stdlib/pseudovideo"
)

// diffusion is part D: image against pseudo-video diffusion at equal size and steps.
func (b *bench) diffusion() error {
	arms := []struct {
		name    string
		video   pv.Spec
		weights []float64
	}{
		{"image", pv.Spec{}, nil},
		{"2 frames, blur sigma 2", pv.Spec{Frames: 2, Kind: pv.Blur, Ladder: pv.Levels(2)}, nil},
		{"2 frames, blur sigma 2, image weighs 3", pv.Spec{Frames: 2, Kind: pv.Blur, Ladder: pv.Levels(2)}, []float64{1, 3}},
		{"2 frames, copies (control)", pv.Spec{Frames: 2, Kind: pv.Dup}, nil},
		{"3 frames, copies (control)", pv.Spec{Frames: 3, Kind: pv.Dup}, nil},
		{"3 frames, independent noise 0.6, 0.3", pv.Spec{Frames: 3, Kind: pv.NoiseIndependent, Ladder: pv.Levels(0.6, 0.3)}, nil},
		{"3 frames, Markov noise, same levels", pv.Spec{Frames: 3, Kind: pv.NoiseMarkov, Ladder: pv.Levels(0.6, 0.3)}, nil},
	}
	steps := b.steps(200)
	t := Table{Title: "D. Image against pseudo-video diffusion", Notes: b.captions(),
		Columns: append([]string{"arm", "parameters", "multiply-adds per evaluation", "steps", "samples/s"}, b.scoreNames()...)}
	var names []string
	var clf []figures
	var all [][]figures
	for _, a := range arms {
		build := func(seed uint64) (*pv.Diffusion, error) {
			return pv.NewDiffusion(pv.DiffusionConfig{Video: a.video, Seed: seed, FrameWeights: a.weights,
				UNet: pv.UNetConfig{Width: 16, Multiples: []int{1, 2}, Blocks: 1, Attention: []int{b.h / 2}, Groups: 8, Dropout: 0.05, Variant: pv.Stacked}}, b.h, b.w, b.c)
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
			if err := d.Fit(b.ctx, b.o.Train, pv.TrainOptions{Steps: steps, Batch: 64, LR: 1.5e-3, Warmup: min(100, steps/2), Average: 0.995, Clip: 1, Seed: seed}); err != nil {
				return nil, err
			}
			x, rate, err := b.perSecond(func() (*linalg.Tensor, error) {
				return d.Sample(b.ctx, b.samples(), linalg.NewRand(100+seed), pv.SampleOptions{Steps: 25})
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
