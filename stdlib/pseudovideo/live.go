package pseudovideo

import (
	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// Live returns a Watch for TrainOptions that keeps one display up to date: the newest line of progress and, under it, the
// pictures that sample gives, images [N, C, H, W] or videos [N, C, F, H, W]. A sample that fails shows its error there;
// training goes on.
func Live(sample func() (*linalg.Tensor, error)) func(Progress) {
	var h *lab.Handle
	return func(p Progress) {
		show := []any{p.String()}
		pictures, err := picturesOf(sample)
		if err != nil {
			show = append(show, err.Error())
		} else {
			show = append(show, pictures)
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
