package lab

import (
	"context"
	"strings"
	"sync"
	"time"
)

// A stage is where the picture of controls stands, twice: among the controls,
// as a widget that takes a new picture within a few milliseconds, and below
// them as an ordinary output, which is stored with the notebook and follows
// when the controls rest. Where the live one is on the page, a style sheet in
// it hides the still one; a notebook that is opened later shows that alone.
type stage struct {
	id    string
	label string  // what a picture says to those who do not see it
	over  string  // SVG laid over the first picture, while it is live
	spare *Widget // goes among the controls
	live  *Widget // HTML
	other *Widget // an Output widget, for forms that only the front end can draw

	mu     sync.Mutex
	handle *Handle
	next   *Bundle // what the still one is to show
	timer  *time.Timer
}

// stillAfter is how long the controls must rest before the stored picture
// follows.
var stillAfter = 250 * time.Millisecond

func newStage() *stage {
	s := &stage{id: newID()[:8], live: HTMLBox(""), other: Output()}
	s.live.aside, s.other.aside = true, true
	s.spare = VBox(s.live, s.other)
	s.spare.aside = true
	return s
}

// begin shows the first picture; the controls have been shown just before.
func (s *stage) begin(values ...any) {
	b := Render(values...)
	s.perform(b)
	s.handle = Display(b)
}

// update replaces the picture.
func (s *stage) update(values ...any) {
	b := Render(values...)
	s.perform(b)
	s.mu.Lock()
	s.next = &b
	if s.timer != nil {
		s.timer.Stop()
	}
	if stillAfter > 0 {
		s.timer = time.AfterFunc(stillAfter, func() { s.live.root().events.post(s, func(context.Context) { s.rest() }) })
	}
	s.mu.Unlock()
	if stillAfter == 0 {
		s.rest()
	}
}

// rest lets the stored picture follow.
func (s *stage) rest() {
	s.mu.Lock()
	b := s.next
	s.next = nil
	s.mu.Unlock()
	if b != nil {
		s.handle.Update(*b)
	}
}

// perform shows the picture among the controls.
func (s *stage) perform(b Bundle) {
	if !host().Widgets() {
		return
	}
	hide := `<style>.jp-OutputArea-child:has(.live-` + s.id + `)+.jp-OutputArea-child{display:none}</style>`
	if !drawnAsHTML(b) {
		_ = s.live.Set(`<div class="live-` + s.id + `">` + hide + `</div>`)
		s.other.Show(b)
		return
	}
	block, _ := b.block()
	if s.over != "" {
		block = strings.Replace(block, "</svg>", s.over+"</svg>", 1)
	}
	label := ""
	if s.label != "" {
		label = ` role="img" aria-label="` + escape(s.label) + `"`
	}
	_ = s.live.Set(`<div class="live-` + s.id + ` jp-RenderedHTMLCommon" style="line-height:normal;padding-right:0"` + label + `>` + hide + block + `</div>`)
	s.other.Show()
}

// drawnAsHTML reports whether an HTML widget can show all that b is.
func drawnAsHTML(b Bundle) bool {
	if html, ok := b.Data[mimeHTML].(string); ok {
		return !strings.Contains(html, "<script")
	}
	if b.Data[mimeSVG] != nil || b.Data[mimePNG] != nil {
		return true
	}
	return len(b.Data) == 1 && b.Data[mimeText] != nil
}

// root is the outermost box a widget is in.
func (w *Widget) root() *Widget {
	registry.Lock()
	defer registry.Unlock()
	for w.parent != nil {
		w = w.parent
	}
	return w
}
