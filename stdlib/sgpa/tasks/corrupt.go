package tasks

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
)

// mostShifted is how many pictures a shifted set has at most.
const mostShifted = 500

// shiftedPhotos is the test set under every corruption of CIFAR-10-C at one severity, one after the other: of all these
// pictures at most so many, evenly over them.
func shiftedPhotos(test *pictures, severity, most int, seed uint64, mean, sd []float64) (Set, error) {
	all := &pictures{c: test.c, size: test.size}
	m := test.images()
	kinds := data.Corruptions()
	of := make([][]int, len(kinds))
	for _, i := range spread(len(kinds)*test.n, most) {
		of[i/test.n] = append(of[i/test.n], i%test.n)
	}
	for k, kind := range kinds {
		if of[k] == nil {
			continue
		}
		bad, err := m.Pick(of[k]).Corrupt(kind, severity, seed)
		if err != nil {
			return Set{}, err
		}
		p, err := fromImages(bad)
		if err != nil {
			return Set{}, err
		}
		all.add(p)
	}
	return all.set(severity, mean, sd), nil
}

// shiftedGlyphs is the test set under the four corruptions of the generated task at one severity.
func shiftedGlyphs(test *pictures, severity int, seed uint64, mean, sd []float64) Set {
	all := &pictures{c: test.c, size: test.size}
	for _, k := range glyphCorruptions {
		all.add(corrupt(test, k, severity, seed))
	}
	return all.set(severity, mean, sd)
}

func (p *pictures) set(severity int, mean, sd []float64) Set {
	return Set{Name: fmt.Sprintf("severity %d", severity), Data: p.data(mean, sd)}
}

// corruption changes one picture (c planes of size by size numbers from 0 to 1) at severity 1 to 5.
type corruption struct {
	name  string
	apply func(r *linalg.Rand, x []float64, c, size, severity int)
}

// glyphCorruptions are those of the generated task; its signs are larger and fewer than what photographs show, and bear more.
var glyphCorruptions = []corruption{
	{"noise", noise},
	{"blur", blur},
	{"contrast", contrast},
	{"occlusion", occlusion},
}

// corrupt applies one kind at one severity to all pictures. The random numbers depend on seed, kind, severity and the
// number of the picture. Results are cut to 0..1 and to 256 levels, as in the published sets.
func corrupt(p *pictures, kind corruption, severity int, seed uint64) *pictures {
	out := p.part(0, p.n)
	r := linalg.NewRand(seed).Split(uint64(severity))
	for _, ch := range kind.name {
		r = r.Split(uint64(ch))
	}
	for i := 0; i < out.n; i++ {
		x := out.one(i)
		kind.apply(r.Split(uint64(i)), x, out.c, out.size, severity)
		for k, v := range x {
			x[k] = math.Floor(math.Min(math.Max(v, 0), 1)*255) / 255
		}
	}
	return out
}

func noise(r *linalg.Rand, x []float64, _, _, severity int) {
	for k := range x {
		x[k] += [5]float64{.08, .14, .2, .28, .36}[severity-1] * r.Normal()
	}
}

// blur averages over neighbours, severity times.
func blur(_ *linalg.Rand, x []float64, c, size, severity int) {
	plane := size * size
	for range severity {
		old := append([]float64(nil), x...)
		for k := range x {
			ch, i, j := k/plane, k%plane/size, k%size
			sum, n := 0.0, 0.0
			for a := max(i-1, 0); a <= min(i+1, size-1); a++ {
				for b := max(j-1, 0); b <= min(j+1, size-1); b++ {
					sum, n = sum+old[ch*plane+a*size+b], n+1
				}
			}
			x[k] = sum / n
		}
	}
}

// contrast brings pixels closer to their mean.
func contrast(_ *linalg.Rand, x []float64, c, size, severity int) {
	by := [5]float64{.75, .5, .4, .3, .15}[severity-1]
	plane := size * size
	for ch := 0; ch < c; ch++ {
		mean := 0.0
		for _, v := range x[ch*plane : (ch+1)*plane] {
			mean += v / float64(plane)
		}
		for k := ch * plane; k < (ch+1)*plane; k++ {
			x[k] = (x[k]-mean)*by + mean
		}
	}
}

// occlusion lays a grey square over a part of the picture.
func occlusion(r *linalg.Rand, x []float64, c, size, severity int) {
	side := size * (1 + severity) / 10
	i0, j0 := r.Intn(size-side+1), r.Intn(size-side+1)
	for ch := 0; ch < c; ch++ {
		for i := i0; i < i0+side; i++ {
			for j := j0; j < j0+side; j++ {
				x[ch*size*size+i*size+j] = .5
			}
		}
	}
}
