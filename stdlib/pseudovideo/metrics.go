package pseudovideo

import (
	"fmt"
	"math"
	"slices"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/mat"
)

// moments are the mean and the unbiased covariance of the rows of f.
func moments(f *mat.Dense) ([]float64, *mat.SymDense) {
	n, d := f.Dims()
	m := make([]float64, d)
	for i := range n {
		axpy(m, 1/float64(n), f.RawRowView(i))
	}
	c := mat.DenseCopyOf(f)
	for i := range n {
		axpy(c.RawRowView(i), -1, m)
	}
	s := mat.NewSymDense(d, nil)
	s.SymOuterK(1/float64(n-1), c.T())
	return m, s
}

// frechetMoments is the squared Frechet distance of two Gaussians,
//
//	|m1-m2|^2 + tr S1 + tr S2 - 2 tr (S1^{1/2} S2 S1^{1/2})^{1/2},
//
// by two symmetric eigendecompositions. Negative eigenvalues of rounding are cut off at zero; nothing is added to the
// covariances.
func frechetMoments(m1 []float64, s1 *mat.SymDense, m2 []float64, s2 *mat.SymDense) float64 {
	d := len(m1)
	w, u := eigSym(s1)
	r := mat.NewDense(d, d, nil) // u sqrt(w)
	for j, v := range w {
		s := math.Sqrt(max(v, 0))
		for i := range d {
			r.Set(i, j, u.At(i, j)*s)
		}
	}
	// With S1 = r r^T, the eigenvalues of S1^{1/2} S2 S1^{1/2} are those of r^T S2 r.
	var inner mat.Dense
	inner.Product(r.T(), s2, r)
	sym := mat.NewSymDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			sym.SetSym(i, j, (inner.At(i, j)+inner.At(j, i))/2)
		}
	}
	e, _ := eigSym(sym)
	total := mat.Trace(s1) + mat.Trace(s2)
	for i := range m1 {
		total += (m1[i] - m2[i]) * (m1[i] - m2[i])
	}
	for _, v := range e {
		total -= 2 * math.Sqrt(max(v, 0))
	}
	return total
}

func eigSym(s *mat.SymDense) ([]float64, *mat.Dense) {
	var e mat.EigenSym
	e.Factorize(s, true)
	var u mat.Dense
	e.VectorsTo(&u)
	return e.Values(nil), &u
}

// Frechet is the squared Frechet distance of two sets of features, one row for each image. It is biased upward for few
// images: compare numbers of equal counts only.
func Frechet(f, g *mat.Dense) (float64, error) {
	if err := matching(f, g, 2); err != nil {
		return 0, err
	}
	m1, s1 := moments(f)
	m2, s2 := moments(g)
	return frechetMoments(m1, s1, m2, s2), nil
}

// matching checks that two feature sets have equally many columns and at least n rows.
func matching(f, g *mat.Dense, n int) error {
	a, d := f.Dims()
	b, e := g.Dims()
	if d != e {
		return fmt.Errorf("pseudovideo: the two sets have %d and %d features; use the same features for both", d, e)
	}
	if a < n || b < n {
		return fmt.Errorf("pseudovideo: the two sets have %d and %d images; at least %d of each are needed", a, b, n)
	}
	return nil
}

// KID is the unbiased squared maximum mean discrepancy with kernel (a.b/d + 1)^3. It may be negative.
func KID(f, g *mat.Dense) (float64, error) {
	if err := matching(f, g, 2); err != nil {
		return 0, err
	}
	m, _ := f.Dims()
	n, _ := g.Dims()
	ff, fd := kernelSum(f, f)
	gg, gd := kernelSum(g, g)
	fg, _ := kernelSum(f, g)
	return (ff-fd)/float64(m*(m-1)) + (gg-gd)/float64(n*(n-1)) - 2*fg/float64(m*n), nil
}

// kernelSum adds up (a.b/d + 1)^3 over all pairs of rows; diag is the part of the pairs of equal number.
func kernelSum(f, g *mat.Dense) (total, diag float64) {
	_, d := f.Dims()
	var p mat.Dense
	p.Mul(f, g.T())
	r, c := p.Dims()
	for i := range r {
		for j := range c {
			v := p.At(i, j)/float64(d) + 1
			total += v * v * v
			if i == j {
				diag += v * v * v
			}
		}
	}
	return total, diag
}

// KIDSubsets averages KID over count random subsets of the given size and returns the mean and the sample standard
// deviation over subsets; published practice is a size of 1000.
func KIDSubsets(f, g *mat.Dense, size, count int, rng *linalg.Rand) (mean, spread float64, err error) {
	if err := matching(f, g, max(size, 2)); err != nil {
		return 0, 0, err
	}
	if count < 2 {
		return 0, 0, fmt.Errorf("pseudovideo: %d subsets give no spread; use at least 2", count)
	}
	v := make([]float64, count)
	for i := range v {
		if v[i], err = KID(someRows(f, size, rng), someRows(g, size, rng)); err != nil {
			return 0, 0, err
		}
	}
	mean, spread = meanSpread(v)
	return mean, spread, nil
}

func someRows(f *mat.Dense, n int, rng *linalg.Rand) *mat.Dense {
	r, d := f.Dims()
	out := mat.NewDense(n, d, nil)
	for i, k := range rng.Perm(r)[:n] {
		out.SetRow(i, f.RawRowView(k))
	}
	return out
}

// meanSpread is the mean and the sample standard deviation; the latter is NaN for a single value.
func meanSpread(v []float64) (mean, spread float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		spread += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(spread / float64(len(v)-1))
}

// PrecisionRecall compares sets by their k-nearest-neighbour manifolds (k = 3 by custom): precision is the share of
// fake images within the radius of some real one, recall the share of real images within the radius of some fake one.
func PrecisionRecall(real, fake *mat.Dense, k int) (precision, recall float64, err error) {
	if err := matching(real, fake, k+1); err != nil {
		return 0, 0, err
	}
	rr, rf := radii(real, k), radii(fake, k)
	nr, _ := real.Dims()
	nf, _ := fake.Dims()
	inReal, inFake := make([]bool, nf), make([]bool, nr)
	for i := range nr {
		for j := range nf {
			d := rowDistance(real, i, fake, j)
			inReal[j] = inReal[j] || d <= rr[i]
			inFake[i] = inFake[i] || d <= rf[j]
		}
	}
	return share(inReal), share(inFake), nil
}

func share(b []bool) float64 {
	n := 0.0
	for _, v := range b {
		if v {
			n++
		}
	}
	return n / float64(len(b))
}

func rowDistance(f *mat.Dense, i int, g *mat.Dense, j int) float64 {
	s, b := 0.0, g.RawRowView(j)
	for k, v := range f.RawRowView(i) {
		s += (v - b[k]) * (v - b[k])
	}
	return math.Sqrt(s)
}

// radii are the distances of each row to its k-th nearest other row.
func radii(f *mat.Dense, k int) []float64 {
	n, _ := f.Dims()
	out := make([]float64, n)
	for i := range n {
		var d []float64
		for j := range n {
			if j != i {
				d = append(d, rowDistance(f, i, f, j))
			}
		}
		slices.Sort(d)
		out[i] = d[k-1]
	}
	return out
}

// Nearest is the mean Euclidean distance, in pixels, of each image of x to the nearest of training. Print it for
// samples beside that of held-out images: samples that lie much nearer than those are copies.
func Nearest(x, training *linalg.Tensor) (float64, error) {
	f, g := pixelRows(x), pixelRows(training)
	if err := matching(f, g, 1); err != nil {
		return 0, err
	}
	n, _ := f.Dims()
	m, _ := g.Dims()
	total := 0.0
	for i := range n {
		best := math.Inf(1)
		for j := range m {
			best = min(best, squaredWithin(f.RawRowView(i), g.RawRowView(j), best))
		}
		total += math.Sqrt(best)
	}
	return total / float64(n), nil
}

// squaredWithin is the squared distance of a and b, or something above limit if it is above.
func squaredWithin(a, b []float64, limit float64) float64 {
	s := 0.0
	for len(a) > 0 && s <= limit {
		k := min(len(a), 64)
		for i, v := range b[:k] {
			s += (a[i] - v) * (a[i] - v)
		}
		a, b = a[k:], b[k:]
	}
	return s
}

// Reconstruction is the mean squared error per pixel on the scale [-1, 1], and 10 log10(4/error) in decibels.
func Reconstruction(x, y *linalg.Tensor) (mse, psnr float64) {
	mse = x.To(linalg.F64).Sub(y.To(linalg.F64)).Square().Mean().Item()
	return mse, 10 * math.Log10(4/mse)
}

// pixelRows are images [N, ...] as rows of numbers.
func pixelRows(x *linalg.Tensor) *mat.Dense {
	n := x.Dim(0)
	return mat.NewDense(n, x.Len()/n, x.Float64s())
}
