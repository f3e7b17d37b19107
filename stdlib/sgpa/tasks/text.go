package tasks

import (
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"unicode"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

// Vocabulary numbers words: 0 is padding, 1 any word it does not know.
type Vocabulary struct {
	ids map[string]int
}

// NewVocabulary keeps the size-2 most frequent words of the texts; of equally frequent ones the first in the alphabet.
func NewVocabulary(texts []string, size int) *Vocabulary {
	count := map[string]int{}
	for _, t := range texts {
		for _, w := range Words(t) {
			count[w]++
		}
	}
	words := make([]string, 0, len(count))
	for w := range count {
		words = append(words, w)
	}
	sort.Slice(words, func(i, j int) bool {
		if count[words[i]] != count[words[j]] {
			return count[words[i]] > count[words[j]]
		}
		return words[i] < words[j]
	})
	v := &Vocabulary{ids: map[string]int{}}
	for i, w := range words[:min(len(words), max(size-2, 0))] {
		v.ids[w] = i + 2
	}
	return v
}

// Len is the number of ids, padding and the unknown word included.
func (v *Vocabulary) Len() int { return len(v.ids) + 2 }

// Encode gives the ids of the first limit words of a text; an empty text is one unknown word.
func (v *Vocabulary) Encode(text string, limit int) []int {
	var ids []int
	for _, w := range Words(text) {
		if len(ids) == limit {
			break
		}
		id, ok := v.ids[w]
		if !ok {
			id = 1
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return []int{1}
	}
	return ids
}

// Words cuts a text into lower-case words and single marks; line breaks of HTML are spaces.
func Words(text string) []string {
	text = strings.ToLower(strings.ReplaceAll(text, "<br />", " "))
	var out []string
	word := strings.Builder{}
	end := func() {
		if word.Len() > 0 {
			out = append(out, word.String())
			word.Reset()
		}
	}
	for _, r := range text {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'':
			word.WriteRune(r)
		case unicode.IsSpace(r):
			end()
		default:
			end()
			out = append(out, string(r))
		}
	}
	end()
	return out
}

// texts are labelled texts.
type texts struct {
	text []string
	y    []int
}

func readTexts(name string, layout data.CSV, label, text string) (*texts, error) {
	tab, err := layout.ReadFile(name)
	if err != nil {
		return nil, err
	}
	y, err := tab.Numbers(label)
	if err != nil {
		return nil, err
	}
	words, err := tab.Text(text)
	if err != nil {
		return nil, err
	}
	out := &texts{text: words}
	for i, v := range y {
		if v != 0 && v != 1 {
			return nil, fmt.Errorf("tasks: %s: label %v of text %d is neither 0 nor 1", name, v, i)
		}
		out.y = append(out.y, int(v))
	}
	return out, nil
}

func (t *texts) shuffled(seed uint64) *texts {
	out := &texts{}
	for _, i := range linalg.NewRand(seed).Perm(len(t.y)) {
		out.text, out.y = append(out.text, t.text[i]), append(out.y, t.y[i])
	}
	return out
}

func (t *texts) part(from, to int) *texts { return &texts{t.text[from:to], t.y[from:to]} }

func (t *texts) data(v *Vocabulary, limit int) *sgpa.Data {
	d := &sgpa.Data{X: &sgpa.Inputs{}, Y: t.y}
	for _, s := range t.text {
		d.X.Tokens = append(d.X.Tokens, v.Encode(s, limit))
	}
	return d
}

// CoLA is linguistic acceptability: n training sentences, the in-domain development sentences for testing, and sentences of
// other sources as the shifted set. Embeddings are learned; UseVectors puts fixed word vectors beside them, as the published model has.
func CoLA(n int, seed uint64) (*Task, error) {
	layout := data.CSV{Comma: '\t', NoHeader: true, NoQuotes: true}
	all, err := readTexts(filepath.Join("cola", "in_domain_train.tsv.gz"), layout, "c1", "c3")
	if err != nil {
		return nil, err
	}
	test, err := readTexts(filepath.Join("cola", "in_domain_dev.tsv"), layout, "c1", "c3")
	if err != nil {
		return nil, err
	}
	other, err := readTexts(filepath.Join("cola", "out_of_domain_dev.tsv"), layout, "c1", "c3")
	if err != nil {
		return nil, err
	}
	t, err := textTask("CoLA", all, test, n, 500, 2000, 40, seed, func(t *Task) {
		t.Rate, t.Config.Depth, t.Config.Dropout = 4e-3, 1, 0.2
	})
	if err != nil {
		return nil, err
	}
	t.task.Shifted = []Set{{Name: "other sources", Data: other.data(t.vocabulary, 40)}}
	return t.task, nil
}

// IMDB is the sentiment of film reviews, cut to limit words: n training reviews and 500 for testing.
func IMDB(n, limit int, seed uint64) (*Task, error) {
	layout := data.CSV{Comma: '\t', NoQuotes: true}
	all, err := readTexts(filepath.Join("imdb", "reviews_train.tsv.gz"), layout, "label", "text")
	if err != nil {
		return nil, err
	}
	test, err := readTexts(filepath.Join("imdb", "reviews_dev.tsv.gz"), layout, "label", "text")
	if err != nil {
		return nil, err
	}
	t, err := textTask("IMDB", all, test, n, 300, 4000, limit, seed, func(t *Task) {
		t.Rate, t.Config.Depth, t.Config.Dropout = 5e-3, 1, 0.1
	})
	if err != nil {
		return nil, err
	}
	return t.task, nil
}

type madeText struct {
	task       *Task
	vocabulary *Vocabulary
}

// textTask shuffles, keeps valid texts for validation and n for training, and learns the vocabulary from the latter. What is
// this task's own is set at the end.
func textTask(name string, all, test *texts, n, valid, size, limit int, seed uint64, own func(*Task)) (*madeText, error) {
	if n < 1 || n+valid > len(all.y) || limit < 1 {
		return nil, fmt.Errorf("tasks: %s: %d training texts of up to %d words; there are %d beside the %d for validation", name, n, limit, len(all.y)-valid, valid)
	}
	all = all.shuffled(seed)
	train := all.part(valid, valid+n)
	v := NewVocabulary(train.text, size)
	t := &Task{Name: fmt.Sprintf("%s, %d texts", name, n), Batch: 32, words: v,
		Train: train.data(v, limit), Valid: all.part(0, valid).data(v, limit), Test: test.data(v, limit),
		Config: sgpa.Config{Width: 32, Heads: 2, Inducing: 8, Classes: 2, Kernel: sgpa.Exponential,
			Vocabulary: v.Len(), MaxTokens: limit, EmbedWidth: 32}}
	own(t)
	return &madeText{vocabulary: v, task: t}, nil
}
