package lab

import (
	"strings"
	"testing"
	"time"
)

func TestProgressBarBecomesText(t *testing.T) {
	h := useHost(t, true)
	p := NewProgress("training", 4)
	if h.shown[0].b.Data[mimeWidget] == nil || !strings.Contains(h.last(), "training") {
		t.Fatalf("at first %v", h.shown[0].b.Data)
	}
	p.Step()
	p.drawn = time.Time{}
	p.Note("loss %.1f", 0.5)
	bar := p.display.(*progressBar)
	if bar.bar.Float() != 0.25 || !strings.Contains(bar.text.Text(), "25% 1/4") || !strings.Contains(bar.text.Text(), "loss 0.5") {
		t.Errorf("bar at %v, text %q", bar.bar.Float(), bar.text.Text())
	}
	p.Set(4)
	p.Done()
	p.Done()
	last := h.shown[len(h.shown)-1]
	if !last.update || last.id != h.shown[0].id || last.b.Data[mimeWidget] != nil || !strings.Contains(h.last(), "100% 4/4") || len(h.shown) != 2 {
		t.Errorf("at the end %+v", h.shown)
	}
	if len(Comms("")) != 0 {
		t.Error("the bar's widgets are still open")
	}
}

func TestProgressIsDrawnSeldom(t *testing.T) {
	h := useHost(t, false)
	p := NewProgress("counting", 0)
	for range 100_000 {
		p.Step()
	}
	p.Done()
	if n := len(h.shown); n > 30 {
		t.Errorf("%d displays", n)
	}
	if !strings.HasPrefix(h.last(), "counting 100000, ") {
		t.Errorf("last %q", h.last())
	}
}

func TestProgressInAFile(t *testing.T) {
	SetHost(nil)
	got := captured(t, func() {
		p := NewProgress("x", 10)
		for range 10 {
			p.drawn = time.Time{}
			p.Step()
		}
		p.Done()
	})
	if n := strings.Count(got, "\n"); n != 10 || !strings.Contains(got, "x  50% 5/10") || strings.Contains(got, "\r") {
		t.Errorf("%d lines: %q", n, got)
	}
}

func TestProgressLine(t *testing.T) {
	p := &Progress{what: "x", total: 2, start: time.Now(), display: &progressLine{}}
	got := captured(t, func() { p.Step(); p.Done() })
	if !strings.Contains(got, "\r━━━━━━━━━━━━────────────") || !strings.HasSuffix(got, "\n") {
		t.Errorf("printed %q", got)
	}
}
