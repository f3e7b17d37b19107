package worker

import (
	"context"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
)

// unending are cells that an interrupt ends, by kind. A cell ends within a fifth
// of a second on a machine that has time for it; BenchmarkInterrupt prints the
// figures.
var unending = []struct{ name, src string }{
	{"loop", "for { n++ }"},
	{"empty loop", "for {}"},
	{"loop in a goroutine", "go func() { for {} }(); select {}"},
	{"calls", "var f func(int) int; f = func(k int) int { if k == 0 { return 0 }; return f(k-1) + f(k-1) }; f(60)"},
	{"select", "select {}"},
	{"channel", "<-make(chan int)"},
	{"timer", "<-time.After(time.Hour)"},
	{"sleep", "time.Sleep(time.Hour)"},
	{"wait group", "var wg sync.WaitGroup; wg.Add(1); wg.Wait()"},
	{"condition", "c := sync.NewCond(&sync.Mutex{}); c.L.Lock(); c.Wait()"},
	{"lock", "var mu sync.Mutex; mu.Lock(); mu.Lock()"},
	{"context", "<-lab.Context().Done(); for {}"},
	{"reading a line", "sc := bufio.NewScanner(os.Stdin); sc.Scan(); sc.Text()"},
	{"scanning", "var k int; fmt.Scan(&k)"},
	{"shell", "!sleep 1000 | cat"},
	{"shell with children", "!sleep 1000; echo done"},
	{"sorting callback", "sort.Slice(make([]int, 1<<20), func(i, j int) bool { for { n++ } })"},
	{"small products", "a := linalg.Ones(linalg.F64, 20, 20); for { a.MatMul(a) }"},
	{"large product", "b := linalg.Ones(linalg.F64, 3000, 3000); b.MatMul(b).MatMul(b).MatMul(b).MatMul(b)"},
	{"eigenvalues", "e := linalg.Eye(linalg.F64, 3000); linalg.EigSym(e.Add(linalg.Ones(linalg.F64, 3000, 3000)))"},
	{"fit of a Gaussian process", "g.Fit(lab.Context(), 1_000_000)"},
	{"bench", "%bench time.Sleep(time.Millisecond)\nfor {}"},
	{"profile", "%prof for { n++ }"},
}

const unendingSetup = `n := 1
keep := []int{1, 2, 3}
xs := linalg.Uniform(linalg.NewRand(1), linalg.F64, 700).Float64s()
g := gp.NewExact(gp.SE(1, 1), 0.1)
g.Condition(gp.Column(xs), xs)`

// interrupted runs a cell, interrupts it, and says how long it took to end.
func interrupted(l *Local, src string, out serve.Output) (serve.Reply, time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	var at time.Time
	time.AfterFunc(300*time.Millisecond, func() { at = time.Now(); cancel() })
	r := l.Execute(ctx, serve.Execution{Cell: "In[2]", Code: src}, out)
	if at.IsZero() {
		return r, 0
	}
	return r, time.Since(at)
}

// TestInterruptEndsEveryKind also looks that the session is whole afterwards.
func TestInterruptEndsEveryKind(t *testing.T) {
	n := newNotebook(t)
	n.run("In[1]", "", unendingSetup)
	for _, c := range unending {
		out := &waitingInput{}
		r, took := interrupted(n.local, c.src, out)
		t.Logf("%-28s %v", c.name, took.Round(time.Millisecond))
		if r.Failure == nil || r.Failure.Name != "Interrupted" {
			t.Errorf("%s ended with %v", c.name, r.Failure)
		} else if took > 20*time.Second {
			t.Errorf("%s took %v", c.name, took)
		}
		if got := n.run("In[3]", "", "len(keep) + 39").Result.Data["text/plain"]; got != "42" {
			t.Errorf("after %s the variables give %v", c.name, got)
		}
	}
}

// waitingInput is a client whose person never answers.
type waitingInput struct{ recorder }

func (*waitingInput) ReadLine(ctx context.Context, _ string, _ bool) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

// BenchmarkInterrupt reports how long each kind takes to end.
func BenchmarkInterrupt(b *testing.B) {
	l, err := NewLocal(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	l.Execute(context.Background(), serve.Execution{Cell: "In[1]", Code: unendingSetup}, &recorder{})
	for _, c := range unending {
		b.Run(c.name, func(b *testing.B) {
			var worst time.Duration
			for range b.N {
				_, took := interrupted(l, c.src, &waitingInput{})
				worst = max(worst, took)
			}
			b.ReportMetric(float64(worst)/1e6, "worst-ms")
		})
	}
}
