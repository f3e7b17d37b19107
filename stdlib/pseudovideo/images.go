package pseudovideo

import (
	_ "embed" // the split of the digits
	"encoding/json"
	"fmt"
	"image"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
)

// FromImages turns pictures into a tensor [N, C, H, W] on the scale [-1, 1].
func FromImages(m *data.Images) *linalg.Tensor {
	px := make([]float32, len(m.Pixels))
	for i, v := range m.Pixels {
		px[i] = float32(v)/127.5 - 1
	}
	return linalg.FromFloat32(px, m.N, m.H, m.W, m.C).Permute(0, 3, 1, 2).Contiguous()
}

// ToImages turns a tensor [N, C, H, W] on [-1, 1] into pictures that show themselves; C is 1 or 3. Values outside are
// cut off.
func ToImages(x *linalg.Tensor) (*data.Images, error) {
	if x.Rank() != 4 || x.Dim(1) != 1 && x.Dim(1) != 3 {
		return nil, fmt.Errorf("pseudovideo: pictures are [N, C, H, W] with one colour or three, not %v", x.Shape())
	}
	m := &data.Images{Name: "pictures", N: x.Dim(0), C: x.Dim(1), H: x.Dim(2), W: x.Dim(3)}
	for _, v := range x.Permute(0, 2, 3, 1).Float64s() {
		m.Pixels = append(m.Pixels, uint8(math.Round((min(max(v, -1), 1)+1)*127.5)))
	}
	return m, nil
}

// Strip lays the frames of pseudo videos [N, C, F, H, W] out as pictures, row by row: all frames of the first video, then
// those of the second. Its PNG of F columns is the strip of the notebook.
func Strip(v *linalg.Tensor) (*data.Images, error) {
	if v.Rank() != 5 {
		return nil, fmt.Errorf("pseudovideo: a strip is made of videos [N, C, F, H, W], not %v", v.Shape())
	}
	n, c, f, h, w := v.Dim(0), v.Dim(1), v.Dim(2), v.Dim(3), v.Dim(4)
	return ToImages(v.Permute(0, 2, 1, 3, 4).Reshape(n*f, c, h, w))
}

//go:embed split.json
var splitJSON []byte

// DigitSet is the handwritten digits of 8 x 8 pixels, divided once and for all.
type DigitSet struct {
	Train, Test   *linalg.Tensor // [1437, 1, 8, 8] and [360, 1, 8, 8] on [-1, 1]: grey level / 8 - 1
	TrainY, TestY []int
	Credit        string
}

// Digits are the 1797 digits carried by the program, with the 360 that are held out in every experiment.
func Digits() DigitSet {
	m := data.Digits()
	var split struct {
		Held []int `json:"rows_held_out"`
	}
	if err := json.Unmarshal(splitJSON, &split); err != nil {
		panic(&linalg.Error{Op: "Digits", Msg: "the embedded split is damaged: " + err.Error()})
	}
	px := make([]float32, len(m.Pixels))
	for i, v := range m.Pixels {
		px[i] = float32(math.Round(float64(v)*16/255))/8 - 1
	}
	x := linalg.FromFloat32(px, m.N, 1, m.H, m.W)
	var rest []int
	d := DigitSet{Credit: m.Credit}
	for i, y := range m.Labels {
		if slices.Contains(split.Held, i) {
			d.TestY = append(d.TestY, y)
		} else {
			rest, d.TrainY = append(rest, i), append(d.TrainY, y)
		}
	}
	d.Train, d.Test = rowsOf(x, rest), rowsOf(x, split.Held)
	return d
}

// Resize brings images [N, C, H, W] to h x w pixels by bilinear interpolation between pixel centres; when shrinking, an
// average over the area is taken first where the factor is whole.
func Resize(x *linalg.Tensor, h, w int) (*linalg.Tensor, error) {
	if x.Rank() != 4 || h < 1 || w < 1 {
		return nil, fmt.Errorf("pseudovideo: images %v cannot become %d x %d; they must be [N, C, H, W] and the new size positive", x.Shape(), h, w)
	}
	n, c, sh, sw := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
	px := x.Float64s()
	out := make([]float64, 0, n*c*h*w)
	for at := 0; at < len(px); at += sh * sw {
		out = append(out, resizePlane(px[at:at+sh*sw], sh, sw, h, w)...)
	}
	return linalg.FromFloat64(out, n, c, h, w).To(x.DType()), nil
}

func resizePlane(p []float64, sh, sw, h, w int) []float64 {
	if ky, kx := max(sh/h, 1), max(sw/w, 1); ky > 1 || kx > 1 { // average first, so that nothing is skipped
		nh, nw := sh/ky, sw/kx
		q := make([]float64, nh*nw)
		for i := range nh * ky {
			for j := range nw * kx {
				q[i/ky*nw+j/kx] += p[i*sw+j] / float64(ky*kx)
			}
		}
		p, sh, sw = q, nh, nw
	}
	out := make([]float64, 0, h*w)
	side := func(i, n, m int) (a, b int, t float64) {
		s := min(max((float64(i)+0.5)*float64(m)/float64(n)-0.5, 0), float64(m-1))
		a = int(s)
		return a, min(a+1, m-1), s - float64(a)
	}
	for i := range h {
		a, b, t := side(i, h, sh)
		for j := range w {
			c, d, u := side(j, w, sw)
			out = append(out, (1-t)*((1-u)*p[a*sw+c]+u*p[a*sw+d])+t*((1-u)*p[b*sw+c]+u*p[b*sw+d]))
		}
	}
	return out
}

// FolderOptions say how a folder of pictures is read. The zero value refuses the folder at the first picture that is
// damaged or of another size than the first.
type FolderOptions struct {
	Side    int    // bring every picture to Side x Side: the middle square is cut out and resized; 0 keeps the size
	Grey    bool   // one channel; otherwise three
	Damaged string // "refuse" (default) or "skip"
	Mixed   string // other sizes, when Side is 0: "refuse" (default) or "skip"
}

// A Skipped picture, and why.
type Skipped struct {
	File   string
	Reason error
}

// Folder reads all PNG and JPEG pictures in and below dir, in the order of their paths, as [N, C, H, W] on [-1, 1], and
// names every file it left out. With FolderOptions{Side: 32} pictures of any sizes do.
func Folder(dir string, o FolderOptions) (*linalg.Tensor, []Skipped, error) {
	for _, p := range []string{o.Damaged, o.Mixed} {
		if p != "" && p != "refuse" && p != "skip" {
			return nil, nil, fmt.Errorf("pseudovideo: folder policy %q is not known; use refuse or skip", p)
		}
	}
	root, err := data.Find(dir)
	if err != nil {
		return nil, nil, err
	}
	r := &folder{o: o}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".png", ".jpg", ".jpeg":
			return r.add(path)
		}
		return nil
	})
	if err != nil {
		return nil, r.skipped, err
	}
	if r.n == 0 {
		return nil, r.skipped, fmt.Errorf("pseudovideo: %s holds no usable PNG or JPEG picture (%d left out)", dir, len(r.skipped))
	}
	return linalg.FromFloat32(r.px, r.n, r.c, r.h, r.w), r.skipped, nil
}

// folder collects pictures of one size.
type folder struct {
	o          FolderOptions
	px         []float32
	n, c, h, w int
	skipped    []Skipped
}

func (r *folder) add(path string) error {
	img, err := data.ReadImage(path)
	if err != nil {
		return r.leave(path, err, r.o.Damaged, "FolderOptions{Damaged: \"skip\"} leaves it out")
	}
	planes, h, w := r.planes(img)
	if r.n == 0 {
		r.c, r.h, r.w = len(planes), h, w
	}
	if h != r.h || w != r.w {
		err := fmt.Errorf("%s has %d x %d pixels, the pictures before it %d x %d", path, w, h, r.w, r.h)
		return r.leave(path, err, r.o.Mixed, "set Side to bring all to one size, or Mixed: \"skip\"")
	}
	for _, p := range planes {
		for _, v := range p {
			r.px = append(r.px, float32(v))
		}
	}
	r.n++
	return nil
}

// leave notes a picture that is left out, or refuses the folder because of it.
func (r *folder) leave(path string, err error, policy, hint string) error {
	if policy != "skip" {
		return fmt.Errorf("pseudovideo: %w; %s", err, hint)
	}
	r.skipped = append(r.skipped, Skipped{path, err})
	return nil
}

// planes are the colour planes on [-1, 1], cut to the middle square and resized if asked for. Transparent parts are
// black.
func (r *folder) planes(img image.Image) (planes [][]float64, h, w int) {
	b := img.Bounds()
	if r.o.Side > 0 {
		s := min(b.Dx(), b.Dy())
		x, y := b.Min.X+(b.Dx()-s)/2, b.Min.Y+(b.Dy()-s)/2
		b = image.Rect(x, y, x+s, y+s)
	}
	c := 3
	if r.o.Grey {
		c = 1
	}
	planes = make([][]float64, c)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			cr, cg, cb, _ := img.At(x, y).RGBA()
			v := [3]float64{float64(cr), float64(cg), float64(cb)}
			if c == 1 {
				v[0] = 0.299*v[0] + 0.587*v[1] + 0.114*v[2]
			}
			for k := range c {
				planes[k] = append(planes[k], v[k]/32767.5-1)
			}
		}
	}
	h, w = b.Dy(), b.Dx()
	if r.o.Side > 0 {
		for k := range planes {
			planes[k] = resizePlane(planes[k], h, w, r.o.Side, r.o.Side)
		}
		h, w = r.o.Side, r.o.Side
	}
	return planes, h, w
}
