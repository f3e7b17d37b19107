package lab

import (
	"sync"
	"time"
)

// A stage is where the picture of controls stands: a display that is updated
// in place, and so is stored with the notebook. A page that is loaded anew
// takes stored displays for ordinary outputs and updates them no more, while
// the controls come back to life. From then on the picture is also shown in
// an Output widget among the controls, which comes back with them.
type stage struct {
	handle *Handle
	spare  *Widget
	made   time.Time
}

// settled is how long after a cell has drawn its controls a page may still
// ask for all states as part of its first connection.
const settled = 5 * time.Second

// loaded is when a page last asked for the states of all widgets.
var loaded struct {
	sync.Mutex
	at time.Time
}

func newStage() *stage {
	return &stage{spare: Output().Layout("display", "none"), made: time.Now()}
}

// begin shows the first picture.
func (s *stage) begin(values ...any) { s.handle = Display(values...) }

// update replaces the picture.
func (s *stage) update(values ...any) {
	b := Render(values...)
	s.handle.Update(b)
	loaded.Lock()
	anew := loaded.at.After(s.made.Add(settled))
	loaded.Unlock()
	if anew {
		s.spare.Layout("display", "").Show(HTML(`<small style="opacity:.7">live; the picture below is the stored one</small>`), b)
	}
}
