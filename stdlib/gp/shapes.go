package gp

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
)

// kinds are the names of the families in package linalg.
var kinds = map[Family]string{FamilySE: "rbf", FamilyMatern12: "matern12", FamilyMatern32: "matern32", FamilyMatern52: "matern52"}

// shape replaces squared distances s by v h(s).
func (k *Radial) shape(s []float64, v float64) {
	if kind, ok := kinds[k.Family]; ok {
		linalg.RadialInto(kind, s, nil, s, v)
		return
	}
	a := k.Alpha.Value()
	for i, u := range s {
		s[i] = -a * math.Log1p(u/(2*a))
	}
	linalg.ExpInto(s, s)
	for i := range s {
		s[i] *= v
	}
}

// slopes fills e with dK/ds, given K = v h(s): every family's slope is its value
// times a function of s that needs no exponential. For Matern-1/2 the limit
// s -> 0 is infinite, but it is only ever used times a lag that is zero there,
// so 0 is returned.
func (k *Radial) slopes(e, K, s []float64) {
	e, s = e[:len(K)], s[:len(K)]
	switch k.Family {
	case FamilySE:
		for i, v := range K {
			e[i] = -0.5 * v
		}
	case FamilyMatern12:
		for i, v := range K {
			e[i] = 0
			if s[i] > 0 {
				e[i] = -0.5 * v / math.Sqrt(s[i])
			}
		}
	case FamilyMatern32:
		for i, v := range K {
			e[i] = -1.5 * v / (1 + math.Sqrt(3*s[i]))
		}
	case FamilyMatern52:
		for i, v := range K {
			r := math.Sqrt(5 * s[i])
			e[i] = -5.0 / 6 * v * (1 + r) / (1 + r + r*r/3)
		}
	default:
		a := k.Alpha.Value()
		for i, v := range K {
			e[i] = -0.5 * v / (1 + s[i]/(2*a))
		}
	}
}

// logByAlpha is d log h/dalpha of the rational quadratic.
func (k *Radial) logByAlpha(s float64) float64 {
	u := s / (2 * k.Alpha.Value())
	return u/(1+u) - math.Log1p(u)
}
