package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSweepCommand kills a sweep of a notebook half-way, resumes it, and looks
// at the table.
func TestSweepCommand(t *testing.T) {
	notebook := writeNotebook(t, "toy.ipynb", "M := 3\nseed := 1",
		"time.Sleep(300 * time.Millisecond)\nratio := float64(seed) / float64(M)\nif seed == 3 && M == 2 {\n\tpanic(\"no such thing\")\n}",
		"undefinedRatio := math.NaN()",
		"lab.Show(lab.Bundle{Data: map[string]any{\"application/vnd.priorlab.result+json\": map[string]any{\"twice\": 2 * ratio}}})")
	dir := filepath.Dir(notebook)
	grid := filepath.Join(dir, "grid.yaml")
	if err := os.WriteFile(grid, []byte("notebook: toy.ipynb\ngrid:\n  M: [2, 4]\n  seed: {from: 1, to: 3}\nresults: [ratio, undefinedRatio]\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	first := exec.Command(built, "sweep", "-q", "-j", "1", grid)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for range 600 {
		time.Sleep(50 * time.Millisecond)
		if list, _ := filepath.Glob(filepath.Join(dir, "grid-runs", "runs", "*", "state.json")); len(list) >= 2 {
			break
		}
	}
	first.Process.Kill()
	first.Wait()

	out, code := said(t, built, "sweep", "-j", "2", grid)
	if code != 1 || !strings.Contains(out, "1 of 6 runs failed; --retry runs them again") || !strings.Contains(out, "6 runs in ") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "grid-runs", "table.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	for i, want := range []string{"M,seed,status,*,ratio,undefinedRatio,twice", "2,1,ok,*,0.5,NaN,1", "2,2,ok,*,1,NaN,2", "2,3,failed,*,,,", "4,1,ok,*,0.25,NaN,0.5", "4,2,ok,*,0.5,NaN,1", "4,3,ok,*,0.75,NaN,1.5"} {
		f := strings.Split(lines[min(i, len(lines)-1)], ",")
		f[min(3, len(f)-1)] = "*"
		if got := strings.Join(f, ","); got != want {
			t.Errorf("line %d of the table is %q, want %q", i, got, want)
		}
	}
	attempts, err := filepath.Glob(filepath.Join(dir, "grid-runs", "runs", "*", "attempts.txt"))
	if err != nil || len(attempts) != 6 {
		t.Fatalf("%d runs, %v", len(attempts), err)
	}
	for _, path := range attempts {
		data, _ := os.ReadFile(path)
		if strings.Count(string(data), " start ") != 1 || strings.Count(string(data), " end ") != 1 {
			t.Errorf("%s:\n%s", path, data)
		}
	}

	// What was killed before its end was recorded is recorded, not run again.
	states, err := filepath.Glob(filepath.Join(dir, "grid-runs", "runs", "*", "state.json"))
	if err != nil || len(states) != 6 {
		t.Fatalf("%d states, %v", len(states), err)
	}
	for _, path := range states {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	said(t, built, "sweep", grid)
	again, err := os.ReadFile(filepath.Join(dir, "grid-runs", "table.csv"))
	if err != nil || string(again) != string(data) {
		t.Errorf("the table after the states were lost (%v):\n%s\nand before:\n%s", err, again, data)
	}
	for _, path := range attempts {
		if data, _ := os.ReadFile(path); strings.Count(string(data), " start ") != 1 {
			t.Errorf("%s:\n%s", path, data)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"", "needs one GRID.yaml, found 0"},
		{dir + "/none.yaml", "no such file"},
		{"--sbatch time=1 " + grid, "--sbatch is for --slurm"},
	} {
		if out, code := said(t, built, append([]string{"sweep"}, strings.Fields(c.args)...)...); code == 0 || !strings.Contains(out, c.want) {
			t.Errorf("sweep %s: exit %d\n%s", c.args, code, out)
		}
	}
	if err := os.WriteFile(grid, []byte("notebook: toy.ipynb\ngrid: {N: [1]}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, _ := said(t, built, "sweep", "-o", filepath.Join(dir, "other"), grid); !strings.Contains(out, `toy.ipynb has no parameter "N"; it has M, seed`) {
		t.Errorf("a parameter that is none:\n%s", out)
	}
}
