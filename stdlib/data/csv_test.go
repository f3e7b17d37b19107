package data

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCSVErrorsNamePlace(t *testing.T) {
	for _, c := range []struct{ name, text, column, want string }{
		{"text in numbers", "x,y\n1,2\n3,abc\n", "y", `f.csv, line 3, column "y": "abc" is not a number`},
		{"infinite", "x,y\n1,inf\n", "y", `line 2, column "y": "inf" is not a finite number`},
		{"short row", "x,y\n1,2\n3\n", "y", "f.csv, line 3: 1 fields, but the table has 2 columns"},
		{"no column", "x,y\n1,2\n", "z", `no column "z"; the columns are x, y`},
		{"empty", "", "x", "f.csv: the file is empty"},
		{"open quote", "x,y\n1,\"2\n", "y", "f.csv, line "},
		{"bad gzip", "\x1f\x8bxx", "y", "gzip header is damaged"},
	} {
		tab, err := CSV{}.Read("f.csv", strings.NewReader(c.text))
		if err == nil {
			_, err = tab.Numbers(c.column)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "f.csv") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestCSVForms(t *testing.T) {
	for _, c := range []struct {
		name, text string
		o          CSV
		columns    string
		want       []float64 // of the last column, -1 for missing
	}{
		{"plain", "a,b\n1,2\n3,4\n", CSV{}, "a b", []float64{2, 4}},
		{"crlf and mark", "\xef\xbb\xbfa,b\r\n1,2\r\n", CSV{}, "a b", []float64{2}},
		{"quoted header", "\"A\",\"B\"\n1,5\n", CSV{}, "A B", []float64{5}},
		{"tab guessed", "a\tb\n1\t2\n", CSV{}, "a b", []float64{2}},
		{"no header", "1,2\n3,4\n", CSV{NoHeader: true}, "c0 c1", []float64{2, 4}},
		{"missing", "a,b\n1,\n1,.\n1,NA\n1,NaN\n1,-99.99\n1, 3 \n", CSV{Missing: []string{"-99.99"}}, "a b", []float64{-1, -1, -1, -1, -1, 3}},
		{"comment", "# c\na,b\n1,2\n", CSV{Comment: '#'}, "a b", []float64{2}},
		{"same names", "a,a,\n1,2,3\n", CSV{}, "a a_ c2", []float64{3}},
		{"no quotes", "a\tb\nsay \"hi\t7\n", CSV{NoQuotes: true}, "a b", []float64{7}},
	} {
		tab, err := c.o.Read("f", strings.NewReader(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := strings.Join(tab.Columns, " "); got != c.columns {
			t.Errorf("%s: columns %q, want %q", c.name, got, c.columns)
		}
		y, err := tab.Numbers(tab.Columns[len(tab.Columns)-1])
		if err != nil || len(y) != len(c.want) {
			t.Errorf("%s: %v, %v; want %v", c.name, y, err, c.want)
			continue
		}
		for i := range y {
			if math.IsNaN(y[i]) != (c.want[i] == -1) || !math.IsNaN(y[i]) && y[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, y, c.want)
			}
		}
	}
}

func TestReadCSVFindsFiles(t *testing.T) {
	dir := t.TempDir()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte("when,y\n2020-01-01,1\n20200702,2\n2021.5,3\n,4\n"))
	w.Close()
	// Packed, but with a name that does not say so.
	if err := os.WriteFile(filepath.Join(dir, "mine.csv"), z.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(DirVariable, dir)
	tab, err := ReadCSV("mine.csv")
	if err != nil {
		t.Fatal(err)
	}
	s, err := tab.Series("when", "y")
	if err != nil || s.Len() != 3 || s.X[0] != 2020 || math.Abs(s.X[1]-2020.5) > 1e-6 || s.X[2] != 2021.5 {
		t.Errorf("series %v, %v", s.X, err)
	}
	if text, _ := tab.Text("when"); text[0] != "2020-01-01" {
		t.Errorf("text %v", text)
	}
	if !strings.Contains(tab.HTML(), "4 rows × 2 columns") || !strings.Contains(tab.String(), "when        y") {
		t.Errorf("shown as %s, %s", tab, tab.HTML())
	}
	if _, err := ReadCSV("none.csv"); err == nil || !strings.Contains(err.Error(), dir) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := ReadCSV(dir); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("a folder: %v", err)
	}
	t.Setenv(DirVariable, "")
	if _, err := ReadCSV("none.csv"); err == nil || !strings.Contains(err.Error(), DirVariable) {
		t.Errorf("a missing file without a data folder: %v", err)
	}
}

func TestTableEscapesHTML(t *testing.T) {
	tab, err := CSV{}.Read("<f>", strings.NewReader("<a>\n<script>\n"))
	if err != nil {
		t.Fatal(err)
	}
	if h := tab.HTML(); strings.Contains(h, "<script") || strings.Contains(h, "<a>") || strings.Contains(h, "<f>") {
		t.Errorf("HTML %s", h)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"), false)
	f.Add([]byte("\"A\",\"B\"\r\n1,\"2\n3\"\n"), true)
	f.Add([]byte("\x1f\x8b\x08\x00\x00"), false)
	f.Fuzz(func(t *testing.T, raw []byte, plain bool) {
		tab, err := CSV{NoQuotes: plain}.Read("f", bytes.NewReader(raw))
		if err != nil {
			return
		}
		for _, c := range tab.Columns {
			tab.Numbers(c)
			tab.Times(c)
		}
		_ = tab.HTML()
		if _, err := tab.Regression(tab.Columns[0]); err == nil && tab.Len() == 0 {
			t.Error("a regression without rows")
		}
	})
}
