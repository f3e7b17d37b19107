package param

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// Objective is a scalar to be made large. It reads the parameters of the set
// it belongs to and returns its value and the gradient over all numbers of the
// set (trainable or not, in order) with respect to the free numbers. An error
// means that the value does not exist at these parameters (a matrix that is not
// positive definite, say); the optimiser then steps back.
type Objective func() (value float64, grad []float64, err error)

// Fit says how an optimisation went.
type Fit struct {
	Start, End float64 // objective (with log priors) before and after
	Steps      int     // major iterations
	Calls      int     // evaluations
	Converged  bool    // the gradient or the gain became negligible
}

// String is one line.
func (f Fit) String() string {
	how := "stopped at the limit"
	if f.Converged {
		how = "converged"
	}
	return fmt.Sprintf("%.6g -> %.6g in %d steps (%d evaluations), %s", f.Start, f.End, f.Steps, f.Calls, how)
}

// Maximise moves the trainable parameters of the set uphill on objective plus
// log priors by L-BFGS for at most steps major iterations, and leaves them at
// the best point seen. When ctx is cancelled the parameters are put back as
// they were and the error is that of ctx.
func (s Set) Maximise(ctx context.Context, objective Objective, steps int) (Fit, error) {
	start, before := s.Free(), s.Clone()
	if len(start) == 0 || steps <= 0 {
		v, _, err := objective()
		p, _ := s.LogPrior()
		return Fit{Start: v + p, End: v + p, Calls: 1, Converged: len(start) == 0}, err
	}
	done := false
	defer func() { // also when an interrupt unwinds the objective
		if !done {
			_ = s.CopyFrom(before)
		}
	}()
	c := &climb{ctx: ctx, set: s, objective: objective, best: math.Inf(-1)}
	first := c.at(start)
	if c.unwound != nil {
		panic(c.unwound)
	}
	if c.failure != nil && math.IsInf(first, -1) {
		return Fit{}, c.failure
	}
	settings := &optimize.Settings{
		MajorIterations:   steps,
		GradientThreshold: 1e-7 * (1 + math.Abs(first)),
		Converger:         &optimize.FunctionConverge{Absolute: 1e-10, Relative: 1e-10, Iterations: 5},
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 { return -c.at(x) },
		Grad: func(g, x []float64) {
			c.at(x)
			for i := range g {
				g[i] = -c.grad[i]
			}
		},
		Status: func() (optimize.Status, error) {
			if err := ctx.Err(); err != nil {
				return optimize.RuntimeLimit, err
			}
			if c.unwound != nil {
				return optimize.Failure, errors.New("unwound")
			}
			return optimize.NotTerminated, nil
		},
	}
	res, err := optimize.Minimize(problem, start, settings, &optimize.LBFGS{Store: 20})
	if c.unwound != nil {
		panic(c.unwound)
	}
	if cerr := ctx.Err(); cerr != nil {
		return Fit{}, cerr
	}
	// A line search that cannot gain any more ends with an error at the
	// optimum; the best point seen stands either way.
	if err := s.SetFree(c.point); err != nil {
		return Fit{}, err
	}
	done = true
	fit := Fit{Start: first, End: c.best, Calls: c.calls, Converged: err != nil}
	if res != nil {
		fit.Steps = res.MajorIterations
		fit.Converged = err != nil || res.Status == optimize.GradientThreshold || res.Status == optimize.FunctionConvergence || res.Status == optimize.StepConvergence
	}
	return fit, nil
}

// climb evaluates the objective once per point and remembers the best.
type climb struct {
	ctx       context.Context
	set       Set
	objective Objective
	last      []float64
	value     float64
	grad      []float64
	best      float64
	point     []float64
	calls     int
	failure   error
	unwound   any // what the objective panicked with
}

// at is the target at x. gonum calls it from a goroutine of its own, where a
// panic would end the program: it is kept, for Maximise to go on with.
func (c *climb) at(x []float64) float64 {
	if c.last != nil && floats.Equal(c.last, x) {
		return c.value
	}
	c.last = append(c.last[:0], x...)
	c.value, c.grad = math.Inf(-1), make([]float64, len(x))
	if c.ctx.Err() != nil || c.unwound != nil {
		return c.value
	}
	defer func() { c.unwound = recover() }()
	c.calls++
	if err := c.set.SetFree(x); err != nil {
		c.failure = err
		return c.value
	}
	v, g, err := c.objective()
	if err != nil || math.IsNaN(v) {
		if err == nil {
			err = fmt.Errorf("param: the objective is not a number")
		}
		c.failure = err
		return c.value
	}
	p, dp := c.set.LogPrior()
	c.value = v + p
	copy(c.grad, c.set.Pack(g))
	floats.Add(c.grad, dp)
	if c.value > c.best {
		c.best, c.point = c.value, append([]float64(nil), x...)
	}
	return c.value
}
