//go:build linux

package sweep

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestArrayScript(t *testing.T) {
	q := &Slurm{Workers: 4, Options: []Setting{{"time", "01:00:00"}}, Task: []string{"/opt/it's here/priorlab", "sweep", "--task"}}
	s := &Sweep{Dir: "/data/my sweep,1"}
	got := q.script(s, "/data/my sweep,1/slurm/array-1", 12)
	want := `#!/bin/sh
#SBATCH --job-name=my_sweep_1
#SBATCH --array=0-11%4
#SBATCH --output="/data/my sweep,1/slurm/%A_%a.out"
#SBATCH --time=01:00:00

run=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" '/data/my sweep,1/slurm/array-1.runs')
exec '/opt/it'\''s here/priorlab' 'sweep' '--task' "$run"
`
	if got != want {
		t.Errorf("script\n%s\nwant\n%s", got, want)
	}
}

func TestNoSlurm(t *testing.T) {
	grid, dir := lay(t, "grid: {n: [1]}\n")
	t.Setenv("PATH", t.TempDir())
	err := doSweep(t.Context(), grid, dir, true)
	if err == nil || !strings.Contains(err.Error(), "sbatch is not installed here") {
		t.Errorf("without Slurm: %v", err)
	}
}

// TestRealSlurm runs a Slurm cluster of one node, kills the sweep half-way,
// cancels the job that went on without it, and resumes.
func TestRealSlurm(t *testing.T) {
	if os.Getenv("PRIORLAB_LONG") == "" {
		t.Skip("starts a Slurm cluster on this machine; set PRIORLAB_LONG=1 to do so")
	}
	for _, tool := range []string{"munged", "slurmctld", "slurmd", "sbatch"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed (Debian: apt-get install slurm-wlm munge)", tool)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("the daemons of Slurm need root")
	}
	cluster := t.TempDir()
	script := func(verb string) {
		cmd := exec.Command("testdata/slurm-one-node.sh", verb, cluster)
		log, err := os.Create(filepath.Join(cluster, "out-"+verb)) // the daemons keep it open
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			out, _ := os.ReadFile(log.Name())
			t.Fatalf("%s: %v\n%s", verb, err, out)
		}
	}
	t.Cleanup(func() { script("stop"); time.Sleep(time.Second) })
	script("start")
	t.Setenv("SLURM_CONF", filepath.Join(cluster, "slurm.conf"))

	const runs = 12
	grid, dir := lay(t, "grid: {n: {from: 1, to: "+strconv.Itoa(runs)+"}}\nfixed: {ms: 1500}\nslurm: {time: \"5\"}\n")
	cmd := exec.Command(os.Args[0], "sweep", grid, dir, "slurm")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	before := waitForStates(t, dir, 2)
	cmd.Process.Kill()
	cmd.Wait()
	waitForStates(t, dir, len(before)+1) // Slurm goes on alone
	if out, err := run(exec.Command("scancel", "--name="+jobName(dir))); err != nil {
		t.Fatalf("scancel: %v %s", err, out)
	}
	for { // until what was running has been killed
		if out, err := run(exec.Command("squeue", "--noheader", "--name="+jobName(dir))); err != nil {
			t.Fatalf("squeue: %v %s", err, out)
		} else if strings.TrimSpace(out) == "" {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	waitUntilIdle(t, dir)
	done := finished(t, dir)
	if len(done) >= runs {
		t.Fatal("all runs had ended before the job was cancelled")
	}
	t.Logf("%d of %d runs had ended when the job was cancelled", len(done), runs)

	if err := doSweep(t.Context(), grid, dir, true); err != nil {
		t.Fatal(err)
	}
	wantOnceEach(t, grid, dir, runs, done)
}
