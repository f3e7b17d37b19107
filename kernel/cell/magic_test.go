package cell_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// TestMagic runs cells with commands: what they print, give and refuse.
func TestMagic(t *testing.T) {
	for _, c := range []struct {
		name, src string
		prints    []string // in this order
		value     any
		fails     string
	}{
		{name: "time of a statement", src: "%time x + 1", prints: []string{"took ", "checked and compiled in"}, value: 42},
		{name: "time of a cell", src: "%%time\ny := x\ny * 2", prints: []string{"took "}, value: 82},
		{name: "time in the middle", src: "y := x\n%time y++\ny", prints: []string{"took "}, value: 42},
		{name: "time of several lines", src: "%time func() {\n\tfmt.Println(\"inside\")\n}()\nx", prints: []string{"inside", "took "}, value: 41},
		{name: "plain spelling", src: "//lab:time x\nx + 2", prints: []string{"took "}, value: 43},
		{name: "bench", src: "%bench math.Sqrt(2)", prints: []string{" a run, fastest of ", "allocations"}},
		{name: "bench of what fails", src: "%bench []int{}[x]", fails: "index out of range"},
		{name: "vars at the end", src: "z := []float64{1, 2}\n%vars", prints: []string{"name", "type", "shape", "size", "value", "x", "int", "41", "z", "[]float64", "len 2", "40 B", "[1 2]"}},
		{name: "vars and then Go", src: "%vars\nx", prints: []string{"x ", "41"}, value: 41},
		{name: "shell", src: "!echo one two", prints: []string{"one two\n"}},
		{name: "shell with a value", src: "!echo x is {x}, not {nothing}", prints: []string{"x is 41, not {nothing}\n"}},
		{name: "shell between Go", src: "y := x + 1\n!echo {y}\ny", prints: []string{"42\n"}, value: 42},
		{name: "shell of several lines", src: "%%sh\nfor i in 1 2; do\n  echo no $i\ndone", prints: []string{"no 1\n", "no 2\n"}},
		{name: "shell that fails", src: "!exit 3", fails: "exit status 3"},
		{name: "plain spelling of the shell", src: "//lab:!echo hello", prints: []string{"hello\n"}},
		{name: "not", src: "!yes", value: false},
		{name: "not, behind Go", src: "no := !yes\n!no", value: true},
		{name: "percent in a raw string", src: "s := `\n%vars\n`\nlen(s)", value: 7},
		{name: "percent in a comment", src: "/*\n%vars\n*/\nx", value: 41},
		{name: "percent within brackets", src: "(x\n% 10)", fails: "expected"},
		{name: "quiet", src: "%time x;", prints: []string{"took "}},
		{name: "unknown", src: "x\n%tme x", fails: "there is no command %tme"},
		{name: "of another kernel", src: "%timeit x", fails: "%timeit"},
		{name: "help stands alone", src: "x\n%help", fails: "stands alone"},
		{name: "a slip runs nothing", src: "fmt.Println(\"ran\")\n%time x +", fails: "In[1]:2:10"},
		{name: "an error within", src: "%time nosuch", fails: "In[1]:1:7: undefined: nosuch"},
		{name: "a panic within", src: "y := 3\n%time panic(y)\ny", fails: "panic: 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, out := newSession(t)
			mustEval(t, s, "x := 41\nyes := true")
			o := eval(s, c.src)
			if c.fails != "" {
				if o.Err == nil || !strings.Contains(o.Err.Error(), c.fails) {
					t.Fatalf("ended with %v, want %q", o.Err, c.fails)
				}
				if strings.Contains(out.String(), "ran") {
					t.Errorf("printed %q", out)
				}
				return
			}
			if o.Err != nil {
				t.Fatal(explain(o.Err))
			}
			rest := out.String()
			for _, w := range c.prints {
				_, after, ok := strings.Cut(rest, w)
				if !ok {
					t.Fatalf("%q is not in its place in\n%s", w, out)
				}
				rest = after
			}
			switch {
			case c.value == nil && len(o.Values) > 0:
				t.Errorf("gave %v", o.Values)
			case c.value != nil && (len(o.Values) != 1 || o.Values[0] != c.value):
				t.Errorf("gave %v, want %v", o.Values, c.value)
			}
		})
	}
}

// TestMagicHelp compares the help with the commands there are.
func TestMagicHelp(t *testing.T) {
	text := cell.MagicHelp()
	for _, m := range cell.Magics {
		if !strings.Contains(text, m) {
			t.Errorf("%s is not in the help:\n%s", m, text)
		}
	}
}

// screen is a lab.Host that keeps what is displayed.
type screen struct {
	lab.Host
	shown []lab.Bundle
}

func (h *screen) Display(b lab.Bundle, _ string, _ bool) error {
	h.shown = append(h.shown, b)
	return nil
}

// TestProfile looks for a slow line, a compiled function and a callback in the
// flame graph.
func TestProfile(t *testing.T) {
	host := &screen{}
	s, err := cell.NewSession(cell.Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	run := func(name, src string) {
		t.Helper()
		if o := s.Eval(context.Background(), cell.Cell{Name: name, Source: src}); o.Err != nil {
			t.Fatal(explain(o.Err))
		}
	}
	run("In[1]", `func slow(d time.Duration) (n int) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		for range 1000 {
			n++
		}
	}
	return n
}
func each(xs []int) {
	sort.Slice(xs, func(i, j int) bool { slow(20*time.Millisecond); return false })
}
a := mat.NewDense(300, 300, nil)
func product(d time.Duration) {
	var c mat.Dense
	for end := time.Now().Add(d); time.Now().Before(end); {
		c.Mul(a, a)
	}
}`)
	run("In[2]", "%%prof\nslow(300*time.Millisecond)\neach(make([]int, 8))\nproduct(700*time.Millisecond)")
	if len(host.shown) != 1 {
		t.Fatalf("%d displays", len(host.shown))
	}
	b := host.shown[0]
	svg, text := b.Data["image/svg+xml"].(string), b.Data["text/plain"].(string)
	if html := b.Data["text/html"].(string); !strings.Contains(html, svg) {
		t.Error("the page does not hold the picture")
	}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the picture is not well formed: %v\n%s", err, svg)
		}
	}
	share := func(label string) float64 {
		m := regexp.MustCompile(`<title>` + regexp.QuoteMeta(label) + `\n([\d.]+) %`).FindStringSubmatch(svg)
		if m == nil {
			t.Errorf("no bar for %s in\n%s", label, text)
			return 0
		}
		v, _ := strconv.ParseFloat(m[1], 64)
		return v
	}
	for label, least := range map[string]float64{"In[2]:2": 2, "In[2]:3": 1, "In[2]:4": 10, "product In[1]:16": 5, "mat.(*Dense).Mul": 1, "slow In[1]:4": 1} {
		if got := share(label); got < least || got > 100 {
			t.Errorf("%s has %.1f %%", label, got)
		}
	}
	for _, w := range []string{"n++", "c.Mul(a, a)", "each In[1]:10", "each.func In[1]:10"} {
		if !strings.Contains(svg, w) {
			t.Errorf("%q is not in the picture", w)
		}
	}
}

// TestDeadlock runs cells whose goroutines all wait for each other, and some
// that only look like it.
func TestDeadlock(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		dead bool
		want []string
	}{
		"receive":          {"ch := make(chan int)\n<-ch", true, []string{"all goroutines are asleep", "In[1]:2:1"}},
		"others too":       {"ch := make(chan int)\ngo func(k int) {\n\tch <- k\n\tch <- k\n}(3)\n<-ch\nselect {}", true, []string{"In[1]:7:1", "In[1]:4:2 in func(k=3)", "In[1]:2:1 began the goroutine"}},
		"lock":             {"var mu sync.Mutex\nmu.Lock()\nmu.Lock()", true, []string{"In[1]:3:4"}},
		"wait group":       {"var wg sync.WaitGroup\nwg.Add(1)\ngo func() { select {} }()\nwg.Wait()", true, nil},
		"condition":        {"c := sync.NewCond(&sync.Mutex{})\nc.L.Lock()\nc.Wait()", true, nil},
		"sleeping waker":   {"ch := make(chan int)\ngo func() { time.Sleep(2 * time.Second); ch <- 1 }()\n<-ch", false, nil},
		"timer":            {"<-time.After(2 * time.Second)", false, nil},
		"context":          {"ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)\ndefer stop()\n<-ctx.Done()", false, nil},
		"compiled waker":   {"var wg sync.WaitGroup\nwg.Go(func() { time.Sleep(2 * time.Second) })\nwg.Wait()", false, nil},
		"busy waker":       {"ch := make(chan int)\ngo func() { for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {}; ch <- 1 }()\n<-ch", false, nil},
		"left behind ones": {"ch := make(chan int)\nfor range 3 { go func() { ch <- 1 }() }\n<-ch", false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newSession(t)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			o := s.Eval(ctx, cell.Cell{Name: "In[1]", Source: c.src})
			var re *cell.RuntimeError
			if dead := errors.As(o.Err, &re) && re.Name == "deadlock"; dead != c.dead || !dead && o.Err != nil {
				t.Fatalf("ended with %v", o.Err)
			}
			if c.dead {
				text := strings.Join(re.Traceback, "\n")
				for _, w := range c.want {
					if !strings.Contains(text, w) {
						t.Errorf("%q is not in\n%s", w, text)
					}
				}
			}
			if v := mustEval(t, s, "40 + 2"); v[0] != 42 {
				t.Error(v)
			}
		})
	}
}
