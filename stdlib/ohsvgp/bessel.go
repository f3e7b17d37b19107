package ohsvgp

import "math"

// sphericalBessel fills dst[m] = j_m(z), z >= 0, by Miller's downward
// recurrence j_{m-1} = (2m+1)/z j_m - j_{m+1}, normalised with
// sum (2m+1) j_m^2 = 1. The sign comes from the larger of j_0 and j_1, as
// either may vanish. Where z is above all m, the recurrence is stable upwards too,
// and shorter. Accurate to rounding for every m and z.
func sphericalBessel(dst []float64, z float64) {
	if z < 1e-8 { // the first term of the series
		v := 1.0
		for m := range dst {
			dst[m] = v
			v *= z / float64(2*m+3)
		}
		return
	}
	inverse := 1 / z
	if z > float64(len(dst)+20) {
		sin, cos := math.Sincos(z)
		below, here := cos*inverse, sin*inverse // j_{-1} and j_0
		for m := range dst {
			dst[m] = here
			below, here = here, float64(2*m+1)*inverse*here-below
		}
		return
	}
	top := math.Max(float64(len(dst)), math.Ceil(z))
	start := int(top) + 20 + int(8*math.Sqrt(top))
	above, here := 0.0, 1e-100 // j_{m+1} and j_m, up to a factor
	second, sum := 0.0, 0.0
	for m := start; ; m-- {
		if m < len(dst) {
			dst[m] = here
		}
		if m == 1 {
			second = here
		}
		sum += float64(2*m+1) * here * here
		if m == 0 {
			break
		}
		above, here = here, float64(2*m+1)*inverse*here-above
		if here > 1e100 || here < -1e100 {
			here, above, sum = 1e-100*here, 1e-100*above, 1e-200*sum
			for i := m; i < len(dst); i++ {
				dst[i] *= 1e-100
			}
		}
	}
	norm := math.Sqrt(sum)
	j0 := math.Sin(z) / z
	j1 := z / 3
	if z > 1e-2 {
		j1 = math.Sin(z)/(z*z) - math.Cos(z)/z
	}
	if (math.Abs(j0) >= math.Abs(j1) && here*j0 < 0) || (math.Abs(j0) < math.Abs(j1) && second*j1 < 0) {
		norm = -norm
	}
	for m := range dst {
		dst[m] /= norm
	}
}
