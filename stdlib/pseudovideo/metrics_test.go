package pseudovideo

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/mat"
)

func (a array) dense() *mat.Dense  { return mat.NewDense(a.Shape[0], a.Shape[1], a.Data) }
func (a array) sym() *mat.SymDense { return mat.NewSymDense(a.Shape[0], a.Data) }

func TestGoldenMetrics(t *testing.T) {
	seen := 0
	for _, c := range golden(t, "metrics") {
		t.Run(c.Name, func(t *testing.T) {
			seen++
			in, want := c.Inputs, c.Expected
			tol := 1e-9
			if c.Name == "rank_deficient" {
				tol = 1e-6
			}
			switch c.Op {
			case "frechet_kid_pr":
				f, g := num(t, in, "f").dense(), num(t, in, "g").dense()
				m, s := moments(f)
				near(t, "mean", m, num(t, want, "mean_f").Data, 1e-10)
				near(t, "covariance", mat.DenseCopyOf(s).RawMatrix().Data, num(t, want, "cov_f").Data, 1e-10)
				fd, err := Frechet(f, g)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "Frechet", []float64{fd}, num(t, want, "frechet").Data, tol)
				kid, _ := KID(f, g)
				near(t, "KID", []float64{kid}, num(t, want, "kid").Data, 1e-9)
				p, r, err := PrecisionRecall(f, g, value[int](t, in, "k"))
				if err != nil {
					t.Fatal(err)
				}
				near(t, "precision and recall", []float64{p, r}, append(num(t, want, "precision").Data, num(t, want, "recall").Data...), 1e-12)
			case "frechet":
				got := frechetMoments(num(t, in, "mean_f").Data, num(t, in, "cov_f").sym(), num(t, in, "mean_g").Data, num(t, in, "cov_g").sym())
				near(t, "Frechet", []float64{got}, num(t, want, "frechet").Data, tol)
			case "pvrf_features":
				x := num(t, in, "x")
				w := pvrfWeights(x.Shape[1])
				near(t, "first weights", w[0][:6], num(t, want, "first_weights_layer1").Data, 1e-15)
				near(t, "last weight", w[2][len(w[2])-1:], num(t, want, "last_weight_layer3").Data, 1e-15)
				rng := splitMix64(0x5056524631)
				for i, hex := range value[[]string](t, want, "splitmix_first_hex") {
					if got := fmt.Sprintf("%016x", rng.next()); got != hex {
						t.Errorf("generator output %d is %s, want %s", i, got, hex)
					}
				}
				f, err := RandomFeatures().Of(linalg.FromFloat64(x.Data, x.Shape...))
				if err != nil {
					t.Fatal(err)
				}
				near(t, "features", f.RawMatrix().Data, num(t, want, "features").Data, 1e-10)
			default:
				t.Fatalf("operation %q is not compared with anything", c.Op)
			}
		})
	}
	if seen != 6 {
		t.Fatalf("%d cases compared, the file has 6", seen)
	}
}

func TestEveryDistanceButFIDSaysItIsNone(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F32, 20, 1, 8, 8)
	for _, f := range []Features{PixelFeatures(), RandomFeatures()} {
		s, err := Distance(f, x, x)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(s.String(), "not comparable with published FID") || !strings.HasPrefix(s.Name, "fd-") {
			t.Errorf("a distance without its label: %s", s)
		}
		if s.Real != 20 || s.Fake != 20 || math.Abs(s.Value) > 1e-6 {
			t.Errorf("distance of a set from itself: %v", s)
		}
	}
}

func TestFIDFromFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, shift float32, n int) string {
		var b bytes.Buffer
		for i := range n {
			binary.Write(&b, binary.LittleEndian, []float32{shift + float32(i%2), float32(i % 3)})
		}
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	a, b := write("a.f32", 0, 12), write("b.f32", 3, 12)
	s, err := FID(a, b, 2)
	if err != nil || math.Abs(s.Value-9) > 1e-9 || s.Name != "fid" {
		t.Errorf("two sets 3 apart: %v, %v", s, err)
	}
	if _, err := FID(a, b, 5); err == nil || !strings.Contains(err.Error(), "96 bytes") {
		t.Errorf("rows of 5 in a file of 24 numbers: %v", err)
	}
	if err := os.WriteFile(a, []byte{0, 0, 0xc0, 0x7f, 0, 0, 0, 0}, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFeatures(a, 2); err == nil || !strings.Contains(err.Error(), "row 1, feature 0") {
		t.Errorf("a NaN was read: %v", err)
	}
}

func TestKIDSubsetsAndErrors(t *testing.T) {
	rng := linalg.NewRand(4)
	f, g := mat.NewDense(60, 3, nil), mat.NewDense(60, 3, nil)
	rng.FillNormal(f.RawMatrix().Data)
	rng.FillNormal(g.RawMatrix().Data)
	mean, spread, err := KIDSubsets(f, g, 30, 20, rng)
	if err != nil || math.Abs(mean) > 4*spread || spread <= 0 {
		t.Errorf("equal distributions: KID %.3g with spread %.3g (%v)", mean, spread, err)
	}
	if _, _, err := KIDSubsets(f, g, 30, 1, rng); err == nil {
		t.Error("one subset gave a spread")
	}
	if _, err := Frechet(f, mat.NewDense(5, 4, nil)); err == nil || !strings.Contains(err.Error(), "3 and 4 features") {
		t.Errorf("sets of different features: %v", err)
	}
	if _, _, err := PrecisionRecall(f, mat.NewDense(2, 3, nil), 3); err == nil {
		t.Error("two images have no third neighbour")
	}
	if _, err := PixelFeatures().Of(linalg.Zeros(linalg.F32, 2, 3, 32, 32)); err == nil {
		t.Error("fd-pixel took 3072 numbers")
	}
	if _, err := RandomFeatures().Of(linalg.Zeros(linalg.F32, 2, 3, 6, 6)); err == nil {
		t.Error("fd-pvrf1 took 6 x 6 pixels")
	}
}

// An image has the same features alone and among more than are taken at a time.
func TestRandomFeaturesOfManyImages(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(3), linalg.F32, 131, 1, 8, 8)
	all, err := RandomFeatures().Of(x)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 63, 64, 130} {
		one, err := RandomFeatures().Of(x.Slice(0, i, i+1))
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range one.RawRowView(0) {
			if math.Abs(v-all.At(i, j)) > 1e-12*(1+math.Abs(v)) {
				t.Fatalf("feature %d of image %d is %v alone and %v among others", j, i, v, all.At(i, j))
			}
		}
	}
}

func TestReconstructionAndNearest(t *testing.T) {
	x := linalg.Zeros(linalg.F32, 2, 1, 2, 2)
	y := x.AddS(0.5)
	mse, psnr := Reconstruction(x, y)
	if math.Abs(mse-0.25) > 1e-12 || math.Abs(psnr-10*math.Log10(16)) > 1e-12 {
		t.Errorf("mse %g, psnr %g", mse, psnr)
	}
	d, err := Nearest(y, linalg.Concat(0, x.AddS(2), x))
	if err != nil || math.Abs(d-1) > 1e-12 {
		t.Errorf("nearest at %g (%v), want 1", d, err)
	}
}
