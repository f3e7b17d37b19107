package data

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// WordVectors are vectors for words, all of one length.
type WordVectors struct {
	Words  []string
	Vector [][]float64 // by the order of Words
	index  map[string]int
}

// Of gives the vector of a word, nil when there is none.
func (w *WordVectors) Of(word string) []float64 {
	if i, ok := w.index[word]; ok {
		return w.Vector[i]
	}
	return nil
}

// ReadWordVectors reads vectors in the text form of GloVe: on each line a word
// and its numbers, separated by spaces. A first line with two numbers, as
// other programs write it, is skipped.
func ReadWordVectors(path string) (*WordVectors, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return DecodeWordVectors(path, r)
}

// DecodeWordVectors reads word vectors from r; name stands for it in errors.
func DecodeWordVectors(name string, r io.Reader) (*WordVectors, error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 1<<16), 1<<24)
	w := &WordVectors{index: map[string]int{}}
	for line := 1; s.Scan(); line++ {
		parts := strings.Split(strings.TrimRight(s.Text(), " \r"), " ")
		if line == 1 && len(parts) == 2 {
			continue
		}
		if len(parts) < 2 {
			return nil, fault(name, "line", line, "a word and its numbers are wanted, separated by spaces")
		}
		v := make([]float64, len(parts)-1)
		for i, t := range parts[1:] {
			var err error
			if v[i], err = strconv.ParseFloat(t, 64); err != nil {
				return nil, fault(name, "line", line, "%q is not a number", clip(t))
			}
		}
		if len(w.Vector) > 0 && len(v) != len(w.Vector[0]) {
			return nil, fault(name, "line", line, "%d numbers, but the words before have %d", len(v), len(w.Vector[0]))
		}
		if _, twice := w.index[parts[0]]; !twice {
			w.index[parts[0]] = len(w.Words)
		}
		w.Words, w.Vector = append(w.Words, parts[0]), append(w.Vector, v)
	}
	if err := s.Err(); err != nil {
		return nil, fault(name, "", 0, "%v", err)
	}
	if len(w.Words) == 0 {
		return nil, fault(name, "", 0, "there are no vectors in it")
	}
	return w, nil
}
