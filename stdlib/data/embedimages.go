package data

import (
	"bytes"
	"image"
	"image/png"
)

func encodePNG(img image.Image) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, img) // a buffer takes everything, and the size is positive
	return b.Bytes()
}

func embeddedImages(key, name, prefix string, classes []string) *Images {
	pictures := must(DecodeIDX(name, bytes.NewReader(embeddedBytes(prefix+"-images-idx3-ubyte.gz"))))
	labels := must(DecodeIDX(name, bytes.NewReader(embeddedBytes(prefix+"-labels-idx1-ubyte.gz"))))
	m := must(joinIDX(pictures, labels))
	m.Name, m.Credit, m.Classes = name, credits[key], classes
	return m
}

// MNIST is the first 1000 training digits, 28 × 28.
func MNIST() *Images {
	return embeddedImages("mnist", "MNIST, first 1000", "mnist1000", []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"})
}

// FashionMNIST is the first 1000 training images, 28 × 28.
func FashionMNIST() *Images {
	return embeddedImages("fashion", "Fashion-MNIST, first 1000", "fashion1000",
		[]string{"T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"})
}

// Digits is 1797 hand-written digits of 8 × 8 pixels. The original grey levels
// 0 to 16 are stretched to 0 to 255.
func Digits() *Images {
	t := embeddedTable("digits", "digits_8x8.csv.gz", CSV{NoHeader: true})
	m := &Images{Name: "digits 8 × 8", Credit: credits["digits"], H: 8, W: 8, C: 1, N: t.Len(),
		Classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}}
	cols := make([][]float64, len(t.Columns))
	for j, c := range t.Columns {
		cols[j] = must(t.Numbers(c))
	}
	for i := range t.Len() {
		for j := range 64 {
			m.Pixels = append(m.Pixels, uint8(cols[j][i]*255/16))
		}
		m.Labels = append(m.Labels, int(cols[64][i]))
	}
	return m
}

// Speech is a spoken "seven", 4301 samples at 8 kHz.
func Speech() *Audio {
	a := must(DecodeWAV("spoken seven", bytes.NewReader(embeddedBytes("audio_7_jackson_32.wav"))))
	a.Credit = credits["speech"]
	return a
}
