package linalg

import (
	"encoding/json"
	"os"
	"testing"
)

// goldenArray is a tensor as the golden files write it.
type goldenArray struct {
	Shape []int
	Data  []float64
}

func (a goldenArray) tensor() *Tensor { return FromFloat64(a.Data).Reshape(a.Shape...) }

// Kernel matrices and their gradients against stored references in double precision, made with an independent program.
// The tolerance is 1e-10 relative; 1e-6 for the case far from the origin, whose inputs near 1e4 carry twelve digits.
func TestGoldenKernels(t *testing.T) {
	b, err := os.ReadFile("testdata/kernels.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Name, Kind string
			Inputs     struct {
				X, Y   goldenArray
				LogVar float64     `json:"log_var"`
				LogLS  goldenArray `json:"log_ls"`
				Weight goldenArray
			}
			Expected struct {
				K      goldenArray
				Scalar float64
			}
			Gradients struct {
				X, Y   goldenArray
				LogVar float64     `json:"log_var"`
				LogLS  goldenArray `json:"log_ls"`
			}
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 4 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			tol := 1e-10
			if c.Name == "ard_far_from_origin" {
				tol = 1e-6
			}
			x, y := Param(c.Inputs.X.tensor()), Param(c.Inputs.Y.tensor())
			lv, ls := Param(Scalar(F64, c.Inputs.LogVar)), Param(c.Inputs.LogLS.tensor())
			k := KernelMatrix(c.Kind, x, y, lv, ls)
			near(t, "K", k.Float64s(), c.Expected.K.Data, tol)
			s := k.Mul(c.Inputs.Weight.tensor()).Sum()
			near(t, "scalar", []float64{s.Item()}, []float64{c.Expected.Scalar}, tol)
			s.Backward()
			near(t, "gradient of X", x.Grad().Float64s(), c.Gradients.X.Data, tol)
			near(t, "gradient of Y", y.Grad().Float64s(), c.Gradients.Y.Data, tol)
			near(t, "gradient of log_var", lv.Grad().Float64s(), []float64{c.Gradients.LogVar}, tol)
			near(t, "gradient of log_ls", ls.Grad().Float64s(), c.Gradients.LogLS.Data, tol)
		})
	}
}
