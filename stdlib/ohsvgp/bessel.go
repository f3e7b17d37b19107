package ohsvgp

import "math"

// sphericalBessel fills dst[m] = j_m(z), z >= 0, by Miller's downward
// recurrence j_{m-1} = (2m+1)/z j_m - j_{m+1}, normalised with
// sum (2m+1) j_m^2 = 1. The sign comes from the larger of j_0 and j_1, as
// either may vanish. Accurate to rounding for every m and z.
func sphericalBessel(dst []float64, z float64) {
	M := len(dst)
	if z < 1e-300 {
		clear(dst)
		if M > 0 {
			dst[0] = 1
		}
		return
	}
	top := math.Max(float64(M), math.Ceil(z))
	start := int(top) + 20 + int(8*math.Sqrt(top))
	j := make([]float64, start+2)
	j[start] = 1e-300
	for m := start; m > 0; m-- {
		j[m-1] = float64(2*m+1)/z*j[m] - j[m+1]
		if math.Abs(j[m-1]) > 1e100 {
			for i := m - 1; i < len(j); i++ {
				j[i] *= 1e-100
			}
		}
	}
	peak := 0.0
	for _, v := range j {
		peak = math.Max(peak, math.Abs(v))
	}
	sum := 0.0
	for m, v := range j {
		v /= peak
		sum += float64(2*m+1) * v * v
	}
	norm := peak * math.Sqrt(sum)
	j0 := math.Sin(z) / z
	j1 := z / 3
	if z > 1e-2 {
		j1 = math.Sin(z)/(z*z) - math.Cos(z)/z
	}
	if (math.Abs(j0) >= math.Abs(j1) && j[0]*j0 < 0) || (math.Abs(j0) < math.Abs(j1) && j[1]*j1 < 0) {
		norm = -norm
	}
	for m := range dst {
		dst[m] = j[m] / norm
	}
}
