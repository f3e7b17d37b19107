package data

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // pictures in folders
	_ "image/png"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// Images are pictures of one size with labels. Pixels holds them one after
// the other, each H × W × C with the colours of a pixel side by side.
type Images struct {
	Name       string
	Credit     string
	N, H, W, C int // count, height, width, colours (1 or 3)
	Pixels     []uint8
	Labels     []int    // nil when there are none
	Classes    []string // name of each label, nil when not known
}

// String tells count and size.
func (m *Images) String() string {
	return fmt.Sprintf("%s: %d images of %d × %d × %d", m.Name, m.N, m.H, m.W, m.C)
}

// Image is picture i.
func (m *Images) Image(i int) image.Image {
	if i < 0 || i >= m.N {
		panic(fmt.Sprintf("data: %s has images 0 to %d; asked for %d", m.Name, m.N-1, i))
	}
	size := m.H * m.W * m.C
	px := m.Pixels[i*size : (i+1)*size]
	if m.C == 1 {
		return &image.Gray{Pix: px, Stride: m.W, Rect: image.Rect(0, 0, m.W, m.H)}
	}
	out := image.NewNRGBA(image.Rect(0, 0, m.W, m.H))
	for p := range m.H * m.W {
		copy(out.Pix[4*p:], px[3*p:3*p+3])
		out.Pix[4*p+3] = 255
	}
	return out
}

// Matrix is the pictures from..to-1 as rows of a matrix, scaled to 0..1.
func (m *Images) Matrix(from, to int) *mat.Dense {
	if from < 0 || to > m.N || from >= to {
		panic(fmt.Sprintf("data: %s has %d images; asked for %d to %d", m.Name, m.N, from, to))
	}
	size := m.H * m.W * m.C
	out := make([]float64, (to-from)*size)
	for i := range out {
		out[i] = float64(m.Pixels[from*size+i]) / 255
	}
	return mat.NewDense(to-from, size, out)
}

// Pick gives the pictures with the given indices.
func (m *Images) Pick(index []int) *Images {
	size := m.H * m.W * m.C
	out := *m
	out.N, out.Pixels, out.Labels = len(index), make([]uint8, 0, len(index)*size), nil
	for _, i := range index {
		out.Pixels = append(out.Pixels, m.Pixels[i*size:(i+1)*size]...)
		if m.Labels != nil {
			out.Labels = append(out.Labels, m.Labels[i])
		}
	}
	return &out
}

// First gives the first n pictures, or all when there are fewer.
func (m *Images) First(n int) *Images {
	n = max(0, min(n, m.N))
	out := *m
	out.N, out.Pixels = n, m.Pixels[:n*m.H*m.W*m.C]
	if m.Labels != nil {
		out.Labels = m.Labels[:n]
	}
	return &out
}

// Counts is how often each label occurs, by label.
func (m *Images) Counts() []int {
	var out []int
	for _, l := range m.Labels {
		for len(out) <= l {
			out = append(out, 0)
		}
		out[l]++
	}
	return out
}

// PNG is the first pictures as one sheet, so that Images show themselves.
func (m *Images) PNG() []byte {
	return encodePNG(m.Sheet(min(m.N, 48), 12))
}

// Sheet is the first n pictures in rows of the given length.
func (m *Images) Sheet(n, columns int) image.Image {
	n = max(1, min(n, m.N))
	if m.N == 0 {
		return image.NewGray(image.Rect(0, 0, 1, 1))
	}
	columns = max(1, min(columns, n))
	rows := (n + columns - 1) / columns
	k := max(1, 48/max(m.W, m.H)) // small pictures are enlarged
	w, h := m.W*k+2, m.H*k+2
	out := image.NewNRGBA(image.Rect(0, 0, columns*w+2, rows*h+2))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.NRGBA{0x80, 0x80, 0x80, 0xff}), image.Point{}, draw.Src)
	for i := range n {
		img := m.Image(i)
		x0, y0 := 2+i%columns*w, 2+i/columns*h
		for y := range m.H * k {
			for x := range m.W * k {
				out.Set(x0+x, y0+y, img.At(x/k, y/k))
			}
		}
	}
	return out
}

// ImagesIDX joins a file of pictures with one of labels ("" for none), as
// MNIST has them.
func ImagesIDX(pictures, labels string) (*Images, error) {
	a, err := ReadIDX(pictures)
	if err != nil {
		return nil, err
	}
	var l *Array
	if labels != "" {
		if l, err = ReadIDX(labels); err != nil {
			return nil, err
		}
	}
	return joinIDX(a, l)
}

func joinIDX(a, l *Array) (*Images, error) {
	if a.Type != "uint8" || len(a.Shape) != 3 {
		return nil, fault(a.Name, "", 0, "holds %s %v, not pictures (uint8, three dimensions)", a.Type, a.Shape)
	}
	m := &Images{Name: filepath.Base(a.Name), N: a.Shape[0], H: a.Shape[1], W: a.Shape[2], C: 1, Pixels: a.Bytes}
	if l == nil {
		return m, nil
	}
	if len(l.Shape) != 1 || l.Shape[0] != m.N {
		return nil, fault(l.Name, "", 0, "labels of shape %v for %d pictures", l.Shape, m.N)
	}
	var err error
	m.Labels, err = l.Ints()
	return m, err
}

// CIFAR-10's classes in the order of its labels.
var cifar10Classes = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// ReadCIFAR10 reads one or more files of CIFAR-10's binary version.
func ReadCIFAR10(paths ...string) (*Images, error) {
	m := &Images{Name: "CIFAR-10", H: 32, W: 32, C: 3, Classes: cifar10Classes}
	for _, p := range paths {
		if err := m.addCIFAR(p, 1, 10); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// ReadCIFAR100 reads files of CIFAR-100's binary version, with the 100 fine or
// the 20 coarse labels.
func ReadCIFAR100(fine bool, paths ...string) (*Images, error) {
	m := &Images{Name: "CIFAR-100", H: 32, W: 32, C: 3}
	for _, p := range paths {
		if err := m.addCIFAR(p, 2, 100); err != nil {
			return nil, err
		}
	}
	for i, both := range m.Labels {
		m.Labels[i] = both / 256
		if fine {
			m.Labels[i] = both % 256
		}
	}
	return m, nil
}

// addCIFAR reads records of labels and three colour planes.
func (m *Images) addCIFAR(path string, labels, classes int) error {
	r, err := Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	return m.decodeCIFAR(path, r, labels, classes)
}

func (m *Images) decodeCIFAR(path string, r io.Reader, labels, classes int) error {
	const plane = 32 * 32
	record := make([]byte, labels+3*plane)
	for k := 1; ; k++ {
		n, err := io.ReadFull(r, record)
		if errors.Is(err, io.EOF) && k > 1 {
			return nil
		}
		if err != nil {
			return fault(path, "record", k, "%d bytes of %d; the file is cut off or has another format", n, len(record))
		}
		last := int(record[labels-1])
		if last >= classes {
			return fault(path, "record", k, "label %d, but there are %d classes", last, classes)
		}
		if labels == 2 {
			last += 256 * int(record[0])
		}
		m.Labels = append(m.Labels, last)
		px := record[labels:]
		for i := range plane {
			m.Pixels = append(m.Pixels, px[i], px[plane+i], px[2*plane+i])
		}
		m.N++
	}
}

// ReadTiles cuts a sheet of tiles, each w × h pixels, row by row, into count
// pictures; 0 takes all. Grey sheets give one colour, others three.
func ReadTiles(path string, w, h, count int) (*Images, error) {
	if w < 1 || h < 1 || count < 0 {
		return nil, fmt.Errorf("%s: tiles of %d × %d, %d of them", path, w, h, count)
	}
	img, err := ReadImage(path)
	if err != nil {
		return nil, err
	}
	b := img.Bounds()
	columns, rows := b.Dx()/w, b.Dy()/h
	if count == 0 {
		count = columns * rows
	}
	if count > columns*rows || count == 0 {
		return nil, fault(path, "", 0, "a sheet of %d × %d pixels holds %d tiles of %d × %d, not %d", b.Dx(), b.Dy(), columns*rows, w, h, count)
	}
	m := &Images{Name: filepath.Base(path), H: h, W: w, C: channels(img)}
	for k := range count {
		x0, y0 := b.Min.X+k%columns*w, b.Min.Y+k/columns*h
		m.append(img, image.Rect(x0, y0, x0+w, y0+h))
	}
	return m, nil
}

func channels(img image.Image) int {
	switch img.(type) {
	case *image.Gray, *image.Gray16:
		return 1
	}
	return 3
}

// append adds the part r of a picture.
func (m *Images) append(img image.Image, r image.Rectangle) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if m.C == 1 {
				m.Pixels = append(m.Pixels, color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y)
				continue
			}
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			m.Pixels = append(m.Pixels, c.R, c.G, c.B)
		}
	}
	m.N++
}

// maxPixels bounds what one picture may unpack to.
const maxPixels = 1 << 28

// ReadImage reads one PNG or JPEG file.
func ReadImage(path string) (image.Image, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, 1<<30))
	if err != nil {
		return nil, fault(path, "", 0, "%v", err)
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, fault(path, "", 0, "not a PNG or JPEG picture: %v", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return nil, fault(path, "", 0, "a picture of %d × %d pixels is too large", c.Width, c.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, fault(path, "", 0, "%v", err)
	}
	return img, nil
}

// ReadImageFolder reads a folder with one sub-folder of PNG and JPEG pictures
// for each class, in the order of their names. All must have one size.
func ReadImageFolder(dir string) (*Images, error) {
	root, err := Find(dir)
	if err != nil {
		return nil, err
	}
	classes, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	m := &Images{Name: filepath.Base(dir)}
	for _, c := range classes {
		if !c.IsDir() || strings.HasPrefix(c.Name(), ".") {
			continue
		}
		files, err := os.ReadDir(filepath.Join(root, c.Name()))
		if err != nil {
			return nil, err
		}
		sort.Slice(files, func(i, j int) bool { return files[i].Name() < files[j].Name() })
		for _, f := range files {
			switch strings.ToLower(filepath.Ext(f.Name())) {
			case ".png", ".jpg", ".jpeg":
			default:
				continue
			}
			path := filepath.Join(root, c.Name(), f.Name())
			img, err := ReadImage(path)
			if err != nil {
				return nil, err
			}
			b := img.Bounds()
			if m.N == 0 {
				m.H, m.W, m.C = b.Dy(), b.Dx(), channels(img)
			}
			if b.Dy() != m.H || b.Dx() != m.W {
				return nil, fault(path, "", 0, "%d × %d pixels, but the pictures before it have %d × %d", b.Dx(), b.Dy(), m.W, m.H)
			}
			m.append(img, b)
			m.Labels = append(m.Labels, len(m.Classes))
		}
		m.Classes = append(m.Classes, c.Name())
	}
	if m.N == 0 {
		return nil, fault(dir, "", 0, "no sub-folder holds a PNG or JPEG picture")
	}
	return m, nil
}
