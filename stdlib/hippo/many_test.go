package hippo

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestRunManyIsStepForEveryColumn(t *testing.T) {
	const N, C, steps = 9, 150, 20
	f := mat.NewDense(steps, C, nil)
	for i := 0; i < steps; i++ {
		for j := 0; j < C; j++ {
			f.Set(i, j, math.Sin(float64(i*(j+1))/7))
		}
	}
	for _, rule := range []Rule{Bilinear, Backward, Euler, ZOH, ZOHLeft} {
		c := mat.NewDense(N, C, nil)
		// in two goes, as two tasks would
		if err := RunMany(c, 1, f.Slice(0, 8, 0, C).(*mat.Dense), rule); err != nil {
			t.Fatal(err)
		}
		if err := RunMany(c, 9, f.Slice(8, steps, 0, C).(*mat.Dense), rule); err != nil {
			t.Fatal(err)
		}
		for _, j := range []int{0, 63, 64, 149} {
			want, err := Run(N, mat.Col(nil, j, f), rule)
			if err != nil {
				t.Fatal(err)
			}
			near(t, string(rule), mat.Col(nil, j, c), want, 1e-11)
		}
	}
	if err := RunMany(mat.NewDense(3, 2, nil), 1, f, Bilinear); err == nil {
		t.Error("two memories took 150 signals")
	}
	if err := RunMany(mat.NewDense(3, C, nil), 0, f, Bilinear); err == nil {
		t.Error("step 0 was accepted")
	}
	if err := RunMany(mat.NewDense(3, C, nil), 1, f, "leapfrog"); err == nil {
		t.Error("an unknown rule was accepted")
	}
}

// Many memories over many steps go by blocks of steps, with the same result.
func TestRunManyByBlocks(t *testing.T) {
	const N, C, steps = 20, 400, 150
	f := mat.NewDense(steps, C, nil)
	for i := 0; i < steps; i++ {
		for j := 0; j < C; j++ {
			f.Set(i, j, math.Cos(float64(i*(j+1))/50))
		}
	}
	for _, rule := range []Rule{Bilinear, Backward} {
		c, plain := mat.NewDense(N, C, nil), mat.NewDense(N, C, nil)
		if err := RunMany(c, 1, f, rule); err != nil {
			t.Fatal(err)
		}
		runPieces(plain, 1, f, rule)
		near(t, string(rule), c.RawMatrix().Data, plain.RawMatrix().Data, 1e-12)
	}
}

// Euler's method leaves all bounds while k < N; the other rules do not.
func TestEulerBlowsUpBeforeStepN(t *testing.T) {
	f := make([]float64, 16)
	for i := range f {
		f[i] = math.Sin(6*float64(i+1)/100) + 0.5*math.Cos(13*float64(i+1)/100)
	}
	for rule, wild := range map[Rule]bool{Euler: true, Bilinear: false, Backward: false, ZOH: false} {
		c, err := Run(32, f, rule)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for _, v := range c {
			worst = math.Max(worst, math.Abs(v))
		}
		if (worst > 1e6) != wild {
			t.Errorf("%s: largest coefficient %.3g after 16 steps with N = 32", rule, worst)
		}
	}
}

func TestTransitionProperties(t *testing.T) {
	a, err := Transition(20, 0.7, 1.1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Transition(20, 1.1, 1.9)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Transition(20, 0.7, 1.9)
	if err != nil {
		t.Fatal(err)
	}
	var two mat.Dense
	two.Mul(b, a)
	near(t, "E(t1,t3) = E(t2,t3) E(t1,t2)", two.RawMatrix().Data, whole.RawMatrix().Data, 1e-13)
	var svd mat.SVD
	svd.Factorize(whole, mat.SVDNone)
	if norm := svd.Values(nil)[0]; norm > math.Sqrt(0.7/1.9)*(1+1e-12) {
		t.Errorf("norm %g of a contraction bounded by %g", norm, math.Sqrt(0.7/1.9))
	}
	for _, bad := range [][2]float64{{2, 1}, {-1, 1}, {0, 0}, {1, math.NaN()}} {
		if _, err := Transition(4, bad[0], bad[1]); err == nil {
			t.Errorf("transition from %g to %g", bad[0], bad[1])
		}
	}
}

func TestMemoryErrors(t *testing.T) {
	m := NewMemory(4)
	f := func(float64) float64 { return 1 }
	if err := m.Advance(1, f, 0); err != nil {
		t.Fatal(err)
	}
	near(t, "memory of a constant", m.C, []float64{1, 0, 0, 0}, 1e-14)
	if err := m.Advance(1, f, 0); err == nil {
		t.Error("time stood still")
	}
	if err := Step(m.C, 0, 1, Bilinear); err == nil {
		t.Error("step 0 was accepted")
	}
	if err := Step(m.C, 1, 1, "leapfrog"); err == nil {
		t.Error("an unknown rule was accepted")
	}
	if _, _, err := Operator("LegX", 3); err == nil {
		t.Error("an unknown measure was accepted")
	}
	if _, _, err := Operator(LegS, 0); err == nil {
		t.Error("an operator of no coefficients")
	}
}
