package nbfile

import (
	"strings"
	"testing"
)

func withParameters(source string) *Notebook {
	nb := code("import \"fmt\"", source, "fmt.Println(M)")
	nb.Cells[1].Metadata["tags"] = []any{"parameters"}
	return nb
}

const parameterCell = "M := 30 // inducing\nlr := 0.5\nname := \"se\"\nfast := true\nvar seed uint64 = 7\nvar scale float64 = 2\nlist := []int{1, 2}\nneg := -3"

func TestParametersListed(t *testing.T) {
	list, err := withParameters(parameterCell).Parameters()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range list {
		got = append(got, p.Name+":"+p.Kind+":"+p.Default)
	}
	want := "M:int:30 lr:float:0.5 name:string:\"se\" fast:bool:true seed:int:7 scale:float:2 list::[]int{1, 2} neg:int:-3"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("parameters %s\nwant       %s", s, want)
	}
}

func TestSetParameters(t *testing.T) {
	nb := withParameters(parameterCell)
	for range 2 { // a second time replaces the first
		if err := nb.SetParameters([]string{"M=50", "lr=1", "name=matern 5/2", "fast=false", "list=[]int{9}", "seed = 3", "scale=1e-3"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(nb.Cells) != 4 {
		t.Fatalf("%d cells, want 4", len(nb.Cells))
	}
	want := "// Parameters\nM = 50\nlr = 1.0\nname = \"matern 5/2\"\nfast = false\nlist = []int{9}\nseed = 3\nscale = 1e-3"
	if c := nb.Cells[2]; c.Source != want || !c.HasTag("injected-parameters") || c.ID == "" {
		t.Errorf("injected %q (tags %v)\nwant     %q", c.Source, c.Tags(), want)
	}
	if err := nb.SetParameters(nil); err != nil {
		t.Error(err)
	}
}

func TestSetParametersErrors(t *testing.T) {
	for _, c := range []struct{ setting, want string }{
		{"K=1", "no parameter \"K\"; it has M, fast, list, lr, name, neg, scale, seed"},
		{"M", "name=value"},
		{"M=2.5", "whole number"},
		{"M=abc", "whole number"},
		{"lr=abc", "is a number"},
		{"lr=NaN", "is a number"},
		{"fast=maybe", "true or false"},
		{"list=[]int{", "not a Go expression"},
	} {
		err := withParameters(parameterCell).SetParameters([]string{c.setting})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.setting, err, c.want)
		}
	}
	if err := code("x := 1").SetParameters([]string{"x=2"}); err == nil || !strings.Contains(err.Error(), "no cell tagged") {
		t.Errorf("no parameters cell: %v", err)
	}
	if err := withParameters("x := := 1").SetParameters([]string{"x=2"}); err == nil || !strings.Contains(err.Error(), "cannot be read as Go") {
		t.Errorf("broken parameters cell: %v", err)
	}
}
