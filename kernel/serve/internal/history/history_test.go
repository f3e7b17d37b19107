package history

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func open(t *testing.T, path string) *Log {
	t.Helper()
	return New(path, func(format string, args ...any) { t.Errorf(format, args...) })
}

func inputs(t *testing.T, l *Log, q Query) []string {
	t.Helper()
	entries, err := l.Find(q)
	if err != nil {
		t.Fatal(err)
	}
	var in []string
	for _, e := range entries {
		in = append(in, e.Input)
	}
	return in
}

func TestTwoKernelsShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd name ?#%.db")
	a, b := open(t, path), open(t, path)
	var wg sync.WaitGroup
	for _, l := range []*Log{a, b} {
		wg.Go(func() {
			for i := range 100 {
				l.Add(i+1, fmt.Sprint("cell ", i), "")
			}
			l.Find(Query{Tail: true, N: 1})
		})
	}
	wg.Wait()
	a.Close()
	if n := len(inputs(t, b, Query{Tail: true, N: 1000})); n != 200 {
		t.Errorf("%d entries", n)
	}
	if n := len(inputs(t, b, Query{Search: true, Pattern: "cell 7*", Unique: true})); n != 11 {
		t.Errorf("%d different inputs", n)
	}
	if n := len(inputs(t, b, Query{Start: 1})); n != 100 {
		t.Errorf("%d entries of the present session", n)
	}
	b.Close()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("another file was used: %v", err)
	}
}

func TestNothingIsOpenedBeforeItIsNeeded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	open(t, path).Close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestWhatWasAddedBeforeCloseIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	l := open(t, path)
	for i := range 50 {
		l.Add(i, "x", "")
	}
	l.Close()
	if n := len(inputs(t, open(t, path), Query{Tail: true, N: 99})); n != 50 {
		t.Errorf("%d entries", n)
	}
	l.Add(99, "after the end", "")
	if _, err := l.Find(Query{Tail: true, N: 1}); err == nil {
		t.Error("a closed history answers")
	}
}

func TestGlobTakesTextLiterally(t *testing.T) {
	l := open(t, "")
	defer l.Close()
	for i, s := range []string{"a%b", "a_b", "é🙂", "it's; DROP TABLE entries", "line\nbreak"} {
		l.Add(i+1, s, "out")
	}
	for pattern, want := range map[string]string{"a%b": "a%b", "a?b": "a%b a_b", "é?": "é🙂", "*'*": "it's; DROP TABLE entries", "line*": "line\nbreak", "[": ""} {
		if got := strings.Join(inputs(t, l, Query{Search: true, Pattern: pattern}), " "); got != want {
			t.Errorf("%q: %q", pattern, got)
		}
	}
}

func TestOldEntriesGoWhenTheFileIsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	l := open(t, path)
	l.Add(1, "old", "")
	inputs(t, l, Query{Tail: true, N: 1})
	if _, err := l.db.Exec(`INSERT INTO entries (id, session, line, input, output) VALUES (?, 1, 2, 'new', '')`, keep+1); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if got := inputs(t, open(t, path), Query{Tail: true, N: 9}); !slices.Equal(got, []string{"new"}) {
		t.Errorf("%q", got)
	}
}
