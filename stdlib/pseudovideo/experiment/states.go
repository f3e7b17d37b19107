package experiment

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	pv "github.com/priorlab/priorlab/stdlib/pseudovideo"
)

// states is part B: a hierarchical VAE with supervised and with free states.
func (b *bench) states() error {
	const levels, evaluations = 8, 4000
	blurNoise := pv.Spec{Kind: pv.BlurNoise, Ladder: pv.Log(4, 0.3), Noise: pv.Log(0.3, 0.1), Frames: levels + 1}
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
		{"free, as many updates as the supervised arm", pv.Spec{}, levels * evaluations},
	}
	t := Table{Title: "B. Supervised against free intermediate states", Notes: b.captions(),
		Columns: append([]string{"states", "decoder evaluations", "optimiser updates", "parameters", "training multiply-adds per image"}, b.scoreNames()...)}
	var names []string
	var clf []figures
	var all [][]figures
	for _, a := range arms {
		var m *pv.HVAE
		var updates int
		f, err := b.seeds(fmt.Sprintf("B %s, %d", a.name, a.evaluations), func(seed uint64) ([]float64, error) {
			var err error
			if m, err = pv.NewHVAE(pv.HVAEConfig{Levels: levels, States: a.states, Seed: seed}, b.h, b.w, b.c); err != nil {
				return nil, err
			}
			updates = b.steps(a.evaluations / m.DecoderEvaluations())
			if err := m.Fit(b.ctx, b.o.Train, pv.TrainOptions{Steps: updates, Batch: 128, LR: 1e-3, Cosine: true, Seed: seed}); err != nil {
				return nil, err
			}
			x, err := m.Sample(b.ctx, b.samples(), linalg.NewRand(100+seed))
			if err != nil {
				return nil, err
			}
			return b.scores(x)
		})
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, append([]string{a.name, fmt.Sprint(updates * m.DecoderEvaluations()), fmt.Sprint(updates),
			fmt.Sprint(m.Parameters()), fmt.Sprintf("%.2g", float64(m.MACs()))}, texts(f)...))
		if a.evaluations == evaluations {
			names, clf = append(names, a.name), append(clf, f[0])
			all = append(all, f[:len(b.features)])
		}
	}
	t.Notes = append(t.Notes, verdict(fmt.Sprintf("%s at %d decoder evaluations", b.scoreNames()[0], b.steps(evaluations)), names, clf), agreement(b.scoreNames()[:len(b.features)], names, all),
		"A free model spends one decoder evaluation a level and image in each update, a supervised one a single evaluation: both counts are shown because they can order the arms differently.")
	b.report.add(t)
	return nil
}
