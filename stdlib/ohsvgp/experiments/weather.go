package experiments

import (
	"context"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/ohsvgp"
	"gonum.org/v1/gonum/mat"
)

// weatherVariables are the columns of the ERA5 extract that are modelled.
var weatherVariables = []string{"u10", "v10", "snow_depth", "ssrd", "strd"}

// Weather is the GP-VAE on ten tasks of 186 hours of ERA5. A task's Y holds the
// frames one after the other, five numbers each.
func Weather() Study {
	model := func(name string, o ohsvgp.GPVAEOptions) Method {
		return Method{name, func(M int, seed uint64, tasks []Task) (Model, error) {
			o := o
			o.M, o.Seed, o.Latents, o.Kernel, o.Steps = M, seed, 5, gp.Matern32(1, 18), 200
			return vae{ohsvgp.NewGPVAE(o), len(weatherVariables)}, nil
		}}
	}
	return Study{
		Name: "weather", Sizes: []int{50, 100}, Seeds: 3, Tasks: weatherTasks,
		Methods: []Method{model("OHSVGP-VAE, no EWC", ohsvgp.GPVAEOptions{}), model("OHSVGP-VAE", ohsvgp.GPVAEOptions{EWC: 100}),
			model("OHSVGP-VAE, amortised", ohsvgp.GPVAEOptions{EWC: 100, Amortised: true}), model("OVC-VAE", ohsvgp.GPVAEOptions{EWC: 100, Points: true})},
		Notes: "ERA5 at Nain, five variables, standardised, first 1860 hours; 10 tasks of 186 hours, 20% of the frames held out. GP-VAE with 5 latents, Matern-3/2 kernel of 18 hours, " +
			"width 128, EWC strength 100, streaming memory unless said otherwise, 200 steps of Adam (0.005) on the whole task; held-out frames are predicted from the carried memory, without encoding.",
	}
}

func weatherTasks(seed uint64) ([]Task, error) {
	const size, count = 186, 10
	t := data.Weather()
	d := len(weatherVariables)
	Y := mat.NewDense(size*count, d, nil)
	for j, name := range weatherVariables {
		v, err := t.Numbers(name)
		if err != nil {
			return nil, err
		}
		z, _ := data.Standardize(v[:size*count])
		Y.SetCol(j, z)
	}
	var out []Task
	for k := 0; k < count; k++ {
		train, held := data.Split(size, 0.2, 100*seed+uint64(k))
		pick := func(rows []int) (*mat.Dense, []float64) {
			var x, y []float64
			for _, i := range rows {
				x = append(x, float64(k*size+i+1))
				y = append(y, Y.RawRowView(k*size+i)...)
			}
			return gp.Column(x), y
		}
		task := Task{End: float64((k + 1) * size)}
		task.X, task.Y = pick(train)
		task.TestX, task.TestY = pick(held)
		out = append(out, task)
	}
	return out, nil
}

// vae adapts the GP-VAE: targets are frames in a row.
type vae struct {
	g    *ohsvgp.GPVAE
	dims int
}

func (v vae) Learn(ctx context.Context, t Task) error {
	return v.g.Update(ctx, t.End, mat.Col(nil, 0, t.X), mat.NewDense(len(t.Y)/v.dims, v.dims, t.Y))
}

func (v vae) predict(ctx context.Context, x *mat.Dense) (mean, variance []float64, err error) {
	m, s, err := v.g.Predict(ctx, mat.Col(nil, 0, x), 30, linalg.NewRand(1))
	if err != nil {
		return nil, nil, err
	}
	return m.RawMatrix().Data, s.RawMatrix().Data, nil
}

func (v vae) Test(ctx context.Context, x *mat.Dense, y []float64) (mean, logp []float64, err error) {
	mean, s, err := v.predict(ctx, x)
	for i := range mean {
		d := y[i] - mean[i]
		logp = append(logp, -0.5*math.Log(2*math.Pi*s[i])-0.5*d*d/s[i])
	}
	return mean, logp, err
}

func (v vae) Draw(ctx context.Context, x *mat.Dense, n int, seed uint64) ([][]float64, error) {
	mean, s, err := v.predict(ctx, x)
	r := linalg.NewRand(seed)
	out := make([][]float64, n)
	for k := range out {
		for i := range mean {
			out[k] = append(out[k], mean[i]+math.Sqrt(s[i])*r.Normal())
		}
	}
	return out, err
}
