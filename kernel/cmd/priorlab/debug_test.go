package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

// debugClient debugs real cells in a kernel of two processes, over its sockets.
type debugClient struct {
	*client.Client
	t      *testing.T
	cmd    *exec.Cmd
	events chan string
	cell   *client.Pending
	seq    int
}

func startDebugging(t *testing.T) *debugClient {
	t.Helper()
	conn, err := serve.LocalConnection()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kernel.json")
	if err := conn.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	d := &debugClient{t: t, cmd: exec.Command(built, "kernel", "-f", file), events: make(chan string, 1000)}
	d.cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+t.TempDir())
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		_ = d.cmd.Wait()
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if d.Client, err = client.Connect(ctx, conn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	d.Watch(func(m client.Message) {
		if m.Header.Type == "debug_event" {
			var e struct {
				Event string
				Body  struct{ Reason, Text string }
			}
			_ = json.Unmarshal(m.Content, &e)
			d.events <- strings.TrimSpace(e.Event + " " + e.Body.Reason + " " + e.Body.Text)
		}
	})
	d.ask("initialize", map[string]any{})
	d.ask("attach", map[string]any{})
	d.expect("initialized")
	return d
}

// try sends a command and returns the body of its response, or what is wrong.
func (d *debugClient) try(command string, args any) (map[string]any, string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d.seq++
	o, err := d.Request(ctx, "control", "debug_request", map[string]any{"seq": d.seq, "type": "request", "command": command, "arguments": args})
	if err != nil {
		d.t.Fatalf("%s: %v", command, err)
	}
	var r struct {
		Success bool
		Message string
		Body    map[string]any
	}
	if err := json.Unmarshal(o.Reply.Content, &r); err != nil || r.Success != (r.Message == "") {
		d.t.Fatalf("%s: %s %v", command, o.Reply.Content, err)
	}
	return r.Body, r.Message
}

func (d *debugClient) ask(command string, args any) map[string]any {
	d.t.Helper()
	body, failure := d.try(command, args)
	if failure != "" {
		d.t.Fatalf("%s: %s", command, failure)
	}
	return body
}

func (d *debugClient) expect(event string) {
	d.t.Helper()
	select {
	case e := <-d.events:
		if e != event {
			d.t.Fatalf("event %q, want %q", e, event)
		}
	case <-time.After(time.Minute):
		d.t.Fatalf("no event %q", event)
	}
}

func (d *debugClient) breakpoints(code string, lines ...int) {
	d.t.Helper()
	path := d.ask("dumpCell", map[string]any{"code": code})["sourcePath"]
	list := []any{}
	for _, l := range lines {
		list = append(list, map[string]any{"line": l})
	}
	for _, b := range d.ask("setBreakpoints", map[string]any{"source": map[string]any{"path": path}, "breakpoints": list})["breakpoints"].([]any) {
		if b.(map[string]any)["verified"] != true {
			d.t.Errorf("%v", b)
		}
	}
}

func (d *debugClient) start(code string) {
	d.t.Helper()
	var err error
	if d.cell, err = d.Start("shell", d.NewHeader("execute_request"), client.Cell(code)); err != nil {
		d.t.Fatal(err)
	}
}

// finish waits for the end of the cell and tells its result or error.
func (d *debugClient) finish() string {
	d.t.Helper()
	defer d.cell.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	o, err := d.cell.Wait(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	var r struct{ Status, Ename string }
	_ = json.Unmarshal(o.Reply.Content, &r)
	return strings.TrimSpace(r.Status + " " + r.Ename + " " + o.Result())
}

// frame is the id of the innermost frame and where it is.
func (d *debugClient) frame() (id float64, where string) {
	d.t.Helper()
	f := d.ask("stackTrace", map[string]any{"threadId": 1})["stackFrames"].([]any)[0].(map[string]any)
	return f["id"].(float64), fmt.Sprint(f["name"], ":", f["line"])
}

func (d *debugClient) at(want string) float64 {
	d.t.Helper()
	id, where := d.frame()
	if where != want {
		d.t.Errorf("it stands at %s, want %s", where, want)
	}
	return id
}

func TestDebugRealCells(t *testing.T) {
	d := startDebugging(t)
	def := "func twice(n int) int {\n\tm := n * 2\n\treturn m\n}"
	d.start(def)
	if got := d.finish(); got != "ok" {
		t.Fatal(got)
	}
	d.breakpoints(def, 3)
	code := "a := twice(4)\nb := strings.Repeat(\"x\", a)\nlen(b)"
	d.breakpoints(code, 2)
	d.start(code)
	d.expect("stopped breakpoint")
	id := d.at("twice:3")
	if v := d.ask("evaluate", map[string]any{"expression": "m + n", "frameId": id})["result"]; v != "12" {
		t.Errorf("%v", v)
	}
	scopes := d.ask("scopes", map[string]any{"frameId": id})["scopes"].([]any)
	ref := scopes[0].(map[string]any)["variablesReference"]
	if s := fmt.Sprint(d.ask("variables", map[string]any{"variablesReference": ref})["variables"]); !strings.Contains(s, "name:m type:int value:8") {
		t.Error(s)
	}
	d.ask("setVariable", map[string]any{"variablesReference": ref, "name": "m", "value": "n + 1"})
	d.ask("copyToGlobals", map[string]any{"srcVariableName": "n", "dstVariableName": "kept", "srcFrameId": id})
	if info := d.ask("debugInfo", nil); fmt.Sprint(info["stoppedThreads"]) != "[1]" || len(info["breakpoints"].([]any)) != 2 {
		t.Errorf("%v", info)
	}
	d.ask("next", map[string]any{"threadId": 1})
	d.expect("continued")
	d.expect("stopped step")
	d.at("In[2]:1")
	d.ask("continue", map[string]any{"threadId": 1})
	d.expect("continued")
	d.expect("stopped breakpoint")
	d.at("In[2]:2")
	d.ask("continue", map[string]any{"threadId": 1})
	if got := d.finish(); got != "ok  5" {
		t.Error(got)
	}
	d.expect("continued")
	if s := fmt.Sprint(d.ask("inspectVariables", nil)["variables"]); !strings.Contains(s, "name:a type:int value:5") || !strings.Contains(s, "name:kept type:int value:4") {
		t.Error(s)
	}
	rich := d.ask("richInspectVariables", map[string]any{"variableName": "b"})
	if s := fmt.Sprint(rich["data"]); !strings.Contains(s, "xxxxx") {
		t.Error(s)
	}
	if _, failure := d.try("evaluate", map[string]any{"expression": "nothing"}); !strings.Contains(failure, "undefined: nothing") {
		t.Error(failure)
	}
	d.ask("disconnect", map[string]any{})
	d.start(code)
	if got := d.finish(); got != "ok  8" {
		t.Error(got)
	}
}

// A cell that stands is interrupted and shut down as one that runs.
func TestInterruptAndShutdownWhileStopped(t *testing.T) {
	d := startDebugging(t)
	code := "x := 1\nx++\nx"
	d.breakpoints(code, 2)
	d.start(code)
	d.expect("stopped breakpoint")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := d.Request(ctx, "control", "interrupt_request", map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if got := d.finish(); got != "error Interrupted" {
		t.Error(got)
	}
	d.expect("continued")
	if s := fmt.Sprint(d.ask("debugInfo", nil)["stoppedThreads"]); s != "[]" {
		t.Error(s)
	}
	d.start(code)
	d.expect("stopped breakpoint")
	if _, err := d.Request(ctx, "control", "shutdown_request", map[string]any{"restart": false}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the kernel did not end")
	}
}

// A worker that dies takes its stopped threads with it; the next one stops at
// the same breakpoints.
func TestBreakpointsOutliveTheWorker(t *testing.T) {
	d := startDebugging(t)
	d.ask("setExceptionBreakpoints", map[string]any{"filters": []string{"panic"}})
	code := "v := 1\nm := map[int]int{}\nfor range 4 {\n\tgo func() {\n\t\tfor {\n\t\t\tm[1]++\n\t\t}\n\t}()\n}\nselect {}"
	d.breakpoints(code, 2)
	d.start(code)
	d.expect("stopped breakpoint")
	d.ask("continue", map[string]any{"threadId": 1})
	d.expect("continued")
	if got := d.finish(); got != "error SessionLost" {
		t.Fatal(got)
	}
	d.start(code)
	d.expect("stopped breakpoint")
	id := d.at("In[2]:2")
	// It dies while it stands.
	d.try("evaluate", map[string]any{"expression": "func() error { p, _ := os.FindProcess(os.Getpid()); return p.Kill() }()", "frameId": id})
	if got := d.finish(); got != "error SessionLost" {
		t.Fatal(got)
	}
	d.expect("continued")
	if s := fmt.Sprint(d.ask("debugInfo", nil)["stoppedThreads"]); s != "[]" {
		t.Error(s)
	}
	d.start("panic(\"once more\")")
	d.expect("stopped exception panic: once more")
	d.ask("continue", map[string]any{"threadId": 1})
	if got := d.finish(); got != "error panic" {
		t.Error(got)
	}
}
