package ohsvgp

import (
	"math"
	"testing"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
)

func TestGoldenSpectral(t *testing.T) {
	for _, c := range golden(t, "spectral") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Z, W, P, X                    array
				Orders                        any
				M                             int
				T, T1, T2                     float64
				Lengthscale, Variance, Period float64
				Max_lag                       float64
			}
			var want struct {
				J, Cos_part, Sin_part                array
				K_uu, K_fu, K_uu_t2, K_u1u2, K_fu_t2 array
				Line_weights                         array
			}
			c.read(t, &in, &want)
			switch {
			case want.J.Data != nil:
				for i, z := range in.Z.Data {
					j := make([]float64, 40)
					sphericalBessel(j, z)
					near(t, "j", j, want.J.Data[i*40:(i+1)*40], c.Tolerance)
				}
			case want.Cos_part.Data != nil:
				testOverlaps(t, span{T: in.T}, in.W.Data, in.M, want.Cos_part.Data, want.Sin_part.Data, c.Tolerance)
			case want.K_u1u2.Data != nil:
				k := gp.SE(in.Variance, 1)
				a := &features{M: in.M, at: span{T: in.T1}, base: in.W.Data}
				b := &features{M: in.M, at: span{T: in.T2}, base: in.W.Data}
				bl, err := b.blocks(k, gp.Column(in.X.Data), a)
				if err != nil {
					t.Fatal(err)
				}
				nearM(t, "K_uu", bl.Kbb, want.K_uu_t2, c.Tolerance)
				nearM(t, "K_u1u2", transpose(bl.Kba), want.K_u1u2, c.Tolerance)
				nearM(t, "K_fu", transpose(bl.Kbf), want.K_fu_t2, c.Tolerance)
			case want.Line_weights.Data != nil:
				k := gp.Periodic(in.Variance, in.Lengthscale, in.Period)
				bl, err := (&legs{in.M, in.T}).blocks(k, gp.Column([]float64{1}), nil)
				if err != nil {
					t.Fatal(err)
				}
				nearM(t, "K_uu", bl.Kbb, want.K_uu, c.Tolerance)
			default:
				dw, p := seNodes(in.Lengthscale, in.Max_lag)
				near(t, "p", p, in.P.Data, c.Tolerance)
				near(t, "dw", []float64{dw}, in.W.Data[1:2], c.Tolerance)
				k := gp.SE(in.Variance, in.Lengthscale)
				for _, b := range []basis{&legs{in.M, in.T}, &features{M: in.M, at: span{T: in.T}}} {
					bl, err := b.blocks(k, gp.Column(in.X.Data), nil)
					if err != nil {
						t.Fatal(err)
					}
					nearM(t, "K_uu", bl.Kbb, want.K_uu, c.Tolerance)
					nearM(t, "K_fu", transpose(bl.Kbf), want.K_fu, c.Tolerance)
				}
			}
		})
	}
}

// testOverlaps compares overlaps with stored ones and their derivatives with
// central differences.
func testOverlaps(t *testing.T, s span, w []float64, M int, re, im []float64, tol float64) {
	t.Helper()
	f, df, hi, lo := make([]complex128, M), make([]complex128, M), make([]complex128, M), make([]complex128, M)
	for i, v := range w {
		s.overlap(v, f, df)
		const h = 1e-5
		s.overlap(v+h, hi, nil)
		s.overlap(v-h, lo, nil)
		for m := range f {
			near(t, "Re F", []float64{real(f[m])}, re[i*M+m:i*M+m+1], tol)
			near(t, "Im F", []float64{imag(f[m])}, im[i*M+m:i*M+m+1], tol)
			d := (hi[m] - lo[m]) / (2 * h)
			near(t, "dF/dw", []float64{real(df[m]), imag(df[m])}, []float64{real(d), imag(d)}, 1e-8)
		}
	}
}

func TestGoldenVariants(t *testing.T) {
	names := map[string]hippo.Measure{"legt": hippo.LegT, "lagt": hippo.LagT, "fout": hippo.FouT}
	for _, c := range golden(t, "variants") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Measure                      string
				Scale, Variance, Lengthscale float64
				T1, T2                       float64
				M                            int
				X, W                         array
			}
			var want struct{ K_uu, K_u1u2, K_fu_t2, Overlap_re, Overlap_im array }
			c.read(t, &in, &want)
			at := func(T float64) span { return span{names[in.Measure], T, in.Scale} }
			a, b := &features{M: in.M, at: at(in.T1)}, &features{M: in.M, at: at(in.T2)}
			bl, err := b.blocks(gp.SE(in.Variance, in.Lengthscale), gp.Column(in.X.Data), a)
			if err != nil {
				t.Fatal(err)
			}
			nearM(t, "K_uu", bl.Kbb, want.K_uu, c.Tolerance)
			nearM(t, "K_u1u2", transpose(bl.Kba), want.K_u1u2, c.Tolerance)
			nearM(t, "K_fu", transpose(bl.Kbf), want.K_fu_t2, c.Tolerance)
			for _, T := range []float64{in.T1, in.T2} {
				// the file does not say at which time it took the overlaps
				f := make([]complex128, in.M)
				at(T).overlap(in.W.Data[1], f, nil)
				if math.Abs(real(f[0])-want.Overlap_re.Data[in.M]) < 1e-9 {
					testOverlaps(t, at(T), in.W.Data, in.M, want.Overlap_re.Data, want.Overlap_im.Data, c.Tolerance)
					return
				}
			}
			t.Error("the overlaps agree at neither time")
		})
	}
}
