//go:build amd64 || arm64

package kernel

import (
	"flag"
	"fmt"
	"hash"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
)

// exactly draws numbers without arithmetic that processors might do differently.
func exactly[T Float](r *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(int32(r.Uint32())) * T(math.Ldexp(1, -25-r.IntN(12)))
	}
	return x
}

// addBits adds the bits of numbers, for which zeros have no sign and all that are not numbers are one.
func addBits[T Float](h hash.Hash64, parts ...[]T) {
	for _, x := range parts {
		for _, v := range x {
			b := math.Float64bits(float64(v))
			switch {
			case v != v:
				b = 1
			case v == 0:
				b = 0
			}
			fmt.Fprintf(h, "%x,", b)
		}
	}
}

// fingerprints are the bits of many kernels on the same numbers.
func fingerprints[T Float](r *rand.Rand) map[string]hash.Hash64 {
	out := map[string]hash.Hash64{}
	put := func(name string, parts ...[]T) {
		if out[name] == nil {
			out[name] = fnv.New64a()
		}
		addBits(out[name], parts...)
	}
	const n = 1013
	x, y, z, w, g := exactly[T](r, n), exactly[T](r, n), exactly[T](r, n), exactly[T](r, n), exactly[T](r, n)
	some := make([]T, len(specials))
	for i, v := range specials {
		some[i] = T(v)
	}
	for _, length := range []int{1, 18, n} {
		x, y, z, w, g := x[:length], y[:length], z[:length], w[:length], g[:length]
		d, e := make([]T, length), make([]T, length)
		for op := Op(0); op < numOps; op++ {
			Map(op, d, x)
			special := make([]T, len(some))
			Map(op, special, some)
			MapGrad(op, e, g, x, d)
			put(fmt.Sprint("map ", op), d, special, e)
		}
		for op := Op2(0); op < Pow; op++ {
			all := [][]T{make([]T, length), make([]T, length), make([]T, length)}
			Zip(op, all[0], x, y)
			ZipScalar(op, all[1], x, 0.7)
			ScalarZip(op, all[2], 0.7, y)
			put(fmt.Sprint("zip ", op), all...)
		}
		var sums []T
		for op := Sum; op <= MinOf; op++ {
			sums = append(sums, Row(op, x))
		}
		put("sums", append(sums, Dot(x, y), sumSquaresFrom(x, 0.3), expSum(d, x, 0.3, -1)), d)
		SquaredExp(d, x, 0.3, -0.7, 1.5)
		put("SquaredExp", d)
		a := asm.Args{N: length}
		for name, op := range map[string]int{"ShiftMul": asm.VShiftMul, "Affine": asm.VAffine, "AxpyTo": asm.VAxpyTo, "MulAdd": asm.VMulAdd,
			"MulAddTo": asm.VMulAddTo, "ExpClamp": asm.VExpClamp, "AddSquares": asm.VAddSquares, "LayerNormGrad1": asm.VLayerNormGrad1,
			"LayerNormGrad2": asm.VLayerNormGrad2, "GroupNormGrad1": asm.VGroupNormGrad1, "GroupNormGrad2": asm.VGroupNormGrad2,
			"AdamW": asm.VAdamW, "SoftmaxRow": asm.VSoftmaxRow, "SoftmaxGradRow": asm.VSoftmaxGradRow, "LayerNormRow": asm.VLayerNormRow,
			"Axpy4": asm.VAxpy4, "Dot4": asm.VDot4, "LineSums": asm.VLineSums} {
			var all [][]T
			for _, v := range [][]T{x, y, z, w, g, x} {
				all = append(all, slices.Clone(v))
			}
			for i := range all {
				a.P[i] = ptr(all[i])
			}
			for i, s := range []float64{0.5, 0.25, 0.75, 0.125, 2, 3, 0.01, 0.9} {
				a.S[i] = alphaBits(T(s))
			}
			if name == "AdamW" {
				Map(Square, all[3], all[3])
			}
			a.R = [4]uint64{}
			runVec[T](op, &a)
			put(name, append(all, results[T](&a))...)
		}
	}
	for i, s := range [][3]int{{1, 1, 1}, {7, 19, 33}, {64, 64, 64}, {13, 300, 500}, {100, 9, 700}, {1, 300, 77}, {300, 1, 77}} {
		m, n, k := s[0], s[1], s[2]
		a, b, c := exactly[T](r, m*k), exactly[T](r, k*n), exactly[T](r, m*n)
		alpha := []T{1, 0.3, -0.5, 0.7}[i%4]
		d := slices.Clone(c)
		Gemm(m, n, k, alpha, Matrix[T]{a, k, 1}, Matrix[T]{b, n, 1}, c, n, i%3 == 1)
		Gemm(m, n, k, alpha, Matrix[T]{a, 1, m}, Matrix[T]{b, 1, k}, d, n, i%3 > 0)
		put(fmt.Sprint("product ", s), c, d)
	}
	for _, n := range []int{2, 5, 12, 70} {
		const count, columns = 19, 33
		a, g, b := exactly[T](r, count*n*n), exactly[T](r, count*n*n), exactly[T](r, n*columns)
		for i := range a {
			if a[i] /= 1 << 12; i%(n*n)%(n+1) == 0 {
				a[i] = 4
			}
		}
		l, d, one := make([]T, count*n*n), make([]T, count*n*n), make([]T, n*n)
		Chol(l, a, n, 0)
		CholGrad(d, g, l, n)
		put("factors", l, d)
		Chol(one, a[:n*n], n, 0)
		Trsm(true, true, false, n, columns, 0.3, Matrix[T]{one, n, 1}, b, columns)
		put("solves", one, b)
	}
	return out
}

var write = flag.Bool("write", false, "write the fingerprints of kernels into testdata/bits.txt")

// AVX2 and NEON give the same bits, but for the signs of zeros: the fingerprints of both are those in the file.
func TestBitsAcrossMachines(t *testing.T) {
	if Best == Portable {
		t.Skip("this machine has no vector level")
	}
	old := CurrentLevel()
	defer SetLevel(old)
	SetLevel(AVX2)
	r := rand.New(rand.NewPCG(71, 72))
	var lines []string
	for name, p := range fingerprints[float32](r) {
		lines = append(lines, fmt.Sprintf("F32 %s: %016x", name, p.Sum64()))
	}
	for name, p := range fingerprints[float64](r) {
		lines = append(lines, fmt.Sprintf("F64 %s: %016x", name, p.Sum64()))
	}
	slices.Sort(lines)
	const file = "testdata/bits.txt"
	if *write {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(want) != len(lines) {
		t.Fatalf("%d fingerprints, %s has %d: if the test was extended, run it with -write", len(lines), file, len(want))
	}
	for i, l := range lines {
		if l != want[i] {
			t.Errorf("%v gives %s, want %s (-write, after a change of what kernels compute; then test on arm64 too)", CurrentLevel(), l, want[i])
		}
	}
}

// results are the results of a reduction.
func results[T Float](a *asm.Args) []T {
	r := make([]T, len(a.R))
	for i := range r {
		r[i] = *(*T)(unsafe.Pointer(&a.R[i]))
	}
	return r
}
