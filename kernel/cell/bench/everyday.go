package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/priorlab/priorlab/kernel/cell/internal/cpu"
)

// workload is code of the kind that cells hold: run takes n steps, and Python's
// step is one of them.
type workload struct{ name, setup, run, pySetup, pyStep string }

var workloads = []workload{
	{"loop, s += x*0.5", "", "s := 0.0; x := 1.5; for i := 0; i < n; i++ { s += x * 0.5 }; sink = s",
		"s = 0.0; x = 1.5", "s += x * 0.5"},
	{"slice element, a[i%100] += 1.5", "", "a := make([]float64, 100); for i := 0; i < n; i++ { a[i%100] += 1.5 }; sink = a",
		"a = [0.0] * 100; i = 7", "i += 1; a[i%100] += 1.5"},
	{"[][]float64, a product's inner step", "", "const k = 20; a, b := make([][]float64, k), make([][]float64, k); for i := range a { a[i], b[i] = make([]float64, k), make([]float64, k) }; s := 0.0; for r := 0; r < n; r += k * k { for j := 0; j < k; j++ { for l := 0; l < k; l++ { s += a[j][l] * b[l][j] } } }; sink = s",
		"k = 20; a = [[0.0] * k for _ in range(k)]; b = [[0.0] * k for _ in range(k)]; s = 0.0; j = 3; l = 4", "s += a[j][l] * b[l][j]"},
	{"append(a, i)", "", "var a []int; for i := 0; i < n; i++ { a = append(a, i); if len(a) > 1000 { a = a[:0] } }; sink = a",
		"a = []; i = 5", "a.append(i)\nif len(a) > 1000: a.clear()"},
	{"map element, m[i%100]++", "", "m := map[int]int{}; for i := 0; i < n; i++ { m[i%100]++ }; sink = m",
		"m = dict.fromkeys(range(100), 0); i = 7", "i += 1; m[i%100] += 1"},
	{"map of words, m[w[i%9]]++", "var w = strings.Fields(`the quick brown fox jumps over the lazy dog`)", "m := map[string]int{}; for i := 0; i < n; i++ { m[w[i%9]]++ }; sink = m",
		"w = 'the quick brown fox jumps over the lazy dog'.split(); m = dict.fromkeys(w, 0); i = 7", "i += 1; m[w[i%9]] += 1"},
	{"fields of structs in a slice", "type B struct{ x, v float64 }", "bs := make([]B, 100); s := 0.0; for i := 0; i < n; i += 100 { for _, b := range bs { s += b.x + b.v } }; sink = s",
		"class B:\n  x = 1.0; v = 2.0\nbs = [B() for _ in range(100)]; s = 0.0; i = 7", "i += 1; b = bs[i%100]; s += b.x + b.v"},
	{"runes of a string", "", "t := strings.Repeat(`abcé`, 25); s := 0; for i := 0; i < n; i += 100 { for _, r := range t { s += int(r) } }; sink = s",
		"t = 'abcé' * 25; s = 0; i = 7", "i += 1; s += ord(t[i%100])"},
	{"s += \"x\"", "", "s := ``; for i := 0; i < n; i++ { s += `x`; if len(s) > 100 { s = `` } }; sink = s",
		"s = ''", "s += 'x'\nif len(s) > 100: s = ''"},
	{"strings.Builder, three calls", "", "var b strings.Builder; for i := 0; i < n; i++ { b.WriteString(`ab`); b.WriteByte('c'); if b.Len() > 1000 { b.Reset() } }; sink = b.Len()",
		"import io; b = io.StringIO()", "b.write('ab'); b.write('c')\nif b.tell() > 1000: b.seek(0)"},
	{"call of a cell's function", "func f(a, b int) int { return a + b }", "s := 0; for i := 0; i < n; i++ { s = f(s, i) }; sink = s",
		"def f(a, b): return a + b\ns = 0", "s = f(s, 1)"},
	{"recursion, a call of fib", "func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }", "for i := 0; i < n; i += 1973 { sink = fib(15) }",
		"def f(n): return n if n < 2 else f(n-1) + f(n-2)", "f(2)"},
	{"closure over a variable", "", "c := 0; f := func(k int) int { c += k; return c }; for i := 0; i < n; i++ { f(i) }; sink = c",
		"def g():\n  c = 0\n  def f(k):\n    nonlocal c\n    c += k\n    return c\n  return f\nf = g()", "f(1)"},
	{"generic function", "func larger[T int | float64](a, b T) T { if a > b { return a }; return b }", "s := 0; for i := 0; i < n; i++ { s = larger(s, i) }; sink = s",
		"def f(a, b): return a if a > b else b\ns = 0", "s = f(s, 1)"},
	{"method of a cell's type", "type T struct{ a int }\nfunc (t *T) M(k int) { t.a += k }", "t := &T{}; for i := 0; i < n; i++ { t.M(i) }; sink = t",
		"class T:\n  a = 0\n  def m(self, k): self.a += k\nt = T()", "t.m(1)"},
	{"method of an interface", "type S interface{ Area() float64 }\ntype Sq struct{ a float64 }\nfunc (s Sq) Area() float64 { return s.a * s.a }\ntype Ci struct{ r float64 }\nfunc (c *Ci) Area() float64 { return 3 * c.r }", "ss := []S{Sq{2}, &Ci{3}}; t := 0.0; for i := 0; i < n; i++ { t += ss[i%2].Area() }; sink = t",
		"class Sq:\n  a = 2.0\n  def area(s): return s.a * s.a\nclass Ci:\n  r = 3.0\n  def area(s): return 3 * s.r\nss = [Sq(), Ci()]; t = 0.0; i = 7", "i += 1; t += ss[i%2].area()"},
	{"type switch", "", "vs := []any{1, `a`, 2.5, []int{1}}; s := 0; for i := 0; i < n; i++ { switch v := vs[i%4].(type) { case int: s += v; case string: s += len(v); case float64: s++; case []int: s += v[0] } }; sink = s",
		"vs = [1, 'a', 2.5, [1]]; s = 0; i = 7", "i += 1; v = vs[i%4]\nif type(v) is int: s += v\nelif type(v) is str: s += len(v)\nelif type(v) is float: s += 1\nelse: s += v[0]"},
	{"defer", "func d() (x int) { defer func() { x++ }(); return 1 }", "s := 0; for i := 0; i < n; i++ { s += d() }; sink = s",
		"def d():\n  x = 0\n  try:\n    x = 1\n  finally:\n    x += 1\n  return x\ns = 0", "s += d()"},
	{"range over a function", "func upto(n int) func(func(int) bool) { return func(yield func(int) bool) { for i := 0; i < n; i++ { if !yield(i) { return } } } }", "s := 0; for i := range upto(n) { s += i }; sink = s",
		"def upto():\n  i = 0\n  while True:\n    yield i\n    i += 1\ng = upto(); s = 0", "s += next(g)"},
	{"native call, math.Sqrt", "", "s := 0.0; for i := 0; i < n; i++ { s += math.Sqrt(s) }; sink = s",
		"import math; s = 0.0", "s += math.sqrt(s)"},
	{"native call, math.Sin", "", "s := 0.0; for i := 0; i < n; i++ { s += math.Sin(float64(i)) }; sink = s",
		"import math; s = 0.0; i = 7", "i += 1; s += math.sin(i)"},
	{"native method, m.At(0, 1)", "var m = mat.NewDense(2, 2, nil)", "s := 0.0; for i := 0; i < n; i++ { s += m.At(0, 1) }; sink = s",
		"import numpy as np; m = np.zeros((2, 2)); s = 0.0", "s += m[0, 1]"},
	{"fmt.Sprint(i)", "", "for i := 0; i < n; i++ { sink = fmt.Sprint(i) }",
		"i = 12345", "str(i)"},
	{"fmt.Sprintf(\"%d %.2f\", i, x)", "", "x := 1.5; for i := 0; i < n; i++ { sink = fmt.Sprintf(`%d %.2f`, i, x) }",
		"i = 12345; x = 1.5", "'%d %.2f' % (i, x)"},
	{"strings.Split", "", "for i := 0; i < n; i++ { sink = strings.Split(`a,b,c,d,e`, `,`) }",
		"", "'a,b,c,d,e'.split(',')"},
	{"sort.Slice, a comparison", "", "a := make([]int, 1000); for j := 0; j < n; j += 10000 { for i := range a { a[i] = i * 7919 % 1000 }; sort.Slice(a, func(i, j int) bool { return a[i] < a[j] }) }; sink = a",
		"import bisect\nclass K:\n  def __init__(s, v): s.v = v\n  def __lt__(s, o): return s.v < o.v\nx = [K(0)] * (1 << 16); k = K(1)", "bisect.bisect_left(x, k)"},
	{"callback into a cell", "", "for i := 0; i < n; i += 62 { sort.Search(1<<62, func(int) bool { return false }) }",
		"import bisect\nclass K:\n  def __lt__(self, o): return True\nx = [K()] * (1 << 16); k = K()", "bisect.bisect_left(x, k)"},
	{"lock and unlock", "", "var mu sync.Mutex; s := 0; for i := 0; i < n; i++ { mu.Lock(); s += i; mu.Unlock() }; sink = s",
		"import threading; mu = threading.Lock(); s = 0", "mu.acquire(); s += 1; mu.release()"},
	{"buffered channel", "", "c := make(chan int, 100); for i := 0; i < n; i++ { c <- i; <-c }",
		"import queue; c = queue.SimpleQueue()", "c.put(1); c.get()"},
	{"two goroutines, there and back", "", "a, b := make(chan int), make(chan int); go func() { for v := range a { b <- v + 1 }; close(b) }(); for i := 0; i < n; i++ { a <- i; <-b }; close(a)",
		"import threading, queue\na, b = queue.SimpleQueue(), queue.SimpleQueue()\ndef f():\n  while True: b.put(a.get())\nthreading.Thread(target=f, daemon=True).start()", "a.put(1); b.get()"},
	{"goroutine and sync.WaitGroup", "", "var wg sync.WaitGroup; for i := 0; i < n; i++ { wg.Add(1); go func() { wg.Done() }() }; wg.Wait()",
		"import threading\ndef f(): pass", "t = threading.Thread(target=f); t.start(); t.join()"},
}

// inStep is how often a step of Python's does what a step here does.
func (w workload) inStep() float64 {
	if strings.Contains(w.pyStep, "bisect") { // a bisection of 2^16 compares 17 times
		return 17
	}
	if strings.Contains(w.pyStep, "f(2)") {
		return 3
	}
	return 1
}

// everyday measures the workloads; a figure is nanoseconds of processor time for
// one step.
func everyday(w *tabwriter.Writer, rounds int, python string) error {
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	peers, err := buildPeers(dir)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "everyday code\tours\tpython\tratio\tyaegi\tratio\tcompiled\tratio")
	for _, c := range workloads {
		s := session()
		eval(s, "var sink any\n"+c.setup+"\nfunc run(n int) { "+c.run+" }")
		var ours, py, ya, compiled float64
		for range rounds {
			ours = least(ours, step(func(n int) { eval(s, fmt.Sprintf("run(%d)", n)) }))
			py = least(py, pythonStep(python, c.pySetup, c.pyStep)/c.inStep())
			compiled = least(compiled, peerStep(peers, c.name))
			if ya >= 0 {
				if ya = least(ya, peerStep(peers, c.name, c.source("main"))); ya == 0 {
					ya = -1 // it cannot
				}
			}
		}
		s.Close()
		fmt.Fprintf(w, "%s\t%.1f ns", c.name, ours)
		for _, peer := range []float64{py, ya, compiled} {
			if peer > 0 {
				fmt.Fprintf(w, "\t%.1f ns\t%.2f", peer, peer/ours)
			} else {
				fmt.Fprint(w, "\t-\t")
			}
		}
		fmt.Fprintln(w)
	}
	return nil
}

func least(a, b float64) float64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// step takes enough steps for 50 ms and returns the nanoseconds of one.
func step(run func(n int)) float64 {
	for n := 1000; ; n *= 4 {
		begun := cpu.Time()
		run(n)
		if took := cpu.Time() - begun; took > 50*time.Millisecond {
			return float64(took) / float64(n)
		}
	}
}

func pythonStep(python, setup, step string) float64 {
	const program = `import sys, time, timeit
t = timeit.Timer(sys.argv[2], sys.argv[1], timer=time.process_time)
n = 1000
while t.timeit(n) < 0.05: n *= 4
print(min(t.repeat(3, n)) / n * 1e9)`
	return number(exec.Command(python, "-c", program, setup, step))
}

// peerStep measures a workload in a process of its own, which yaegi may end.
func peerStep(program string, args ...string) float64 {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return number(exec.CommandContext(ctx, program, args...))
}

// number is what a command prints; 0 if it fails.
func number(c *exec.Cmd) float64 {
	out, err := c.Output()
	if err != nil {
		return 0
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return 0
	}
	return v
}

var packages = regexp.MustCompile(`\b(fmt|math|mat|sort|strings|sync)\.[A-Z]`)

// source is the workload as a package with a function Run.
func (w workload) source(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n", name)
	var seen []string
	for _, m := range packages.FindAllStringSubmatch(w.setup+w.run, -1) {
		path := m[1]
		if path == "mat" {
			path = "gonum.org/v1/gonum/mat"
		}
		if !slices.Contains(seen, path) {
			seen = append(seen, path)
			fmt.Fprintf(&b, "import %q\n", path)
		}
	}
	fmt.Fprintf(&b, "var sink any\n%s\nfunc Run(n int) { %s }\n", w.setup, w.run)
	return b.String()
}

// buildPeers builds the program that measures a workload as compiled Go, or its
// source in plain yaegi.
func buildPeers(dir string) (program string, err error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	root := filepath.Dir(strings.TrimSpace(string(mod)))
	files := map[string]string{}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", err
		}
		files[name] = regexp.MustCompile(`(?m)^module .*`).ReplaceAllString(string(text), "module peers")
	}
	var imports, runs strings.Builder
	for i, w := range workloads {
		files[fmt.Sprintf("w%d/w.go", i)] = w.source(fmt.Sprintf("w%d", i))
		fmt.Fprintf(&imports, "\t\"peers/w%d\"\n", i)
		fmt.Fprintf(&runs, "\t%q: w%d.Run,\n", w.name, i)
	}
	files["main.go"] = fmt.Sprintf(peersMain, imports.String(), runs.String())
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	program = filepath.Join(dir, "peers")
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the peers: %s", out)
	}
	return program, nil
}

const peersMain = `package main

import (
	"fmt"
	"os"
	"syscall"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

%s)

var runs = map[string]func(int){
%s}

func used() int64 {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return r.Utime.Nano() + r.Stime.Nano()
}

func main() {
	run := runs[os.Args[1]]
	if len(os.Args) > 2 {
		i := interp.New(interp.Options{})
		i.Use(stdlib.Symbols)
		if _, err := i.Eval(os.Args[2]); err != nil {
			os.Exit(1)
		}
		v, err := i.Eval("Run")
		if err != nil {
			os.Exit(1)
		}
		run = v.Interface().(func(int))
	}
	for n := 1000; ; n *= 4 {
		begun := used()
		run(n)
		if took := used() - begun; took > 20e6 {
			fmt.Println(float64(took) / float64(n))
			return
		}
	}
}
`
