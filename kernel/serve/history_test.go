package serve_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

// inputs returns the entries of a history_request as "session/line input".
func inputs(t *testing.T, c *client.Client, request map[string]any) string {
	t.Helper()
	reply := content[msg.HistoryReply](t, ask(t, c, "shell", "history_request", request).Reply)
	var list []string
	for _, e := range reply.History {
		list = append(list, fmt.Sprintf("%v/%v %v", e[0], e[1], e[2]))
	}
	return strings.Join(list, "; ")
}

func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "history.db")
	in := func(_ *serve.ConnectionInfo, o *serve.Options) { o.HistoryPath = path }
	first := start(t, in)
	c := first.client()
	run(t, c, "result a")
	run(t, c, "print b")
	cell := client.Cell("print unstored")
	cell["store_history"] = false
	ask(t, c, "shell", "execute_request", cell)
	run(t, c, "error c")
	first.stop()
	<-first.done

	second := start(t, in)
	c = second.client()
	run(t, c, "print b")
	for _, q := range []struct {
		request map[string]any
		want    string
	}{
		{map[string]any{"hist_access_type": "tail", "n": 1000}, "1/1 result a; 1/2 print b; 1/3 error c; 2/1 print b"},
		{map[string]any{"hist_access_type": "tail", "n": 2}, "1/3 error c; 2/1 print b"},
		{map[string]any{"hist_access_type": "tail", "n": 0}, ""},
		{map[string]any{"hist_access_type": "tail", "n": 1, "output": true}, "2/1 [print b <nil>]"},
		{map[string]any{"hist_access_type": "range", "session": 0, "start": 0, "stop": 100}, "2/1 print b"},
		{map[string]any{"hist_access_type": "range", "session": -1, "start": 1, "stop": 3}, "1/1 result a; 1/2 print b"},
		{map[string]any{"hist_access_type": "range", "session": 1, "start": 2}, "1/2 print b; 1/3 error c"},
		{map[string]any{"hist_access_type": "range", "session": 1, "start": 1, "stop": 2, "output": true}, "1/1 [result a a]"},
		{map[string]any{"hist_access_type": "search", "pattern": "print*"}, "1/2 print b; 2/1 print b"},
		{map[string]any{"hist_access_type": "search", "pattern": "print*", "unique": true}, "2/1 print b"},
		{map[string]any{"hist_access_type": "search", "pattern": "*", "n": 1}, "2/1 print b"},
		{map[string]any{"hist_access_type": "search", "pattern": "%"}, ""},
	} {
		if got := inputs(t, c, q.request); got != q.want {
			t.Errorf("%v: %s, want %s", q.request, got, q.want)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestHistoryFileThatCannotBeUsed(t *testing.T) {
	damaged := filepath.Join(t.TempDir(), "history.db")
	if err := os.WriteFile(damaged, []byte(strings.Repeat("not a database ", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, path := range []string{damaged, folder, "/proc/nowhere/history.db"} {
		r := start(t, func(_ *serve.ConnectionInfo, o *serve.Options) { o.HistoryPath = path })
		c := r.client()
		run(t, c, "result kept")
		if got := inputs(t, c, map[string]any{"hist_access_type": "tail", "n": 5}); got != "1/1 result kept" {
			t.Errorf("%s: %s", path, got)
		}
		if !strings.Contains(r.log.String(), "stays in memory") {
			t.Errorf("%s: log %q", path, r.log)
		}
	}
	if text, _ := os.ReadFile(damaged); !strings.HasPrefix(string(text), "not a database") {
		t.Error("the damaged file was changed")
	}
}
