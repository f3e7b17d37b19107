package data

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
)

const cities = `date,city,temp,rain
2021-01-01,Oslo,-3.5,0
2021-01-01,Rome,11.5,NA
2021-01-02,Oslo,,1.2
2021-01-02,Rome,12.5,3.4
2021-01-03,Bern,-999,n/a
2021-01-03,Rome,10,0.2
`

func readCities(t *testing.T) *Table {
	t.Helper()
	tab, err := CSV{Missing: []string{"-999"}}.Read("cities.csv", strings.NewReader(cities))
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func texts(t *testing.T, tab *Table, err error, column string) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	v, err := tab.Text(column)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(v, " ")
}

func TestTableParts(t *testing.T) {
	tab := readCities(t)
	where, err := tab.Where("temp", func(v float64) bool { return v > -100 })
	if got := texts(t, where, err, "temp"); got != "-3.5 11.5 12.5 10" {
		t.Errorf("Where: %s", got)
	}
	rome, err := tab.WhereText("city", func(s string) bool { return s == "Rome" })
	if got := texts(t, rome, err, "rain"); got != "NA 3.4 0.2" {
		t.Errorf("WhereText: %s", got)
	}
	whole, err := tab.Complete()
	if got := texts(t, whole, err, "date"); got != "2021-01-01 2021-01-02 2021-01-03" {
		t.Errorf("Complete: %s", got)
	}
	rain, err := tab.Complete("rain")
	if err != nil || rain.Len() != 4 {
		t.Errorf("Complete(rain): %v, %v", rain, err)
	}
	sorted, err := tab.SortBy("temp")
	if got := texts(t, sorted, err, "city"); got != "Oslo Rome Rome Rome Oslo Bern" {
		t.Errorf("SortBy: %s", got)
	}
	if got := texts(t, tab.Head(2), nil, "city"); got != "Oslo Rome" {
		t.Errorf("Head: %s", got)
	}
	if got := texts(t, tab.Tail(2), nil, "city"); got != "Bern Rome" {
		t.Errorf("Tail: %s", got)
	}
	if tab.Head(99).Len() != 6 || tab.Tail(99).Len() != 6 || tab.Head(-1).Len() != 0 {
		t.Error("Head and Tail of more or fewer rows than there are")
	}
	two, err := tab.Select("rain", "city")
	if err != nil || !reflect.DeepEqual(two.Columns, []string{"rain", "city"}) || texts(t, two, nil, "city") != texts(t, tab, nil, "city") {
		t.Errorf("Select: %v, %v", two, err)
	}
	if tab.Len() != 6 || len(tab.Columns) != 4 {
		t.Error("the table itself changed")
	}
	// A part still says where its rows stood in the file.
	bad, _ := tab.WhereText("date", func(s string) bool { return s == "2021-01-03" })
	if _, err := bad.Numbers("city"); err == nil || !strings.Contains(err.Error(), `cities.csv, line 6, column "city": "Bern" is not a number`) {
		t.Errorf("%v", err)
	}
	for _, err := range []error{
		second(tab.Select("none")), second(tab.Where("none", nil)), second(tab.WhereText("none", nil)),
		second(tab.Complete("none")), second(tab.SortBy("none")), second(tab.GroupBy("none")), second(tab.CountValues("none")),
		second(tab.Aggregate("city", nil, "none")),
	} {
		if err == nil || !strings.Contains(err.Error(), `there is no column "none"; the columns are date, city, temp, rain`) {
			t.Errorf("%v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestTableGroups(t *testing.T) {
	tab := readCities(t)
	groups, err := tab.GroupBy("city")
	if err != nil || len(groups) != 3 || groups[0].String() != "Bern: 1 rows" || groups[2].String() != "Rome: 3 rows" {
		t.Fatalf("%v, %v", groups, err)
	}
	mean := func(v []float64) float64 { return stat.Mean(v, nil) }
	by, err := tab.Aggregate("city", mean, "temp", "rain")
	if err != nil || !reflect.DeepEqual(by.Columns, []string{"city", "rows", "temp", "rain"}) {
		t.Fatalf("%v, %v", by, err)
	}
	temp, err := by.Numbers("temp")
	if err != nil || !math.IsNaN(temp[0]) || temp[1] != -3.5 || math.Abs(temp[2]-34.0/3) > 1e-12 {
		t.Errorf("means %v, %v", temp, err)
	}
	counts, err := tab.CountValues("city")
	if err != nil || !reflect.DeepEqual(counts, []ValueCount{{"Rome", 3}, {"Oslo", 2}, {"Bern", 1}}) {
		t.Errorf("%v, %v", counts, err)
	}
	// One value written in two ways is two groups, each of them once.
	odd, err := CSV{}.Read("f", strings.NewReader("k,v\n1,a\n1.0,b\n1,c\n,d\n"))
	if err != nil {
		t.Fatal(err)
	}
	if groups, err = odd.GroupBy("k"); err != nil || len(groups) != 2 || groups[0].Rows.Len() != 2 {
		t.Errorf("%v, %v", groups, err)
	}
}

func TestTableMade(t *testing.T) {
	tab, err := NewTable("made").With("x", []float64{1, math.NaN(), 0.1})
	if err != nil {
		t.Fatal(err)
	}
	if tab, err = tab.WithText("name", []string{"a, b", "c", "d"}); err != nil {
		t.Fatal(err)
	}
	if _, err = tab.With("y", []float64{1}); err == nil || !strings.Contains(err.Error(), `1 values for column "y" of a table with 3 rows`) {
		t.Errorf("%v", err)
	}
	doubled, err := tab.With("x", []float64{2, 4, 6})
	if got := texts(t, doubled, err, "x"); got != "2 4 6" || texts(t, tab, nil, "x") != "1  0.1" {
		t.Errorf("replaced %s, was %s", got, texts(t, tab, nil, "x"))
	}
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := tab.WriteCSV(path); err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(path)
	if string(raw) != "x,name\n1,\"a, b\"\n,c\n0.1,d\n" {
		t.Errorf("written %q", raw)
	}
	if again, err := ReadCSV(path); err != nil || texts(t, again, nil, "name") != texts(t, tab, nil, "name") {
		t.Errorf("read again: %v, %v", again, err)
	}
	if _, err := tab.Numbers("name"); err == nil || !strings.Contains(err.Error(), `made, row 1, column "name"`) {
		t.Errorf("%v", err)
	}
	if err := tab.WriteCSV(t.TempDir()); err == nil {
		t.Error("a folder was written to")
	}
}

// The numbers of Describe, by hand.
func TestDescribe(t *testing.T) {
	d := readCities(t).Describe()
	if len(d) != 4 || d[0].Kind != "dates" || d[1].Kind != "text" || d[1].Distinct != 3 || !math.IsNaN(d[1].Mean) {
		t.Fatalf("%+v", d)
	}
	temp := d[2]
	if temp.Kind != "numbers" || temp.Count != 4 || temp.Missing != 2 || temp.Min != -3.5 || temp.Max != 12.5 ||
		temp.Mean != 7.625 || temp.Median != 10.75 || temp.Lower != 6.625 || temp.Upper != 11.75 || math.Abs(temp.SD-7.4874895659) > 1e-9 {
		t.Errorf("%+v", temp)
	}
	if text := Summary(d).String(); !strings.Contains(text, "temp    numbers        2         4  7.625  7.487  -3.5  6.625   10.75  11.75  12.5") {
		t.Errorf("%s", text)
	}
	if h := d.HTML(); strings.Count(h, "<tr>") != 5 || !strings.Contains(h, ">7.487<") {
		t.Errorf("%s", h)
	}
	if empty := NewTable("").Describe(); len(empty) != 0 {
		t.Errorf("%v", empty)
	}
	none, _ := CSV{}.Read("f", strings.NewReader("a\nNA\n"))
	if d := none.Describe(); d[0].Kind != "text" || d[0].Missing != 1 {
		t.Errorf("%+v", d)
	}
}

func TestTableText(t *testing.T) {
	want := strings.Join([]string{
		"cities.csv, 6 rows × 4 columns",
		"   date        city  temp  rain",
		"0  2021-01-01  Oslo  -3.5  0",
		"1  2021-01-01  Rome  11.5  NA",
	}, "\n")
	tab := readCities(t)
	if got := tab.String(); !strings.HasPrefix(got, want[:40]) || !strings.Contains(got, "1  2021-01-01  Rome  11.5    NA") {
		t.Errorf("%s", got)
	}
	long, err := NewTable("long").With("n", make([]float64, 100))
	if err != nil || strings.Count(long.String(), "\n") != 12 || !strings.Contains(long.String(), "\n ⋮") || !strings.Contains(long.String(), "\n99") {
		t.Errorf("%s", long)
	}
	if h := long.HTML(); strings.Count(h, "<tr>") != 12 || !strings.Contains(h, `<td style="text-align:right">0</td>`) {
		t.Errorf("%s", h)
	}
	thirds, err := NewTable("thirds").With("x", []float64{1.0 / 3, 1e-300 / 3, 0.25})
	if err != nil || !strings.Contains(thirds.String(), "0.333333\n") || !strings.Contains(thirds.HTML(), ">3.33333e-301<") {
		t.Errorf("%s", thirds)
	}
	if v, err := thirds.Numbers("x"); err != nil || v[0] != 1.0/3 {
		t.Errorf("%v, %v", v, err)
	}
	if s := NewTable("none").String(); !strings.Contains(s, "0 rows × 0 columns") {
		t.Errorf("%q", s)
	}
}

// A semicolon is recognised, as spreadsheets of many countries write it.
func TestSemicolons(t *testing.T) {
	tab, err := CSV{}.Read("f", strings.NewReader("a;b\n1;2\n"))
	if err != nil || len(tab.Columns) != 2 {
		t.Errorf("%v, %v", tab, err)
	}
}
