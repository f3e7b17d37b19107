package pseudovideo

import "math"

// binHalf is half the width of one of the 256 grey levels on [-1, 1].
const binHalf = 1 / 255.0

// gaussianKL is KL(N(m1, e^lv1) || N(m2, e^lv2)).
func gaussianKL(m1, lv1, m2, lv2 float64) float64 {
	d := m1 - m2
	return 0.5 * (lv2 - lv1 - 1 + math.Exp(lv1-lv2) + d*d*math.Exp(-lv2))
}

// normalCDF is the tanh approximation of the normal distribution function that the model is defined with, and its
// derivative.
func normalCDF(x float64) (p, dp float64) {
	c := math.Sqrt(2 / math.Pi)
	th := math.Tanh(c * (x + 0.044715*x*x*x))
	return 0.5 * (1 + th), 0.5 * (1 - th*th) * c * (1 + 3*0.044715*x*x)
}

// discreteLogLik is the log probability, in nats, that a normal of the given mean and log standard deviation falls into
// the bin of grey level x; the edge bins reach to infinity. dm and ds are its derivatives by mean and log deviation.
func discreteLogLik(x, mean, logStd float64) (ll, dm, ds float64) {
	inv := math.Exp(-logStd)
	up, low := inv*(x-mean+binHalf), inv*(x-mean-binHalf)
	cu, du := normalCDF(up)
	cl, dl := normalCDF(low)
	var p, pu, pl float64 // probability and the weights with which du and dl enter its derivative
	switch {
	case x < -0.999:
		p, pu = cu, 1
	case x > 0.999:
		p, pl = 1-cl, 1
	default:
		p, pu, pl = cu-cl, 1, 1
	}
	if p <= 1e-12 { // floored: no gradient
		return math.Log(1e-12), 0, 0
	}
	return math.Log(p), -inv * (pu*du - pl*dl) / p, -(pu*du*up - pl*dl*low) / p
}

// BoundTerm is one term of the variational bound for one pixel, in bits: the discretised likelihood of x0 at t = 0, the
// divergence between the true and the model's step elsewhere. The model's mean comes from the noise estimate eps (never
// clipped in training), its variance from v.
func (s *Schedule) BoundTerm(t int, x0, xt, eps, v float64) float64 {
	b, _, _ := s.boundTerm(t, x0, xt, eps, v)
	return b
}

// boundTerm also returns the derivatives by eps and v.
func (s *Schedule) boundTerm(t int, x0, xt, eps, v float64) (bits, dEps, dV float64) {
	mean := s.PosteriorMean(t, s.X0(t, xt, eps), xt)
	lv := s.LearnedLogVar(t, v)
	var dMean, dLv float64
	if t == 0 {
		ll, dm, ds := discreteLogLik(x0, mean, 0.5*lv)
		bits, dMean, dLv = -ll, -dm, -0.5*ds
	} else {
		m := s.PosteriorMean(t, x0, xt)
		bits = gaussianKL(m, s.PosteriorLogVar[t], mean, lv)
		inv := math.Exp(-lv)
		dMean = (mean - m) * inv
		dLv = 0.5 * (1 - math.Exp(s.PosteriorLogVar[t]-lv) - (m-mean)*(m-mean)*inv)
	}
	dEps = dMean * s.CoefX0[t] * -math.Sqrt(1-s.Abar[t]) / math.Sqrt(s.Abar[t])
	dV = dLv * 0.5 * (math.Log(s.Beta[t]) - s.PosteriorLogVar[t])
	return bits / math.Ln2, dEps / math.Ln2, dV / math.Ln2
}

// PriorTerm is the bound's constant part for one pixel, in bits: how far the fully noised x_0 is from N(0, 1).
func (s *Schedule) PriorTerm(x0 float64) float64 {
	ab := s.Abar[s.Steps()-1]
	return gaussianKL(math.Sqrt(ab)*x0, math.Log(1-ab), 0, 0) / math.Ln2
}
