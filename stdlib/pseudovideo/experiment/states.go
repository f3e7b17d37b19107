package experiment

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	pv "github.com/priorlab/priorlab/stdlib/pseudovideo"
)

// states is part B: a hierarchical VAE with supervised and with free states.
func (b *bench) states() error {
	const levels = 8
	evaluations := b.size.evaluations
	blurNoise := pv.Spec{Kind: pv.BlurNoise, Ladder: pv.Log(4*b.pixel(), 0.3*b.pixel()), Noise: pv.Log(0.3, 0.1), Frames: levels + 1}
	type arm struct {
		name        string
		states      pv.Spec
		evaluations int
	}
	arms := []arm{
		{"supervised by Gaussian corruption", pv.DiffusionStates(levels), evaluations},
		{"free", pv.Spec{}, evaluations},
		{"supervised by blur and independent noise", blurNoise, evaluations},
		{"supervised by Gaussian corruption", pv.DiffusionStates(levels), 3 * evaluations},
		{"free", pv.Spec{}, 3 * evaluations},
		{"supervised by Gaussian corruption, as many updates as the free arm", pv.DiffusionStates(levels), 3 * evaluations / levels},
	}
	t := Table{Title: "B. Supervised against free intermediate states", Notes: b.captions(),
		Columns: append([]string{"states", "decoder evaluations", "optimiser updates", "parameters", "training multiply-adds per image"}, b.scoreNames()...)}
	names, clf, all := map[int][]string{}, map[int][]figures{}, map[int][][]figures{} // by budget
	for _, a := range arms {
		build := func(seed uint64) (*pv.HVAE, error) {
			return pv.NewHVAE(pv.HVAEConfig{Levels: levels, States: a.states, Seed: seed}, b.h, b.w, b.c)
		}
		size, err := build(0)
		if err != nil {
			return err
		}
		updates := b.steps(a.evaluations / size.DecoderEvaluations())
		f, err := b.seeds(fmt.Sprintf("B %s, %d", a.name, a.evaluations), func(seed uint64) ([]float64, error) {
			m, err := build(seed)
			if err != nil {
				return nil, err
			}
			if err := m.Fit(b.ctx, b.o.Train, pv.TrainOptions{Steps: updates, Batch: b.size.statesBatch, LR: 1e-3, Cosine: true, Seed: seed}); err != nil {
				return nil, err
			}
			x, err := m.Sample(b.ctx, b.o.Samples, linalg.NewRand(100+seed))
			if err != nil {
				return nil, err
			}
			return b.scores(x)
		})
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, append([]string{a.name, fmt.Sprint(updates * size.DecoderEvaluations()), fmt.Sprint(updates),
			fmt.Sprint(size.Parameters()), fmt.Sprintf("%.2g", float64(size.MACs()))}, texts(f)...))
		n := a.evaluations
		names[n], clf[n], all[n] = append(names[n], a.name), append(clf[n], f[0]), append(all[n], f[:len(b.features)])
	}
	for _, n := range []int{evaluations, 3 * evaluations} {
		t.Notes = append(t.Notes, verdict(fmt.Sprintf("%s at %d decoder evaluations", b.scoreNames()[0], b.steps(n)), names[n], clf[n]),
			agreement(b.scoreNames()[:len(b.features)], names[n], all[n]))
	}
	t.Notes = append(t.Notes,
		"A free model spends one decoder evaluation a level and image in each update, a supervised one a single evaluation: both counts are shown because they can order the arms differently.")
	b.report.add(t)
	return nil
}
