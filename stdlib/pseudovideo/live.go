package pseudovideo

import (
	"fmt"
	"image"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/lab"
	"github.com/priorlab/priorlab/stdlib/plots"
)

// Live returns a Watch for TrainOptions that keeps one display up to date: the newest line of progress and, under it, a
// strip that grows by one row of pictures with every call, the newest at the bottom. sample gives the row: images
// [N, C, H, W] or videos [N, C, F, H, W], of which the first twelve pictures are shown. When the strip is long, older rows
// are thinned out. A sample that fails shows its error there; training goes on.
func Live(sample func() (*linalg.Tensor, error)) func(Progress) {
	var h *lab.Handle
	var s growing
	return func(p Progress) {
		show := []any{p.String()}
		pictures, err := picturesOf(sample)
		if err == nil {
			s.add(fmt.Sprint(p.Step), pictures)
		}
		if len(s.rows) > 0 {
			show = append(show, s.figure())
		}
		if err != nil {
			show = append(show, err.Error())
		}
		if h == nil {
			h = lab.Display(show...)
			return
		}
		h.Update(show...)
	}
}

// picturesOf lays a sample out.
func picturesOf(sample func() (*linalg.Tensor, error)) (*data.Images, error) {
	x, err := sample()
	if err != nil {
		return nil, err
	}
	if x.Rank() == 5 {
		return Strip(x)
	}
	return ToImages(x)
}

// A growing strip has a row of pictures for each time it was added to, older ones thinned out.
type growing struct {
	names []string
	rows  []any // []image.Image each
}

const (
	stripRows    = 10
	stripColumns = 12
)

func (s *growing) add(name string, m *data.Images) {
	row := make([]image.Image, min(m.N, stripColumns))
	for i := range row {
		row[i] = m.Image(i)
	}
	s.names, s.rows = append(s.names, name), append(s.rows, row)
	if n := len(s.rows); n > stripRows {
		var names []string
		var rows []any
		for i := range s.rows {
			if (n-1-i)%2 == 0 || i == n-2 { // the two newest stay
				names, rows = append(names, s.names[i]), append(rows, s.rows[i])
			}
		}
		s.names, s.rows = names, rows
	}
}

func (s *growing) figure() *plots.Figure { return plots.Frames("", s.names, s.rows...) }
