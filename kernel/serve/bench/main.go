// Bench measures two Jupyter kernels beside each other, through the same
// client, in turn, and prints the ratio of their figures:
//
//	go run ./kernel/serve/bench -a 'priorlab kernel --connection-file {}' \
//		-b 'python3 -m ipykernel_launcher -f {}'
//
// {} stands for the connection file. What is measured: start of the process to
// the first kernel_info_reply, the round trip of 1+1, 100,000 printed lines,
// 50 clients with 200 requests each, a display of 50 MB, and the memory of the
// process before and after. Each kernel is started anew in every round; the
// figure is the least of the rounds, which other work on the machine disturbs
// least. No round begins that is not likely to end within the limit.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

// snippets are what a kernel is asked to do, in its language.
type snippets struct{ lines, display string }

var languages = map[string]snippets{
	"go": {
		lines:   "for i := 0; i < 100000; i++ {\n\tfmt.Println(\"line\", i)\n}",
		display: "lab.Show(lab.Bundle{Data: map[string]any{\"text/plain\": strings.Repeat(\"y\", 50000000)}})",
	},
	"python": {
		lines:   "for i in range(100000): print('line', i)",
		display: "from IPython.display import display\ndisplay({'text/plain': 'y' * 50000000}, raw=True)",
	},
}

// figure is one row of the table.
type figure struct {
	name, unit string
	values     [2][]float64
	notes      [2]string
}

func main() {
	a := flag.String("a", "", "command of the first kernel; {} is the connection file")
	b := flag.String("b", "/usr/bin/python3 -m ipykernel_launcher -f {}", "command of the second kernel")
	rounds := flag.Int("rounds", 5, "how often each kernel is started and measured, in turn")
	limit := flag.Duration("limit", 3*time.Minute, "how long all rounds together may take")
	load := flag.Bool("load", true, "measure many lines, clients and bytes too")
	flag.Parse()
	if *a == "" || flag.NArg() > 0 || *rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	commands := []string{*a, *b}
	table := &table{}
	failed := false
	begun, done := time.Now(), 0
	for ; done < *rounds && !failed; done++ {
		if each := time.Since(begun) / time.Duration(max(done, 1)); done > 0 && time.Since(begun)+each > *limit {
			break
		}
		for i, command := range commands {
			if err := measure(ctx, table, i, command, *load); err != nil {
				fmt.Fprintf(os.Stderr, "bench: %s: %v\n", command, err)
				failed = true
			}
		}
	}
	fmt.Printf("a: %s\nb: %s\nthe least of %d rounds in %.0f s\n\n", *a, *b, done, time.Since(begun).Seconds())
	table.print(os.Stdout)
	if failed {
		os.Exit(1)
	}
}

type table struct{ rows []*figure }

func (t *table) add(kernel int, name, unit string, value float64, note string) {
	at := slices.IndexFunc(t.rows, func(f *figure) bool { return f.name == name })
	if at < 0 {
		at = len(t.rows)
		t.rows = append(t.rows, &figure{name: name, unit: unit})
	}
	f := t.rows[at]
	f.values[kernel] = append(f.values[kernel], value)
	f.notes[kernel] = note
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

func (t *table) print(out *os.File) {
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "measured\ta\tb\tb/a\ta, b in detail")
	for _, f := range t.rows {
		if len(f.values[0]) == 0 || len(f.values[1]) == 0 {
			fmt.Fprintf(w, "%s\tnot measured for both\n", f.name)
			continue
		}
		x, y := slices.Min(f.values[0]), slices.Min(f.values[1])
		fmt.Fprintf(w, "%s\t%.4g %s\t%.4g %s\t%.2f\t%s; %s\n", f.name, x, f.unit, y, f.unit, y/x, f.notes[0], f.notes[1])
	}
	w.Flush()
}

// process is a kernel that was started for a measurement.
type process struct {
	cmd  *exec.Cmd
	conn serve.ConnectionInfo
	dir  string
}

func launch(command string) (*process, error) {
	conn, err := serve.LocalConnection()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kernel-bench")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "connection.json")
	if err := conn.WriteFile(file); err != nil {
		return nil, err
	}
	argv := strings.Fields(strings.ReplaceAll(command, "{}", file))
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "IPYTHONDIR="+dir, "XDG_DATA_HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd, conn, dir}, nil
}

// end kills the process and its children; they share one group.
func (p *process) end() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	p.cmd.Wait()
	os.RemoveAll(p.dir)
}

// memory is the resident size of the process and its children, in MiB.
func (p *process) memory() float64 {
	total := 0.0
	group, err := exec.Command("ps", "-o", "rss=", "--ppid", fmt.Sprint(p.cmd.Process.Pid), "-p", fmt.Sprint(p.cmd.Process.Pid)).Output()
	if err != nil {
		return 0
	}
	for field := range strings.FieldsSeq(string(group)) {
		var kib float64
		fmt.Sscan(field, &kib)
		total += kib / 1024
	}
	return total
}

func measure(ctx context.Context, t *table, kernel int, command string, all bool) error {
	begun := time.Now()
	p, err := launch(command)
	if err != nil {
		return err
	}
	defer p.end()
	sh, err := client.DialShell(ctx, p.conn)
	if err != nil {
		return err
	}
	language, err := sh.Language()
	sh.Close()
	if err != nil {
		return err
	}
	t.add(kernel, "start to first kernel_info_reply", "ms", ms(begun), language)
	code, known := languages[language]
	if !known {
		return fmt.Errorf("there are no snippets for %q", language)
	}
	c, err := client.Connect(ctx, p.conn)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := roundTrips(ctx, t, kernel, c, begun); err != nil || !all {
		return err
	}
	t.add(kernel, "memory before the load", "MiB", p.memory(), "")
	for _, step := range []func() error{
		func() error { return lines(ctx, t, kernel, c, code.lines) },
		func() error { return display(ctx, t, kernel, c, code.display) },
		func() error { return crowd(ctx, t, kernel, p.conn) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	t.add(kernel, "memory after the load", "MiB", p.memory(), "")
	return nil
}

func ms(begun time.Time) float64 { return float64(time.Since(begun).Microseconds()) / 1000 }

func roundTrips(ctx context.Context, t *table, kernel int, c *client.Client, begun time.Time) error {
	first := time.Now()
	if _, err := c.Execute(ctx, "1+1"); err != nil {
		return err
	}
	t.add(kernel, "first 1+1", "ms", ms(first), "")
	t.add(kernel, "start to the answer of 1+1", "ms", ms(begun), "")
	var times []float64
	for range 100 {
		sent := time.Now()
		o, err := c.Execute(ctx, "1+1")
		if err != nil {
			return err
		}
		if o.Result() != "2" {
			return fmt.Errorf("1+1 gave %q, %v", o.Result(), o.Err())
		}
		times = append(times, ms(sent))
	}
	t.add(kernel, "round trip of 1+1", "ms", median(times), "")
	return nil
}

func lines(ctx context.Context, t *table, kernel int, c *client.Client, code string) error {
	begun := time.Now()
	o, err := c.Execute(ctx, code)
	if err != nil {
		return err
	}
	if o.Err() != nil {
		return o.Err()
	}
	t.add(kernel, "100,000 printed lines", "ms", ms(begun),
		fmt.Sprintf("%d lines in %d messages", strings.Count(o.Texts("stdout"), "\n"), len(o.Of("stream"))))
	return nil
}

func display(ctx context.Context, t *table, kernel int, c *client.Client, code string) error {
	begun := time.Now()
	o, err := c.Execute(ctx, code)
	if err != nil {
		return err
	}
	if o.Err() != nil {
		return o.Err()
	}
	size := 0
	for _, m := range o.Of("display_data") {
		size += len(m.Content)
	}
	t.add(kernel, "50 MB display", "ms", ms(begun), fmt.Sprintf("%.1f MB arrived", float64(size)/1e6))
	return nil
}

// crowd is 50 clients with 200 requests each, at once. They do not subscribe:
// a million status messages would measure this program and not the kernel.
func crowd(ctx context.Context, t *table, kernel int, conn serve.ConnectionInfo) error {
	var clients []*client.Shell
	for range 50 {
		c, err := client.DialShell(ctx, conn)
		if err != nil {
			return err
		}
		defer c.Close()
		clients = append(clients, c)
	}
	var wg sync.WaitGroup
	failed := make(chan error, len(clients))
	begun := time.Now()
	for _, c := range clients {
		wg.Go(func() {
			for range 200 {
				if _, err := c.Ask("is_complete_request", map[string]any{"code": "1"}); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	t.add(kernel, "50 clients x 200 requests", "ms", ms(begun), fmt.Sprintf("%d clients failed", len(failed)))
	return nil
}
