package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// ulp is the distance from |v| to the next number of type T, at least the smallest normal number's.
func ulp[T Float](v float64) float64 {
	if is32[T]() {
		e := math.Ilogb(math.Max(math.Abs(v), 0x1p-126))
		return math.Ldexp(1, e-23)
	}
	return math.Ldexp(1, math.Ilogb(math.Max(math.Abs(v), 0x1p-1022))-52)
}

// specials are arguments on which functions often go wrong.
var specials = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 0.9, 0.90001, -0.9, 1e-5, -1e-5, 1e-30, 4.3, 6, 9, 9.1, -9.1, 20, -20,
	88, 88.8, -87, -87.5, -100, -103.9, 200, -200, 700, 709.4, -708, -744, 1e5, 1e30, -1e30, 1e-40, 1e-310, math.Inf(1), math.Inf(-1), math.NaN()}

// arguments draws numbers of many sizes, and the specials.
func arguments[T Float](r *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		switch {
		case i < len(specials):
			x[i] = T(specials[i])
		case i%3 == 0:
			x[i] = T(r.NormFloat64() * 10)
		default:
			x[i] = T(r.NormFloat64() * math.Exp(4*r.Float64()-3))
		}
	}
	return x
}

// exact are the functions in double precision, accurate also where the plain forms are not.
func exact(op Op, x float64) float64 {
	switch op {
	case Neg:
		return -x
	case Abs:
		return math.Abs(x)
	case Square:
		return x * x
	case Recip:
		return 1 / x
	case ReLU:
		return math.Max(x, 0)
	}
	return scalar[op](x)
}

func testMaps[T Float](t *testing.T, limits [numOps]float64) {
	r := rand.New(rand.NewPCG(20, 21))
	x := arguments[T](r, 3001)
	for op := Op(0); op < numOps; op++ {
		for _, n := range []int{0, 1, 7, 15, 16, 17, 63, 64, 65, 3001} {
			in := x[:n]
			dst := make([]T, n+1)
			dst[n] = 77
			Map(op, dst[:n], in)
			if dst[n] != 77 {
				t.Fatalf("op %d, n %d: wrote beyond the end", op, n)
			}
			for i, v := range in {
				want := exact(op, float64(v))
				got := float64(dst[i])
				if math.IsNaN(want) && math.IsNaN(got) || got == want || T(want) == dst[i] {
					continue
				}
				if (op == GELU || op == SiLU) && (math.IsInf(float64(v), 0)) {
					continue // 0 times infinity
				}
				if math.Abs(got-want) < ulp[T](0)*0x1p23 && op >= Sigmoid {
					continue // both below the normal numbers
				}
				e := math.Abs(got-want) / ulp[T](want)
				if (op == Sin || op == Cos) && math.Abs(want) < 1e-2 {
					e = math.Abs(got-want) / ulp[T](1e-2)
				}
				if op == GELU {
					e = math.Abs(got-want) / ulp[T](math.Max(1, math.Abs(want)))
				}
				if !(e <= limits[op]) {
					t.Errorf("op %d at %g: %.9g, want %.9g (%.1f ULP)", op, v, got, want, e)
					break
				}
			}
		}
	}
}

func TestMaps(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		testMaps[float32](t, [numOps]float64{Sqrt: 0.5, Exp: 1.5, Log: 1.5, Sin: 2, Cos: 2, Tanh: 4, Erf: 4, Sigmoid: 4, Softplus: 4, GELU: 2, SiLU: 4})
		testMaps[float64](t, [numOps]float64{Sqrt: 0.5, Exp: 2, Log: 2, Sin: 2, Cos: 2, Tanh: 4, Erf: 4, Sigmoid: 4, Softplus: 4, GELU: 2, SiLU: 4})
	})
}

func testSlopes[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(22, 23))
	tol := 1e-13
	if is32[T]() {
		tol = 2e-6
	}
	for op := Op(0); op < numOps; op++ {
		for _, n := range []int{1, 15, 33, 500} {
			x, g := randoms[T](r, n), randoms[T](r, n)
			if op == Sqrt || op == Log || op == Recip {
				for i := range x {
					x[i] = T(math.Abs(float64(x[i])) + 0.1)
				}
			}
			y, dx := make([]T, n), make([]T, n)
			Map(op, y, x)
			MapGrad(op, dx, g, x, y)
			for i := range x {
				want := float64(g[i]) * slope(op, float64(x[i]), exact(op, float64(x[i])))
				if math.Abs(float64(dx[i])-want) > tol*(1+math.Abs(want))*10 {
					t.Fatalf("op %d at %g: gradient %g, want %g", op, x[i], dx[i], want)
				}
			}
		}
	}
}

func TestSlopes(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		testSlopes[float32](t)
		testSlopes[float64](t)
	})
}

func testLoops[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(24, 25))
	tol := 1e-12
	if is32[T]() {
		tol = 1e-5
	}
	for _, n := range []int{0, 1, 3, 8, 15, 16, 17, 31, 64, 100, 129, 1000} {
		x, y, z, w := randoms[T](r, n), randoms[T](r, n), randoms[T](r, n), randoms[T](r, n)
		s, c := T(0.7), T(-0.3)
		got, want := make([]T, n+1), make([]T, n+1)
		check := func(what string) {
			t.Helper()
			for i := range want {
				if math.Abs(float64(got[i]-want[i])) > tol*(1+math.Abs(float64(want[i]))) {
					t.Fatalf("%s, n %d: element %d is %g, want %g", what, n, i, got[i], want[i])
				}
			}
		}
		for op := Op2(0); op < numOps2; op++ {
			if op == Pow {
				for i := range x {
					x[i] = T(math.Abs(float64(x[i])))
				}
			}
			Zip(op, got[:n], x, y)
			zipGo(op, want[:n], x, y)
			check("zip")
			ZipScalar(op, got[:n], x, s)
			zipScalarGo(op, want[:n], x, s)
			check("zip scalar")
			ScalarZip(op, got[:n], s, y)
			scalarZipGo(op, want[:n], s, y)
			check("scalar zip")
		}
		shiftMul(got[:n], x, y, s, c)
		shiftMulGo(want[:n], x, y, s, c)
		check("shiftMul")
		affine(got[:n], x, s, c)
		affineGo(want[:n], x, s, c)
		check("affine")
		axpyTo(got[:n], x, y, s)
		axpyToGo(want[:n], x, y, s)
		check("axpyTo")
		mulAddTo(got[:n], x, y, z)
		mulAddToGo(want[:n], x, y, z)
		check("mulAddTo")
		MulAdd(got[:n], x, y)
		mulAddGo(want[:n], x, y)
		check("mulAdd")
		addSquares(got[:n], x, y)
		addSquaresGo(want[:n], x, y)
		check("addSquares")
		expClamp(got[:n], x, y, s, c)
		expClampGo(want[:n], x, y, s, c)
		check("expClamp")
		a, b := expSum(got[:n], x, s, c), expSumGo(want[:n], x, s, c)
		check("expSum")
		scalars := [][2]T{{a, b}, {Dot(x, y), dotGo(x, y)}, {sumSquaresFrom(x, s), sumSquaresFromGo(x, s)}}
		for op := Sum; op <= MinOf; op++ {
			scalars = append(scalars, [2]T{Row(op, x), rowGo(op, x)})
		}
		for i, p := range scalars {
			if math.Abs(float64(p[0]-p[1])) > tol*float64(1+n)*0.1*(1+math.Abs(float64(p[1]))) {
				t.Fatalf("scalar %d, n %d: %g, want %g", i, n, p[0], p[1])
			}
		}
		g1, b1, g2, b2 := make([]T, n), make([]T, n), make([]T, n), make([]T, n)
		a1, c1 := layerNormGrad1(g1, b1, x, y, z, s, c)
		a2, c2 := layerNormGrad1Go(g2, b2, x, y, z, s, c)
		if e := math.Abs(float64(a1-a2)) + math.Abs(float64(c1-c2)); e > tol*float64(1+n)*10 {
			t.Fatalf("layerNormGrad1, n %d: sums %g %g, want %g %g", n, a1, c1, a2, c2)
		}
		groupNormGrad1(g1, b1, x, y, z)
		groupNormGrad1Go(g2, b2, x, y, z)
		copy(got, g1)
		copy(want, g2)
		check("first sums")
		copy(got, b1)
		copy(want, b2)
		check("second sums")
		layerNormGrad2(got[:n], x, y, z, s, c, 0.2)
		layerNormGrad2Go(want[:n], x, y, z, s, c, 0.2)
		check("layerNormGrad2")
		groupNormGrad2(got[:n], x, y, z, w, y)
		groupNormGrad2Go(want[:n], x, y, z, w, y)
		check("groupNormGrad2")
		o := AdamW{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Decay: 0.1, C1: 2, C2: 3, Scale: 0.5}
		v := make([]T, n)
		for i := range v {
			v[i] = z[i] * z[i]
		}
		w2, m2, v2 := append([]T(nil), w...), append([]T(nil), y...), append([]T(nil), v...)
		AdamWStep(w, x, y, v, o)
		adamWGo(w2, x, m2, v2, o)
		for i := range w {
			if math.Abs(float64(w[i]-w2[i])) > 1e-4 || math.Abs(float64(v[i]-v2[i])) > 1e-5 {
				t.Fatalf("AdamW: element %d is %g, want %g", i, w[i], w2[i])
			}
		}
	}
}

func TestLoops(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		testLoops[float32](t)
		testLoops[float64](t)
	})
}

// AVX2 and AVX-512 give the same bits, also in sums.
func TestVecBits(t *testing.T) {
	if Best < AVX512 {
		t.Skip("this machine has no two vector levels to compare")
	}
	old := CurrentLevel()
	defer SetLevel(old)
	r := rand.New(rand.NewPCG(26, 27))
	for _, n := range []int{1, 17, 100, 1013} {
		x, y := arguments[float32](r, n), randoms[float32](r, n)
		d, e := randoms[float64](r, n), randoms[float64](r, n)
		var first []uint64
		for l := AVX2; l <= AVX512; l++ {
			SetLevel(l)
			var all []uint64
			a, b := make([]float32, n), make([]float64, n)
			for op := Op(0); op < numOps; op++ {
				Map(op, a, x)
				Map(op, b, d)
				for i := range a {
					if a[i] == a[i] {
						all = append(all, uint64(math.Float32bits(a[i])))
					}
					all = append(all, math.Float64bits(b[i]))
				}
			}
			for op := Sum; op <= MinOf; op++ {
				all = append(all, uint64(math.Float32bits(Row(op, y))), math.Float64bits(Row(op, d)))
			}
			all = append(all, uint64(math.Float32bits(Dot(y, y))), math.Float64bits(Dot(d, e)), math.Float64bits(sumSquaresFrom(d, 0.3)))
			if first == nil {
				first = all
			}
			for i := range all {
				if all[i] != first[i] {
					t.Fatalf("n %d: number %d differs: %x and %x", n, i, first[i], all[i])
				}
			}
		}
	}
}
