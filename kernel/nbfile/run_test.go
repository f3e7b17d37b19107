package nbfile

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
)

// outputs lists what a cell holds, one string an output.
func outputs(c *Cell) []string {
	var out []string
	for _, o := range c.Outputs {
		switch o.Type {
		case "stream":
			out = append(out, o.Name+":"+o.Text)
		case "error":
			out = append(out, "error:"+o.ErrName+":"+o.ErrValue)
		default:
			s, _ := o.Data["text/plain"].(string)
			out = append(out, o.Type+":"+s)
		}
	}
	return out
}

func TestRunRecordsOutputs(t *testing.T) {
	for _, c := range []struct{ name, cell, want string }{
		{"streams join", "out a\nout b\nerr c\nout d", "stdout:ab|stderr:c|stdout:d"},
		{"result last", "result 42\nout x", "stdout:x|execute_result:42"},
		{"display between", "out a\nshow - p\nout b", "stdout:a|display_data:p|stdout:b"},
		{"update in place", "show d one\nout x\nupdate d two", "display_data:two|stdout:x"},
		{"update of nothing", "update nobody x", ""},
		{"clear now", "out a\nclear now\nout b", "stdout:b"},
		{"clear later", "out a\nclear wait", "stdout:a"},
		{"clear later, then more", "out a\nclear wait\nout b", "stdout:b"},
		{"progress line", `out 10%\r` + "\n" + `out 20%\r` + "\n" + `out done\n`, "stdout:done\n"},
		{"progress line at the end", `out 10%\r` + "\n" + `out 20%\r`, "stdout:20%"},
		{"line ends of others", `out a\r\nb\n`, "stdout:a\nb\n"},
	} {
		nb := code(c.cell)
		if err := Run(context.Background(), nb, &fakeBackend{}, Options{}); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := strings.Join(outputs(nb.Cells[0]), "|"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Many small writes cost what one large one does, and a goroutine may print
// after its cell.
func TestManyWrites(t *testing.T) {
	c := &cellOutput{c: &collector{}, cell: &Cell{}}
	start := time.Now()
	for range 200_000 {
		c.Stream("stdout", "0123456789\n")
	}
	c.finish(serve.Reply{}, 1)
	if d := time.Since(start); d > 5*time.Second || len(c.cell.Outputs[0].Text) != 2_200_000 {
		t.Errorf("%d bytes in %v", len(c.cell.Outputs[0].Text), d)
	}
	c.Stream("stdout", "late")
	if !strings.HasSuffix(c.cell.Outputs[0].Text, "9\nlate") {
		t.Error("what was printed after the end is lost")
	}
}

func TestPaper(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb": "a\nb", "10%\r20%": "20%", "10%\r": "10%", "a\r\rb": "b", "x\na\rb\nc": "x\nb\nc", "long\rs": "s", "": "",
	} {
		whole, bytewise := &paper{}, &paper{}
		whole.print(in)
		for i := range len(in) {
			bytewise.print(in[i : i+1])
		}
		if string(whole.text) != want || string(bytewise.text) != want {
			t.Errorf("%q prints %q, in bytes %q, want %q", in, whole.text, bytewise.text, want)
		}
	}
}

// A later cell may update what an earlier one shows.
func TestUpdateAcrossCells(t *testing.T) {
	nb := code("show d one", "update d two")
	if err := Run(context.Background(), nb, &fakeBackend{}, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := outputs(nb.Cells[0]); len(got) != 1 || got[0] != "display_data:two" || len(nb.Cells[1].Outputs) != 0 {
		t.Errorf("first cell %v, second %v", got, outputs(nb.Cells[1]))
	}
}

func TestRunStopsAtFailure(t *testing.T) {
	nb := code("out a", "fail broken", "out c")
	nb.Cells[2].Outputs = []*Output{{Type: "stream", Name: "stdout", Text: "old"}}
	b := &fakeBackend{}
	err := Run(context.Background(), nb, b, Options{})
	var ce *CellError
	if !errors.As(err, &ce) || ce.Cell != 2 || ce.Failure.Value != "broken" || !strings.Contains(err.Error(), "test.ipynb: cell 2") {
		t.Fatalf("error %v", err)
	}
	if len(b.ran) != 2 || len(nb.Cells[2].Outputs) != 0 || nb.Cells[2].Count != 0 {
		t.Errorf("ran %v; third cell %v", b.ran, outputs(nb.Cells[2]))
	}
	if got := outputs(nb.Cells[1]); len(got) != 1 || got[0] != "error:Failed:broken" {
		t.Errorf("failing cell holds %v", got)
	}
	b = &fakeBackend{}
	if err := Run(context.Background(), nb, b, Options{KeepGoing: true}); !errors.As(err, &ce) || len(b.ran) != 3 {
		t.Errorf("keep going: %v, ran %v", err, b.ran)
	}
}

func TestRaisesException(t *testing.T) {
	nb := code("fail on purpose", "out b")
	nb.Cells[0].Metadata["tags"] = []any{"raises-exception"}
	b := &fakeBackend{}
	if err := Run(context.Background(), nb, b, Options{}); err != nil || len(b.ran) != 2 {
		t.Errorf("error %v, ran %v", err, b.ran)
	}
}

func TestProgressAndCounts(t *testing.T) {
	nb := New()
	nb.Add("markdown", "text")
	nb.Add("code", "out a")
	nb.Add("code", "   ")
	nb.Add("code", "out b")
	var steps []Progress
	var stream strings.Builder
	err := Run(context.Background(), nb, &fakeBackend{}, Options{
		Progress: func(p Progress) { steps = append(steps, p) },
		Stream:   func(_, text string) { stream.WriteString(text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != 4 || steps[0].Done || !steps[1].Done || steps[0].Cell != 1 || steps[2].Cell != 3 || steps[3].Of != 3 {
		t.Errorf("steps %+v", steps)
	}
	if nb.Cells[1].Count != 1 || nb.Cells[2].Count != 0 || nb.Cells[3].Count != 2 {
		t.Errorf("counts %d %d %d", nb.Cells[1].Count, nb.Cells[2].Count, nb.Cells[3].Count)
	}
	if stream.String() != "ab" {
		t.Errorf("streamed %q", stream.String())
	}
}

func TestInputAndTimeout(t *testing.T) {
	nb := code("ask name?")
	if err := Run(context.Background(), nb, &fakeBackend{}, Options{}); err == nil || !strings.Contains(err.Error(), "headless") {
		t.Errorf("asking nobody: %v", err)
	}
	answer := func(context.Context, string, bool) (string, error) { return "Ada", nil }
	if err := Run(context.Background(), nb, &fakeBackend{}, Options{Input: answer}); err != nil || outputs(nb.Cells[0])[0] != "stdout:Ada" {
		t.Errorf("answered: %v %v", err, outputs(nb.Cells[0]))
	}
	start := time.Now()
	err := Run(context.Background(), code("wait"), &fakeBackend{}, Options{Timeout: 20 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "longer than 20ms") || time.Since(start) > 5*time.Second {
		t.Errorf("timeout: %v after %v", err, time.Since(start))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := &fakeBackend{}
	if err := Run(ctx, code("out a"), b, Options{}); !errors.Is(err, context.Canceled) || len(b.ran) != 0 {
		t.Errorf("cancelled before it began: %v, ran %v", err, b.ran)
	}
}
