package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestInteractRedrawsInPlace(t *testing.T) {
	h := useHost(t, true)
	ls, m := FloatLogSlider("length-scale", 20, 1, 200), IntSlider("M", 30, 5, 80)
	k := Dropdown("kernel", []string{"se", "matern"}, "se")
	Interact(func(l float64, m int, k string) any { return fmt.Sprintf("%g %d %s", l, m, k) }, ls, m, k)
	if len(h.shown) != 2 || h.shown[1].b.text() != "20 30 se" || h.shown[1].update {
		t.Fatalf("shown %+v", h.shown)
	}
	if got := h.shown[0].b.text(); got != "length-scale = 20, M = 30, kernel = se" {
		t.Errorf("controls as text: %q", got)
	}
	move(m, "value", 40)
	move(k, "index", 1)
	id := h.shown[1].id
	if len(h.shown) != 4 || h.last() != "20 40 matern" || !h.shown[3].update || h.shown[3].id != id {
		t.Errorf("after moves: %+v", h.shown)
	}
}

func TestInteractWithoutWidgets(t *testing.T) {
	h := useHost(t, false)
	Interact(func(m int) any { return m }, IntSlider("M", 30, 5, 80))
	if len(h.shown) != 2 || h.shown[0].b.text() != "*M = 30*" || h.shown[1].b.text() != "30" || len(h.sent()) != 0 {
		t.Errorf("shown %+v", h.shown)
	}
}

func TestInteractErrors(t *testing.T) {
	h := useHost(t, true)
	m := IntSlider("M", 30, 5, 80)
	Interact(func(m int) (any, error) {
		switch {
		case m == 40:
			return nil, errors.New("forty <is> bad")
		case m == 41:
			panic("boom")
		}
		return m, nil
	}, m)
	move(m, "value", 40)
	if html, _ := h.shown[len(h.shown)-1].b.Data[mimeHTML].(string); !strings.Contains(html, "forty &lt;is&gt; bad") {
		t.Errorf("the error shows as %q", html)
	}
	move(m, "value", 41)
	if h.last() != "boom" {
		t.Errorf("the panic shows as %q", h.last())
	}
	move(m, "value", 42)
	if h.last() != "42" {
		t.Errorf("afterwards %q", h.last())
	}
	defer func() {
		if p := recover(); p == nil || fmt.Sprint(p) != "at once" {
			t.Errorf("an error in the first run: %v", p)
		}
	}()
	Interact(func(m int) (any, error) { return nil, errors.New("at once") }, m)
}

// A callback given up for newer values shows nothing.
func TestInteractGivesUp(t *testing.T) {
	h := useHost(t, true)
	m := IntSlider("M", 0, 0, 80)
	Interact(func(ctx context.Context, m int) (any, error) {
		if m == 1 {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return m, nil
	}, m)
	move(m, "value", 1)
	move(m, "value", 2)
	eventually(t, "the newest picture", func() bool { return h.last() == "2" })
	for _, s := range h.shown {
		if strings.Contains(s.b.text(), "cancel") {
			t.Errorf("a cancelled run was shown: %q", s.b.text())
		}
	}
}

func TestInteractMakesControls(t *testing.T) {
	h := useHost(t, true)
	Interact(func(a float64, n int, b bool, s string) any { return fmt.Sprint(a, n, b, s, "!") })
	if h.last() != "0.5 5 false!" && h.last() != "0.5 5 false !" {
		t.Errorf("shown %q", h.last())
	}
}

func TestInteractArgumentTypes(t *testing.T) {
	h := useHost(t, true)
	type size int
	Interact(func(a size, b float32, w *Widget, lohi []float64, r [2]float64, i int, any2 any) any {
		return fmt.Sprint(a, b, w.Int(), lohi, r, i, any2)
	}, IntSlider("a", 1, 0, 9), IntSlider("b", 2, 0, 9), IntSlider("c", 3, 0, 9), FloatRangeSlider("d", 1, 2, 0, 3),
		FloatRangeSlider("e", 1, 2, 0, 3), Dropdown("f", []string{"x", "y"}, "y"), Dropdown("g", []string{"x", "y"}, nil))
	if h.last() != "1 2 3 [1 2] [1 2] 1 <nil>" {
		t.Errorf("shown %q", h.last())
	}
}

func TestInteractRefusals(t *testing.T) {
	useHost(t, true)
	one := func() *Widget { return IntSlider("M", 1, 0, 9) }
	for _, c := range []struct {
		f        any
		controls []*Widget
		want     string
	}{
		{3, nil, "a function is wanted"},
		{func(int) {}, []*Widget{one()}, "must return what is to be shown"},
		{func(int, int) any { return 0 }, []*Widget{one()}, "takes 2 values but there are 1 controls"},
		{func(string) any { return 0 }, []*Widget{one()}, "M gives a value of type int, which does not fit the function's parameter of type string"},
		{func(int) any { return 0 }, []*Widget{FloatSlider("x", 0, 0, 1)}, "does not fit"},
		{func(...int) any { return 0 }, []*Widget{one()}, "any number"},
		{func(chan int) any { return 0 }, nil, "no control for parameter 1 of type chan int"},
		{func(int) any { return 0 }, []*Widget{nil}, "control 1 is nil"},
	} {
		if _, err := newInteraction(c.f, c.controls); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %v, want %q", c.f, err, c.want)
		}
	}
}

// The picture lives twice: at once among the controls, from where a page that
// is loaded anew fetches it, and, when the controls rest, in the output that is
// stored.
func TestInteractLiveAndStored(t *testing.T) {
	h := useHost(t, true)
	stillAfter = 20 * time.Millisecond
	defer func() { stillAfter = 0 }()
	m := IntSlider("M", 30, 5, 80)
	in, err := newInteraction(func(m int) any {
		if m == 50 {
			return Bundle{Data: map[string]any{mimeVegaLite: map[string]any{}, mimeText: "a chart"}}
		}
		return m
	}, []*Widget{m})
	if err != nil {
		t.Fatal(err)
	}
	in.show()
	live := func() string { return in.stage.live.Text() }
	if h.last() != "30" || !strings.Contains(live(), ">30</pre>") {
		t.Errorf("at first stored %q, live %q", h.last(), live())
	}
	move(m, "value", 40)
	if h.last() != "30" || !strings.Contains(live(), ">40</pre>") {
		t.Errorf("while it moves: stored %q, live %q", h.last(), live())
	}
	eventually(t, "the stored picture", func() bool { return h.last() == "40" })
	if !strings.Contains(live(), ":has(.live-"+in.stage.id+")+.jp-OutputArea-child{display:none}") {
		t.Errorf("the stored picture is not hidden by %q", live())
	}
	move(m, "value", 50) // which only the front end can draw
	if out, _ := in.stage.other.Get("outputs").([]any); len(out) != 1 || strings.Contains(live(), ">40<") {
		t.Errorf("a chart: live %q and %v", live(), out)
	}
	move(m, "value", 51)
	if out, _ := in.stage.other.Get("outputs").([]any); len(out) != 0 || !strings.Contains(live(), "51") {
		t.Errorf("after a chart: live %q and %v", live(), out)
	}
	eventually(t, "the last stored picture", func() bool { return h.last() == "51" })
}
