package experiments

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/ohsvgp"
	"gonum.org/v1/gonum/mat"
)

// weatherVariables are the columns of the ERA5 extract that are modelled.
var weatherVariables = []string{"u10", "v10", "snow_depth", "ssrd", "strd"}

// Weather is the GP-VAE on ten tasks of 186 hours of ERA5 at one place, as the
// program carries it. A task's Y holds the frames one after the other.
func Weather() Study {
	t := data.Weather()
	Y := mat.NewDense(weatherHours*weatherParts, len(weatherVariables), nil)
	for j, name := range weatherVariables {
		v, err := t.Numbers(name)
		if err != nil {
			panic(err) // embedded
		}
		z, _ := data.Standardize(v[:weatherHours*weatherParts])
		Y.SetCol(j, z)
	}
	return frames("weather", Y, 5, []int{50, 100}, "ERA5 at Nain, five variables")
}

// ERA5 is the same on every variable at every grid point of the file
// era5/era5_nain_2018_2020.nc in the data folder; without the file there is an
// error that says so. Any netCDF-3 file with variables over (time, latitude,
// longitude) will do.
func ERA5() (Study, error) {
	const name = "era5/era5_nain_2018_2020.nc"
	path, err := data.Find(name)
	if err != nil {
		return Study{}, fmt.Errorf("the study of ERA5 needs %s in the data folder: %w", name, err)
	}
	f, err := data.ReadNetCDF(path)
	if err != nil {
		return Study{}, err
	}
	var columns [][]float64
	variables, points := 0, 0
	for _, v := range f.Variables {
		if len(v.Shape) != 3 || v.Shape[0] < weatherHours*weatherParts {
			continue
		}
		a, err := f.Read(v.Name)
		if err != nil {
			return Study{}, err
		}
		variables, points = variables+1, v.Shape[1]*v.Shape[2]
		for p := 0; p < points; p++ {
			c := make([]float64, weatherHours*weatherParts)
			for i := range c {
				c[i] = a.Floats()[i*points+p]
			}
			z, _ := data.Standardize(c)
			columns = append(columns, z)
		}
	}
	if variables == 0 {
		return Study{}, fmt.Errorf("%s has no variable over time, latitude and longitude with %d hours", path, weatherHours*weatherParts)
	}
	Y := mat.NewDense(weatherHours*weatherParts, len(columns), nil)
	for j, c := range columns {
		Y.SetCol(j, c)
	}
	return frames("era5", Y, 10, []int{50, 100}, fmt.Sprintf("ERA5 about Nain, %d variables at %d grid points", variables, points)), nil
}

const (
	weatherHours = 186 // of a task
	weatherParts = 10
)

// frames is the comparison of GP-VAEs on a table of frames, one row an hour.
func frames(name string, Y *mat.Dense, latents int, sizes []int, what string) Study {
	_, d := Y.Dims()
	model := func(name string, o ohsvgp.GPVAEOptions) Method {
		return Method{name, func(M int, seed uint64, tasks []Task) (Model, error) {
			o := o
			o.M, o.Seed, o.Latents, o.Kernel, o.Steps = M, seed, latents, gp.Matern32(1, 18), weatherSteps
			return vae{ohsvgp.NewGPVAE(o), d}, nil
		}}
	}
	return Study{
		Name: name, Sizes: sizes, Seeds: 3, Tasks: func(seed uint64) ([]Task, error) { return frameTasks(Y, seed), nil },
		Methods: []Method{
			model("OHSVGP-VAE, no EWC", ohsvgp.GPVAEOptions{}),
			model("OHSVGP-VAE", ohsvgp.GPVAEOptions{EWC: 100}),
			model("OHSVGP-VAE, kernels learned", ohsvgp.GPVAEOptions{EWC: 100, LearnKernel: true}),
			model("OHSVGP-VAE, amortised", ohsvgp.GPVAEOptions{EWC: 100, Amortised: true}),
			model("OVC-VAE", ohsvgp.GPVAEOptions{EWC: 100, Points: true}),
			model("OVC-VAE, per channel", ohsvgp.GPVAEOptions{EWC: 100, Points: true, LearnKernel: true}),
			model("OSVGP-VAE", ohsvgp.GPVAEOptions{EWC: 100, LearnZ: true}),
		},
		Notes: fmt.Sprintf("%s, standardised, first %d hours; %d tasks of %d hours, 20%% of the frames held out. GP-VAE with %d latents, Matern-3/2 kernel of 18 hours (where it is learned, the start of the first task), "+
			"width 128, EWC strength 100 unless said otherwise, streaming memory unless said otherwise, %d steps of Adam (0.005) on the whole task; OSVGP-VAE learns inducing points that all "+
			"channels share, OVC-VAE picks them by pivoted Cholesky (per channel: under kernels that are learned, so that every channel has points of its own). Held-out frames are predicted from the carried memory, without encoding.",
			what, weatherHours*weatherParts, weatherParts, weatherHours, latents, weatherSteps),
	}
}

const weatherSteps = 100

func frameTasks(Y *mat.Dense, seed uint64) []Task {
	var out []Task
	for k := 0; k < weatherParts; k++ {
		train, held := data.Split(weatherHours, 0.2, 100*seed+uint64(k))
		pick := func(rows []int) (*mat.Dense, []float64) {
			var x, y []float64
			for _, i := range rows {
				x = append(x, float64(k*weatherHours+i+1))
				y = append(y, Y.RawRowView(k*weatherHours+i)...)
			}
			return gp.Column(x), y
		}
		task := Task{End: float64((k + 1) * weatherHours)}
		task.X, task.Y = pick(train)
		task.TestX, task.TestY = pick(held)
		out = append(out, task)
	}
	return out
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
