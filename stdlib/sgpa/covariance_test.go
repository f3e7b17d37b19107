package sgpa

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

// factorsOf writes the factors of head h out, one a channel, for the plain version.
func factorsOf(ltri, logdiag *linalg.Tensor, h, channels int) []*mat.Dense {
	n := logdiag.Shape()[2]
	out := make([]*mat.Dense, channels)
	for j := range out {
		k := min(j, logdiag.Shape()[1]-1) // a shared factor is that of every channel
		R := mat.NewDense(n, n, nil)
		for a := range n {
			for b := 0; b < a && ltri != nil; b++ {
				R.Set(a, b, ltri.At(h, k, a, b))
			}
			R.Set(a, a, math.Exp(logdiag.At(h, k, a)))
		}
		out[j] = R
	}
	return out
}

// Shared and diagonal factors, in both forms of the method, agree with the plain version, which is given every factor in full.
func TestCovarianceFamiliesAgreeWithPlainTwin(t *testing.T) {
	const B, H, T, M, d, jitter = 2, 3, 7, 4, 5, 1e-4
	for _, kind := range []Kind{ARD, Exponential} {
		for family, channels := range map[Covariance]int{FullCovariance: d, SharedCovariance: 1, DiagonalCovariance: d} {
			r := linalg.NewRand(5)
			draw := func(scale float64, shape ...int) *linalg.Tensor {
				return linalg.Normal(r, linalg.F64, shape...).MulS(scale)
			}
			q, kg, va, vg := draw(0.8, B, H, T, d), draw(0.8, H, M, d), draw(0.3, B, H, T, d), draw(0.3, H, M, d)
			logVar, logScale := draw(0.2, H), draw(0.2, H, d).AddS(0.5)
			factors := func(n int) (ltri, logdiag *linalg.Tensor) {
				if family != DiagonalCovariance {
					ltri = draw(0.4, H, channels, n, n)
				}
				return ltri, draw(0.3, H, channels, n)
			}
			ltri, logdiag := factors(M)
			ltriT, logdiagT := factors(T)
			dec := decoupled(kind, q, kg, va, vg, ltri, logdiag, logVar, logScale, jitter, Full, "twin")
			std := standard(kind, q, nil, va, ltriT, logdiagT, logVar, logScale, jitter, Full, "twin")
			for h := range H {
				k := Kernel{kind, logVar.At(h), logScale.Select(0, h).Float64s()}
				dense := func(x *linalg.Tensor) *mat.Dense { return arrayOf(x).dense() }
				for b := range B {
					one := func(x *linalg.Tensor) *linalg.Tensor { return x.Select(0, b).Select(0, h) }
					plainD, err := Decoupled(k, dense(one(q)), dense(kg.Select(0, h)), dense(one(va)), dense(vg.Select(0, h)), factorsOf(ltri, logdiag, h, d), jitter)
					if err != nil {
						t.Fatal(err)
					}
					plainS, err := Standard(k, dense(one(q)), dense(one(q)), dense(one(va)), factorsOf(ltriT, logdiagT, h, d), jitter)
					if err != nil {
						t.Fatal(err)
					}
					for form, is := range map[string]struct {
						res   *Result
						plain *Posterior
						kl    *linalg.Tensor
					}{"decoupled": {dec, plainD, dec.KLg.Select(0, h)}, "standard": {std, plainS, one(std.KLg)}} {
						name := fmt.Sprintf("%s %s %s", form, kind, family)
						closeTo(t, name+" mean", one(is.res.Mean).Float64s(), raw(is.plain.Mean), 1e-9)
						closeTo(t, name+" variance", one(is.res.Var).Float64s(), raw(is.plain.Var), 1e-9)
						closeTo(t, name+" divergence", is.kl.Float64s(), is.plain.KLg, 1e-9)
						cov := one(is.res.Cov)
						if got := cov.Shape()[0]; got != channels {
							t.Errorf("%s: %d covariances for %d factors", name, got, channels)
						}
						for j := range d {
							closeTo(t, name+" covariance", cov.Select(0, min(j, cov.Shape()[0]-1)).Float64s(), raw(is.plain.Cov[j]), 1e-9)
						}
					}
				}
			}
		}
	}
}

// Factors common to all sequences give the variances that the same factors give when each sequence has its own copy.
func TestVarianceOfCommonFactors(t *testing.T) {
	r := linalg.NewRand(4)
	ltri, logdiag, A := linalg.Normal(r, linalg.F64, 2, 3, 5, 5), linalg.Normal(r, linalg.F64, 2, 3, 5), linalg.Normal(r, linalg.F64, 4, 2, 5, 7)
	for _, l := range []*linalg.Tensor{ltri, nil} {
		common := whitened(l, logdiag).variance(A)
		if l != nil {
			l = l.Unsqueeze(0).BroadcastTo(4, 2, 3, 5, 5)
		}
		own := whitened(l, logdiag.Unsqueeze(0).BroadcastTo(4, 2, 3, 5)).variance(A)
		if s := common.Shape(); len(s) != 4 || s[0] != 4 || s[1] != 2 || s[2] != 7 || s[3] != 3 {
			t.Fatalf("shape %v", s)
		}
		closeTo(t, "variances", common.Float64s(), own.Float64s(), 1e-12)
	}
}

// The cheaper families have the parameters that they should have, begin calm, and come back from their file.
func TestCovarianceFamiliesOfNetworks(t *testing.T) {
	const H, d, M, T = 2, 8, 4, 16
	for family, want := range map[Covariance]int{FullCovariance: H * d * (M*M + M), SharedCovariance: H * (M*M + M), DiagonalCovariance: H * d * M} {
		c := glyphConfig
		c.Covariance, c.Heads, c.Width, c.Inducing, c.Rho = family, H, H*d, M, 1
		n := New(linalg.NewRand(1), c)
		got := 0
		for _, p := range factorParams(n.Layers[0].Attn.(*DecoupledLayer).Ltri, n.Layers[0].Attn.(*DecoupledLayer).LogDiag) {
			got += p.Value.Len()
		}
		if got != want {
			t.Errorf("%s: %d variational parameters of the covariance, want %d", family, got, want)
		}
		in := glyphs(1, 3, 0.1).X
		if s := n.State(in, 1); math.Abs(s[0].KLg) > 1e-4 || s[0].R != 1 {
			t.Errorf("%s: a calm start at the prior has the divergence %v and R %v", family, s[0].KLg, s[0].R)
		}
		path := filepath.Join(t.TempDir(), "net")
		if err := n.Save(path); err != nil {
			t.Fatal(err)
		}
		again, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		a, b := n.State(in, 2), again.State(in, 2)
		for i := range a {
			if a[i] != b[i] {
				t.Errorf("%s: the loaded network is in the state %+v, not %+v", family, b[i], a[i])
			}
		}
	}
}
