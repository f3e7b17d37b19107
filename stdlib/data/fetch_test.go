package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFetch(t *testing.T) {
	const body = "the data"
	sum := sha256.Sum256([]byte(body))
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch r.URL.Path {
		case "/set.bin":
			fmt.Fprint(w, body)
		case "/cut.bin":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, body)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "new")
	s := Source{Name: "set", Address: server.URL + "/set.bin", Checksum: "sha256:" + hex.EncodeToString(sum[:])}
	path, err := s.Fetch(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := os.ReadFile(path); string(raw) != body || filepath.Base(path) != "set.bin" {
		t.Errorf("%s holds %q", path, raw)
	}
	if _, err := s.Fetch(context.Background(), dir); err != nil || asked != 1 {
		t.Errorf("a second time: %v, asked the server %d times", err, asked)
	}
	for name, c := range map[string]struct {
		s    Source
		want string
	}{
		"checksum": {Source{Name: "set", Address: server.URL + "/set.bin", Checksum: "md5:00"}, "was published"},
		"kind":     {Source{Name: "set", Address: server.URL + "/set.bin", Checksum: "crc:00"}, "write sha256"},
		"moved":    {Source{Name: "set", Address: server.URL + "/none.bin"}, "404"},
		"cut":      {Source{Name: "set", Address: server.URL + "/cut.bin"}, "unexpected EOF"},
		"offline":  {Source{Name: "set", Address: "http://127.0.0.1:1/x.bin"}, "are you offline?"},
		"address":  {Source{Name: "set", Address: "://"}, "fetching set"},
	} {
		into := t.TempDir()
		if _, err := c.s.Fetch(context.Background(), into); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if left, _ := os.ReadDir(into); len(left) != 0 {
			t.Errorf("%s left %v behind", name, left)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Fetch(ctx, t.TempDir()); err == nil {
		t.Error("a cancelled context was not noticed")
	}
	t.Setenv(DirVariable, "")
	if _, err := s.Fetch(context.Background(), ""); err == nil || !strings.Contains(err.Error(), DirVariable) {
		t.Errorf("no folder: %v", err)
	}
}

func TestSources(t *testing.T) {
	for _, s := range Sources() {
		got, err := SourceOf(s.Name)
		if err != nil || got != s || s.Licence == "" || !strings.HasPrefix(s.Address, "http") {
			t.Errorf("%+v: %v", s, err)
		}
		if kind, sum, ok := strings.Cut(s.Checksum, ":"); ok && len(sum) != map[string]int{"md5": 32, "sha256": 64}[kind] {
			t.Errorf("%s: checksum %s", s.Name, s.Checksum)
		}
	}
	if _, err := SourceOf("none"); err == nil || !strings.Contains(err.Error(), "cifar-10") {
		t.Errorf("no such source: %v", err)
	}
}

func TestWordVectors(t *testing.T) {
	w, err := DecodeWordVectors("f", strings.NewReader("2 3\nthe 0.1 0.2 -3\nof 1 2 3\n"))
	if err != nil || len(w.Words) != 2 || w.Of("the")[2] != -3 || w.Of("none") != nil {
		t.Errorf("%v %v", w, err)
	}
	for text, want := range map[string]string{
		"a 1 2\nb 1\n": "line 2: 1 numbers", "a 1 x\n": `line 1: "x" is not a number`, "": "no vectors", "a 1 2\nb\n": "line 2: a word",
	} {
		if _, err := DecodeWordVectors("f", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func ExampleSeries_Tasks() {
	tasks, err := Solar().Tasks(10, 0.1, 1)
	fmt.Println(len(tasks), len(tasks[0].X), len(tasks[0].TestX), err)
	// Output: 10 35 4 <nil>
}

func ExampleTable_Numbers() {
	t, err := CSV{}.Read("heights.csv", strings.NewReader("name,cm\nAda,165\nBob,tall\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = t.Numbers("cm")
	fmt.Println(err)
	// Output: heights.csv, line 3, column "cm": "tall" is not a number; if it marks missing values, name it in CSV.Missing
}
