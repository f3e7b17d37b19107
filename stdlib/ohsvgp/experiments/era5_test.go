package experiments

import (
	"context"
	"errors"
	"io/fs"
	"testing"
)

// The study on a file of the user's own, as far as its first task.
func TestERA5(t *testing.T) {
	s, err := ERA5()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := s.Tasks(1)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := tasks[0].X.Dims()
	if len(tasks) != 10 || len(tasks[0].Y) != 45*n {
		t.Fatalf("%d tasks, %d numbers in %d frames", len(tasks), len(tasks[0].Y), n)
	}
	m, err := s.Methods[0].Make(10, 1, tasks)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := m.Learn(ctx, tasks[0]); err == nil {
		t.Error("a cancelled task was learned")
	}
}
