package ohsvgp

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"gonum.org/v1/gonum/mat"
)

// The bounds and posteriors of the package beside their textbook forms, made of
// plain inverses and determinants.

func inverse(t *testing.T, a mat.Matrix) *mat.Dense {
	t.Helper()
	var out mat.Dense
	must(t, out.Inverse(a))
	return &out
}

func logDet(a mat.Matrix) float64 { v, _ := mat.LogDet(a); return v }

func form(x []float64, a mat.Matrix, y []float64) float64 {
	return mat.Inner(mat.NewVecDense(len(x), x), a, mat.NewVecDense(len(y), y))
}

// divergence is KL(N(m1,S1) || N(m2,S2)).
func divergence(t *testing.T, m1 []float64, S1 *mat.Dense, m2 []float64, S2 *mat.Dense) float64 {
	P := inverse(t, S2)
	d := make([]float64, len(m1))
	for i := range d {
		d[i] = m2[i] - m1[i]
	}
	return 0.5 * (trace(mul(P, S1)) + form(d, P, d) - float64(len(d)) + logDet(S2) - logDet(S1))
}

// twoTasks are a memory of one task and the covariances of a second with other
// hyper-parameters, for projections and for points, without jitter.
func twoTasks(t *testing.T, x, y []float64) map[string]struct {
	old *posterior
	b   *blocks
} {
	out := map[string]struct {
		old *posterior
		b   *blocks
	}{}
	at := func(lo, hi float64, n int) basis {
		z := make([]float64, n)
		for i := range z {
			z[i] = lo + (hi-lo)*float64(i)/float64(n-1)
		}
		return &points{gp.Column(z)}
	}
	n := len(x) / 2
	for name, c := range map[string][2]basis{
		"projections": {&legs{8, 1}, &legs{8, 2}},
		"points":      {at(0.05, 0.95, 7), at(0.1, 1.9, 8)},
	} {
		k := gp.Matern32(1, 0.7)
		first, err := c[0].blocks(k, gp.Column(x[:n]), nil)
		must(t, err)
		u, err := conjugate(first, y[:n], 0.03, nil, linalg.JitterPolicy{})
		must(t, err)
		u.new.basis, u.new.kernel = c[0], k
		second, err := c[1].blocks(gp.Matern32(1.2, 0.6), gp.Column(x[n:]), c[0])
		must(t, err)
		e := out[name]
		e.old, e.b = u.new, second
		out[name] = e
	}
	return out
}

// The collapsed bound is the uncollapsed one at its optimum, which is a maximum;
// it is the dense form of the literature, with the old data as pseudo-data of
// covariance (S_a^-1 - K_aa^-1)^-1; and the correction is the difference of two
// divergences.
func TestOnlineBoundIsTheTextbooks(t *testing.T) {
	x, y := stream(24, 2, 0.1)
	const s2 = 0.04
	for name, c := range twoTasks(t, x, y) {
		old, b, y := c.old, c.b, y[12:]
		u, err := conjugate(b, y, s2, old, linalg.JitterPolicy{})
		must(t, err)
		e, err := newElbo(b, y, gp.Gaussian(s2), old, linalg.JitterPolicy{})
		must(t, err)
		S := u.new.D.Inverse()
		top := e.at(u.new.v, S, -u.new.D.LogDet())
		near(t, name+": uncollapsed", []float64{top}, []float64{u.bound}, 2e-8)
		near(t, name+": parts", []float64{e.varexp - e.kl + e.correction}, []float64{top}, 1e-12)
		r := linalg.NewRand(5)
		for i := 0; i < 5; i++ {
			P := mat.DenseCopyOf(S)
			mu := append([]float64(nil), u.new.v...)
			z := make([]float64, len(mu))
			for j := range z {
				z[j], mu[j] = 0.05*r.Normal(), mu[j]+0.05*r.Normal()
			}
			for a := range z {
				for c := range z {
					P.Set(a, c, P.At(a, c)+z[a]*z[c])
				}
			}
			if v := e.at(mu, P, logDet(P)); v >= top {
				t.Errorf("%s: a moved q has bound %g, the optimum %g", name, v, top)
			}
		}
		// the correction, at the optimum again
		e.at(u.new.v, S, -u.new.D.LogDet())
		ma, Sa := old.moments()
		Ko := mul(old.L.L(), old.L.L().T())
		Kbb := inverse(t, b.Kbb)
		m, Sb := u.new.moments()
		A := mul(b.Kba.T(), Kbb) // K_ab K_bb^-1
		mean := times(A, m)
		cov := mul(mul(A, Sb), A.T())
		cov.Add(cov, b.Kaa)
		cov.Sub(cov, mul(A, b.Kba))
		zero := make([]float64, len(ma))
		want := divergence(t, mean, cov, zero, Ko) - divergence(t, mean, cov, ma, Sa)
		near(t, name+": correction", []float64{e.correction}, []float64{want}, 1e-7)

		// the dense form
		n, a := len(y), len(ma)
		Sai := inverse(t, Sa)
		var pre mat.Dense
		pre.Sub(Sai, inverse(t, Ko))
		Da := inverse(t, &pre)
		yhat := append(append([]float64(nil), y...), times(mul(Da, Sai), ma)...)
		var Kfb mat.Dense
		Kfb.Stack(b.Kbf.T(), b.Kba.T())
		C := mul(mul(&Kfb, Kbb), Kfb.T())
		for i := 0; i < n; i++ {
			C.Set(i, i, C.At(i, i)+s2)
		}
		for i := 0; i < a; i++ {
			for j := 0; j < a; j++ {
				C.Set(n+i, n+j, C.At(n+i, n+j)+Da.At(i, j))
			}
		}
		F := -0.5 * (float64(n+a)*math.Log(2*math.Pi) + logDet(C) + form(yhat, inverse(t, C), yhat))
		F += 0.5 * (logDet(Ko) - logDet(Sa) + logDet(Da) + float64(a)*math.Log(2*math.Pi))
		F += 0.5 * (form(ma, mul(mul(Sai, Da), Sai), ma) - form(ma, Sai, ma))
		var gap mat.Dense
		gap.Sub(b.Kaa, mul(A, b.Kba))
		F -= 0.5 * trace(mul(&pre, &gap))
		Q := mul(mul(b.Kbf.T(), Kbb), b.Kbf)
		F -= 0.5 * (sum(b.kff) - trace(Q)) / s2
		near(t, name+": dense form", []float64{u.bound}, []float64{F}, 1e-7)

		// the first task's is Titsias' bound, and its uncollapsed one has no correction
		one, err := conjugate(b, y, s2, nil, linalg.JitterPolicy{})
		must(t, err)
		T := addDiagonal(Q, s2)
		titsias := -0.5*(float64(n)*math.Log(2*math.Pi)+logDet(T)+form(y, inverse(t, T), y)) - 0.5*(sum(b.kff)-trace(Q))/s2
		near(t, name+": first task", []float64{one.bound}, []float64{titsias}, 1e-8)
		e, err = newElbo(b, y, gp.Gaussian(s2), nil, linalg.JitterPolicy{})
		must(t, err)
		v := e.at(one.new.v, one.new.D.Inverse(), -one.new.D.LogDet())
		near(t, name+": first task, parts", []float64{v, e.correction}, []float64{e.varexp - e.kl, 0}, 1e-12)
	}
}

// At the optimum for counts and classes no derivative by q is left.
func TestSitesEndAtTheOptimum(t *testing.T) {
	ctx := context.Background()
	x, y := stream(24, 2, 0.1)
	for name, c := range map[string]struct {
		lik *gp.Likelihood
		of  func(v float64) float64
	}{
		"logit":             {gp.BernoulliLogit(), func(v float64) float64 { return math.Round(1 / (1 + math.Exp(-5*v))) }},
		"Poisson":           {gp.Poisson(), func(v float64) float64 { return math.Floor(math.Exp(1 + v)) }},
		"negative binomial": {gp.NegativeBinomial(4), func(v float64) float64 { return math.Floor(math.Exp(1 + v)) }},
	} {
		data := make([]float64, len(y))
		for i, v := range y {
			data[i] = c.of(v)
		}
		k := gp.Matern52(1, 0.6)
		var old *posterior
		for i := 0; i < 2; i++ {
			b := &legs{9, float64(i + 1)}
			var from basis
			if old != nil {
				from = old.basis
			}
			bl, err := b.blocks(k, gp.Column(x[12*i:12*i+12]), from)
			must(t, err)
			e, q, _, err := variational(ctx, bl, data[12*i:12*i+12], c.lik, old, *fixedJitter(1e-9), nil)
			must(t, err)
			q.basis, q.kernel, old = b, k, q
			dmu, dS, err := e.gradQ()
			must(t, err)
			G := mat.NewDense(9, 9, nil) // S = D^-1 = Ld^-T Ld^-1
			G.Copy(q.D.HalfT(eye(9)))
			worst := 0.0
			for _, v := range append(append([]float64(nil), dmu...), flat(mul(dS, G))...) {
				worst = math.Max(worst, math.Abs(v))
			}
			if worst > 2e-6 {
				t.Errorf("%s, task %d: a derivative of %.2g is left", name, i+1, worst)
			}
		}
	}
}

// Every pivot has the largest variance that is left given those before it.
func TestPivotsAreGreedy(t *testing.T) {
	r := linalg.NewRand(4)
	for _, d := range []int{1, 2} {
		X := mat.NewDense(40, d, nil)
		for i := range X.RawMatrix().Data {
			X.RawMatrix().Data[i] = 4 * r.Float64()
		}
		k := gp.Matern32(1, 0.6)
		picks, _ := Pivots(k, X, 10)
		K := k.Matrix(X, X)
		for i, p := range picks {
			left := make([]float64, 40)
			for j := range left {
				left[j] = K.At(j, j)
			}
			if i > 0 {
				S, c := mat.NewDense(i, i, nil), mat.NewDense(40, i, nil)
				for a, pa := range picks[:i] {
					c.SetCol(a, mat.Col(nil, pa, K))
					for b, pb := range picks[:i] {
						S.Set(a, b, K.At(pa, pb))
					}
				}
				P := inverse(t, S)
				for j := range left {
					left[j] -= form(c.RawRowView(j), P, c.RawRowView(j))
				}
			}
			for j, v := range left {
				if v > left[p]+1e-9 {
					t.Errorf("%d columns: pick %d is point %d with variance %g, point %d has %g", d, i, p, left[p], j, v)
				}
			}
		}
	}
}

// Fourier features: K_uu holds the inner products of the Matern spaces, by
// quadrature; with a wide margin and many features the kernel comes back.
func TestFourierFeaturesAreInnerProducts(t *testing.T) {
	const a, b, F, variance, ls = -0.5, 3.5, 5, 1.1, 0.7
	n := 2*F + 1
	// derivative of order o of every feature
	at := func(o int, x float64) []float64 {
		out := make([]float64, n)
		for j := range out {
			w, shift := 2*math.Pi*float64(j)/(b-a), 0.0
			if j > F {
				w, shift = 2*math.Pi*float64(j-F)/(b-a), -math.Pi/2
			}
			out[j] = math.Pow(w, float64(o)) * math.Cos(w*(x-a)+shift+float64(o)*math.Pi/2)
		}
		return out
	}
	x, q := hippo.Panels(a, b, 0.1, 24)
	inner := func(scale float64, coefficients ...float64) *mat.Dense {
		out := mat.NewDense(n, n, nil)
		for i, v := range x {
			l := make([]float64, n)
			for o, c := range coefficients {
				for j, d := range at(o, v) {
					l[j] += c * d
				}
			}
			out.RankOne(out, scale*q[i], mat.NewVecDense(n, l), mat.NewVecDense(n, l))
		}
		return out
	}
	edge := func(out *mat.Dense, scale float64, o, p int) {
		out.RankOne(out, scale, mat.NewVecDense(n, at(o, a)), mat.NewVecDense(n, at(p, a)))
	}
	for p, k := range []*gp.Radial{gp.Matern12(variance, ls), gp.Matern32(variance, ls), gp.Matern52(variance, ls)} {
		l := math.Sqrt(float64(2*p+1)) / ls
		var want *mat.Dense
		switch p {
		case 0:
			want = inner(1/(2*l*variance), l, 1)
			edge(want, 1/variance, 0, 0)
		case 1:
			want = inner(1/(4*l*l*l*variance), l*l, 2*l, 1)
			edge(want, 1/variance, 0, 0)
			edge(want, 1/(l*l*variance), 1, 1)
		default:
			want = inner(3/(16*math.Pow(l, 5)*variance), l*l*l, 3*l*l, 3*l, 1)
			edge(want, 9/(8*variance), 0, 0)
			edge(want, 9/(8*math.Pow(l, 4)*variance), 2, 2)
			edge(want, 3/(l*l*variance), 1, 1)
			edge(want, 3/(8*l*l*variance), 2, 0)
			edge(want, 3/(8*l*l*variance), 0, 2)
		}
		bl, err := (&vff{a, b, F}).blocks(k, gp.Column([]float64{1}), nil)
		must(t, err)
		top := 0.0
		for _, v := range flat(want) {
			top = math.Max(top, math.Abs(v))
		}
		near(t, k.String(), flat(scaled(bl.Kbb, 1/top)), flat(scaled(want, 1/top)), 1e-10)
		X := gp.Column([]float64{0, 0.5, 1, 1.5, 2, 2.5, 3})
		bl, err = (&vff{-4, 7, 400}).blocks(k, X, nil)
		must(t, err)
		L, err := linalg.Chol(bl.Kbb, linalg.JitterPolicy{})
		must(t, err)
		Q := linalg.SymProduct(L.Half(bl.Kbf), true)
		near(t, k.String()+", many features", flat(Q), flat(k.Matrix(X, X)), []float64{5e-3, 2e-6, 2e-7}[p])
	}
	// the features never change, so that nothing is lost at a hand-over
	ctx := context.Background()
	xs, ys := stream(30, 3, 0.1)
	bound := func(cuts ...int) float64 {
		m, err := NewOVFF(Options{M: n, Kernel: gp.Matern52(variance, ls), Noise: 0.03, Hyper: HyperFixed, Jitter: -1, Interval: [2]float64{a, b}})
		must(t, err)
		from := 0
		for _, c := range append(cuts, len(xs)) {
			must(t, m.Update(ctx, xs[from:c], ys[from:c]))
			from = c
		}
		return m.Bound()
	}
	near(t, "sum of bounds", []float64{bound(10, 20)}, []float64{bound()}, 1e-7)
}

// On a path the variables are u = W f(path): the recurrence over kernel values is
// the product with W, and the hold of order zero averages.
func TestPathIsALinearMap(t *testing.T) {
	r := linalg.NewRand(8)
	const n, M = 12, 5
	path, X := mat.NewDense(n, 2, nil), mat.NewDense(4, 2, nil)
	r.FillNormal(path.RawMatrix().Data)
	r.FillNormal(X.RawMatrix().Data)
	k := gp.SE(1.4, 0.8, 1.3)
	for _, rule := range []hippo.Rule{hippo.Euler, hippo.Backward, hippo.Bilinear, hippo.ZOH} {
		b, err := beginExact(&Model{opt: Options{M: M, Rule: rule}, rand: linalg.NewRand(1)}, k, path, nil)
		must(t, err)
		K, err := b.kuf(k, X)
		must(t, err)
		for i := 0; i < 4; i++ {
			c, err := hippo.Run(M, mat.Row(nil, i, k.Matrix(X, path)), rule)
			must(t, err)
			near(t, fmt.Sprintf("%s, input %d", rule, i), c, mat.Col(nil, i, K), 1e-12)
		}
		if rule == hippo.ZOH {
			for _, v := range b.(*pathExact).W.RawRowView(0) {
				near(t, "weight of the average", []float64{v}, []float64{1.0 / n}, 1e-12)
			}
		}
	}
}

// A latent channel of the GP-VAE: its q is that of a regression whose noise
// differs from frame to frame, and the published objective, computed as it is
// written, is minus the divergence.
func TestLatentChannelIsTheTextbooks(t *testing.T) {
	x, y := stream(15, 2, 0.1)
	v := make([]float64, len(y))
	for i := range v {
		v[i] = 0.05 + 0.3*math.Abs(math.Sin(float64(3*i)))
	}
	k := gp.Matern32(1, 0.4)
	ch := &Latent{M: 6, Kernel: k, Jitter: -1}
	p, err := ch.Posterior(context.Background(), 2, x, y, v)
	must(t, err)
	mu, A := p.Memory()
	bl, err := (&legs{6, 2}).blocks(k, gp.Column(x), nil)
	must(t, err)
	// the data divided by their noise have noise of variance one
	b := *bl
	b.Kbf, b.kff = mat.DenseCopyOf(bl.Kbf), append([]float64(nil), bl.kff...)
	z := make([]float64, len(y))
	for j := range z {
		sd := math.Sqrt(v[j])
		z[j] = y[j] / sd
		b.kff[j] /= v[j]
		for m := 0; m < 6; m++ {
			b.Kbf.Set(m, j, b.Kbf.At(m, j)/sd)
		}
	}
	u, err := conjugate(&b, z, 1, nil, linalg.JitterPolicy{})
	must(t, err)
	m, S := u.new.moments()
	near(t, "mean", mu, m, 1e-9)
	near(t, "covariance", flat(A), flat(S), 1e-9)
	P := mul(inverse(t, bl.Kbb), bl.Kbf)
	objective := -divergence(t, mu, A, make([]float64, 6), bl.Kbb)
	for j := range y {
		pj := mat.Col(nil, j, P)
		mean := 0.0
		for i, w := range pj {
			mean += w * mu[i]
		}
		spread := form(pj, A, pj)
		gap := bl.kff[j] - form(pj, bl.Kbb, pj)
		cross := -0.5 * (math.Log(2*math.Pi*v[j]) + ((y[j]-p.Mean[j])*(y[j]-p.Mean[j])+p.Variance[j])/v[j])
		hensman := -0.5*(math.Log(2*math.Pi*v[j])+(y[j]-mean)*(y[j]-mean)/v[j]) - 0.5*(gap+spread)/v[j]
		objective += hensman - cross
	}
	near(t, "objective", []float64{objective}, []float64{-p.KL}, 1e-9)
}
