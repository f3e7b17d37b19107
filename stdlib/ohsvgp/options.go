package ohsvgp

import (
	"fmt"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
)

// HyperMode says when hyper-parameters (kernel and noise) are learned.
type HyperMode string

// The modes. The zero value means HyperFirstTask.
const (
	HyperFirstTask HyperMode = "first task" // on the first task, then frozen
	HyperOnline    HyperMode = "online"     // on every task, by the online bound
	HyperFixed     HyperMode = "fixed"      // never
)

// Route says how covariances with the inducing variables are computed. One
// model uses one route for all of them.
type Route string

// The routes. The zero value means Exact.
const (
	Exact          Route = "exact"           // integrals to rounding: lag table, closed forms
	ODE            Route = "ode"             // the recurrence Options.Rule on a grid, on random features
	RandomFeatures Route = "random features" // Features random frequencies, kernel SE or Matern
)

// Options describe a model. The zero value of every field has a meaning.
type Options struct {
	M          int            // inducing variables; 0 means 50
	Kernel     gp.Kernel      // nil means SE, sized from the first task; the model works on a copy
	Noise      float64        // observation variance; 0 means a tenth of the first task's variance
	Likelihood *gp.Likelihood // nil means Gaussian with variance Noise; the model works on a copy
	Hyper      HyperMode      // when hyper-parameters are learned
	Route      Route          // how covariances are computed
	Measure    hippo.Measure  // how the past is weighed; "" means LegS, all of it evenly
	Window     float64        // the window of LegT and FouT, the time constant of LagT
	Origin     float64        // where time begins: inputs are measured from here
	Jitter     float64        // relative to k(x,x); 0 means 1e-8, negative means none
	Seed       uint64         // for everything that is drawn: first Z of OSGPR, random features

	Interval [2]float64 // OVFF: smallest and largest input of all tasks
	Margin   float64    // OVFF: how far the features reach beyond, in units of x

	Step      float64    // ODE: length of a step; 0 means a thousandth of the first task
	Rule      hippo.Rule // ODE and path: the recurrence; "" means bilinear
	Order     Order      // path: how points are put in line; "" means as they come
	Subsample int        // path: keep every so many points; 0 means all

	Batch    int     // data of one step for tasks that are larger, when the likelihood is not Gaussian; 0 means always all
	FitSteps int     // largest number of steps of hyper-parameter learning; 0 means 200
	Features int     // random frequencies of RandomFeatures; 0 means 1000
	ZSteps   int     // OSGPR: steps on Z per task; 0 means 100, negative means none
	ZKeep    float64 // OSGPR: share of old Z kept when a task begins; 0 means 0.7
}

func (o Options) filled() (Options, error) {
	if o.M == 0 {
		o.M = 50
	}
	if o.Jitter == 0 {
		o.Jitter = 1e-8
	}
	if o.Hyper == "" {
		o.Hyper = HyperFirstTask
	}
	if o.Route == "" {
		o.Route = Exact
	}
	if o.FitSteps == 0 {
		o.FitSteps = 200
	}
	if o.Features == 0 {
		o.Features = 1000
	}
	if o.ZSteps == 0 {
		o.ZSteps = 100
	}
	if o.ZKeep == 0 {
		o.ZKeep = 0.7
	}
	switch {
	case o.M < 1:
		return o, fmt.Errorf("ohsvgp: M is %d: at least one inducing variable is needed", o.M)
	case o.Batch < 0:
		return o, fmt.Errorf("ohsvgp: Batch is %d: a step needs data", o.Batch)
	case o.Noise < 0:
		return o, fmt.Errorf("ohsvgp: Noise is %g: a variance is positive", o.Noise)
	case o.ZKeep < 0 || o.ZKeep > 1:
		return o, fmt.Errorf("ohsvgp: ZKeep is %g: a share lies between 0 and 1", o.ZKeep)
	case o.Hyper != HyperFirstTask && o.Hyper != HyperOnline && o.Hyper != HyperFixed:
		return o, fmt.Errorf("ohsvgp: no hyper-parameter mode %q; there are %q, %q, %q", o.Hyper, HyperFirstTask, HyperOnline, HyperFixed)
	case !isLegS(o.Measure) && o.Measure != hippo.LegT && o.Measure != hippo.LagT && o.Measure != hippo.FouT:
		return o, fmt.Errorf("ohsvgp: no measure %q; there are LegS, LegT, LagT, FouT", o.Measure)
	case !isLegS(o.Measure) && !(o.Window > 0):
		return o, fmt.Errorf("ohsvgp: the %s measure needs a Window, %g was given", o.Measure, o.Window)
	case o.Route != Exact && o.Route != RandomFeatures && o.Route != ODE:
		return o, fmt.Errorf("ohsvgp: no route %q; there are %q, %q and %q", o.Route, Exact, RandomFeatures, ODE)
	case o.Step < 0:
		return o, fmt.Errorf("ohsvgp: Step is %g: time goes forward", o.Step)
	case o.Route == ODE && !isLegS(o.Measure):
		return o, fmt.Errorf("ohsvgp: the ODE route exists for LegS, not for %s", o.Measure)
	case o.Route == ODE && o.Hyper == HyperOnline:
		return o, fmt.Errorf("ohsvgp: the ODE route cannot learn length-scales after the first task; use HyperFirstTask or another route")
	case o.Route != Exact && 2*o.Features <= o.M:
		return o, fmt.Errorf("ohsvgp: %d random features carry at most %d variables, M is %d", o.Features, 2*o.Features, o.M)
	}
	return o, nil
}
