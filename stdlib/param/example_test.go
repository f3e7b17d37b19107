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
