package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/peterh/liner"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/stdlib/lab"
)

func replCommand(args []string) error {
	f := newFlags("repl", "", "Type cells at a prompt. A cell may span lines; an empty line or a finished\nstatement runs it. Ctrl-C interrupts, exit or Ctrl-D ends.")
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("takes no arguments, found %q", rest)
	}
	b, err := newBackend()
	if err != nil {
		return err
	}
	defer b.Close()
	r := &repl{backend: b, line: liner.NewLiner(), history: dataFile("repl_history")}
	defer r.line.Close()
	r.line.SetCtrlCAborts(true)
	r.line.SetTabCompletionStyle(liner.TabPrints)
	r.line.SetWordCompleter(r.complete)
	if h, err := os.Open(r.history); err == nil {
		r.line.ReadHistory(h) // a damaged history is no reason to refuse work
		h.Close()
	}
	fmt.Printf("PriorLab %s. Cells are Go; NAME? helps, exit or Ctrl-D ends.\n", fullVersion())
	return r.loop()
}

// repl reads cells from a terminal and shows what they say.
type repl struct {
	backend serve.Backend
	line    *liner.State
	history string
	count   int
	before  string // the lines of the cell above the one being typed
}

func (r *repl) loop() error {
	for {
		code, err := r.read()
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			continue
		case errors.Is(err, io.EOF):
			fmt.Println()
			return r.saveHistory()
		case err != nil:
			return err
		}
		if strings.TrimSpace(code) == "" {
			continue
		}
		for line := range strings.SplitSeq(strings.TrimRight(code, "\n"), "\n") { // the prompt edits single lines
			r.line.AppendHistory(line)
		}
		r.count++
		if leave := r.run(code); leave {
			return r.saveHistory()
		}
	}
}

// read collects lines until they make a cell.
func (r *repl) read() (string, error) {
	r.before = ""
	prompt := fmt.Sprintf("In [%d]: ", r.count+1)
	for {
		line, err := r.line.Prompt(prompt)
		if err != nil {
			return "", err
		}
		r.before += line + "\n"
		status, _ := r.backend.IsComplete(r.before)
		if status != "incomplete" || line == "" {
			return r.before, nil
		}
		prompt = strings.Repeat(" ", len(prompt)-5) + "...: "
	}
}

// run runs a cell; leave is whether it asked to end the session, as exit does.
func (r *repl) run(code string) (leave bool) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	out := terminal{line: r.line, silent: slices.Contains([]string{"exit", "exit()", "quit", "quit()"}, strings.TrimSpace(code))}
	reply := r.backend.Execute(ctx, serve.Execution{Code: code, Count: r.count, Cell: fmt.Sprintf("In[%d]", r.count)}, out)
	switch {
	case reply.Failure != nil:
		fmt.Fprintln(os.Stderr, strings.Join(reply.Failure.Traceback, "\n"))
	case reply.Result != nil:
		fmt.Printf("Out[%d]: ", r.count)
		out.Display(*reply.Result, "", false)
	}
	for _, p := range reply.Payload {
		if data, ok := p["data"].(map[string]any); ok { // a page of help
			out.Display(lab.Bundle{Data: data}, "", false)
		}
		leave = leave || p["source"] == "ask_exit"
	}
	return leave
}

// complete implements liner's completer over the whole cell typed so far.
func (r *repl) complete(line string, pos int) (head string, completions []string, tail string) {
	above := utf8.RuneCountInString(r.before)
	runes := []rune(line)
	c := r.backend.Complete(r.before+line, above+utf8.RuneCountInString(line[:min(pos, len(line))]))
	start, end := c.Start-above, c.End-above
	if start < 0 || end < start || end > len(runes) {
		return line, nil, ""
	}
	return string(runes[:start]), c.Matches, string(runes[end:])
}

func (r *repl) saveHistory() error {
	if r.history == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(r.history), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(r.history, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = r.line.WriteHistory(f)
	return err
}

// terminal shows what a cell says as text.
type terminal struct {
	line   *liner.State
	silent bool // what is said about leaving is for clients that cannot
}

func (t terminal) Stream(name, text string) {
	if t.silent {
		return
	}
	if name == "stderr" {
		fmt.Fprint(os.Stderr, text)
		return
	}
	fmt.Print(text)
}

func (terminal) Display(b lab.Bundle, _ string, _ bool) {
	if text, ok := b.Data["text/plain"].(string); ok {
		fmt.Println(strings.TrimRight(text, "\n"))
	}
}

func (terminal) ClearOutput(bool) {}

func (terminal) Comm(lab.CommMessage) {}

func (t terminal) ReadLine(_ context.Context, prompt string, password bool) (string, error) {
	if password {
		return t.line.PasswordPrompt(prompt)
	}
	return t.line.Prompt(prompt)
}
