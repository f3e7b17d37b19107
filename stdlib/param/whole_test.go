package param

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	p := Count("M", 30, 5, 80)
	if p.Trainable || p.Value() != 30 || len(Set{p}.Free()) != 0 {
		t.Errorf("%v is trained", p)
	}
	for _, v := range []float64{4, 81, 30.5} {
		if err := p.Set(v); err == nil || !strings.Contains(err.Error(), "whole number from 5 to 80") {
			t.Errorf("%v: %v", v, err)
		}
	}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var q Param
	if err := json.Unmarshal(data, &q); err != nil || q.Transform != p.Transform || q.Value() != 30 || q.Trainable {
		t.Errorf("%s reads as %v, %v", data, &q, err)
	}
}
