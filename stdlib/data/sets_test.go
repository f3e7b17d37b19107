package data

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// Facts known of the embedded sets.
func TestEmbeddedFacts(t *testing.T) {
	s := Solar()
	if s.Len() != 391 || s.X[0] != 1610.5 || s.Y[0] != 1364.7338 || s.X[390] != 2000.5 || s.Y[390] != 1366.6744 {
		t.Errorf("solar: %v, first %v, last %v", s, s.Y[0], s.Y[390])
	}
	c := CO2()
	if c.Len() >= 709 || c.X[c.Len()-1] != 2017.208 || c.Y[c.Len()-1] != 407.18 {
		t.Errorf("CO2: %v, last %v", c, c.Y[c.Len()-1])
	}
	for _, v := range c.Y {
		if v < 300 {
			t.Fatalf("CO2 holds %v, a mark of a missing value", v)
		}
	}
	d := Covid()
	total, largest := 0.0, 0.0
	for _, v := range d.Y {
		total += v
		largest = math.Max(largest, v)
	}
	if d.Len() != 774 || total != 21743 || largest != 224 {
		t.Errorf("COVID: %v, total %v, largest %v", d, total, largest)
	}
	if n := Sunspots().Len(); n != 309 {
		t.Errorf("sunspots: %d", n)
	}
	if n := Nile().Len(); n != 100 {
		t.Errorf("Nile: %d", n)
	}
	if a := Airline(); a.Len() != 144 || a.Y[0] != 112 || a.X[0] != 1949+0.5/12 {
		t.Errorf("airline: %v", a)
	}
	if w := Weather(); w.Len() != 8664 || len(w.Columns) != 6 {
		t.Errorf("weather: %v", w)
	}
	m := Digits()
	if want := []int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}; m.N != 1797 || !reflect.DeepEqual(m.Counts(), want) {
		t.Errorf("digits: %v, counts %v", m, m.Counts())
	}
	if m := MNIST(); m.N != 1000 || !reflect.DeepEqual(m.Labels[:10], []int{5, 0, 4, 1, 9, 2, 1, 3, 1, 4}) {
		t.Errorf("MNIST: %v, labels %v", m, m.Labels[:10])
	}
	if m := FashionMNIST(); m.N != 1000 || len(m.Classes) != 10 || len(m.Counts()) != 10 {
		t.Errorf("Fashion-MNIST: %v", m)
	}
	if a := Speech(); a.Rate != 8000 || len(a.Channel) != 1 || len(a.Channel[0]) != 4301 || a.Series().X[8000/2] != 0.5 {
		t.Errorf("speech: %v", a)
	}
}

func TestEmbeddedRegressions(t *testing.T) {
	p := PowerPlant()
	if n, d := p.X.Dims(); n != 9568 || d != 4 || len(p.XNames) != 4 {
		t.Fatalf("power plant %d × %d", n, d)
	}
	want := []float64{19.65123, 54.30580, 1013.25908, 73.30898}
	for j, w := range want {
		col := make([]float64, 9568)
		for i := range col {
			col[i] = p.X.At(i, j)
		}
		if m := stat.Mean(col, nil); math.Abs(m-w) > 6e-6 {
			t.Errorf("mean of %s is %v, want %v", p.XNames[j], m, w)
		}
	}
	if m := stat.Mean(p.Y, nil); math.Abs(m-454.36501) > 6e-6 {
		t.Errorf("mean output %v", m)
	}
	s := SkillCraft()
	if n, d := s.X.Dims(); n != 3338 || d != 19 || math.Abs(s.Y[0]-math.Log(32.6677)) > 1e-9 {
		t.Errorf("SkillCraft %d × %d, first %v", n, d, s.Y[0])
	}
	z, scale := p.Standardized()
	if m, sd := stat.PopMeanStdDev(z.Y, nil); math.Abs(m) > 1e-9 || math.Abs(sd-1) > 1e-9 {
		t.Errorf("standardised output has mean %v, sd %v", m, sd)
	}
	if back := scale.Undo(z.Y); math.Abs(back[5]-p.Y[5]) > 1e-9 {
		t.Errorf("undone %v, was %v", back[5], p.Y[5])
	}
	if r := p.Rows([]int{3, 0}); r.Y[1] != p.Y[0] || r.X.At(0, 2) != p.X.At(3, 2) {
		t.Error("Rows took other rows")
	}
	if !strings.Contains(p.String(), "4 inputs") {
		t.Error(p.String())
	}
}

// Every set has a credit, and the credits name every set.
func TestCredits(t *testing.T) {
	text := Credits()
	for _, n := range Names() {
		c, err := Credit(n)
		if err != nil || len(c) < 20 || !strings.Contains(text, c) {
			t.Errorf("%s: credit %q, %v", n, c, err)
		}
	}
	if _, err := Credit("none"); err == nil || !strings.Contains(err.Error(), "solar") {
		t.Errorf("no such set: %v", err)
	}
	for _, c := range []string{Solar().Credit, CO2().Credit, Sunspots().Credit, Nile().Credit, Airline().Credit, Covid().Credit,
		PowerPlant().Credit, SkillCraft().Credit, Digits().Credit, MNIST().Credit, FashionMNIST().Credit, Speech().Credit} {
		if !strings.Contains(text, c) || c == "" {
			t.Errorf("credit %q is not in the list", c)
		}
	}
}

func TestTasks(t *testing.T) {
	s := Solar()
	tasks, err := s.Tasks(10, 0.1, 7)
	if err != nil {
		t.Fatal(err)
	}
	n, lastX := 0, math.Inf(-1)
	for i, task := range tasks {
		if task.Index != i || len(task.TestX) != 4 || len(task.X)+len(task.TestX) < 39 {
			t.Errorf("task %d: %d + %d values", i, len(task.X), len(task.TestX))
		}
		n += len(task.X) + len(task.TestX)
		for _, x := range task.X {
			if x <= lastX || x < task.From || x > task.To {
				t.Fatalf("task %d: %v after %v, outside %v..%v or not in order", i, x, lastX, task.From, task.To)
			}
			lastX = x
		}
	}
	if n != 391 {
		t.Errorf("%d values in all", n)
	}
	if e := Edges(tasks); len(e) != 11 || e[0] != 1610.5 || e[10] != 2000.5 || e[1] != tasks[1].From {
		t.Errorf("edges %v", e)
	}
	again, _ := s.Tasks(10, 0.1, 7)
	other, _ := s.Tasks(10, 0.1, 8)
	if !reflect.DeepEqual(tasks, again) || reflect.DeepEqual(tasks, other) {
		t.Error("the split does not follow from the seed")
	}
	if whole, err := s.Tasks(1, 0, 0); err != nil || len(whole[0].X) != 391 || whole[0].TestX != nil {
		t.Errorf("one task: %v", err)
	}
	for _, c := range []struct {
		k    int
		test float64
		edit func(*Series)
		want string
	}{
		{0, 0, nil, "between 1 and 391"}, {400, 0, nil, "between 1 and 391"}, {5, 1, nil, "share held out"},
		{5, math.NaN(), nil, "share held out"},
		{5, 0, func(s *Series) { s.Y[17] = math.NaN() }, "y[17] is NaN"},
		{5, 0, func(s *Series) { s.Y = s.Y[1:] }, "equally long"},
	} {
		s := Solar()
		if c.edit != nil {
			c.edit(&s)
		}
		if _, err := s.Tasks(c.k, c.test, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Tasks(%d, %v): %v, want %q", c.k, c.test, err, c.want)
		}
	}
}

func TestSeriesParts(t *testing.T) {
	s := Series{X: []float64{1, 2, 3, 4}, Y: []float64{1, math.NaN(), 3, 4}}
	if p := s.Present(); p.Len() != 3 {
		t.Errorf("present %v", p)
	}
	if b := s.Between(2, 4); !reflect.DeepEqual(b.X, []float64{2, 3}) {
		t.Errorf("between %v", b.X)
	}
	z, sc := Standardize([]float64{2, 2})
	if z[0] != 0 || sc.SD != 1 {
		t.Errorf("constant: %v %v", z, sc)
	}
	if sd := (Scaling{5, 2}).UndoSD([]float64{3}); sd[0] != 6 {
		t.Errorf("UndoSD %v", sd)
	}
	if l := Linspace(0, 1, 3); !reflect.DeepEqual(l, []float64{0, 0.5, 1}) || Linspace(2, 3, 1)[0] != 2 {
		t.Errorf("Linspace %v", l)
	}
	train, held := Split(10, 0.3, 1)
	if len(train) != 7 || len(held) != 3 {
		t.Errorf("split %v %v", train, held)
	}
	if tr, h := Split(1, 0.9, 1); len(tr) != 1 || len(h) != 0 {
		t.Errorf("split of one: %v %v", tr, h)
	}
}
