package data

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// folder gives a larger data set's folder, or skips the test.
func folder(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv(DirVariable)
	if root == "" {
		t.Skipf("%s is not set: the larger data sets are not at hand", DirVariable)
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no folder %s", dir)
	}
	return dir
}

func TestFactsMNIST(t *testing.T) {
	dir := folder(t, "mnist")
	for file, sum := range map[string]string{
		"train-images-idx3-ubyte.gz": "6bbc9ace898e44ae57da46a324031adb", "train-labels-idx1-ubyte.gz": "a25bea736e30d166cdddb491f175f624",
	} {
		r, err := Open(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		h := md5.New()
		io.Copy(h, r)
		r.Close()
		if got := hex.EncodeToString(h.Sum(nil)); got != sum {
			t.Errorf("%s unpacks to md5 %s, want %s", file, got, sum)
		}
	}
	m, err := ImagesIDX(filepath.Join(dir, "train-images-idx3-ubyte.gz"), filepath.Join(dir, "train-labels-idx1-ubyte.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}; !reflect.DeepEqual(m.Counts(), want) {
		t.Errorf("counts %v", m.Counts())
	}
	if mean, sd := pixelStats(m); math.Abs(mean-0.13066) > 1e-5 || math.Abs(sd-0.30811) > 1e-5 {
		t.Errorf("mean %v, sd %v", mean, sd)
	}
}

func pixelStats(m *Images) (mean, sd float64) {
	s, ss := 0.0, 0.0
	for _, p := range m.Pixels {
		v := float64(p) / 255
		s += v
		ss += v * v
	}
	n := float64(len(m.Pixels))
	return s / n, math.Sqrt(ss/n - s/n*s/n)
}

func TestFactsFashion(t *testing.T) {
	dir := folder(t, "fashion-mnist")
	m, err := ImagesIDX(filepath.Join(dir, "train-images-idx3-ubyte.gz"), filepath.Join(dir, "train-labels-idx1-ubyte.gz"))
	if err != nil {
		t.Fatal(err)
	}
	mean, sd := pixelStats(m)
	if math.Abs(mean-0.28604) > 1e-5 || math.Abs(sd-0.35302) > 1e-5 || m.Counts()[3] != 6000 {
		t.Errorf("mean %v, sd %v, counts %v", mean, sd, m.Counts())
	}
}

// The tiles of CIFAR-10, written back as records, are the official first batch.
func TestFactsCIFAR(t *testing.T) {
	dir := folder(t, "cifar10")
	labels, err := os.ReadFile(filepath.Join(dir, "labels_00000-44999.u8"))
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	k := 0
	for file := 0; file < 10000; file += 1000 {
		m, err := ReadTiles(filepath.Join(dir, "train_0"+string(rune('0'+file/1000))+"000.png"), 32, 32, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range m.N {
			record := []byte{labels[k]}
			px := m.Pixels[i*3072 : (i+1)*3072]
			for c := range 3 {
				for p := range 1024 {
					record = append(record, px[3*p+c])
				}
			}
			h.Write(record)
			k++
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5" {
		t.Errorf("sha256 %s", got)
	}
	s, err := ReadCIFAR10(filepath.Join(dir, "sample_100_records.bin"))
	if err != nil || s.N != 100 || !reflect.DeepEqual(s.Labels[:10], []int{6, 9, 9, 4, 1, 1, 2, 7, 8, 3}) {
		t.Errorf("records: %v %v", s, err)
	}
}

func TestFactsERA5(t *testing.T) {
	dir := folder(t, "era5")
	f, err := ReadNetCDF(filepath.Join(dir, "era5_nain_2018_2020.nc"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := f.Read("u10")
	if err != nil || u.Len() != 8664*9 {
		t.Fatalf("u10: %v %v", u, err)
	}
	s, ss := 0.0, 0.0
	for _, v := range u.Value {
		s += v
		ss += v * v
	}
	n := float64(u.Len())
	if mean, sd := s/n, math.Sqrt(ss/n-s/n*s/n); math.Abs(mean-2.3773) > 1e-4 || math.Abs(sd-3.8492) > 2e-4 {
		t.Errorf("u10 has mean %v, sd %v", mean, sd)
	}
	hours, err := f.Read("time")
	if err != nil {
		t.Fatal(err)
	}
	jumps := 0
	for i := 1; i < hours.Len(); i++ {
		switch d := hours.Value[i] - hours.Value[i-1]; d {
		case 1:
		case 5881:
			jumps++
		default:
			t.Fatalf("a step of %v hours", d)
		}
	}
	if jumps != 2 {
		t.Errorf("%d jumps", jumps)
	}
	if years, err := f.Times("time"); err != nil || math.Abs(years[0]-(2018+31.0/365)) > 1e-9 {
		t.Errorf("times %v", err)
	}
	z, err := ReadNPZ(filepath.Join(dir, "era5_nain_2018_2020.npz"))
	if err != nil {
		t.Fatal(err)
	}
	v := z["values"]
	if v == nil || !reflect.DeepEqual(v.Shape, []int{8664, 5, 3, 3}) || len(z["variables"].Text) != 5 {
		t.Fatalf("archive %v", z)
	}
	for i := range 8664 { // both files hold the same winds
		for p := range 9 {
			if d := math.Abs(v.Value[i*45+p] - u.Value[i*9+p]); d > 1e-5*(1+math.Abs(u.Value[i*9+p])) {
				t.Fatalf("hour %d, point %d differ by %v", i, p, d)
			}
		}
	}
}

func TestFactsTextAndGraphs(t *testing.T) {
	dir := folder(t, "cola")
	tab, err := CSV{NoHeader: true, NoQuotes: true, Comma: '\t'}.ReadFile(filepath.Join(dir, "in_domain_train.tsv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	ok, err := tab.Numbers("c1")
	sum := 0.0
	for _, v := range ok {
		sum += v
	}
	if err != nil || tab.Len() != 8551 || sum != 6023 {
		t.Errorf("CoLA: %v, %v acceptable, %v", tab, sum, err)
	}
	dir = folder(t, "zinc")
	graphs, err := ReadJSONL(filepath.Join(dir, "zinc_train.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	atoms := 0
	for _, g := range graphs {
		list, _ := g["atoms"].([]any)
		atoms += len(list)
	}
	if mean := float64(atoms) / float64(len(graphs)); len(graphs) != 10000 || math.Abs(mean-23.17) > 0.005 {
		t.Errorf("ZINC: %d graphs of %v atoms", len(graphs), mean)
	}
	dir = folder(t, "imdb")
	if tab, err = (CSV{NoQuotes: true, Comma: '\t'}).ReadFile(filepath.Join(dir, "reviews_dev.tsv.gz")); err != nil || tab.Len() != 500 {
		t.Errorf("IMDB: %v %v", tab, err)
	}
}

func TestFactsAudioAndFaces(t *testing.T) {
	dir := folder(t, "audio")
	a, err := ReadNPY(filepath.Join(dir, "speech_subband_16k.npy"))
	if err != nil || a.Len() != 280000 || a.Type != "float32" {
		t.Errorf("speech: %v %v", a, err)
	}
	n := 0
	err = ReadArchive(filepath.Join(dir, "spoken_digits.tar.gz"), func(name string, r io.Reader) error {
		if !strings.HasSuffix(name, ".wav") {
			return nil
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		w, err := DecodeWAV(name, bytes.NewReader(raw))
		if err == nil && (w.Rate != 8000 || len(w.Channel) != 1) {
			t.Errorf("%v", w)
		}
		n++
		return err
	})
	if err != nil || n != 400 {
		t.Errorf("%d recordings, %v", n, err)
	}
	m, err := ReadTiles(filepath.Join(folder(t, "faces"), "olivetti_000-319.png"), 64, 64, 320)
	if err != nil || m.N != 320 || m.C != 1 {
		t.Errorf("faces: %v %v", m, err)
	}
}
