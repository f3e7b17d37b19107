package cell

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestCallbackStopsWithItsContext(t *testing.T) {
	s, err := NewSession(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := s.Eval(t.Context(), Cell{Name: "In[1]", Source: "n := 0\nspin := func() { for { n++ } }\nadd := func() { n = -1 }\n[]func(){spin, add}"})
	if o.Err != nil {
		t.Fatal(o.Err)
	}
	fs := reflect.ValueOf(o.Values[0])
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := s.Callback(ctx, "In[1]", func() { fs.Index(0).Call(nil) }); err != nil {
		t.Errorf("the stop is reported as %v", err)
	}
	if took := time.Since(begun); took < 40*time.Millisecond || took > 2*time.Second {
		t.Errorf("the loop ended after %v", took)
	}
	s.Callback(t.Context(), "In[1]", func() { fs.Index(1).Call(nil) })
	if o := s.Eval(t.Context(), Cell{Name: "In[2]", Source: "n"}); o.Err != nil || o.Values[0] != -1 {
		t.Errorf("a callback after it: %v, %v", o.Values, o.Err)
	}
	var re *RuntimeError
	if err := s.Callback(t.Context(), "In[1]", func() { panic("mine") }); !errors.As(err, &re) || re.Panic != "mine" {
		t.Errorf("a panic is reported as %v", err)
	}
	name := ""
	s.Callback(t.Context(), "In[1]", func() { name = Current() })
	if name != "In[1]" {
		t.Errorf("the callback belongs to %q", name)
	}
}
