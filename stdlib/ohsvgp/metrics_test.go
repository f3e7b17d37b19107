package ohsvgp

import "testing"

func TestGoldenMetrics(t *testing.T) {
	for _, c := range golden(t, "metrics") {
		var in struct{ Y, Mean, Var, Samples array }
		var want struct{ Rmse, Nlpd, Ece float64 }
		c.read(t, &in, &want)
		s := in.Samples.dense()
		rows := make([][]float64, in.Samples.Shape[0])
		for i := range rows {
			rows[i] = s.RawRowView(i)
		}
		ece, err := ECE(in.Y.Data, rows)
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.Name, []float64{RMSE(in.Y.Data, in.Mean.Data), NLPD(in.Y.Data, in.Mean.Data, in.Var.Data), ece},
			[]float64{want.Rmse, want.Nlpd, want.Ece}, c.Tolerance)
	}
}
