package nbfile

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const small = `{
 "cells": [
  {
   "cell_type": "markdown",
   "id": "aa11",
   "metadata": {},
   "source": [
    "# A <title>\n",
    "\n",
    "Some $x_1 * y_2$ text"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": 3,
   "id": "bb22",
   "metadata": {
    "tags": [
     "parameters"
    ],
    "threshold": 1.0
   },
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "a\n",
      "b"
     ]
    },
    {
     "data": {
      "application/json": {
       "k": [
        1,
        2.50
       ]
      },
      "image/png": "iVBORw0KGgo=",
      "text/plain": [
       "x"
      ]
     },
     "execution_count": 3,
     "metadata": {},
     "output_type": "execute_result"
    },
    {
     "ename": "E",
     "evalue": "v",
     "output_type": "error",
     "traceback": [
      "one",
      "two"
     ]
    }
   ],
   "source": [
    "x := 1"
   ]
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Go",
   "language": "go",
   "name": "priorlab"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`

// A notebook that did not change is written byte for byte as it was.
func TestRoundTripKeepsBytes(t *testing.T) {
	nb, err := Read("small.ipynb", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	got, err := nb.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != small {
		t.Errorf("written:\n%s\nwant:\n%s", got, small)
	}
	if c := nb.Cells[1]; c.Count != 3 || c.Source != "x := 1" || !c.HasTag("parameters") || c.Outputs[0].Text != "a\nb" {
		t.Errorf("cell read as %+v", c)
	}
	if nb.Title() != "A <title>" {
		t.Errorf("title %q", nb.Title())
	}
}

// Older minor formats have no ids; they get stable ones.
func TestReadOlderFormats(t *testing.T) {
	old := `{"cells":[{"cell_type":"code","metadata":{},"source":"a","outputs":[],"execution_count":null},
		{"cell_type":"code","metadata":{},"source":"a","outputs":[],"execution_count":null},
		{"cell_type":"raw","metadata":{},"source":["r"],"future":1}],"metadata":{},"nbformat":4,"nbformat_minor":0,"top":true}`
	nb, err := Read("old", []byte(old))
	if err != nil {
		t.Fatal(err)
	}
	one, _ := nb.Bytes()
	again, err := Read("old", one)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := again.Bytes()
	if !bytes.Equal(one, two) {
		t.Error("written twice, different bytes")
	}
	if nb.Cells[0].ID == "" || nb.Cells[0].ID == nb.Cells[1].ID {
		t.Errorf("ids %q and %q", nb.Cells[0].ID, nb.Cells[1].ID)
	}
	var m map[string]any
	if err := json.Unmarshal(one, &m); err != nil || m["top"] != true || m["cells"].([]any)[2].(map[string]any)["future"] != 1.0 {
		t.Errorf("unknown fields were lost: %v %v", m, err)
	}
}

func TestDamagedNotebooks(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "empty"},
		{"cut", small[:400], "ends in the middle"},
		{"syntax", strings.Replace(small, `"x := 1"`, `"x := 1"]]`, 1), "line 60, column 14"},
		{"list", "[1]", "array"},
		{"no format", `{"cells":[]}`, `no number "nbformat"`},
		{"old", `{"nbformat":3,"worksheets":[]}`, "format 3"},
		{"no cells", `{"nbformat":4}`, `no list "cells"`},
		{"cell kind", `{"nbformat":4,"cells":[{"cell_type":"code","source":""},{"cell_type":"wave","source":""}]}`, `cell 2: its cell_type "wave"`},
		{"cell source", `{"nbformat":4,"cells":[{"cell_type":"code","source":7}]}`, "cell 1: its source is a number"},
		{"cell number", `{"nbformat":4,"cells":[7]}`, "cell 1: it is a number"},
		{"output", `{"nbformat":4,"cells":[{"cell_type":"code","source":"","outputs":[{"output_type":"pyout"}]}]}`, `output 1: its output_type "pyout"`},
		{"trailing", `{"nbformat":4,"cells":[]} x`, "text follows the end"},
		{"outputs", `{"nbformat":4,"cells":[{"cell_type":"code","source":"","outputs":5}]}`, "outputs are a number"},
	} {
		_, err := Read(c.name+".ipynb", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name+".ipynb") {
			t.Errorf("%s: error %v, want one with %q and the name", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the message has several lines: %v", c.name, err)
		}
	}
}

func TestWriteFileReplacesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.ipynb")
	nb := code("1")
	if err := nb.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	if err := code("1", "2").WriteFile(path); err != nil {
		t.Fatal(err)
	}
	back, err := ReadFile(path)
	if err != nil || len(back.Cells) != 2 {
		t.Fatalf("read back %v, %v", back, err)
	}
	entries, _ := os.ReadDir(filepath.Dir(path))
	if len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	if err := nb.WriteFile(filepath.Join(t.TempDir(), "none", "a.ipynb")); err == nil {
		t.Error("writing into a folder that is not there gave no error")
	}
	nb.Metadata["bad"] = func() {}
	if _, err := nb.Bytes(); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("metadata without a JSON form: %v", err)
	}
}

func TestLines(t *testing.T) {
	for in, want := range map[string][]string{
		"": {}, "a": {"a"}, "a\n": {"a\n"}, "a\nb": {"a\n", "b"}, "\n\n": {"\n", "\n"},
	} {
		if got := lines(in); !reflect.DeepEqual(got, want) {
			t.Errorf("lines(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","source":"","outputs":[{"output_type":"stream","text":[1]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		defer func() {
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("%d bytes took %v", len(data), d)
			}
		}()
		nb, err := Read("f", data)
		if err != nil {
			return
		}
		one, err := nb.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Read("f", one)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		two, _ := again.Bytes()
		if !bytes.Equal(one, two) {
			t.Error("writing is not stable")
		}
		var page bytes.Buffer
		if err := nb.HTML(&page, Page{}); err != nil {
			t.Errorf("page: %v", err)
		}
	})
}
