package pseudovideo

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

// fixed makes a codebook from stored codes.
func fixed(codes array) *Codebook {
	b := &Codebook{K: codes.Shape[0], D: codes.Shape[1], Decay: 0.99, Eps: 1e-7,
		Code: append([]float64(nil), codes.Data...), Count: make([]float64, codes.Shape[0])}
	b.restart()
	return b
}

func TestGoldenAssignment(t *testing.T) {
	c := golden(t, "vq")[0]
	z, b := num(t, c.Inputs, "z"), fixed(num(t, c.Inputs, "codes"))
	idx := b.Assign(z.Data)
	sameInts(t, "indices", idx, num(t, c.Expected, "indices").ints())
	near(t, "quantised", b.Lookup(idx), num(t, c.Expected, "quantised").Data, 0)
	near(t, "perplexity", []float64{Perplexity(idx, b.K)}, num(t, c.Expected, "perplexity").Data, 1e-10)
	var d []float64
	for m := range idx {
		for k := range b.K {
			d = append(d, b.distance(z.Data[m*b.D:(m+1)*b.D], k))
		}
	}
	near(t, "distances", d, num(t, c.Expected, "distances").Data, 1e-10)
}

func TestGoldenRunningAverages(t *testing.T) {
	seen := 0
	for _, c := range golden(t, "vq") {
		if c.Op != "vq_ema" {
			continue
		}
		seen++
		b := fixed(num(t, c.Inputs, "codes"))
		b.Decay, b.Eps = value[float64](t, c.Inputs, "decay"), value[float64](t, c.Inputs, "eps")
		for i := range 3 {
			step := value[map[string]json.RawMessage](t, c.Expected, fmt.Sprintf("step%d", i))
			z := num(t, step, "z").Data
			idx := b.Assign(z)
			b.Update(z, idx)
			sameInts(t, "indices", idx, num(t, step, "indices").ints())
			near(t, "count", b.Count, num(t, step, "count").Data, 1e-10)
			near(t, "sum", b.Sum, num(t, step, "sum").Data, 1e-10)
			near(t, "codes", b.Code, num(t, step, "codes").Data, 1e-10)
			near(t, "perplexity", []float64{Perplexity(idx, b.K)}, num(t, step, "perplexity").Data, 1e-10)
		}
	}
	if seen != 2 {
		t.Fatalf("%d cases", seen)
	}
}

func TestFastAssignmentEqualsPlain(t *testing.T) {
	rng := linalg.NewRand(1)
	for _, cosine := range []bool{false, true} {
		b, err := NewCodebook(300, 24, 0, rng)
		if err != nil {
			t.Fatal(err)
		}
		b.Cosine = cosine
		for i := range b.D { // two equal codes, and two that differ by less than single precision sees
			b.Code[7*b.D+i] = b.Code[3*b.D+i]
			b.Code[9*b.D+i] = b.Code[5*b.D+i] * (1 + 1e-9)
		}
		z := make([]float64, 500*b.D)
		rng.FillNormal(z)
		copy(z, b.Code[:12*b.D])
		for i := range z {
			z[i] += 100 * float64(b.D) / 1000 // far from the origin cancellation is worst
		}
		for i := range b.Code {
			b.Code[i] += 100 * float64(b.D) / 1000
		}
		sameInts(t, "indices", b.Assign(z), b.assignPlain(z))
	}
}

func TestCodebookInitAndRevival(t *testing.T) {
	rng := linalg.NewRand(2)
	b, _ := NewCodebook(8, 3, 0.9, rng)
	z := make([]float64, 3*3)
	rng.FillNormal(z)
	b.Init(z, rng)
	for k := range b.K {
		for j := range k {
			if equal(b.Code[k*3:k*3+3], b.Code[j*3:j*3+3]) {
				t.Fatalf("codes %d and %d are equal after Init from fewer rows than codes", j, k)
			}
		}
	}
	for range 50 { // everything goes to one code: the others fade
		b.Update(b.Code[:3], []int{0})
	}
	moved := b.Revive(z, 0.5, rng)
	if len(moved) != 7 {
		t.Fatalf("revived %v, want the seven unused codes", moved)
	}
	before := append([]float64(nil), b.Code...)
	b.Update(b.Code[:3], []int{0})
	for _, k := range moved {
		near(t, "a revived code stays where it was put", b.Code[k*3:k*3+3], before[k*3:k*3+3], 1e-6)
	}
	if again := b.Revive(z, 0.5, rng); len(again) != 0 {
		t.Errorf("codes %v were revived twice in a row", again)
	}
}

func TestCosineIgnoresLength(t *testing.T) {
	b := fixed(array{Shape: []int{2, 2}, Data: []float64{10, 0, 0, 0.1}})
	z := []float64{0.2, 3}
	b.Cosine = true
	if got := b.Assign(z)[0]; got != 1 {
		t.Errorf("by direction the second code is nearer, got %d", got)
	}
	z = []float64{6, 5}
	b.Cosine = false
	if got := b.Assign(z)[0]; got != 0 {
		t.Errorf("by distance the first code is nearer, got %d", got)
	}
}

func TestPerplexityOfUniformUse(t *testing.T) {
	if p := Perplexity([]int{0, 1, 2, 3}, 8); math.Abs(p-4) > 1e-6 {
		t.Errorf("four codes used equally: perplexity %g", p)
	}
	if _, err := NewCodebook(0, 3, 0, linalg.NewRand(1)); err == nil {
		t.Error("a codebook without codes was made")
	}
}

func TestCodebookRefusesWhatDoesNotFit(t *testing.T) {
	b, _ := NewCodebook(4, 3, 0, linalg.NewRand(1))
	for what, f := range map[string]func(){
		"half a row":          func() { b.Assign(make([]float64, 4)) },
		"a code that is none": func() { b.Lookup([]int{4}) },
		"too few numbers":     func() { b.Update(make([]float64, 3), []int{0, 1}) },
		"a negative index":    func() { Usage([]int{-1}, 4) },
	} {
		if err := linalg.Try(f); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}
