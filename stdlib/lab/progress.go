package lab

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Progress tells how far a long computation is: as a bar in a front end, as
// one line that rewrites itself in a terminal, as a line at every tenth in a
// file. Its methods may be called as often as one likes and from any
// goroutine; it is redrawn at most ten times a second.
type Progress struct {
	mu      sync.Mutex
	what    string
	total   int
	done    int
	note    string
	start   time.Time
	drawn   time.Time
	ended   bool
	display progressDisplay
}

// progressDisplay is one way to draw a Progress; end is called once.
type progressDisplay interface {
	draw(p *Progress)
	end(p *Progress)
}

// NewProgress begins to show the progress of what, total steps long; a total
// of 0 only counts.
//
//	bar := lab.NewProgress("training", 1000)
//	defer bar.Done()
func NewProgress(what string, total int) *Progress {
	p := &Progress{what: what, total: total, start: time.Now()}
	h := host()
	switch _, plain := h.(*terminal); {
	case plain && term.IsTerminal(int(os.Stdout.Fd())):
		p.display = &progressLine{}
	case plain:
		p.display = &progressFile{}
	case h.Widgets():
		p.display = newProgressBar(p)
	default:
		p.display = &progressText{handle: Display(p.Text())}
	}
	return p
}

// Step adds one step.
func (p *Progress) Step() { p.change(func() { p.done++ }) }

// Set says how many steps are done.
func (p *Progress) Set(done int) { p.change(func() { p.done = done }) }

// Note shows a text beside the bar, such as the loss.
func (p *Progress) Note(format string, args ...any) {
	p.change(func() { p.note = fmt.Sprintf(format, args...) })
}

// Done ends the display, leaving one line. Calls after the first do nothing.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.ended = true
		p.display.end(p)
	}
}

func (p *Progress) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	if now := time.Now(); !p.ended && now.Sub(p.drawn) >= 100*time.Millisecond {
		p.drawn = now
		p.display.draw(p)
	}
}

// fraction is how much is done, 0 to 1; 0 when the total is not known.
func (p *Progress) fraction() float64 {
	if p.total <= 0 {
		return 0
	}
	return min(1, max(0, float64(p.done)/float64(p.total)))
}

// Text is the state in one line.
func (p *Progress) Text() string {
	var b strings.Builder
	b.WriteString(p.what)
	took := time.Since(p.start)
	if p.total > 0 {
		fmt.Fprintf(&b, " %3.0f%% %d/%d", 100*p.fraction(), p.done, p.total)
	} else {
		fmt.Fprintf(&b, " %d", p.done)
	}
	fmt.Fprintf(&b, ", %s", brief(took))
	if f := p.fraction(); !p.ended && f > 0 && f < 1 && took > time.Second {
		fmt.Fprintf(&b, ", %s left", brief(time.Duration(float64(took)*(1-f)/f)))
	}
	if p.note != "" {
		b.WriteString(", " + p.note)
	}
	return b.String()
}

func brief(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// progressBar is a widget, replaced by text at the end so that the stored
// notebook keeps it.
type progressBar struct {
	handle    *Handle
	bar, text *Widget
	panel     *Widget
}

func newProgressBar(p *Progress) *progressBar {
	b := &progressBar{bar: FloatProgress("", 0, 0, 1).Layout("width", "220px"), text: Label(p.Text())}
	b.panel = HBox(b.bar, b.text)
	b.handle = Display(b.panel)
	return b
}

func (b *progressBar) draw(p *Progress) {
	_ = b.bar.Set(p.fraction()) // always a number from 0 to 1
	_ = b.text.Set(p.Text())
}

func (b *progressBar) end(p *Progress) {
	b.handle.Update(p.Text())
	b.panel.Close()
}

// progressText is text that is updated in place.
type progressText struct{ handle *Handle }

func (t *progressText) draw(p *Progress) { t.handle.Update(p.Text()) }
func (t *progressText) end(p *Progress)  { t.handle.Update(p.Text()) }

// progressLine rewrites one line of a terminal.
type progressLine struct{ width int }

func (l *progressLine) draw(p *Progress) {
	const cells = 24
	full := int(p.fraction() * cells)
	text := p.Text()
	if p.total > 0 {
		text = strings.Repeat("━", full) + strings.Repeat("─", cells-full) + " " + text
	}
	n := len([]rune(text))
	fmt.Fprint(os.Stdout, "\r", text, strings.Repeat(" ", max(0, l.width-n)))
	l.width = n
}

func (l *progressLine) end(p *Progress) {
	l.draw(p)
	fmt.Fprintln(os.Stdout)
}

// progressFile prints a line at every tenth.
type progressFile struct{ tenth int }

func (f *progressFile) draw(p *Progress) {
	if t := int(p.fraction() * 10); t > f.tenth && t < 10 {
		f.tenth = t
		fmt.Fprintln(os.Stdout, p.Text())
	}
}

func (f *progressFile) end(p *Progress) { fmt.Fprintln(os.Stdout, p.Text()) }
