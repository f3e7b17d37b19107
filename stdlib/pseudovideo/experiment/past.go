package experiment

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	pv "github.com/priorlab/priorlab/stdlib/pseudovideo"
)

// past is part A: predicting the image from its noisy predecessors.
func (b *bench) past() error {
	t := Table{Title: "A. What older frames know: held-out error of predicting the image",
		Columns: []string{"history", pv.NoiseMarkov, pv.NoiseIndependent, "linear bound, Markov", "linear bound, independent"}}
	kinds := []string{pv.NoiseMarkov, pv.NoiseIndependent}
	spec := func(kind string) pv.Spec {
		return pv.Spec{Frames: 4, Kind: kind, Ladder: pv.Levels(1.2, 0.9, 0.6)}
	}
	bounds, err := b.linearBounds(kinds, spec)
	if err != nil {
		return err
	}
	found := map[string]figures{}
	for _, history := range []int{1, 3} {
		name := map[int]string{1: "nearest frame only", 3: "all three frames"}[history]
		row := []string{name}
		for _, kind := range kinds {
			s := spec(kind)
			f, err := b.seeds("A "+kind+", "+name, func(seed uint64) ([]float64, error) {
				d, err := pv.NewDenoiser(pv.DenoiserConfig{Video: s, History: history, Seed: seed}, b.h, b.w, b.c)
				if err != nil {
					return nil, err
				}
				if err := d.Fit(b.ctx, b.o.Train, pv.TrainOptions{Steps: b.steps(b.size.past), Batch: b.size.pastBatch, LR: 1e-3, Cosine: true, Seed: seed}); err != nil {
					return nil, err
				}
				e, err := d.Error(b.o.Test, 8, linalg.NewRand(1000+seed))
				return []float64{e}, err
			})
			if err != nil {
				return err
			}
			found[fmt.Sprint(kind, history)] = f[0]
			row = append(row, f[0].String())
		}
		t.Rows = append(t.Rows, append(row, bounds[history]...))
	}
	for _, kind := range kinds {
		one, _ := found[kind+"1"].mean()
		three, _ := found[kind+"3"].mean()
		t.Notes = append(t.Notes, fmt.Sprintf("%s: the older frames change the error by %+.1f %%.", kind, 100*(three/one-1)))
	}
	t.Notes = append(t.Notes, "Noise standard deviations 1.2, 0.9 and 0.6 on the scale [-1, 1]. The bound is of the best linear predictor on Gaussian data of equal covariance; it needs four training images for each number of an image.")
	b.report.add(t)
	return nil
}

// linearBounds are the bounds of each kind, by the history: "-" where the images are too few to tell their covariance.
func (b *bench) linearBounds(kinds []string, spec func(kind string) pv.Spec) (map[int][]string, error) {
	out := map[int][]string{}
	for _, kind := range kinds {
		one, three := "-", "-"
		if b.o.Train.Dim(0) >= 4*b.h*b.w*b.c {
			nearest, all, err := pv.LinearBound(b.o.Train, spec(kind))
			if err != nil {
				return nil, err
			}
			one, three = fmt.Sprintf("%.4f", nearest), fmt.Sprintf("%.4f", all)
		}
		out[1], out[3] = append(out[1], one), append(out[3], three)
	}
	return out, nil
}
