package calib_test

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/stdlib/calib"
)

func ExampleCompare() {
	y := []int{0, 1, 0, 0}
	sharp, _ := calib.Evaluate("sharp", mat.NewDense(4, 2, []float64{0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7}), y)
	flat, _ := calib.Evaluate("flat", mat.NewDense(4, 2, []float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}), y)
	table, err := calib.Compare(sharp, flat)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range table.Rows {
		fmt.Printf("%s: accuracy %.2f, NLL %.3f\n", r.Name, r.Mean[0], r.Mean[2])
	}
	// Output:
	// sharp: accuracy 0.75, NLL 0.511
	// flat: accuracy 0.75, NLL 0.693
}

func ExampleTop1() {
	p := mat.NewDense(2, 2, []float64{0.9, 0.1, 0.9, 0.1})
	fmt.Println(calib.Top1(p, []int{0, 1}, 10))
	// Output:
	// reliability, top-1, 10 bins: ECE 0.4000, MCE 0.4000
	//           bin    count     conf     freq      gap
	//   0.800..0.900        2   0.9000   0.5000   0.4000
}

func ExampleDetect() {
	fmt.Println(calib.Detect([]float64{3, 2}, []float64{1, 2, 0}))
	// Output: detection of 2 among 5: AUROC 0.9167, AUPR 0.8333, AUPR of the rest 0.9167, FPR at 95% TPR 0.3333
}

func ExampleFitTemperature() {
	logits := mat.NewDense(4, 2, []float64{4, 0, 4, 0, 4, 0, 4, 0})
	fit := calib.FitTemperature(logits, []int{0, 0, 0, 1}) // three of four right: log 3 is the fitting logit
	fmt.Printf("T = %.3f\n", fit.T)
	// Output: T = 3.641
}

func ExampleCoverage() {
	y, mean, sd := []float64{0, 1, 5}, []float64{0, 0, 0}, []float64{1, 1, 1}
	fmt.Printf("%.2f\n", calib.Coverage(y, mean, sd, 0.95))
	// Output: 0.67
}
