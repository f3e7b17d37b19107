package lab

import (
	"math"
	"testing"
)

func TestResultIsPublishedAsText(t *testing.T) {
	h := useHost(t, true)
	Result("rmse", math.NaN())
	got := h.shown[0].b
	if got.Data[ResultMIME].(map[string]any)["rmse"] != "NaN" || got.text() != "rmse = NaN" {
		t.Errorf("published %v", got.Data)
	}
}
