package pseudovideo

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/linalg"
)

// tiny is a diffusion model small enough for finite differences.
func tiny(t *testing.T, frames int, variant string, change func(*DiffusionConfig)) *Diffusion {
	t.Helper()
	cfg := DiffusionConfig{Video: Spec{Frames: frames, Kind: Blur, Ladder: Linear(1)}, Steps: 20, LearnSigma: true, Loss: "hybrid",
		UNet:      UNetConfig{Width: 4, Multiples: []int{1, 2}, Blocks: 1, Attention: []int{2}, Groups: 2, Heads: 2, Variant: variant},
		Precision: linalg.F64, Seed: 3}
	if change != nil {
		change(&cfg)
	}
	d, err := NewDiffusion(cfg, 4, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func shake(d *Diffusion, seed uint64) {
	rng := linalg.NewRand(seed)
	for _, p := range d.Params() {
		p.Value.Set(p.Value.Add(linalg.Normal(rng, p.Value.DType(), p.Value.Shape()...).MulS(0.2)))
	}
}

func TestOneFrameIsTheImageModel(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 3, 1, 4, 4, 1)
	var want []float64
	count := 0
	for _, v := range []string{Stacked, Factorised, Inflate3D} {
		d := tiny(t, 1, v, nil)
		shake(d, 4)
		got := d.net.forward(x, []float64{0, 300, 900}, nil).Float64s()
		if want == nil {
			want, count = got, d.Parameters()
		}
		if d.Parameters() != count {
			t.Errorf("%s with one frame has %d parameters, the image model %d", v, d.Parameters(), count)
		}
		near(t, v, got, want, 0)
	}
}

func TestUntrainedFactorisedEqualsTheImageModelPerFrame(t *testing.T) {
	video, img := tiny(t, 3, Factorised, nil), tiny(t, 1, Factorised, nil)
	shake(img, 5)
	byName := map[string]*linalg.Tensor{}
	for _, p := range img.Params() {
		byName[p.Name] = p.Value
	}
	extra := 0
	for _, p := range video.Params() {
		if v, ok := byName[p.Name]; ok {
			p.Value.Set(v)
		} else if extra++; !strings.Contains(p.Name, ".time.") {
			t.Errorf("parameter %s has no counterpart in the image model", p.Name)
		}
	}
	if extra == 0 {
		t.Fatal("the factorised model has no parameters of its own")
	}
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 2, 3, 4, 4, 1)
	got := video.net.forward(x, []float64{100, 700}, nil)
	for f := range 3 {
		want := img.net.forward(x.Slice(1, f, f+1), []float64{100, 700}, nil)
		near(t, "frame", got.Slice(1, f, f+1).Float64s(), want.Float64s(), 1e-12)
	}
	// and once the projections move, frames see one another
	shake(video, 6)
	a := video.net.forward(x, []float64{100, 700}, nil).Slice(1, 2, 3).Float64s()
	y := linalg.Concat(1, x.Slice(1, 0, 1).AddS(1), x.Slice(1, 1, 3))
	if b := video.net.forward(y, []float64{100, 700}, nil).Slice(1, 2, 3).Float64s(); equal(a, b) {
		t.Error("changing the first frame leaves the last one's output as it was")
	}
}

func TestFrameOrderMatters(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 1, 3, 4, 4, 1)
	swapped := linalg.Concat(1, x.Slice(1, 1, 2), x.Slice(1, 0, 1), x.Slice(1, 2, 3))
	for _, v := range []string{Stacked, Factorised, Inflate3D} {
		d := tiny(t, 3, v, nil)
		shake(d, 7)
		a := d.net.forward(x, []float64{100}, nil).Slice(1, 2, 3).Float64s()
		if b := d.net.forward(swapped, []float64{100}, nil).Slice(1, 2, 3).Float64s(); equal(a, b) {
			t.Errorf("%s: the last frame does not notice that earlier frames changed places", v)
		}
	}
}

// With patches the network is the one for smaller pictures whose channels are the squares' pixels.
func TestPatchesAreChannels(t *testing.T) {
	for _, v := range []string{Stacked, Factorised, Inflate3D} {
		cfg := DiffusionConfig{Video: Spec{Frames: 2, Kind: Dup}, LearnSigma: true, Precision: linalg.F64, Seed: 3,
			UNet: UNetConfig{Width: 4, Multiples: []int{1, 2}, Blocks: 1, Attention: []int{2}, Groups: 2, Variant: v}}
		small, err := NewDiffusion(cfg, 4, 4, 12)
		if err != nil {
			t.Fatal(err)
		}
		cfg.UNet.Patch = 2
		large, err := NewDiffusion(cfg, 8, 8, 3)
		if err != nil {
			t.Fatal(err)
		}
		shake(small, 4)
		shake(large, 4)
		if small.Parameters() != large.Parameters() || small.MACs() != large.MACs() {
			t.Errorf("%s: %d parameters and %d multiply-adds, with patches %d and %d", v, small.Parameters(), small.MACs(), large.Parameters(), large.MACs())
		}
		x := linalg.Normal(linalg.NewRand(1), linalg.F64, 3, 2, 8, 8, 3)
		xs := x.Float64s()
		folded := make([]float64, len(xs))
		place := func(q int) (frame, square, within, colour int) { // of number q of x
			c, col, row := q%3, q/3%8, q/24%8
			return q / 192, row/2*4 + col/2, row%2*2 + col%2, c
		}
		for q := range xs {
			f, s, i, c := place(q)
			folded[(f*16+s)*12+i*3+c] = xs[q]
		}
		times := []float64{0, 300, 900}
		want := small.net.forward(linalg.FromFloat64(folded, 3, 2, 4, 4, 12), times, nil).Float64s()
		got := large.net.forward(x, times, nil).Float64s()
		for q := range xs {
			f, s, i, c := place(q)
			for o := range 2 { // noise, and v
				if g, w := got[q/3*6+o*3+c], want[(f*16+s)*24+o*12+i*3+c]; g != w {
					t.Fatalf("%s: output %d of number %d is %g, %g without patches", v, o, q, g, w)
				}
			}
		}
	}
}

func TestDiffusionLossGradients(t *testing.T) {
	for name, change := range map[string]func(*DiffusionConfig){
		"hybrid": nil,
		"simple": func(c *DiffusionConfig) { c.Loss, c.LearnSigma = "simple", false },
		"bound":  func(c *DiffusionConfig) { c.Loss = "bound" },
		"weighted frames": func(c *DiffusionConfig) {
			c.FrameWeights = []float64{1, 3}
		},
	} {
		for _, variant := range []string{Stacked, Factorised, Inflate3D} {
			d := tiny(t, 2, variant, change)
			shake(d, 8)
			rng := linalg.NewRand(9)
			v := linalg.Normal(rng, linalg.F64, 3, 2, 4, 4, 1).MulS(0.4)
			noise := linalg.Normal(rng, linalg.F64, 3, 2, 4, 4, 1)
			at := func() float64 {
				l, _ := d.lossAt(v, noise, []int{0, 7, 19}, []float64{1, 1, 1}, nil)
				return l.Item()
			}
			// in the hybrid loss eps is a constant inside the bound, so compare the gradient only where that cannot matter
			loss, _ := d.lossAt(v, noise, []int{0, 7, 19}, []float64{1, 1, 1}, nil)
			loss.Backward()
			if d.Config.Loss == "hybrid" {
				continue
			}
			for i, p := range d.Params() {
				if (i+len(name)+len(variant))%3 != 0 { // the cases take turns
					continue
				}
				g, k := p.Value.Grad().Float64s(), p.Value.Len()/2
				old := p.Value.Float64s()
				const h = 1e-5
				set := func(e float64) {
					moved := append([]float64(nil), old...)
					moved[k] += e
					p.Value.Set(linalg.FromFloat64(moved, p.Value.Shape()...))
				}
				set(h)
				up := at()
				set(-h)
				down := at()
				set(0)
				if want := (up - down) / (2 * h); math.Abs(g[k]-want) > 1e-5*max(1, math.Abs(want)) {
					t.Errorf("%s, %s, %s: gradient %.8g, differences give %.8g", name, variant, p.Name, g[k], want)
				}
			}
		}
	}
}

// The bound must not move the noise estimate: with the hybrid loss, the gradient of the output's noise half is that of
// the simple loss.
func TestGoldenHybridOnTensors(t *testing.T) {
	for _, c := range golden(t, "diffusion") {
		if c.Op != "hybrid_loss" {
			continue
		}
		x0, steps := num(t, c.Inputs, "x0"), num(t, c.Inputs, "t").ints()
		sh := x0.Shape
		if len(sh) == 4 {
			sh = []int{sh[0], sh[1], 1, sh[2], sh[3]}
		}
		s, _ := NewSchedule(value[string](t, c.Inputs, "schedule"), value[int](t, c.Inputs, "steps"))
		d := &Diffusion{Schedule: s, H: sh[3], W: sh[4], C: sh[1], net: &unet{outC: 2}, weights: make([]float64, sh[2])}
		d.Config.Loss, d.Config.Video.Frames = "hybrid", sh[2]
		for f := range d.weights {
			d.weights[f] = 1
		}
		last := func(key string) *linalg.Tensor {
			return lastChannels(linalg.FromFloat64(num(t, c.Inputs, key).Data, sh...))
		}
		out := linalg.Param(linalg.Concat(4, last("eps"), last("v")))
		one := make([]float64, len(steps))
		for i := range one {
			one[i] = 1
		}
		loss, parts := d.compare(out, last("x0").Float64s(), last("xt").Float64s(), last("noise").Float64s(), steps, one)
		want := num(t, c.Expected, "hybrid").Data
		near(t, "loss", []float64{loss.Item(), parts.Total}, []float64{sumOf(want) / float64(len(want)), sumOf(want) / float64(len(want))}, 1e-10)
		loss.Backward()
		g := firstChannels(out.Grad())
		near(t, "gradient of eps", g.Slice(1, 0, sh[1]).Float64s(), num(t, c.Expected, "grad_eps_of_mean").Data, 1e-9)
		near(t, "gradient of v", g.Slice(1, sh[1], 2*sh[1]).Float64s(), num(t, c.Expected, "grad_v_of_mean").Data, 1e-9)
	}
}

func TestDiffusionOverfits(t *testing.T) {
	x := linalg.Uniform(linalg.NewRand(1), linalg.F32, 16, 1, 4, 4).Greater(linalg.Full(linalg.F32, 0.5)).To(linalg.F32).MulS(2).AddS(-1)
	d := tiny(t, 2, Stacked, func(c *DiffusionConfig) {
		c.Precision, c.Loss, c.LearnSigma, c.UNet.Width, c.UNet.Groups = linalg.F32, "simple", false, 16, 4
		c.Video.Ladder = Linear(0.5)
	})
	var first, last float64
	o := TrainOptions{Steps: 500, Batch: 16, LR: 4e-3, Cosine: true, Every: 1, Watch: func(p Progress) {
		if p.Step == 1 {
			first = p.Loss
		}
		last = 0.95*last + 0.05*p.Loss
	}}
	if err := d.Fit(context.Background(), x, o); err != nil {
		t.Fatal(err)
	}
	if last > first/10 {
		t.Errorf("loss %.4f at first, %.4f at the end: less than ten times lower", first, last)
	}
}

func TestTrainingGoesOnAfterAnInterruptAsIfThereWasNone(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 10, 1, 4, 4)
	o := TrainOptions{Steps: 6, Batch: 4, Seed: 5, Average: 0.9}
	whole, parts := tiny(t, 2, Stacked, nil), tiny(t, 2, Stacked, nil)
	if err := whole.Fit(context.Background(), x, o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := o
	p.Every, p.Watch = 3, func(p Progress) { cancel() }
	err := parts.Fit(ctx, x, p)
	if !errors.Is(err, context.Canceled) || parts.Trained() != 3 || !strings.Contains(err.Error(), "3 of 6") {
		t.Fatalf("after cancelling: %v, %d steps", err, parts.Trained())
	}
	if err := parts.Fit(context.Background(), x, o); err != nil {
		t.Fatal(err)
	}
	for i, w := range whole.Params() {
		near(t, w.Name, parts.Params()[i].Value.Float64s(), w.Value.Float64s(), 0)
	}
	a, err := whole.Sample(context.Background(), 3, linalg.NewRand(2), SampleOptions{Steps: 5})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := parts.Sample(context.Background(), 3, linalg.NewRand(2), SampleOptions{Steps: 5})
	near(t, "samples", b.Float64s(), a.Float64s(), 0)
}

func TestSamplesDoNotDependOnThreads(t *testing.T) {
	d := tiny(t, 2, Factorised, func(c *DiffusionConfig) { c.Precision = linalg.F32 })
	shake(d, 3)
	sample := func(threads int) []float64 {
		old := linalg.Threads()
		linalg.SetThreads(threads)
		defer linalg.SetThreads(old)
		v, err := d.SampleVideos(context.Background(), 5, linalg.NewRand(2), SampleOptions{Steps: 4, DDIM: true, Eta: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		sameInts(t, "shape", v.Shape(), []int{5, 1, 2, 4, 4})
		return v.Float64s()
	}
	near(t, "two threads", sample(2), sample(1), 0)
}

func TestSamplingShowsItsWayAndStopsWhenAsked(t *testing.T) {
	d := tiny(t, 2, Stacked, nil)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	seen := 0
	x, err := d.Sample(ctx, 2, linalg.NewRand(1), SampleOptions{Every: 5, Watch: func(step int, x, x0 *linalg.Tensor) {
		seen++
		sameInts(t, "shape", x0.Shape(), []int{2, 1, 2, 4, 4})
		if hi := x0.MaxOver().Item(); hi > 1 {
			t.Errorf("an estimate of %g for a blurred frame", hi)
		}
	}})
	if err != nil || seen != 4 {
		t.Fatalf("%v, watched %d times", err, seen)
	}
	if x.MaxOver().Item() > 1 || x.MinOver().Item() < -1 {
		t.Error("samples leave [-1, 1]")
	}
	cancel()
	if _, err := d.Sample(ctx, 2, linalg.NewRand(1), SampleOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("sampling after cancel: %v", err)
	}
}

func TestStandardisedFrames(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 20, 1, 4, 4).MulS(0.3).AddS(0.2)
	d := tiny(t, 2, Stacked, func(c *DiffusionConfig) { c.Standardise = true; c.Video.Ladder = Linear(3) })
	if err := d.measure(x, nil); err != nil {
		t.Fatal(err)
	}
	v, err := d.videos(x, nil)
	if err != nil {
		t.Fatal(err)
	}
	for f := range 2 {
		px := v.Select(1, f).Float64s()
		if m, s := sumOf(px)/float64(len(px)), spread(px); math.Abs(m) > 1e-10 || math.Abs(s-1) > 1e-10 {
			t.Errorf("frame %d has mean %g and spread %g", f, m, s)
		}
	}
	plain, _ := Build(x, d.Config.Video, nil)
	near(t, "undone", d.public(v).Float64s(), plain.Float64s(), 1e-12)
}

func TestDiffusionErrors(t *testing.T) {
	ok := DiffusionConfig{UNet: UNetConfig{Width: 4, Multiples: []int{1, 2}, Blocks: 1}}
	for part, change := range map[string]func(*DiffusionConfig){
		"set LearnSigma":      func(c *DiffusionConfig) { c.Loss = "hybrid" },
		"loss \"best\"":       func(c *DiffusionConfig) { c.Loss = "best" },
		"variant \"flat\"":    func(c *DiffusionConfig) { c.UNet.Variant = "flat" },
		"patches of 3 cannot": func(c *DiffusionConfig) { c.UNet.Patch = 3 },
		"divisible by 8":      func(c *DiffusionConfig) { c.UNet.Multiples = []int{1, 1, 1, 1} },
		"frame weights":       func(c *DiffusionConfig) { c.FrameWeights = []float64{1, 2} },
		"more than 20 steps":  func(c *DiffusionConfig) { c.Schedule, c.Steps = "linear", 10 },
	} {
		c := ok
		change(&c)
		if _, err := NewDiffusion(c, 4, 4, 1); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want one with %q", err, part)
		}
	}
	d := tiny(t, 1, Stacked, nil)
	if err := d.Fit(context.Background(), linalg.Zeros(linalg.F64, 3, 3, 4, 4), TrainOptions{Steps: 1}); err == nil || !strings.Contains(err.Error(), "[N, 1, 4, 4]") {
		t.Errorf("colour images for a grey model: %v", err)
	}
	if _, err := d.Sample(context.Background(), 0, linalg.NewRand(1), SampleOptions{}); err == nil {
		t.Error("no samples were sampled")
	}
}

func TestMACsFollowTheForwardPass(t *testing.T) {
	// one frame, one level, no attention in blocks: counted by hand
	d, err := NewDiffusion(DiffusionConfig{UNet: UNetConfig{Width: 8, Multiples: []int{1}, Blocks: 1, Groups: 4}}, 4, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	const p, c = 16, 8
	res := func(in int64) int64 {
		skip := int64(0)
		if in != c {
			skip = p * in * c
		}
		return p*9*in*c + p*9*c*c + 32*16 + skip
	}
	want := int64(p*9*c) + res(8) + 2*res(8) + (4*p*c*c + 2*p*p*c) + 2*res(16) + p*9*c
	if got := d.MACs(); got != want {
		t.Errorf("%d multiply-adds, by hand %d", got, want)
	}
}
