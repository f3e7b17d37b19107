package data

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// CSV says how a text table is written. The zero value reads commas, a header
// line and the usual marks of missing values.
type CSV struct {
	Comma    rune     // separator; 0 takes a tab or a semicolon when the first line has one and no comma, else a comma
	NoHeader bool     // the first line is data; columns are named c0, c1, ...
	NoQuotes bool     // a " is an ordinary character
	Missing  []string // further marks of a missing value, such as "-99.99"
	Comment  rune     // lines that begin with it are skipped; 0 for none
}

// ReadCSV reads a file with a header line, plain or gzipped. For other
// layouts fill in a CSV and call its ReadFile.
func ReadCSV(path string) (*Table, error) { return CSV{}.ReadFile(path) }

// ReadFile reads the file at path, or of that name in the data folder.
func (o CSV) ReadFile(path string) (*Table, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return o.Read(path, r)
}

// Read reads a table from r; name stands for it in errors.
func (o CSV) Read(name string, r io.Reader) (*Table, error) {
	plain, err := Gunzip(r)
	if err != nil {
		return nil, fault(name, "", 0, "%v", err)
	}
	b := bufio.NewReader(plain)
	if mark, _ := b.Peek(3); string(mark) == "\xef\xbb\xbf" {
		b.Discard(3)
	}
	if o.Comma == 0 {
		o.Comma = guessComma(b)
	}
	t := NewTable(name)
	for _, m := range o.Missing {
		t.missing[m] = true
	}
	next := o.lines(b)
	began := false
	for {
		row, line, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault(name, "line", line, "%v", err)
		}
		if !began {
			began = true
			t.Columns = header(row, o.NoHeader)
			if !o.NoHeader {
				continue
			}
		}
		if len(row) != len(t.Columns) {
			return nil, fault(name, "line", line, "%d fields, but the table has %d columns", len(row), len(t.Columns))
		}
		t.cells, t.lines = append(t.cells, row), append(t.lines, line)
	}
	if !began {
		return nil, fault(name, "", 0, "the file is empty")
	}
	return t, nil
}

func guessComma(b *bufio.Reader) rune {
	head, _ := b.Peek(4096)
	first, _, _ := strings.Cut(string(head), "\n")
	for _, mark := range ",\t;" {
		if strings.ContainsRune(first, mark) {
			return mark
		}
	}
	return ','
}

// lines gives the rows one after the other, with their line numbers.
func (o CSV) lines(b *bufio.Reader) func() ([]string, int, error) {
	if o.NoQuotes {
		s := bufio.NewScanner(b)
		s.Buffer(make([]byte, 1<<16), 1<<26)
		line := 0
		return func() ([]string, int, error) {
			for s.Scan() {
				line++
				text := strings.TrimSuffix(s.Text(), "\r")
				if text == "" || o.Comment != 0 && strings.HasPrefix(text, string(o.Comment)) {
					continue
				}
				if !utf8.ValidString(text) {
					return nil, line, errors.New("the text is not UTF-8")
				}
				return strings.Split(text, string(o.Comma)), line, nil
			}
			if err := s.Err(); err != nil {
				return nil, line + 1, err
			}
			return nil, line, io.EOF
		}
	}
	r := csv.NewReader(b)
	r.Comma, r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace = o.Comma, o.Comment, -1, true
	return func() ([]string, int, error) {
		row, err := r.Read()
		if pe := (*csv.ParseError)(nil); errors.As(err, &pe) {
			return nil, pe.Line, pe.Err
		}
		line := 0
		if err == nil {
			line, _ = r.FieldPos(0)
		}
		return row, line, err
	}
}

// header names the columns; blank and repeated names are made distinct.
func header(row []string, none bool) []string {
	names := make([]string, len(row))
	seen := map[string]bool{}
	for i, s := range row {
		s = strings.TrimSpace(s)
		if none || s == "" {
			s = fmt.Sprintf("c%d", i)
		}
		for seen[s] {
			s += "_"
		}
		seen[s], names[i] = true, s
	}
	return names
}

var timeLayouts = []string{"2006-01-02", "20060102", "2006-01-02T15", "2006-01-02T15:04", "2006-01-02T15:04:05",
	"2006-01-02 15:04:05", "2006-01-02 15:04", time.RFC3339, "2006-01"}

// ParseTime reads one date, as Times does.
func ParseTime(s string) (year float64, ok bool) {
	for _, l := range timeLayouts {
		if t, err := time.Parse(l, s); err == nil {
			return DecimalYear(t), true
		}
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil && v > -1e4 && v < 1e4 {
		return v, true
	}
	return 0, false
}

// DecimalYear is the year with its elapsed part as a fraction.
func DecimalYear(t time.Time) float64 {
	t = t.UTC()
	start := time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	end := time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	return float64(t.Year()) + t.Sub(start).Seconds()/end.Sub(start).Seconds()
}
