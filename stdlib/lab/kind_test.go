package lab

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// What each kind of control takes for a value, and what it makes of it.
func TestAccept(t *testing.T) {
	i, f, l := IntSlider("i", 5, 0, 10), FloatSlider("f", 5, 0, 10), FloatLogSlider("l", 5, 1, 10)
	ir, fr := IntRangeSlider("ir", 2, 5, 0, 10), FloatRangeSlider("fr", 2, 5, 0, 10)
	d, tab := Dropdown("d", []string{"a", "b"}, "a"), Tab([]string{"p"}, Label(""))
	c, s, free := Checkbox("c", true), Text("s", ""), FloatText("ft", 0)
	const no = "refused"
	for _, k := range []struct {
		w    *Widget
		in   any
		want any
	}{
		{i, 3.0, 3}, {i, json.Number("4"), 4}, {i, int64(5), 5}, {i, uint8(6), 6}, {i, -3, 0}, {i, 11, 10}, {i, 2.5, no}, {i, "3", no}, {i, nil, no}, {i, true, no}, {i, math.NaN(), no},
		{f, 3, 3.0}, {f, json.Number("2.5"), 2.5}, {f, 99, 10.0}, {f, math.NaN(), no}, {f, math.Inf(1), 10.0}, {f, []any{1}, no}, {f, json.Number("x"), no},
		{l, 0.1, 1.0}, {l, 1000, 10.0}, {l, 3, 3.0},
		{ir, []any{3.0, 4.0}, [2]int{3, 4}}, {ir, []any{9.0, 1.0}, [2]int{1, 9}}, {ir, []any{1.5, 2.0}, no}, {ir, []any{1.0}, no}, {ir, "x", no},
		{fr, []any{json.Number("1"), 99}, [2]float64{1, 10}}, {fr, [2]float64{1, 2}, [2]float64{1, 2}}, {fr, nil, no},
		{d, 1.0, 1}, {d, nil, nil}, {d, 2, no}, {d, -1, no}, {d, 0.5, no}, {d, "a", no},
		{tab, 0.0, 0}, {tab, nil, nil}, {tab, 1, no},
		{c, false, false}, {c, 1, no}, {s, "x", "x"}, {s, 3, no}, {s, HTML("h"), "h"}, {free, -1e300, -1e300},
	} {
		got, err := k.w.kind.accept(k.w, k.w.kind.value, k.in)
		if k.want == no {
			if err == nil {
				t.Errorf("%s takes %v as %v", k.w.kind.name, k.in, got)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, k.want) {
			t.Errorf("%s makes %v of %v (%v), want %v", k.w.kind.name, got, k.in, err, k.want)
		}
	}
}

// Only what a person can set is taken from the page.
func TestOnlyUserKeysAreTaken(t *testing.T) {
	h := useHost(t, true)
	w := IntSlider("a", 5, 0, 10)
	Show(w)
	h.sent()
	for _, key := range []string{"max", "description", "_model_name", "layout", "disabled", "style"} {
		before := w.Get(key)
		move(w, key, "evil")
		if !reflect.DeepEqual(w.Get(key), before) {
			t.Errorf("%s was changed from outside", key)
		}
	}
	if msgs := h.sent(); len(msgs) != 0 {
		t.Errorf("echoed %v", msgs)
	}
}

func TestEchoCanBeTurnedOff(t *testing.T) {
	h := useHost(t, true)
	w := IntSlider("a", 5, 0, 10)
	Show(w)
	h.sent()
	echoing = false
	defer func() { echoing = true }()
	move(w, "value", 6)
	if msgs := h.sent(); len(msgs) != 0 || w.Int() != 6 {
		t.Errorf("sent %v, value %d", msgs, w.Int())
	}
}

// Binary values travel as buffers beside the state, in the order of their
// paths, and are put back on the way in.
func TestBuffers(t *testing.T) {
	state, paths, buffers := split(map[string]any{"b": []byte{1}, "a": []byte{2}, "c": 3, "d": math.NaN()})
	if !reflect.DeepEqual(state, map[string]any{"c": 3, "d": nil}) || !reflect.DeepEqual(paths, [][]any{{"a"}, {"b"}}) || buffers[0][0] != 2 {
		t.Errorf("split into %v, %v, %v", state, paths, buffers)
	}
	back := withBuffers(state, []any{[]any{"a"}, []any{"_model_name"}, []any{"x", "deep"}, []any{"late"}}, [][]byte{{9}, {8}, {7}})
	if !reflect.DeepEqual(back["a"], []byte{9}) || back["_model_name"] != nil || back["late"] != nil || back["c"] != 3 {
		t.Errorf("put back into %v", back)
	}
	if state["a"] != nil {
		t.Error("the message itself was changed")
	}
}

func TestImageWidgetUpdates(t *testing.T) {
	h := useHost(t, true)
	w := Image([]byte("one"), 0, 0)
	Show(w)
	open := h.sent()
	if len(open[0].Buffers) != 1 || string(open[0].Buffers[0]) != "one" || open[0].Data["state"].(map[string]any)["value"] != nil {
		t.Errorf("opened %v", open[0])
	}
	if err := w.Set([]byte("two")); err != nil {
		t.Fatal(err)
	}
	m := h.sent()[0]
	if string(m.Buffers[0]) != "two" || !reflect.DeepEqual(m.Data["buffer_paths"], [][]any{{"value"}}) {
		t.Errorf("update %v", m)
	}
	if err := w.Set("text"); err == nil {
		t.Error("a text was taken for a picture")
	}
}

func TestSetChildrenOpensNewOnes(t *testing.T) {
	h := useHost(t, true)
	box := VBox(Label("a"))
	Show(box)
	h.sent()
	b := Label("b")
	box.SetChildren(b)
	msgs := h.sent()
	if len(msgs) != 2 || msgs[0].Kind != "open" || msgs[0].ID != b.ID() || !reflect.DeepEqual(msgs[1].Data["state"], map[string]any{"children": []any{reference(b)}}) {
		t.Errorf("messages %v", msgs)
	}
	if c := box.Children(); len(c) != 1 || c[0] != b {
		t.Errorf("children %v", c)
	}
	box.Close()
	Show(box) // may be shown again
	if msgs = h.sent(); len(msgs) != 4 || msgs[3].Kind != "open" {
		t.Errorf("closed and shown again: %d messages", len(msgs))
	}
}

func TestTextsOfWidgets(t *testing.T) {
	for _, c := range []struct {
		w    *Widget
		want string
	}{
		{IntSlider("M", 3, 0, 9), "M = 3"}, {FloatSlider("", 0.25, 0, 1), "0.25"}, {FloatLogSlider("x", 1.0/3, 0.1, 9), "x = 0.3333"},
		{IntRangeSlider("r", 2, 5, 0, 9), "r = 2 to 5"}, {FloatRangeSlider("r", .2, .5, 0, 1), "r = 0.2 to 0.5"},
		{Dropdown("d", []string{"a"}, nil), "d = none"}, {Checkbox("c", true), "c = true"}, {Button("Go"), "Go"}, {Output(), ""},
		{HBox(IntSlider("a", 1, 0, 9), Button("Go"), VBox(Label("text"))), "a = 1, text"}, {Image([]byte("x"), 0, 0), ""},
		{Text("t", strings.Repeat("x", 500)), "t = " + strings.Repeat("x", 200) + "…"},
	} {
		if got := c.w.String(); got != c.want {
			t.Errorf("%s prints %q, want %q", c.w.kind.name, got, c.want)
		}
	}
}

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		123 * time.Millisecond: "120ms", 1234 * time.Millisecond: "1.2s", 83 * time.Second: "1m23s", 2*time.Hour + 300*time.Millisecond: "2h0m0s",
	} {
		if got := brief(d); got != want {
			t.Errorf("brief(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestLayoutBreaksLines(t *testing.T) {
	type inner struct{ A, B []int }
	v := struct {
		Name string
		Rows []inner
	}{strings.Repeat("n", 70), []inner{{[]int{1, 2}, nil}}}
	want := "struct{\n  Name: \"" + v.Name + "\",\n  Rows: []lab.inner{lab.inner{A: []int{1, 2}, B: []int(nil)}},\n}"
	if got := Render(v).text(); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
	long := make([]int, 20)
	for i := range long {
		long[i] = 100000 + i
	}
	for _, line := range strings.Split(Render(long).text(), "\n") {
		if len(line) > foldWidth {
			t.Errorf("a line of %d characters: %q", len(line), line)
		}
	}
	if got := fmt.Sprint(shownIndex(25, 4)); got != "[0 1 -1 23 24]" {
		t.Errorf("shown of 25: %s", got)
	}
	if got := fmt.Sprint(shownIndex(4, 4)); got != "[0 1 2 3]" {
		t.Errorf("shown of 4: %s", got)
	}
}
