package gp

import "math"

// shape replaces squared distances s by h(s).
func (k *Radial) shape(s []float64) {
	switch k.Family {
	case FamilySE:
		for i, v := range s {
			s[i] = math.Exp(-0.5 * v)
		}
	case FamilyMatern12:
		for i, v := range s {
			s[i] = math.Exp(-math.Sqrt(v))
		}
	case FamilyMatern32:
		for i, v := range s {
			r := math.Sqrt(3 * v)
			s[i] = (1 + r) * math.Exp(-r)
		}
	case FamilyMatern52:
		for i, v := range s {
			r := math.Sqrt(5 * v)
			s[i] = (1 + r + r*r/3) * math.Exp(-r)
		}
	case FamilyRQ:
		a := k.Alpha.Value()
		for i, v := range s {
			s[i] = math.Exp(-a * math.Log1p(v/(2*a)))
		}
	}
}

// dshape is dh/ds. For the exponential kernel the limit s -> 0 is infinite,
// but it is only ever used times a lag that is zero there, so 0 is returned.
func (k *Radial) dshape(s float64) float64 {
	switch k.Family {
	case FamilySE:
		return -0.5 * math.Exp(-0.5*s)
	case FamilyMatern12:
		if s == 0 {
			return 0
		}
		r := math.Sqrt(s)
		return -0.5 * math.Exp(-r) / r
	case FamilyMatern32:
		return -1.5 * math.Exp(-math.Sqrt(3*s))
	case FamilyMatern52:
		r := math.Sqrt(5 * s)
		return -5.0 / 6 * (1 + r) * math.Exp(-r)
	default:
		a := k.Alpha.Value()
		return -0.5 * math.Exp(-(a+1)*math.Log1p(s/(2*a)))
	}
}

// dalpha is dh/dalpha of the rational quadratic.
func (k *Radial) dalpha(s float64) float64 {
	a := k.Alpha.Value()
	u := s / (2 * a)
	return math.Exp(-a*math.Log1p(u)) * (u/(1+u) - math.Log1p(u))
}

// slopes fills h with h(s) and d with dh/ds, from one exponential each.
func (k *Radial) slopes(s, h, d []float64) {
	switch k.Family {
	case FamilySE:
		for i, v := range s {
			e := math.Exp(-0.5 * v)
			h[i], d[i] = e, -0.5*e
		}
	case FamilyMatern32:
		for i, v := range s {
			r := math.Sqrt(3 * v)
			e := math.Exp(-r)
			h[i], d[i] = (1+r)*e, -1.5*e
		}
	case FamilyMatern52:
		for i, v := range s {
			r := math.Sqrt(5 * v)
			e := math.Exp(-r)
			h[i], d[i] = (1+r+r*r/3)*e, -5.0/6*(1+r)*e
		}
	default:
		copy(h, s)
		k.shape(h)
		for i, v := range s {
			d[i] = k.dshape(v)
		}
	}
}
