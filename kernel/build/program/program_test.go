package program

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/stdlib/lab"
)

func TestSettings(t *testing.T) {
	type level int8
	for _, c := range []struct {
		target any
		text   string
		want   any // the value, or a part of the error
		fails  bool
	}{
		{new(int), "0x10", 16, false},
		{new(int), "1.5", "a whole number that fits int is wanted", true},
		{new(level), "-3", level(-3), false},
		{new(level), "300", "a whole number that fits program.level", true},
		{new(uint16), "-1", "a whole number from 0", true},
		{new(float64), "3", 3.0, false},
		{new(float64), "three", "a number is wanted", true},
		{new(bool), "true", true, false},
		{new(bool), "yes", "true or false is wanted", true},
		{new(string), "plain, text", "plain, text", false},
		{new(string), `"quoted\n"`, "quoted\n", false},
		{new(time.Duration), "1m30s", 90 * time.Second, false},
		{new(time.Duration), "7", time.Duration(7), false},
		{new([]float64), "1,2.5, 3", []float64{1, 2.5, 3}, false},
		{new([]int), "[1, 2]", []int{1, 2}, false},
		{new([]int), "[]int{4, 5}", []int{4, 5}, false},
		{new([]string), `["a,b", "c"]`, []string{"a,b", "c"}, false},
		{new([]string), "", []string(nil), false},
		{new([]int), "1,x", "a whole number", true},
		{new(struct{}), "1", "cannot be given on the command line", true},
	} {
		s := &setting{target: c.target}
		before := fmt.Sprint(reflect.ValueOf(c.target).Elem())
		err := s.Set(c.text)
		if c.fails {
			if err == nil || !strings.Contains(err.Error(), c.want.(string)) {
				t.Errorf("%T from %q: %v, want an error with %q", c.target, c.text, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%T from %q: %v", c.target, c.text, err)
			continue
		}
		if now := fmt.Sprint(reflect.ValueOf(c.target).Elem()); now != before {
			t.Errorf("%T was set before its time", c.target)
		}
		s.apply()
		if got := reflect.ValueOf(c.target).Elem().Interface(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%T from %q is %v, want %v", c.target, c.text, got, c.want)
		}
	}
}

// printed runs f and gives what it prints.
func printed(t *testing.T, f func()) string {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdout
	os.Stdout = out
	defer func() { os.Stdout = old }()
	f()
	data, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestHost(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pics")
	h := newHost(context.Background(), dir, false)
	h.cell = 3
	svg := func(s string) lab.Bundle {
		return lab.Bundle{Data: map[string]any{"image/svg+xml": s, "text/plain": "figure"}}
	}
	got := printed(t, func() {
		h.Display(svg("one"), "a", false)
		h.Display(svg("two"), "a", true)     // in place: the file changes, the line stays
		h.Display(svg("lost"), "none", true) // nothing of that name is on display
		h.Display(lab.Bundle{Data: map[string]any{"image/png": []byte("png")}}, "", false)
		h.Display(lab.Bundle{Data: map[string]any{"text/plain": "text"}}, "", false)
		h.Display(lab.Bundle{Data: map[string]any{lab.ResultMIME: map[string]any{"x": 1, "y": "a"}}}, "", false)
		h.Display(lab.Bundle{Data: map[string]any{lab.ResultMIME: map[string]any{"x": 2}, "text/plain": "x = 2"}}, "", false)
	})
	want := "figure → " + dir + "/cell03-1.svg\nimage/png → " + dir + "/cell03-2.png\ntext\nx = 2\n"
	if got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "cell03-1.svg")); err != nil || string(data) != "two" {
		t.Errorf("picture %q, %v", data, err)
	}
	if r := h.published(); fmt.Sprint(r) != "map[x:2 y:a]" {
		t.Errorf("published %v", r)
	}
}

func TestQuietHost(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pics")
	h := newHost(context.Background(), dir, true)
	if got := printed(t, func() { h.Display(lab.Bundle{Data: map[string]any{"image/png": []byte("png")}}, "", false) }); got != "" {
		t.Errorf("printed %q", got)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("pictures were written: %v", err)
	}
}
