package nbfile

import (
	"context"
	"strings"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// fakeBackend runs cells made of one command a line, so that what a notebook
// records can be tested without an evaluator.
type fakeBackend struct{ ran []string }

func (f *fakeBackend) Execute(ctx context.Context, x serve.Execution, out serve.Output) serve.Reply {
	f.ran = append(f.ran, x.Cell)
	var reply serve.Reply
	for _, line := range strings.Split(x.Code, "\n") {
		verb, arg, _ := strings.Cut(line, " ")
		arg = strings.NewReplacer(`\n`, "\n", `\r`, "\r").Replace(arg)
		switch verb {
		case "out":
			out.Stream("stdout", arg)
		case "err":
			out.Stream("stderr", arg)
		case "show":
			id, text, _ := strings.Cut(arg, " ")
			out.Display(text2(text), id, false)
		case "update":
			id, text, _ := strings.Cut(arg, " ")
			out.Display(text2(text), id, true)
		case "clear":
			out.ClearOutput(arg == "wait")
		case "result":
			b := text2(arg)
			reply.Result = &b
		case "ask":
			s, err := out.ReadLine(ctx, arg, false)
			if err != nil {
				return serve.Reply{Failure: &serve.Failure{Name: "InputError", Value: err.Error()}}
			}
			out.Stream("stdout", s)
		case "fail":
			return serve.Reply{Failure: &serve.Failure{Name: "Failed", Value: arg, Traceback: []string{"In[1]", arg}}}
		case "wait":
			select {
			case <-ctx.Done():
				return serve.Reply{Failure: &serve.Failure{Name: "Interrupted", Value: "interrupted"}}
			case <-time.After(10 * time.Second):
			}
		}
	}
	return reply
}

func text2(s string) lab.Bundle { return lab.Bundle{Data: map[string]any{"text/plain": s}} }

func (f *fakeBackend) Evaluate(context.Context, string) (lab.Bundle, *serve.Failure) {
	return lab.Bundle{}, nil
}
func (f *fakeBackend) Complete(string, int) serve.Completion               { return serve.Completion{} }
func (f *fakeBackend) Inspect(string, int, int) (lab.Bundle, bool)         { return lab.Bundle{}, false }
func (f *fakeBackend) IsComplete(string) (string, string)                  { return "complete", "" }
func (f *fakeBackend) Comm(context.Context, lab.CommMessage, serve.Output) {}
func (f *fakeBackend) Comms(string) map[string]string                      { return nil }
func (f *fakeBackend) Close() error                                        { return nil }

// code makes a notebook of code cells.
func code(sources ...string) *Notebook {
	nb := New()
	nb.Name = "test.ipynb"
	for _, s := range sources {
		nb.Add("code", s)
	}
	return nb
}
