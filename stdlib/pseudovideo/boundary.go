package pseudovideo

import (
	"fmt"
	"math"
)

// The boundary rules: what a filter reads beyond the edge of an image whose row is abcd.
const (
	Symmetric = "symmetric" // dcba|abcd|dcba, the default
	Mirror    = "mirror"    // dcb|abcd|cba
	Circular  = "circular"  // abcd|abcd|abcd
	Replicate = "replicate" // aaaa|abcd|dddd
)

// boundaryIndex is the position inside 0..n-1 that a filter reads when it asks for position i, which may be any
// integer: at 8 pixels a kernel of standard deviation 3 reaches beyond the edge by more than the whole image.
func boundaryIndex(i, n int, rule string) int {
	switch rule {
	case Mirror:
		if n == 1 {
			return 0
		}
		if i = modulo(i, 2*n-2); i >= n {
			i = 2*n - 2 - i
		}
		return i
	case Circular:
		return modulo(i, n)
	case Replicate:
		return min(max(i, 0), n-1)
	default: // Symmetric
		if i = modulo(i, 2*n); i >= n {
			i = 2*n - 1 - i
		}
		return i
	}
}

// modulo is the remainder in 0..m-1.
func modulo(i, m int) int { return ((i % m) + m) % m }

func checkBoundary(rule string) error {
	switch rule {
	case "", Symmetric, Mirror, Circular, Replicate:
		return nil
	}
	return fmt.Errorf("pseudovideo: boundary %q is not known; use %q, %q, %q or %q", rule, Symmetric, Mirror, Circular, Replicate)
}

// gaussianKernel returns w_j proportional to exp(-j^2/(2 sigma^2)) for j = -r..r with sum one. A negative radius means
// r = floor(4 sigma + 1/2). With sigma 0 it is the identity.
func gaussianKernel(sigma float64, radius int) []float64 {
	if sigma == 0 {
		return []float64{1}
	}
	r := radius
	if r < 0 {
		r = int(math.Floor(4*sigma + 0.5))
	}
	w, sum := make([]float64, 2*r+1), 0.0
	for j := -r; j <= r; j++ {
		w[j+r] = math.Exp(-float64(j*j) / (2 * sigma * sigma))
		sum += w[j+r]
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

// A filter is a linear map along one axis: row i lists which positions enter output i, and with which weight.
type filter struct {
	at [][]int
	w  [][]float64
}

// kernelFilter folds a kernel over the boundary, so that no row is longer than the axis.
func kernelFilter(kernel []float64, n int, rule string) filter {
	f := filter{make([][]int, n), make([][]float64, n)}
	r := len(kernel) / 2
	for i := range n {
		slot := map[int]int{}
		for j := -r; j <= r; j++ {
			p := boundaryIndex(i+j, n, rule)
			k, seen := slot[p]
			if !seen {
				k = len(f.at[i])
				slot[p] = k
				f.at[i] = append(f.at[i], p)
				f.w[i] = append(f.w[i], 0)
			}
			f.w[i][k] += kernel[j+r]
		}
	}
	return f
}

// heatFilter is the exact solution of the heat equation with zero-flux ends after time sigma^2/2 on n pixels: the
// orthonormal DCT-II, a factor exp(-(pi k/n)^2 sigma^2/2) for frequency k, and back. The two-dimensional factor is a
// product over the axes, so one filter for each axis is the whole map.
func heatFilter(sigma float64, n int) filter {
	d := dctMatrix(n)
	f := filter{make([][]int, n), make([][]float64, n)}
	for i := range n {
		f.at[i], f.w[i] = make([]int, n), make([]float64, n)
		for j := range n {
			f.at[i][j] = j
			for k := range n {
				w := math.Pi * float64(k) / float64(n)
				f.w[i][j] += d[k][i] * math.Exp(-w*w*sigma*sigma/2) * d[k][j]
			}
		}
	}
	return f
}

// dctMatrix is the orthonormal DCT-II; rows are frequencies.
func dctMatrix(n int) [][]float64 {
	d := make([][]float64, n)
	for k := range d {
		d[k] = make([]float64, n)
		c := math.Sqrt(2 / float64(n))
		if k == 0 {
			c = math.Sqrt(1 / float64(n))
		}
		for i := range n {
			d[k][i] = c * math.Cos(math.Pi*(float64(i)+0.5)*float64(k)/float64(n))
		}
	}
	return d
}

// separable applies rows to the H axis and cols to the W axis of every H x W plane of x, in place.
func separable(x []float64, h, w int, rows, cols filter) {
	tmp := make([]float64, h*w)
	for at := 0; at < len(x); at += h * w {
		plane := x[at : at+h*w]
		for i := range h {
			out := tmp[i*w : (i+1)*w]
			clear(out)
			for k, p := range rows.at[i] {
				wt, in := rows.w[i][k], plane[p*w:(p+1)*w]
				for j, v := range in {
					out[j] += wt * v
				}
			}
		}
		for i := range h {
			in := tmp[i*w : (i+1)*w]
			for j := range w {
				s := 0.0
				for k, p := range cols.at[j] {
					s += cols.w[j][k] * in[p]
				}
				plane[i*w+j] = s
			}
		}
	}
}

// blur convolves every H x W plane of x with a Gaussian, H first, in place.
func blur(x []float64, h, w int, sigma float64, radius int, rule string) {
	if sigma == 0 {
		return
	}
	k := gaussianKernel(sigma, radius)
	separable(x, h, w, kernelFilter(k, h, rule), kernelFilter(k, w, rule))
}

// heat runs the heat equation on every H x W plane of x, in place.
func heat(x []float64, h, w int, sigma float64) {
	if sigma == 0 {
		return
	}
	separable(x, h, w, heatFilter(sigma, h), heatFilter(sigma, w))
}
