package pseudovideo

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
	"gonum.org/v1/gonum/mat"
)

// HVAEConfig describes a hierarchical variational autoencoder whose states are as large as the image.
type HVAEConfig struct {
	Levels int // L, latent states between noise and image; 0 means 8
	Width  int // of the residual networks; 0 means 256

	// States, if it has a kind, fixes the encoder: state l is frame l of the pseudo video (its Frames are set to L+1),
	// so that every state has a known target. Otherwise the encoder is learned and nothing but the image supervises.
	States Spec

	Warmup    float64 // share of training over which the weight of the divergences rises to one; 0 means 0.3
	Precision linalg.DType
	Seed      uint64
}

// HVAE is p(z_1) p(z_2|z_1) ... p(x|z_L), each factor Gaussian with a mean z + f(z, l) from one network shared by the
// levels and one learned variance for each level. Free, it has an encoder q(z_l | z_{l-1}, x) and is trained by the
// evidence bound; supervised, z_1..z_L are corrupted copies of x and each step is trained on its own.
type HVAE struct {
	Config  HVAEConfig
	H, W, C int

	decoder, encoder *levelNet
	logVar           *linalg.Tensor // [L]
	params           []nn.Param
	count            int
	run              training
	start            [2]*linalg.Tensor // of z_1, supervised: mean [D] and Cholesky factor of its covariance [D, D]
}

// levelNet is a residual network on vectors that is told the level.
type levelNet struct {
	in, out *linearLayer
	res     []*linearLayer
	levels  *linalg.Tensor // [L, width]
}

func (b *builder) levelNet(name string, in, width, out, levels int) *levelNet {
	n := &levelNet{in: b.linear(name+".in", in, width), levels: b.normal(name+".levels", 0.5, levels, width)}
	for i := range 2 {
		n.res = append(n.res, b.linear(fmt.Sprintf("%s.res%d", name, i), width, width))
	}
	n.out = b.zeroLinear(name+".out", width, out)
	return n
}

// forward maps x [N, in] at the levels given for each row.
func (n *levelNet) forward(x *linalg.Tensor, level []int) *linalg.Tensor {
	h := n.in.apply(x).Add(n.levels.Gather(0, linalg.FromInts(level)))
	for _, r := range n.res {
		h = h.Add(r.apply(h.SiLU()))
	}
	return n.out.apply(h.SiLU())
}

func (n *levelNet) macs() int64 {
	total := int64(n.in.in)*int64(n.in.out) + int64(n.out.in)*int64(n.out.out)
	for _, r := range n.res {
		total += int64(r.in) * int64(r.out)
	}
	return total
}

// NewHVAE makes an untrained model for images of height h, width w and c channels.
func NewHVAE(cfg HVAEConfig, h, w, c int) (*HVAE, error) { return newHVAE(cfg, h, w, c, false) }

func newHVAE(cfg HVAEConfig, h, w, c int, dry bool) (*HVAE, error) {
	if cfg.Levels == 0 {
		cfg.Levels = 8
	}
	if cfg.Width == 0 {
		cfg.Width = 256
	}
	if cfg.Warmup == 0 {
		cfg.Warmup = 0.3
	}
	if cfg.Levels < 1 || cfg.Width < 1 || cfg.Warmup < 0 || cfg.Warmup > 1 {
		return nil, fmt.Errorf("pseudovideo: a hierarchical autoencoder of %d levels, width %d and warm-up %g; the sizes must be positive and the warm-up in [0, 1]", cfg.Levels, cfg.Width, cfg.Warmup)
	}
	m := &HVAE{Config: cfg, H: h, W: w, C: c}
	if m.Supervised() {
		m.Config.States.Frames = cfg.Levels + 1
		if err := m.Config.States.Check(); err != nil {
			return nil, err
		}
	}
	d := h * w * c
	b := newBuilder(cfg.Precision, cfg.Seed, dry)
	m.decoder = b.levelNet("decoder", d, cfg.Width, d, cfg.Levels)
	m.logVar = b.full("log-variance", -1, cfg.Levels)
	if !m.Supervised() {
		m.encoder = b.levelNet("encoder", 2*d, cfg.Width, 2*d, cfg.Levels)
	}
	m.params, m.count = b.params, b.count
	if m.Supervised() && !dry {
		m.keepStart()
	}
	return m, nil
}

// Supervised tells whether the states have targets of their own.
func (m *HVAE) Supervised() bool { return m.Config.States.Kind != "" }

// Params are the trained parameters.
func (m *HVAE) Params() []nn.Param { return m.params }

// Parameters is how many numbers are trained.
func (m *HVAE) Parameters() int { return m.count }

// DecoderEvaluations is how many times an optimiser step runs the decoder for each image: once if the states are
// supervised, L times otherwise. Compare the two at equal evaluations and at equal steps.
func (m *HVAE) DecoderEvaluations() int {
	if m.Supervised() {
		return 1
	}
	return m.Config.Levels
}

// MACs are the multiply-adds of a training step for one image, forward only.
func (m *HVAE) MACs() int64 {
	total := int64(m.DecoderEvaluations()) * m.decoder.macs()
	if m.encoder != nil {
		total += int64(m.Config.Levels) * m.encoder.macs()
	}
	return total
}

// step is the mean z + f(z, l) and the log variance [N, 1] of the next state.
func (m *HVAE) step(z *linalg.Tensor, level []int) (mean, logVar *linalg.Tensor) {
	return z.Add(m.decoder.forward(z, level)), m.logVar.Gather(0, linalg.FromInts(level)).Reshape(len(level), 1)
}

// minusLog is -log N(y; mean, e^logVar) for each number, averaged.
func minusLog(y, mean, logVar *linalg.Tensor) *linalg.Tensor {
	e := y.Sub(mean).Square().Mul(logVar.Neg().Exp())
	return e.Add(logVar).AddS(math.Log(2 * math.Pi)).MulS(0.5).Mean()
}

// supervisedLoss takes one step of the chain for each image, at a random level: -log p(frame l+1 | frame l).
func (m *HVAE) supervisedLoss(x *linalg.Tensor, rng *linalg.Rand) (*linalg.Tensor, error) {
	v, err := Build(x, m.Config.States, rng.Split(streamVideo))
	if err != nil {
		return nil, err
	}
	n, l := x.Dim(0), m.Config.Levels
	frames := v.Permute(0, 2, 1, 3, 4).Reshape(n*(l+1), -1).To(m.Config.Precision)
	level, from, to := make([]int, n), make([]int, n), make([]int, n)
	draw := rng.Split(streamTimes)
	for i := range level {
		level[i] = draw.Intn(l)
		from[i], to[i] = i*(l+1)+level[i], i*(l+1)+level[i]+1
	}
	mean, lv := m.step(rowsOf(frames, from), level)
	return minusLog(rowsOf(frames, to), mean, lv), nil
}

// freeLoss is minus the evidence bound per number, in nats, with the divergences weighted by beta:
//
//	-log p(x | z_L) + beta sum_l KL(q(z_l | z_{l-1}, x) || p(z_l | z_{l-1}))
func (m *HVAE) freeLoss(x *linalg.Tensor, beta float64, rng *linalg.Rand) *linalg.Tensor {
	n := x.Dim(0)
	flat := x.Reshape(n, -1).To(m.Config.Precision)
	d := flat.Dim(1)
	noise := rng.Split(streamNoise)
	z := linalg.Zeros(flat.DType(), n, d)
	var loss *linalg.Tensor
	for l := range m.Config.Levels {
		at := filled(n, l)
		q := m.encoder.forward(linalg.Concat(1, flat, z), at)
		qm, qv := z.Add(q.Slice(1, 0, d)), q.Slice(1, d, 2*d).Clamp(-8, 4)
		pm, pv := linalg.Zeros(flat.DType(), n, d), linalg.Zeros(flat.DType(), n, 1)
		if l > 0 {
			pm, pv = m.step(z, filled(n, l-1))
		}
		kl := pv.Sub(qv).AddS(-1).Add(qv.Sub(pv).Exp()).Add(qm.Sub(pm).Square().Mul(pv.Neg().Exp())).MulS(0.5 * beta).Mean()
		if loss == nil {
			loss = kl
		} else {
			loss = loss.Add(kl)
		}
		z = qm.Add(qv.MulS(0.5).Exp().Mul(linalg.Normal(noise, flat.DType(), n, d)))
	}
	mean, lv := m.step(z, filled(n, m.Config.Levels-1))
	return loss.Add(minusLog(flat, mean, lv))
}

func filled(n, v int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// Bound is the evidence bound of images in nats per number (on the scale [-1, 1]) for a free model, one noise draw.
func (m *HVAE) Bound(x *linalg.Tensor, rng *linalg.Rand) (float64, error) {
	if m.Supervised() {
		return 0, fmt.Errorf("pseudovideo: the bound is computed for the free model; a supervised one has the diffusion bound")
	}
	var v float64
	err := linalg.Try(func() {
		linalg.NoGrad(func() { linalg.Scope(func() { v = -m.freeLoss(x, 1, rng).Item() }) })
	})
	return v, err
}

// Fit trains the model on images [N, C, H, W].
func (m *HVAE) Fit(ctx context.Context, x *linalg.Tensor, o TrainOptions) error {
	if x.Rank() != 4 || x.Dim(1) != m.C || x.Dim(2) != m.H || x.Dim(3) != m.W {
		return fmt.Errorf("pseudovideo: images have shape %v; this model takes [N, %d, %d, %d]", x.Shape(), m.C, m.H, m.W)
	}
	if m.Supervised() && !m.started() {
		if err := m.fitStart(x, linalg.NewRand(o.Seed).Split(streamVideo)); err != nil {
			return err
		}
	}
	rise := m.Config.Warmup * float64(o.Steps)
	return m.run.fit(ctx, m.params, x.Dim(0), o, func(rows []int, rng *linalg.Rand) (*linalg.Tensor, stepResult, error) {
		batch := rowsOf(x, rows)
		if m.Supervised() {
			loss, err := m.supervisedLoss(batch, rng)
			return loss, stepResult{}, err
		}
		beta := 1.0
		if rise > 0 {
			beta = min(1, float64(m.run.done()+1)/rise)
		}
		return m.freeLoss(batch, beta, rng), stepResult{note: fmt.Sprintf("beta %.2f", beta)}, nil
	})
}

// fitStart gives z_1 the Gaussian distribution of the most corrupted frames: with their whole covariance up to 1024
// numbers, without correlations above. Fewer than four images a number leave the sample's covariance far from the true
// one, in which case it is shrunken.
func (m *HVAE) fitStart(x *linalg.Tensor, rng *linalg.Rand) error {
	v, err := Build(x, m.Config.States, rng)
	if err != nil {
		return err
	}
	if x.Dim(0) < 2 {
		return fmt.Errorf("pseudovideo: one image does not tell how the first states are distributed")
	}
	first := pixelRows(v.Select(2, 0).Contiguous())
	mean, cov := moments(first)
	d := len(mean)
	if d <= 1024 && x.Dim(0) < 4*d {
		shrink(cov, first, mean)
	}
	for i := range d {
		cov.SetSym(i, i, cov.At(i, i)+1e-6)
		for j := range i {
			if d > 1024 {
				cov.SetSym(i, j, 0)
			}
		}
	}
	var c mat.Cholesky
	if !c.Factorize(cov) {
		return fmt.Errorf("pseudovideo: the covariance of the most corrupted frames is not positive definite; add Jitter to the States")
	}
	root := mat.NewTriDense(d, mat.Lower, nil)
	c.LTo(root)
	m.start[0].Set(linalg.FromFloat64(mean))
	m.start[1].Set(linalg.FromDense(root))
	return nil
}

// shrink moves the sample covariance of the rows x towards a multiple of the identity, by the share that is best in the
// mean square if the rows are a sample (O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional
// covariance matrices", 2004): min(b^2, d^2)/d^2 with
//
//	mu = tr S / p,  d^2 = |S - mu I|^2 / p,  b^2 = (1/n^2) sum_i |x_i x_i^T - S|^2 / p
func shrink(cov *mat.SymDense, x *mat.Dense, mean []float64) {
	n, p := x.Dims()
	s := cov.RawSymmetric().Data
	mu, norm := 0.0, 0.0 // of S: mean of the diagonal, and sum of squares
	for i := range p {
		mu += s[i*p+i] / float64(p)
		for j := i; j < p; j++ {
			v := s[i*p+j] * s[i*p+j]
			if j > i {
				v *= 2
			}
			norm += v
		}
	}
	fourth := 0.0 // sum of |x_i|^4
	for i := range n {
		q := 0.0
		for j, v := range x.RawRowView(i) {
			q += (v - mean[j]) * (v - mean[j])
		}
		fourth += q * q
	}
	d2 := norm - float64(p)*mu*mu
	b2 := (fourth/float64(n) - norm) / float64(n)
	rho := 0.0
	if d2 > 0 {
		rho = min(max(b2, 0), d2) / d2
	}
	for i := range p {
		for j := i; j < p; j++ {
			s[i*p+j] *= 1 - rho
		}
		s[i*p+i] += rho * mu
	}
}

// started tells whether the distribution of the first state is known: its Cholesky factor has no zero on the diagonal.
func (m *HVAE) started() bool { return m.start[1].At(0, 0) > 0 }

// Sample generates n images [n, C, H, W], each the mean of the last step, clipped to [-1, 1].
func (m *HVAE) Sample(ctx context.Context, n int, rng *linalg.Rand) (*linalg.Tensor, error) {
	states, err := m.States(ctx, n, rng)
	if err != nil {
		return nil, err
	}
	return states[len(states)-1].Clamp(-1, 1), nil
}

// States generates z_1, ..., z_L and the image: L+1 tensors [n, C, H, W].
func (m *HVAE) States(ctx context.Context, n int, rng *linalg.Rand) ([]*linalg.Tensor, error) {
	if n < 1 {
		return nil, fmt.Errorf("pseudovideo: %d samples asked for; ask for at least one", n)
	}
	if m.Supervised() && !m.started() {
		return nil, fmt.Errorf("pseudovideo: the distribution of the first state is found by Fit; call it first")
	}
	noise := linalg.NewRand(rng.Uint64())
	d := m.H * m.W * m.C
	e := mat.NewDense(n, d, nil)
	noise.FillNormal(e.RawMatrix().Data)
	if m.Supervised() {
		var z mat.Dense
		z.Mul(e, m.start[1].Dense().T())
		mean := m.start[0].Float64s()
		for i := range n {
			axpy(z.RawRowView(i), 1, mean)
		}
		e = &z
	}
	var out []*linalg.Tensor
	var err error
	failed := linalg.Try(func() {
		m.run.withAverage(func() {
			linalg.NoGrad(func() {
				z := linalg.FromDense(e).To(m.Config.Precision)
				for l := range m.Config.Levels {
					if err = ctx.Err(); err != nil {
						return
					}
					out = append(out, z.Reshape(n, m.C, m.H, m.W))
					mean, lv := m.step(z, filled(n, l))
					z = mean
					if l < m.Config.Levels-1 {
						z = mean.Add(lv.MulS(0.5).Exp().Mul(linalg.Normal(noise, z.DType(), n, d)))
					}
				}
				out = append(out, z.Reshape(n, m.C, m.H, m.W))
			})
		})
	})
	if failed != nil {
		return nil, failed
	}
	return out, err
}

// DiffusionStates is the pseudo video that turns a supervised HVAE of the given number of levels into a diffusion
// model: chained Gaussian noise along the cosine schedule.
func DiffusionStates(levels int) Spec {
	s, err := NewSchedule("cosine", max(levels, 2))
	if err != nil {
		return Spec{Kind: VPMarkov}
	}
	lost := make([]float64, levels)
	for l := range lost {
		lost[l] = 1 - s.Abar[levels-1-l]
	}
	return Spec{Frames: levels + 1, Kind: VPMarkov, Ladder: Levels(lost...)}
}
