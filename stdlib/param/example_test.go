package param_test

import (
	"context"
	"fmt"

	"github.com/priorlab/priorlab/stdlib/param"
)

func ExampleSet_Maximise() {
	rate := param.Positive("rate", 1).WithPrior(param.Gamma{Shape: 2, Rate: 1})
	set := param.Set{rate}
	// log likelihood of one exponential waiting time of 0.5
	_, err := set.Maximise(context.Background(), func() (float64, []float64, error) {
		v := rate.Value()
		_, free := rate.Transform.LogSlope(v) // log rate and its slope
		return free*logOf(v) - 0.5*v, []float64{1 - 0.5*v}, nil
	}, 50)
	fmt.Printf("%.3f %v\n", rate.Value(), err)
	// Output: 1.333 <nil>
}

func logOf(v float64) float64 { return param.Log{}.Free(v) }

// A set prints as a table; what is fixed stays out of learning.
func ExampleSet() {
	fmt.Print(param.Set{
		param.Positive("lengthscale", 0.5).WithPrior(param.LogNormal{Sigma: 1}),
		param.Positive("noise", 0.01).Fix(),
		param.New("share", param.Between{Lo: 0, Hi: 1}, 0.3),
	})
	// Output:
	// parameter    value  transform        prior            trained
	// lengthscale  0.5    positive         LogNormal(0, 1)  yes
	// noise        0.01   positive                          no
	// share        0.3    between 0 and 1                   yes
}

// Draws of a posterior that is known: Gamma(2, 1) times an exponential likelihood
// is Gamma(3, 1.5), with mean 2.
func ExampleSet_Sample() {
	rate := param.Positive("rate", 1).WithPrior(param.Gamma{Shape: 2, Rate: 1})
	d, err := param.Set{rate}.Sample(context.Background(), func() (float64, []float64, error) {
		v := rate.Value()
		return logOf(v) - 0.5*v, []float64{1 - 0.5*v}, nil
	}, param.SampleOptions{Draws: 2000, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Mean()[0] > 1.85 && d.Mean()[0] < 2.15, d.Diverged)
	// Output: true 0
}
