package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/nbfile"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

// kernelProcess starts "priorlab kernel" and a client of it.
func kernelProcess(t *testing.T, ctx context.Context) *client.Client {
	t.Helper()
	conn, err := serve.LocalConnection()
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(conn)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(built, "kernel", "-f", file)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	c, err := client.Connect(ctx, conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// tourCell is the code cell of the tour that holds the text.
func tourCell(t *testing.T, text string) string {
	t.Helper()
	nb, err := nbfile.ReadFile(filepath.Join(lessons, "01_tour.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range nb.Cells {
		if c.Type == "code" && strings.Contains(c.Source, text) {
			return c.Source
		}
	}
	t.Fatalf("no cell of the tour holds %q", text)
	return ""
}

// TestControlsDuringTraining runs the tour's training cell and moves controls
// while it runs, in a subshell as newer clients do: a picture of another cell
// follows its slider, and the prior that is moved is the prior of the objective
// shown from then on.
func TestControlsDuringTraining(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := kernelProcess(t, ctx)
	said := make(chan client.Message, 10000)
	c.Watch(func(m client.Message) {
		if m.Channel == "iopub" {
			said <- m
		}
	})
	// until waits for a message in which the expression is found.
	until := func(expr string) []string {
		t.Helper()
		re := regexp.MustCompile(expr)
		for {
			select {
			case m := <-said:
				if found := re.FindStringSubmatch(m.Header.Type + " " + string(m.Content)); found != nil {
					return found
				}
			case <-ctx.Done():
				t.Fatalf("waited for %s", expr)
			}
		}
	}
	run := func(code string) {
		t.Helper()
		if _, err := c.Send("shell", "execute_request", client.Cell(code)); err != nil {
			t.Fatal(err)
		}
	}
	sub, err := c.Request(ctx, "control", "create_subshell_request", map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	var subshell struct {
		ID string `json:"subshell_id"`
	}
	if err := json.Unmarshal(sub.Reply.Content, &subshell); err != nil || subshell.ID == "" {
		t.Fatalf("no subshell: %s", sub.Reply.Content)
	}
	move := func(id string, value any) {
		t.Helper()
		h := c.NewHeader("comm_msg")
		h.Subshell = subshell.ID
		if err := c.SendMessage("shell", h, map[string]any{"comm_id": id, "data": map[string]any{
			"method": "update", "state": map[string]any{"value": value}, "buffer_paths": []any{}}}, nil, nil); err != nil {
			t.Fatal(err)
		}
	}

	run(tourCell(t, "Lissajous"))
	lissajous := until(`^comm_open .*"comm_id":"(\w+)".*IntSliderModel`)[1]
	until(`Lissajous 3 : 2`)
	run("seed, steps := 1, 100_000_000")
	run(tourCell(t, "tau.Float()"))
	tau := until(`^comm_open .*"comm_id":"(\w+)".*FloatLogSliderModel`)[1]
	first := until(`^update_display_data .*Step (\d+), prior sd 1: w = \((-?[\d.]+), (-?[\d.]+)\)`)
	move(lissajous, 5)
	until(`^comm_msg .*Lissajous 5 : 2`)
	move(tau, 0.05)
	until(`^update_display_data .*Step \d+, prior sd 0.05: w = `)
	// The narrow prior holds the line down: ridge regression has 0.257 for the level.
	later := until(`^update_display_data .*Step (\d+), prior sd 0.05: w = \((0\.2\d+), (0\.\d+)\)`)
	t.Logf("at step %s w = (%s, %s); with the narrow prior at step %s (%s, %s)", first[1], first[2], first[3], later[1], later[2], later[3])
	if _, err := c.Request(ctx, "control", "interrupt_request", map[string]any{}); err != nil {
		t.Fatal(err)
	}
	until(`^error .*nterrupt`)
}
