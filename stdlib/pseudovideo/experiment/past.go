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
	found := map[string]figures{}
	for _, history := range []int{1, 3} {
		name := map[int]string{1: "nearest frame only", 3: "all three frames"}[history]
		row := []string{name}
		var bounds []string
		for _, kind := range kinds {
			s := pv.Spec{Frames: 4, Kind: kind, Ladder: pv.Levels(1.2, 0.9, 0.6)}
			nearest, all, err := pv.LinearBound(b.o.Train, s)
			if err != nil {
				return err
			}
			f, err := b.seeds("A "+kind+", "+name, func(seed uint64) ([]float64, error) {
				d, err := pv.NewDenoiser(pv.DenoiserConfig{Video: s, History: history, Seed: seed}, b.h, b.w, b.c)
				if err != nil {
					return nil, err
				}
				if err := d.Fit(b.ctx, b.o.Train, pv.TrainOptions{Steps: b.steps(1500), Batch: 128, LR: 1e-3, Cosine: true, Seed: seed}); err != nil {
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
			bound := nearest
			if history == 3 {
				bound = all
			}
			bounds = append(bounds, fmt.Sprintf("%.4f", bound))
		}
		t.Rows = append(t.Rows, append(row, bounds...))
	}
	for _, kind := range kinds {
		one, _ := found[kind+"1"].mean()
		three, _ := found[kind+"3"].mean()
		t.Notes = append(t.Notes, fmt.Sprintf("%s: the older frames change the error by %+.1f %%.", kind, 100*(three/one-1)))
	}
	t.Notes = append(t.Notes, "Noise standard deviations 1.2, 0.9 and 0.6 on the scale [-1, 1]. The bound is of the best linear predictor on Gaussian data of equal covariance.")
	b.report.add(t)
	return nil
}
