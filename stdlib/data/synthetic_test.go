package data

import (
	"bytes"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func TestSyntheticFollowSeeds(t *testing.T) {
	for name, f := range map[string]func(seed uint64) []float64{
		"moons":    func(s uint64) []float64 { return TwoMoons(50, 0.1, s).X.RawMatrix().Data },
		"path":     func(s uint64) []float64 { return SmoothPath(50, 0.1, 0.1, s).Y },
		"chirp":    func(s uint64) []float64 { return Chirp(50, 1, 9, 0.1, s).Y },
		"solar":    func(s uint64) []float64 { return SolarLike(50, s).Y },
		"periodic": func(s uint64) []float64 { return QuasiPeriodic(50, 5, 0.1, s).Y },
		"epidemic": func(s uint64) []float64 { return Epidemic(50, 5, s).Y },
		"weather":  func(s uint64) []float64 { return WeatherLike(50, 3, 0.1, s).RawMatrix().Data },
	} {
		a, b, c := f(1), f(1), f(2)
		if !reflect.DeepEqual(a, b) || reflect.DeepEqual(a, c) {
			t.Errorf("%s does not follow its seed", name)
		}
		for _, v := range a {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%s holds %v", name, v)
			}
		}
	}
}

func TestSyntheticProperties(t *testing.T) {
	moons := TwoMoons(400, 0, 1)
	for i := range 400 {
		x, y := moons.X.At(i, 0), moons.X.At(i, 1)
		if moons.Y[i] == 1 {
			x, y = 1-x, 0.5-y
		}
		if math.Abs(x*x+y*y-1) > 1e-12 || y < 0 {
			t.Fatalf("point %d lies off its moon", i)
		}
	}
	// Over many paths the process has variance 1 and the kernel's correlation.
	var now, near []float64
	for s := range uint64(2000) {
		p := SmoothPath(3, 0.5, 0, s).Y
		now, near = append(now, p[0]), append(near, p[1])
	}
	if v := stat.Variance(now, nil); math.Abs(v-1) > 0.1 {
		t.Errorf("variance %v", v)
	}
	if r := stat.Correlation(now, near, nil); math.Abs(r-math.Exp(-0.5)) > 0.05 {
		t.Errorf("correlation at one length-scale %v, want %v", r, math.Exp(-0.5))
	}
	for _, v := range Epidemic(300, 3, 1).Y {
		if v < 0 || v != math.Trunc(v) {
			t.Fatalf("a count of %v", v)
		}
	}
	for _, f := range []func(){
		func() { TwoMoons(0, 0, 1) }, func() { SmoothPath(5, 0, 0, 1) }, func() { Epidemic(5, -1, 1) }, func() { moons.SortBy(2) },
	} {
		func() {
			defer func() {
				if p, ok := recover().(string); !ok || !strings.HasPrefix(p, "data: ") {
					t.Errorf("panic %v", p)
				}
			}()
			f()
		}()
	}
}

func TestStreamsFromTables(t *testing.T) {
	r := Regression{X: mat.NewDense(3, 2, []float64{3, 5, -1, 5, 2, 5}), Y: []float64{30, 10, 20}}
	if s := r.SortBy(0); !reflect.DeepEqual(s.Y, []float64{10, 20, 30}) {
		t.Errorf("by the first input %v", s.Y)
	}
	if s := r.SortBy(-1); !reflect.DeepEqual(s.Y, []float64{10, 20, 30}) {
		t.Errorf("by the norm %v", s.Y)
	}
	m := r.MinMax()
	if m.X.At(0, 0) != 1 || m.X.At(1, 0) != -1 || m.X.At(2, 0) != 0.5 || m.X.At(0, 1) != 0 {
		t.Errorf("scaled %v", mat.Formatted(m.X))
	}
}

func grayPictures(n int) *Images {
	m := &Images{Name: "g", N: n, H: 8, W: 8, C: 3, Pixels: make([]uint8, n*8*8*3)}
	for i := range m.Pixels {
		m.Pixels[i] = uint8(64 + i%128)
	}
	return m
}

func TestCorruptions(t *testing.T) {
	m := grayPictures(40)
	original := append([]uint8(nil), m.Pixels...)
	distance := func(a *Images) float64 {
		d := 0.0
		for i, p := range a.Pixels {
			d += math.Abs(float64(p) - float64(m.Pixels[i]))
		}
		return d / float64(len(a.Pixels))
	}
	for _, kind := range Corruptions() {
		last := 0.0
		for severity := 1; severity <= 5; severity++ {
			a, err := m.Corrupt(kind, severity, 3)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := m.Corrupt(kind, severity, 3)
			if !bytes.Equal(a.Pixels, b.Pixels) {
				t.Errorf("%s does not follow its seed", kind)
			}
			d := distance(a)
			if kind != "pixelate" && d <= last || d == 0 {
				t.Errorf("%s: severity %d changes by %.2f, the one below by %.2f", kind, severity, d, last)
			}
			last = d
		}
	}
	if !bytes.Equal(m.Pixels, original) {
		t.Error("the originals were changed")
	}
	// A picture's noise stays when others are left out.
	one, _ := m.Pick([]int{0}).Corrupt("gaussian_noise", 3, 3)
	all, _ := m.Corrupt("gaussian_noise", 3, 3)
	if !bytes.Equal(one.Pixels, all.Pixels[:8*8*3]) {
		t.Error("the noise of a picture hangs on the others")
	}
	noise, _ := (&Images{N: 1, H: 100, W: 100, C: 1, Pixels: bytes.Repeat([]uint8{128}, 1e4)}).Corrupt("gaussian_noise", 5, 1)
	var v []float64
	for _, p := range noise.Pixels {
		v = append(v, float64(p)/255)
	}
	if sd := stat.StdDev(v, nil); math.Abs(sd-0.10) > 0.003 {
		t.Errorf("gaussian_noise 5 has sd %v, want 0.10", sd)
	}
	flat := &Images{N: 1, H: 16, W: 16, C: 3, Pixels: bytes.Repeat([]uint8{90}, 16*16*3)}
	packed, err := flat.Corrupt("jpeg_compression", 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range packed.Pixels {
		if v < 88 || v > 92 {
			t.Fatalf("a flat picture of 90 has %d at %d after compression", v, i)
		}
	}
	if _, err := m.Corrupt("rain", 1, 0); err == nil || !strings.Contains(err.Error(), "there are brightness, contrast") {
		t.Errorf("unknown kind: %v", err)
	}
	if _, err := m.Corrupt("fog", 6, 0); err == nil || !strings.Contains(err.Error(), "1 to 5") {
		t.Errorf("severity: %v", err)
	}
}

func TestReadCIFAR10C(t *testing.T) {
	dir := t.TempDir()
	px := make([]uint8, 10*2*2*3)
	for i := range px {
		px[i] = uint8(i)
	}
	labels := []float64{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}
	var b bytes.Buffer
	if err := EncodeNPY(&b, &Array{Shape: []int{10, 2, 2, 3}, Type: "uint8", Bytes: px}); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "fog.npy"), b.Bytes())
	if err := WriteNPY(filepath.Join(dir, "labels.npy"), labels, 10); err != nil {
		t.Fatal(err)
	}
	m, err := ReadCIFAR10C(dir, "fog", 2)
	if err != nil || m.N != 2 || m.Pixels[0] != 24 || !reflect.DeepEqual(m.Labels, []int{0, 1}) {
		t.Errorf("%v %v", m, err)
	}
	if _, err := ReadCIFAR10C(dir, "fog", 0); err == nil {
		t.Error("severity 0 was taken")
	}
	if _, err := ReadCIFAR10C(dir, "labels", 1); err == nil || !strings.Contains(err.Error(), "not pictures") {
		t.Errorf("labels as pictures: %v", err)
	}
}
