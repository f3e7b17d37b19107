package pseudovideo

import (
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

func TestGoldenBlurAndFrames(t *testing.T) {
	seen := 0
	for _, c := range golden(t, "blur_frames") {
		t.Run(c.Name, func(t *testing.T) {
			seen++
			in, want := c.Inputs, c.Expected
			switch c.Op {
			case "gaussian_kernel":
				got := gaussianKernel(value[float64](t, in, "sigma"), value[int](t, in, "radius"))
				near(t, "kernel", got, num(t, want, "weights").Data, 1e-12)
			case "gaussian_blur":
				x := num(t, in, "x")
				blur(x.Data, x.Shape[2], x.Shape[3], value[float64](t, in, "sigma"), -1, value[string](t, in, "mode"))
				near(t, "blur", x.Data, num(t, want, "y").Data, 1e-10)
			case "heat_blur":
				x := num(t, in, "x")
				heat(x.Data, x.Shape[2], x.Shape[3], value[float64](t, in, "sigma"))
				near(t, "heat", x.Data, num(t, want, "y").Data, 1e-10)
			case "blur_sigmas":
				l := Ladder{Rule: value[string](t, in, "rule"), Max: value[float64](t, in, "sigma_max"), Min: value[float64](t, in, "sigma_min")}
				got, err := l.Values(value[int](t, in, "frames"))
				if err != nil {
					t.Fatal(err)
				}
				near(t, "ladder", got, num(t, want, "sigmas").Data, 1e-12)
			case "frames_blur":
				framesCase(t, c, Blur, num(t, in, "sigmas").Data, nil)
			case "frames_markov_noise":
				framesCase(t, c, NoiseMarkov, num(t, in, "stds").Data, num(t, in, "noise").Data)
			case "frames_independent_noise":
				framesCase(t, c, NoiseIndependent, num(t, in, "stds").Data, num(t, in, "noise").Data)
			case "posterior_variance":
				p, err := WhatThePastKnows("noise-"+value[string](t, in, "kind"), value[float64](t, in, "prior_variance"), num(t, in, "stds").Data...)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "all", []float64{p.All, p.Nearest, p.Nats}, []float64{value[float64](t, want, "given_all_frames"),
					value[float64](t, want, "given_nearest_frame"), value[float64](t, want, "extra_information_nats")}, 1e-10)
			default:
				t.Fatalf("operation %q is not compared with anything", c.Op)
			}
		})
	}
	if seen != 26 {
		t.Fatalf("%d cases compared, the file has 26", seen)
	}
}

// stored hands out given noise [N, C, F-1, H, W] frame by frame, from the last to the first.
type stored struct {
	noise        []float64
	planes, f, p int // N*C, F-1, H*W
}

func (s *stored) FillNormal(dst []float64) {
	s.f--
	for i := range s.planes {
		frames := len(s.noise) / s.planes / s.p
		copy(dst[i*s.p:(i+1)*s.p], s.noise[(i*frames+s.f)*s.p:])
	}
}

func (s *stored) FillUniform([]float64) { panic("not stored") }

// framesCase compares constructed frames with the golden video.
func framesCase(t *testing.T, c goldenCase, kind string, levels, noise []float64) {
	x, want := num(t, c.Inputs, "x"), num(t, c.Expected, "video")
	s := Spec{Frames: len(levels), Kind: kind, Ladder: Levels(levels...)}
	planes, p := x.Shape[0]*x.Shape[1], x.Shape[2]*x.Shape[3]
	v := buildFrames(x.Data, x.Shape[1], x.Shape[2], x.Shape[3], s, &stored{noise, planes, len(levels) - 1, p})
	got := make([]float64, 0, len(want.Data))
	for i := range planes {
		for f := range levels {
			got = append(got, v[f][i*p:(i+1)*p]...)
		}
	}
	near(t, kind, got, want.Data, 1e-10)
}

// everySpec is a usable description of every kind, F frames long.
func everySpec(f int) []Spec {
	out := []Spec{}
	for _, k := range Kinds() {
		s := Spec{Frames: f, Kind: k, Ladder: Linear(1.5)}
		switch k {
		case VPMarkov, VPIndependent, MaskIndependent:
			s.Ladder, s.Patch, s.Fill = Linear(0.8), 2, -1
		case BlurNoise, BlurNoiseMarkov:
			s.Noise = Linear(0.5)
		case Down:
			s.Ladder = Linear(4)
		case Compose:
			s.Parts = []Spec{{Kind: Heat, Ladder: Linear(1)}, {Kind: MaskIndependent, Ladder: Linear(0.5)}}
		}
		out = append(out, s)
	}
	return append(out, Spec{Frames: f, Kind: Blur, Ladder: Log(4, 0.5), Jitter: 0.01, Boundary: Circular})
}

func TestLastFrameIsTheImageForEveryKind(t *testing.T) {
	for _, dt := range []linalg.DType{linalg.F32, linalg.F64} {
		x := linalg.Normal(linalg.NewRand(3), dt, 2, 3, 7, 5)
		for _, f := range []int{1, 2, 4} {
			for _, s := range everySpec(f) {
				v, err := Build(x, s, linalg.NewRand(7))
				if err != nil {
					t.Fatalf("%v: %v", s, err)
				}
				near(t, s.Kind, v.Select(2, f-1).Float64s(), x.Float64s(), 0)
				again, _ := Build(x, s, linalg.NewRand(7))
				near(t, s.Kind+" again", again.Float64s(), v.Float64s(), 0)
				other, _ := Build(x, s, linalg.NewRand(8))
				if differs := !equal(other.Float64s(), v.Float64s()); differs != s.Random() {
					t.Errorf("%v: another seed changes the frames: %v, Random says %v", s, differs, s.Random())
				}
				if f > 1 && s.Kind != Dup && equal(v.Select(2, 0).Float64s(), x.Float64s()) {
					t.Errorf("%v: the first frame is the image", s)
				}
			}
		}
	}
}

func equal(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// The direct reading of the definitions, as slow as they come: a sum over the kernel for every pixel.
func TestFoldedFilterEqualsDirectSum(t *testing.T) {
	const n = 8
	x := make([]float64, n)
	linalg.NewRand(1).FillNormal(x)
	for _, rule := range []string{Symmetric, Mirror, Circular, Replicate} {
		for _, sigma := range []float64{0.3, 1, 3, 9} {
			k := gaussianKernel(sigma, -1)
			r := len(k) / 2
			f := kernelFilter(k, n, rule)
			for i := range n {
				direct, folded := 0.0, 0.0
				for j := -r; j <= r; j++ {
					direct += k[j+r] * x[boundaryIndex(i+j, n, rule)]
				}
				for q, p := range f.at[i] {
					folded += f.w[i][q] * x[p]
				}
				if math.Abs(direct-folded) > 1e-13 {
					t.Fatalf("%s, sigma %g, pixel %d: %g and %g", rule, sigma, i, direct, folded)
				}
				if len(f.at[i]) > n {
					t.Fatalf("%s: a row of %d entries for %d pixels", rule, len(f.at[i]), n)
				}
			}
		}
	}
}

// The two noise kinds differ in nothing but how frames hang together: equal variance in each frame, uncorrelated
// increments along the Markov chain, uncorrelated noise in the independent one.
func TestMarkovAndIndependentNoiseStatistics(t *testing.T) {
	const n = 40000
	x := make([]float64, n)
	linalg.NewRand(1).FillNormal(x)
	stds := []float64{1.2, 0.9, 0.6}
	se := 4 / math.Sqrt(n)
	frames := map[string][][]float64{}
	for _, kind := range []string{NoiseMarkov, NoiseIndependent} {
		v := buildFrames(x, 1, 1, n, Spec{Frames: 4, Kind: kind, Ladder: Levels(stds...)}, linalg.NewRand(5))
		for f, s := range stds {
			e := diff(v[f], x)
			if got := corr(e, e, false); math.Abs(got-s*s) > s*s*1.5*se {
				t.Errorf("%s frame %d: noise variance %.4f, want %.4f", kind, f, got, s*s)
			}
		}
		frames[kind] = v
	}
	m, d := frames[NoiseMarkov], frames[NoiseIndependent]
	pairs := map[string][2][]float64{
		"increments of the chain":         {diff(m[0], m[1]), diff(m[1], m[2])},
		"increment and the frame it left": {diff(m[0], m[1]), diff(m[1], x)},
		"independent noises":              {diff(d[0], x), diff(d[1], x)},
	}
	for what, p := range pairs {
		if r := corr(p[0], p[1], true); math.Abs(r) > se {
			t.Errorf("%s are correlated: %.4f (four standard errors are %.4f)", what, r, se)
		}
	}
	if r := corr(diff(m[0], x), diff(m[1], x), true); math.Abs(r-0.75) > se { // 0.9/1.2
		t.Errorf("noise of neighbouring Markov frames correlates %.4f, want 0.75", r)
	}
}

func TestMasksLosePatchesOfAllColours(t *testing.T) {
	x := linalg.Ones(linalg.F32, 200, 3, 4, 4)
	v, err := Build(x, Spec{Frames: 2, Kind: MaskIndependent, Ladder: Levels(0.3), Patch: 2, Fill: -1}, linalg.NewRand(1))
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for n := range 200 {
		for c := range 3 {
			for p := range 16 {
				got := v.At(n, c, 0, p/4, p%4)
				if first := v.At(n, 0, 0, p/8*2, p%4/2*2); got != first {
					t.Fatalf("image %d, colour %d, pixel %d is %g, the first of its patch %g", n, c, p, got, first)
				}
				if got == -1 {
					lost++
				}
			}
		}
	}
	if share := float64(lost) / (200 * 48); math.Abs(share-0.3) > 0.06 {
		t.Errorf("a share of %.3f was lost, want 0.3", share)
	}
}

func TestVariancePreservingKinds(t *testing.T) {
	const n = 40000
	x := make([]float64, n)
	linalg.NewRand(1).FillNormal(x)
	for _, kind := range []string{VPMarkov, VPIndependent} {
		v := buildFrames(x, 1, 1, n, Spec{Frames: 4, Kind: kind, Ladder: Levels(0.9, 0.5, 0.2)}, linalg.NewRand(2))
		for f, lost := range []float64{0.9, 0.5, 0.2} {
			if got := corr(v[f], v[f], false); math.Abs(got-1) > 0.03 {
				t.Errorf("%s frame %d: variance %.3f, want 1", kind, f, got)
			}
			if got, want := corr(v[f], x, true), math.Sqrt(1-lost); math.Abs(got-want) > 0.02 {
				t.Errorf("%s frame %d: correlation with the image %.3f, want %.3f", kind, f, got, want)
			}
		}
		// partial correlation of x and frame 0 given frame 1: zero only along a chain
		r01, r0x, r1x := corr(v[0], v[1], true), corr(v[0], x, true), corr(v[1], x, true)
		partial := (r0x - r01*r1x) / math.Sqrt((1-r01*r01)*(1-r1x*r1x))
		if chained := math.Abs(partial) < 0.02; chained != (kind == VPMarkov) {
			t.Errorf("%s: partial correlation of image and frame 0 given frame 1 is %.3f", kind, partial)
		}
	}
}

func diff(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d
}

// corr is the correlation, or the raw second moment if not normalised.
func corr(a, b []float64, normalised bool) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab, aa, bb = ab+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	if !normalised {
		return ab / float64(len(a))
	}
	return ab / math.Sqrt(aa*bb)
}

func TestHeatKeepsTheMeanAndBlurIsASemigroup(t *testing.T) {
	x := make([]float64, 8*8)
	linalg.NewRand(4).FillNormal(x)
	y := append([]float64(nil), x...)
	heat(y, 8, 8, 2.5)
	if math.Abs(sum(x)-sum(y)) > 1e-12 {
		t.Errorf("heat changed the sum from %g to %g", sum(x), sum(y))
	}
	z := append([]float64(nil), x...)
	heat(z, 8, 8, 1.5)
	heat(z, 8, 8, 2)
	near(t, "heat 1.5 then 2 equals 2.5", z, y, 1e-12)
}

func TestPublishedCorruptions(t *testing.T) {
	x := linalg.Uniform(linalg.NewRand(5), linalg.F64, 2, 3, 16, 16)
	one := x.Slice(0, 0, 1).Slice(1, 0, 1).Float64s() // one plane
	frame := func(name string, frames, f int) []float64 {
		s, err := Published(name, frames)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Build(x, s, linalg.NewRand(1))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return v.Select(2, f).Slice(0, 0, 1).Slice(1, 0, 1).Float64s()
	}
	after := func(n, radius int, boundary string, sigma func(i int) float64) []float64 {
		y := append([]float64(nil), one...)
		for i := range n {
			blur(y, 16, 16, sigma(i), radius, boundary)
		}
		return y
	}
	rising := func(i int) float64 { return 0.35 + float64(i)/100 }
	near(t, "all 50 blurs", frame("cold-cifar10", 6, 0), after(50, 5, Mirror, rising), 1e-12)
	near(t, "the first 10 of 50", frame("cold-cifar10", 6, 4), after(10, 5, Mirror, rising), 1e-12)
	near(t, "15 of 20 equal ones", frame("cold-mnist", 5, 1), after(15, 5, Mirror, func(int) float64 { return 7 }), 1e-12)
	near(t, "100 of 300", frame("cold-celeba128", 4, 2), after(100, 13, Circular, func(i int) float64 { return math.Exp(0.01 * float64(i)) }), 1e-12)
	for _, v := range frame("cold-celeba128", 4, 0) {
		if math.Abs(v-sum(one)/256) > 1e-12 {
			t.Fatalf("frame 0 has %g, the mean colour is %g", v, sum(one)/256)
		}
	}
	for name, want := range map[string]string{"heat-cifar10": NotFirstOrder, "heat-mnist": NotFirstOrder, "cold-cifar10": Deterministic, "cold-mnist": Deterministic, "cold-celeba128": Deterministic} {
		for _, f := range []int{1, 2, 5} {
			s, err := Published(name, f)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(); err != nil || s.F() != f || f == 5 && s.Order() != want {
				t.Errorf("%s with %d frames: %v (%v)", name, f, s, err)
			}
		}
	}
	if s, _ := Published("heat-mnist", 3); math.Abs(s.Ladder.Levels[0]-20) > 1e-9 || math.Abs(s.Ladder.Levels[1]-math.Sqrt(20*0.5)) > 0.1 { // half way, geometrically
		t.Errorf("levels %v", s.Ladder.Levels)
	}
	if s := (Spec{Frames: 3, Kind: BlurIterated, Ladder: Linear(1)}); s.String() != "3 frames, blur-iterated 1.41 1 0, deterministic first-order" {
		t.Error(s.String())
	}
	if _, err := Published("hot", 3); err == nil || !strings.Contains(err.Error(), "cold-cifar10, cold-mnist") {
		t.Error(err)
	}
	if _, err := Published("cold-mnist", 0); err == nil {
		t.Error("no frames were given")
	}
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

func TestOrder(t *testing.T) {
	three := Linear(1)
	cases := []struct {
		s    Spec
		want string
	}{
		{Spec{Frames: 1, Kind: NoiseIndependent, Ladder: three}, Deterministic},
		{Spec{Frames: 2, Kind: NoiseIndependent, Ladder: three}, FirstOrder},
		{Spec{Frames: 3, Kind: NoiseIndependent, Ladder: three}, NotFirstOrder},
		{Spec{Frames: 3, Kind: NoiseMarkov, Ladder: three}, FirstOrder},
		{Spec{Frames: 3, Kind: VPMarkov, Ladder: three}, FirstOrder},
		{Spec{Frames: 3, Kind: VPIndependent, Ladder: three}, NotFirstOrder},
		{Spec{Frames: 3, Kind: Blur, Ladder: three}, Deterministic},
		{Spec{Frames: 3, Kind: Blur, Ladder: three, Jitter: 0.01}, NotFirstOrder},
		{Spec{Frames: 3, Kind: Heat, Ladder: three}, Deterministic},
		{Spec{Frames: 3, Kind: Dup}, Deterministic},
		{Spec{Frames: 3, Kind: Junk}, FirstOrder},
		{Spec{Frames: 3, Kind: MaskIndependent, Ladder: three}, NotFirstOrder},
		{Spec{Frames: 3, Kind: BlurNoise, Ladder: three, Noise: three}, NotFirstOrder},
		{Spec{Frames: 3, Kind: BlurNoiseMarkov, Ladder: three, Noise: three}, FirstOrder},
		{Spec{Frames: 3, Kind: Down, Ladder: Levels(4, 2)}, Deterministic},
		{Spec{Frames: 3, Kind: Down, Ladder: Levels(3, 2)}, NotFirstOrder},
		{Spec{Frames: 3, Kind: Compose, Parts: []Spec{{Kind: NoiseMarkov, Ladder: three}, {Kind: Heat, Ladder: three}}}, FirstOrder},
		{Spec{Frames: 3, Kind: Compose, Parts: []Spec{{Kind: Heat, Ladder: three}, {Kind: NoiseMarkov, Ladder: three}}}, NotFirstOrder},
		{Spec{Frames: 3, Kind: Compose, Parts: []Spec{{Kind: Heat, Ladder: three}, {Kind: Blur, Ladder: three}}}, Deterministic},
	}
	for _, c := range cases {
		if err := c.s.Check(); err != nil {
			t.Fatal(err)
		}
		if got := c.s.Order(); got != c.want {
			t.Errorf("%v: %q, want %q", c.s, got, c.want)
		}
		if !strings.HasSuffix(c.s.String(), c.want) && c.s.F() > 1 {
			t.Errorf("%q does not end with its order", c.s.String())
		}
	}
}

func TestSpecErrorsSayWhatToDo(t *testing.T) {
	cases := map[string]Spec{
		"kind \"smear\"":           {Frames: 2, Kind: "smear", Ladder: Linear(1)},
		"boundary \"wrap\"":        {Frames: 2, Boundary: "wrap"},
		"2 levels given for 4":     {Frames: 4, Ladder: Levels(2, 1)},
		"exceeds level":            {Frames: 3, Ladder: Levels(1, 2)},
		"ladder rule \"cubic\"":    {Frames: 3, Ladder: Ladder{Rule: "cubic"}},
		"levels lie in [0, 1]":     {Frames: 3, Kind: VPMarkov, Ladder: Linear(2)},
		"at least one kind":        {Frames: 3, Kind: Compose},
		"part 0":                   {Frames: 3, Kind: Compose, Parts: []Spec{{Kind: "smear"}}},
		"-1 frames":                {Frames: -1},
		"two positive levels":      {Frames: 3, Ladder: Log(0, 1)},
		"must not be negative":     {Frames: 3, Jitter: -1},
		"deviation -1":             {Frames: 3, Kind: BlurIterated, Blurs: []float64{1, -1}},
		"a list of levels does no": {Frames: 3, Kind: BlurIterated, Ladder: Levels(2, 1)},
	}
	for part, s := range cases {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%+v: error %v, want one with %q", s, err, part)
		}
	}
	x := linalg.Zeros(linalg.F32, 2, 3)
	if _, err := Build(x, Spec{}, nil); err == nil || !strings.Contains(err.Error(), "[2 3]") {
		t.Errorf("a matrix was taken for images: %v", err)
	}
	if _, err := Build(linalg.Zeros(linalg.F32, 1, 1, 2, 2), Spec{Frames: 2, Kind: Junk}, nil); err == nil {
		t.Error("a random kind was built without a source of random numbers")
	}
}
