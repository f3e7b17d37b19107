package cell_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/priorlab/priorlab/kernel/cell"
)

func TestOneLine(t *testing.T) {
	var out bytes.Buffer
	s, err := cell.NewSession(cell.Options{Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := s.Eval(context.Background(), cell.Cell{Name: "In[1]", Source: "x := 20\nfmt.Println(\"hi\", x)\nx + 22"})
	if o.Err != nil || len(o.Values) != 1 || o.Values[0] != 42 || out.String() != "hi 20\n" {
		t.Fatalf("%+v %q", o, out.String())
	}
}
