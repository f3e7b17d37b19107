package experiment

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	pv "github.com/priorlab/priorlab/stdlib/pseudovideo"
)

// tokens is part C: image against pseudo-video tokenizers, with the copy and the equal-bits control.
func (b *bench) tokens() error {
	k, strong, weak := b.size.tokens.Codes, 2*b.pixel(), 0.7*b.pixel()
	arms := []struct {
		name  string
		video pv.Spec
		codes int
		times int // training steps are multiplied by this
	}{
		{"image", pv.Spec{}, k, 1},
		{"2 frames, copies (control)", pv.Spec{Frames: 2, Kind: pv.Dup}, k, 1},
		{fmt.Sprintf("2 frames, blur sigma %.3g", strong), blurred(strong), k, 1},
		{fmt.Sprintf("2 frames, blur sigma %.3g", weak), blurred(weak), k, 1},
		{"image, equal bits (control)", pv.Spec{}, k * k, 1},
		{"image, equal multiply-adds (control)", pv.Spec{}, k, 2},
	}
	t := Table{Title: "C. Image against pseudo-video tokenizers", Notes: b.captions(),
		Columns: append([]string{"arm", "tokens", "bits", "parameters (tokenizer + prior)", "multiply-adds to train / to sample an image", "steps", "held-out error", "fd of reconstructions", "samples/s"}, b.scoreNames()...)}
	var names []string
	var mse, clf []figures
	var all [][]figures
	for _, a := range arms {
		k, p, err := b.models(a.video, a.codes, 0) // for the accounting
		if err != nil {
			return err
		}
		steps := [2]int{a.times * b.steps(b.size.tokenizer), a.times * b.steps(b.size.prior)}
		f, err := b.seeds("C "+a.name, func(seed uint64) ([]float64, error) {
			k, p, err := b.train(a.video, a.codes, steps, seed)
			if err != nil {
				return nil, err
			}
			y, _, err := k.Reconstruct(b.o.Test, linalg.NewRand(50+seed))
			if err != nil {
				return nil, err
			}
			e, _ := pv.Reconstruction(b.o.Test, y)
			fd, err := pv.Distance(b.features[0], b.o.Test, y)
			if err != nil {
				return nil, err
			}
			x, rate, err := b.perSecond(func() (*linalg.Tensor, error) {
				return pv.Generate(b.ctx, k, p, b.o.Samples, linalg.NewRand(100+seed), pv.TokenOptions{})
			})
			if err != nil {
				return nil, err
			}
			s, err := b.scores(x)
			return append([]float64{e, fd.Value, rate}, s...), err
		})
		if err != nil {
			return err
		}
		enc, dec := k.MACs()
		t.Rows = append(t.Rows, append([]string{a.name, fmt.Sprint(k.Tokens()), fmt.Sprintf("%.0f", k.Bits()),
			fmt.Sprintf("%d + %d", k.Parameters(), p.Parameters()), fmt.Sprintf("%.2g / %.2g", float64(enc+dec), float64(p.MACs()+dec)),
			fmt.Sprintf("%d + %d", steps[0], steps[1])}, texts(f)...))
		names, mse, clf = append(names, a.name), append(mse, f[0]), append(clf, f[3])
		all = append(all, f[3:3+len(b.features)])
	}
	t.Notes = append(t.Notes, verdict("Held-out error, all arms", names, mse), verdict("Held-out error at equal bits, copies against blur", names[1:4], mse[1:4]),
		verdict(b.scoreNames()[0]+" of samples", names, clf), agreement(b.scoreNames()[:len(b.features)], names, all),
		"Reconstruction improves with bits whatever the frames contain: compare the blurred arms with the copies and with the image at equal bits, not only with the image.")
	b.report.add(t)
	return nil
}

// blurred is a pseudo video of two frames.
func blurred(sigma float64) pv.Spec {
	return pv.Spec{Frames: 2, Kind: pv.Blur, Ladder: pv.Levels(sigma)}
}

// models are the laptop tokenizer and its prior, untrained.
func (b *bench) models(video pv.Spec, codes int, seed uint64) (*pv.Tokenizer, *pv.Prior, error) {
	cfg, over := b.size.tokens, b.size.follows
	cfg.Video, cfg.Codes, cfg.Seed, over.Seed = video, codes, seed, seed
	k, err := pv.NewTokenizer(cfg, b.h, b.w, b.c)
	if err != nil {
		return nil, nil, err
	}
	p, err := pv.NewPrior(over, k)
	return k, p, err
}

// train fits both.
func (b *bench) train(video pv.Spec, codes int, steps [2]int, seed uint64) (*pv.Tokenizer, *pv.Prior, error) {
	k, p, err := b.models(video, codes, seed)
	if err != nil {
		return nil, nil, err
	}
	if err := k.Fit(b.ctx, b.o.Train, pv.TrainOptions{Steps: steps[0], Batch: b.size.batch, LR: 1e-3, Cosine: true, Seed: seed}); err != nil {
		return nil, nil, err
	}
	return k, p, p.Fit(b.ctx, k, b.o.Train, pv.TrainOptions{Steps: steps[1], Batch: b.size.batch, LR: 1e-3, Cosine: true, WeightDecay: 0.01, Seed: seed})
}
