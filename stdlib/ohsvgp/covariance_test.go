package ohsvgp

import (
	"testing"

	"github.com/priorlab/priorlab/stdlib/gp"
)

func TestGoldenCovariances(t *testing.T) {
	for _, c := range golden(t, "kernels") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Kernel            string
				Variance          float64
				Lengthscale       numbers
				Period, T, T1, T2 float64
				M                 int
				X, R              array
			}
			var want struct {
				K_fu, K_uu, K_u1u2, H array
			}
			c.read(t, &in, &want)
			if c.Name == "lag_table" {
				for i, r := range in.R.Data {
					n := in.M * in.M
					near(t, "H", flat(lagPolynomials(in.M, r)), want.H.Data[i*n:(i+1)*n], c.Tolerance)
				}
				return
			}
			k := kernelNamed(t, in.Kernel, in.Variance, in.Lengthscale, in.Period)
			if want.K_u1u2.Data != nil {
				a, b := &legs{in.M, in.T1}, &legs{in.M, in.T2}
				bl, err := b.blocks(k, gp.Column([]float64{0.1}), a)
				if err != nil {
					t.Fatal(err)
				}
				nearM(t, "K_u1u2", transpose(bl.Kba), want.K_u1u2, c.Tolerance)
				return
			}
			bl, err := (&legs{in.M, in.T}).blocks(k, gp.Column(in.X.Data), nil)
			if err != nil {
				t.Fatal(err)
			}
			nearM(t, "K_uu", bl.Kbb, want.K_uu, c.Tolerance)
			nearM(t, "K_fu", transpose(bl.Kbf), want.K_fu, c.Tolerance)
			q, _ := kufQuadrature(k, in.X.Data, in.T, in.M, false)
			nearM(t, "K_fu by quadrature", transpose(q), want.K_fu, c.Tolerance)
		})
	}
}
