package ohsvgp

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// vaeTask is one task's work.
type vaeTask struct {
	g     *GPVAE
	learn bool // the kernels too
	y     *linalg.Tensor
	x     *mat.Dense
	n     int
	noise *linalg.Rand
	bases []basis // of every channel; nil where the inducing points are learned
	tasks []*latentTask
	posts []*LatentPosterior // of the last evaluation
	err   error              // of the last evaluation
}

// begin chooses inducing variables, and prepares the channels if the covariances
// stay as they are.
func (t *vaeTask) begin(end float64) error {
	g := t.g
	if err := gp.CheckData(t.x, make([]float64, t.n)); err != nil {
		return err
	}
	if g.opt.LearnZ {
		g.startZ(t)
	} else {
		for _, c := range g.channels {
			b, err := c.basis(end, t.x)
			if err != nil {
				return err
			}
			t.bases = append(t.bases, b)
			if t.alike() {
				break
			}
		}
	}
	if t.learn {
		var free []float64
		for _, c := range g.channels {
			free = append(free, c.Kernel.Params().Free()...)
		}
		if len(free) > 0 {
			g.theta = linalg.Param(linalg.FromFloat64(free, len(g.channels), len(free)/len(g.channels)))
		}
	}
	if len(t.moved()) == 0 {
		t.place()
	}
	return t.err
}

// alike reports whether all channels have the same covariances, which are then
// made once.
func (t *vaeTask) alike() bool { return !t.g.opt.LearnKernel }

// moved are the numbers that change the covariances from step to step.
func (t *vaeTask) moved() []*linalg.Tensor {
	var out []*linalg.Tensor
	for _, p := range []*linalg.Tensor{t.g.z, t.g.theta} {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

// startZ places the inducing points for a task: seven in ten of the old ones, and
// new times.
func (g *GPVAE) startZ(t *vaeTask) {
	var old *points
	if q := g.channels[0].q; q != nil {
		old = q.basis.(*points)
	}
	b := startPoints(t.noise.Split(2), old, t.x, g.opt.M, 0.7)
	b.Z.Scale(1/g.unit, b.Z)
	n, _ := b.Z.Dims()
	g.z = linalg.Param(linalg.FromFloat64(flatten(b.Z), n, 1))
}

// place prepares all channels for inducing points and kernels as they are now.
func (t *vaeTask) place() {
	g := t.g
	bases := t.bases
	if g.z != nil {
		z := g.z.Float64s()
		Z := mat.NewDense(len(z), 1, z)
		Z.Scale(g.unit, Z)
		bases = []basis{&points{Z: Z}}
	}
	var theta []float64
	if g.theta != nil {
		theta = g.theta.Float64s()
	}
	t.tasks = t.tasks[:0]
	for l, c := range g.channels {
		if l > 0 && t.alike() {
			t.tasks = append(t.tasks, t.tasks[0].sibling(c))
			continue
		}
		if theta != nil {
			size := len(theta) / len(g.channels)
			if t.err = c.Kernel.Params().SetFree(theta[l*size : (l+1)*size]); t.err != nil {
				return
			}
		}
		p, err := c.on(bases[min(l, len(bases)-1)], t.x)
		if err != nil {
			t.err = err
			return
		}
		t.tasks = append(t.tasks, p)
	}
}

// loss is minus the bound per frame, plus the elastic penalty.
func (t *vaeTask) loss() *linalg.Tensor {
	g := t.g
	out := t.posterior() // (2n+1) by channels: means, variances, KL
	if t.err != nil {
		return linalg.Full(linalg.F64, math.NaN())
	}
	L := g.opt.Latents
	mean, variance, kl := out.Slice(0, 0, t.n), out.Slice(0, t.n, 2*t.n), out.Slice(0, 2*t.n, 2*t.n+1)
	f := mean.Add(variance.MaxS(1e-12).Sqrt().Mul(linalg.Normal(t.noise, linalg.F64, t.n, L)))
	bound := t.reconstruction(f).Sub(kl.Sum())
	loss := bound.MulS(-1 / float64(t.n))
	for i, p := range g.networks() {
		if i < len(g.fisher) {
			loss = loss.Add(p.Value.Sub(g.star[i]).Square().Mul(g.fisher[i]).Sum().MulS(g.opt.EWC / 2))
		}
	}
	return loss
}

// reconstruction is sum_t log N(y_t; dec(f_t), s2 I).
func (t *vaeTask) reconstruction(f *linalg.Tensor) *linalg.Tensor {
	g := t.g
	square := g.decode(f).Sub(t.y).Square().Sum()
	cells := float64(t.n * g.dims)
	return square.Mul(g.logNoise.Neg().Exp().Sum()).MulS(-0.5).Sub(g.logNoise.Sum().AddS(math.Log(2 * math.Pi)).MulS(0.5 * cells))
}

// posterior runs the encoder and all channels, as one recorded operation.
func (t *vaeTask) posterior() *linalg.Tensor {
	g := t.g
	ytil, vtil := g.encode(t.y)
	n, L := t.n, g.opt.Latents
	inputs := []*linalg.Tensor{ytil, vtil}
	if moved := t.moved(); len(moved) > 0 {
		inputs = append(inputs, moved...)
		if t.place(); t.err != nil {
			return nil
		}
	}
	a, b := ytil.Float64s(), vtil.Float64s()
	out := make([]float64, (2*n+1)*L)
	t.posts = make([]*LatentPosterior, L)
	for l := range t.posts {
		p, err := t.tasks[l].condition(channel(a, l, L), channel(b, l, L))
		if err != nil {
			t.err = err
			return nil
		}
		t.posts[l] = p
		for i := 0; i < n; i++ {
			out[i*L+l], out[(n+i)*L+l] = p.Mean[i], p.Variance[i]
		}
		out[2*n*L+l] = p.KL
	}
	tasks, posts := append([]*latentTask(nil), t.tasks...), t.posts
	return linalg.Custom(inputs, linalg.FromFloat64(out, 2*n+1, L), func(grad *linalg.Tensor) []*linalg.Tensor {
		return t.backward(tasks, posts, grad.Float64s())
	})
}

// channel is column l of a matrix with L columns.
func channel(v []float64, l, L int) []float64 {
	c := make([]float64, len(v)/L)
	for i := range c {
		c[i] = v[i*L+l]
	}
	return c
}

// backward takes a derivative by the result of posterior to what it depends on.
func (t *vaeTask) backward(tasks []*latentTask, posts []*LatentPosterior, grad []float64) []*linalg.Tensor {
	g, n, L := t.g, t.n, t.g.opt.Latents
	da, db := make([]float64, n*L), make([]float64, n*L)
	var total *whitenedGradient
	var dz, dtheta []float64
	for l, p := range posts {
		dMean, dVar, dKL := channel(grad[:n*L], l, L), channel(grad[n*L:2*n*L], l, L), grad[2*n*L+l]
		a := p.adjoint(dMean, dVar, dKL)
		dy, dv := p.byData(a)
		for i := 0; i < n; i++ {
			da[i*L+l], db[i*L+l] = dy[i], dv[i]
		}
		if len(t.moved()) == 0 {
			continue
		}
		if own := p.byWhitened(a, dMean, dVar, dKL); total == nil {
			total = own
		} else {
			total.add(own)
		}
		if l+1 < L && t.alike() {
			continue
		}
		z, theta, err := tasks[l].pull(total)
		if err != nil {
			t.err = err
			return make([]*linalg.Tensor, 2+len(t.moved()))
		}
		dz, dtheta, total = plus(dz, z), append(dtheta, theta...), nil
	}
	out := []*linalg.Tensor{linalg.FromFloat64(da, n, L), linalg.FromFloat64(db, n, L)}
	if g.z != nil {
		for i := range dz {
			dz[i] *= g.unit
		}
		out = append(out, linalg.FromFloat64(dz, len(dz), 1))
	}
	if g.theta != nil {
		out = append(out, linalg.FromFloat64(dtheta, g.theta.Shape()...))
	}
	return out
}

func plus(a, b []float64) []float64 {
	if a == nil {
		return b
	}
	for i, v := range b {
		a[i] += v
	}
	return a
}

// consolidate adds the task's diagonal Fisher information, the mean squared
// gradient of a frame's reconstruction over at most 32 frames, and remembers
// where the parameters are. The last evaluation must be at them.
func (t *vaeTask) consolidate() {
	g := t.g
	params := g.networks()
	total := make([][]float64, len(params))
	order := t.noise.Split(1).Perm(t.n)
	order = order[:min(len(order), 32)]
	for _, i := range order {
		for _, p := range params {
			p.Value.ZeroGrad()
		}
		t.frameGradient(i)
		for k, p := range params {
			d := p.Value.Grad()
			if d == nil {
				continue
			}
			v := d.Float64s()
			if total[k] == nil {
				total[k] = make([]float64, len(v))
			}
			for j, x := range v {
				total[k][j] += x * x / float64(len(order))
			}
		}
	}
	fisher, star := make([]*linalg.Tensor, len(params)), make([]*linalg.Tensor, len(params))
	for k, p := range params {
		p.Value.ZeroGrad()
		v := total[k]
		if v == nil {
			v = make([]float64, len(p.Value.Float64s()))
		}
		if g.fisher != nil {
			for j, x := range g.fisher[k].Float64s() {
				v[j] += x
			}
		}
		fisher[k] = linalg.FromFloat64(v, p.Value.Shape()...)
		star[k] = linalg.FromFloat64(p.Value.Float64s(), p.Value.Shape()...)
	}
	g.fisher, g.star = fisher, star
}

// frameGradient adds the gradient of the reconstruction of frame i at the mean of
// its latents to the networks. The mean depends on every frame's
// pseudo-observations through the posterior covariances c_n = w_n'S w_i:
//
//	dMean_i/dytil_n = c_n/vtil_n,  dMean_i/dvtil_n = -c_n (ytil_n - Mean_n)/vtil_n^2
func (t *vaeTask) frameGradient(i int) {
	g, n, L := t.g, t.n, t.g.opt.Latents
	f := make([]float64, L)
	for l, p := range t.posts {
		f[l] = p.Mean[i]
	}
	latents := linalg.Param(linalg.FromFloat64(f, 1, L))
	one := &vaeTask{g: g, y: t.y.Slice(0, i, i+1), n: 1}
	one.reconstruction(latents).Backward()
	d := latents.Grad().Float64s()
	dy, dv := make([]float64, n*L), make([]float64, n*L)
	for l, p := range t.posts {
		c := make([]float64, n)
		w := times(p.S, mat.Col(nil, i, p.W))
		for m, u := range w {
			floats.AddScaled(c, d[l]*u, p.W.RawRowView(m))
		}
		for j, v := range p.vtil {
			dy[j*L+l], dv[j*L+l] = c[j]/v, -c[j]*(p.ytil[j]-p.Mean[j])/(v*v)
		}
	}
	ytil, vtil := g.encode(t.y)
	ytil.Mul(linalg.FromFloat64(dy, n, L)).Sum().Add(vtil.Mul(linalg.FromFloat64(dv, n, L)).Sum()).Backward()
}
