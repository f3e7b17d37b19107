package lab

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
	"github.com/priorlab/priorlab/stdlib/plots"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// In tests the stored picture follows at once, so that it can be looked at, and
// a busy machine makes no drafts.
func init() { stillAfter, draftAbove = 0, time.Hour }

// toy is an Explorable with three sorts of parameter.
type toy struct {
	set   param.Set
	fail  bool
	slow  time.Duration
	views []View
}

func newToy() *toy {
	return &toy{set: param.Set{param.Positive("scale", 2), param.New("share", param.Between{Lo: 0, Hi: 1}, 0.5), param.Real("shift", 0, 1)}}
}

func (m *toy) Params() param.Set { return m.set }
func (m *toy) Picture(ctx context.Context, v View) (any, error) {
	m.views = append(m.views, v)
	if m.fail {
		return nil, errors.New("no picture")
	}
	if !v.Draft {
		time.Sleep(m.slow)
	}
	return fmt.Sprintf("scale %.3g share %.2g shift %v seed %d draft %v", m.set[0].Value(), m.set[1].Value(), m.set[2].Values(), v.Seed, v.Draft), nil
}
func (m *toy) Score() (float64, error) { return m.set[0].Value(), nil }
func (m *toy) Implies() string         { return "about <this>" }

// explored shows a model and gives its explorer.
func explored(t *testing.T, model any, more ...any) *explorer {
	t.Helper()
	e, err := newExplorer(model, more)
	if err != nil {
		t.Fatal(err)
	}
	e.show()
	t.Cleanup(func() { quiet(t) })
	return e
}

// quiet waits until no callback runs: on a busy machine one may outlast what
// HandleComm waits for it.
func quiet(t *testing.T) {
	t.Helper()
	eventually(t, "the end of callbacks", func() bool {
		active.mu.Lock()
		defer active.mu.Unlock()
		return len(active.set) == 0
	})
}

// moved and clicked do what a front end does, and wait for what follows.
func moved(t *testing.T, w *Widget, key string, value any) {
	t.Helper()
	move(w, key, value)
	quiet(t)
}

func clicked(t *testing.T, w *Widget) {
	t.Helper()
	click(w)
	quiet(t)
}

func TestExploreMovesParameters(t *testing.T) {
	h := useHost(t, true)
	m := newToy()
	e := explored(t, m)
	if text := h.shown[0].b.text(); text != "scale = 2, share = 0.5, shift 1 = 0, shift 2 = 1, seed = 1" {
		t.Errorf("as text: %q", text)
	}
	if len(e.knobs) != 4 || e.knobs[2].widget.Description() != "shift 1" {
		t.Fatalf("knobs %v", e.knobs)
	}
	if h.last() != "scale 2 share 0.5 shift [0 1] seed 1 draft false" {
		t.Errorf("at first %q", h.last())
	}
	moved(t, e.knobs[0].widget, "value", 4.0)
	moved(t, e.knobs[3].widget, "value", 3)
	if m.set[0].Value() != 4 || m.set[2].At(1) != 3 || h.last() != "scale 4 share 0.5 shift [0 3] seed 1 draft false" {
		t.Errorf("after moves %q", h.last())
	}
	if s := e.status.Text(); !strings.Contains(s, "about &lt;this&gt; · score <b>4.00</b><") {
		t.Errorf("status %q", s)
	}
	moved(t, e.knobs[0].widget, "value", 2.5)
	if s := e.status.Text(); !strings.Contains(s, "score <b>2.50</b> (-1.50)") {
		t.Errorf("status %q", s)
	}
	moved(t, e.knobs[1].widget, "index", 90)
	if v := m.set[1].Value(); !(v > 0.95 && v < 1) {
		t.Errorf("share %v", v)
	}
}

func TestExploreButtons(t *testing.T) {
	h := useHost(t, true)
	m := newToy()
	e := explored(t, m)
	clicked(t, e.dice)
	eventually(t, "new dice", func() bool { return strings.Contains(h.last(), "seed 2") })
	moved(t, e.knobs[0].widget, "value", 4.0)
	clicked(t, e.pin)
	if !strings.Contains(h.last(), "A, pinned: scale = 4") || e.pin.Description() != "Unpin A" {
		t.Errorf("pinned: %q, button %q", h.last(), e.pin.Description())
	}
	moved(t, e.knobs[0].widget, "value", 8.0)
	if !strings.HasPrefix(h.last(), "scale 8") || !strings.Contains(h.last(), "scale 4") {
		t.Errorf("with a pin: %q", h.last())
	}
	clicked(t, e.pin)
	clicked(t, e.undo)
	eventually(t, "undone", func() bool { return strings.HasPrefix(h.last(), "scale 4") && !strings.Contains(h.last(), "pinned") })
	if e.knobs[0].value() != 4 {
		t.Errorf("the control stands at %v", e.knobs[0].value())
	}
	clicked(t, e.undo)
	eventually(t, "undone twice", func() bool { return strings.HasPrefix(h.last(), "scale 2") })
	clicked(t, e.undo) // nothing more to undo
	moved(t, e.code, "value", true)
	if s := e.listing.Text(); !strings.Contains(s, "p[0].Set(2) // scale") || !strings.Contains(s, "p[2].Set(0, 1) // shift") {
		t.Errorf("code %q", s)
	}
	moved(t, e.code, "value", false)
	if e.listing.Text() != "" {
		t.Error("the code stays")
	}
}

// A slow model is drawn as a draft while it is dragged, and whole at rest.
func TestExploreDrafts(t *testing.T) {
	h := useHost(t, true)
	draftAbove = 40 * time.Millisecond
	defer func() { draftAbove = time.Hour }()
	m := newToy()
	m.slow = draftAbove + 20*time.Millisecond
	e := explored(t, m)
	moved(t, e.knobs[0].widget, "value", 4.0)
	if !strings.Contains(h.last(), "scale 4") || !strings.Contains(h.last(), "draft true") {
		t.Errorf("while dragged %q", h.last())
	}
	eventually(t, "the whole picture", func() bool { return strings.Contains(h.last(), "draft false") })
}

func TestExploreFailures(t *testing.T) {
	h := useHost(t, true)
	m := newToy()
	e := explored(t, m)
	m.fail = true
	moved(t, e.knobs[0].widget, "value", 4.0)
	if h.last() != "no picture" {
		t.Errorf("shown %q", h.last())
	}
	m.fail = false
	moved(t, e.knobs[0].widget, "value", 5.0)
	if !strings.HasPrefix(h.last(), "scale 5") {
		t.Errorf("afterwards %q", h.last())
	}
	draw := func(v View) any { return 1 }
	for _, c := range []struct {
		model any
		more  []any
		want  string
	}{
		{3, nil, "int has no parameters"},
		{m, []any{draw}, "draws itself"},
		{param.Set{}, []any{draw}, "no parameters to move"},
		{m.set, nil, "a function that draws"},
		{m.set, []any{3}, "found int"},
		{m.set, []any{func(int) any { return 1 }}, "wanted is func(lab.View)"},
		{m.set, []any{func(View) {}}, "wanted is func(lab.View)"},
	} {
		if _, err := newExplorer(c.model, c.more); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %v, want %q", c.model, err, c.want)
		}
	}
}

func TestExploreByFunction(t *testing.T) {
	h := useHost(t, true)
	set := param.Set{param.Positive("a", 1)}
	var calls atomic.Int32
	e := explored(t, set, func(ctx context.Context, v View) (any, string, error) {
		calls.Add(1)
		return set[0].Value(), "two", nil
	})
	moved(t, e.knobs[0].widget, "value", 3.0)
	if h.last() != "3  two" || calls.Load() != 2 {
		t.Errorf("shown %q after %d calls", h.last(), calls.Load())
	}
}

func TestExploreWithoutWidgets(t *testing.T) {
	h := useHost(t, false)
	Explore(newToy())
	if len(h.shown) != 2 || !strings.HasPrefix(h.shown[0].b.text(), "scale 2") || !strings.Contains(h.last(), "p[0].Set(2) // scale") {
		t.Errorf("shown %+v", h.shown)
	}
}

// line is a Process: Bayesian linear regression through the origin.
type line struct {
	set  param.Set
	x, y []float64
}

func (l *line) Params() param.Set { return l.set }
func (l *line) Condition(x *mat.Dense, y []float64) error {
	l.x, l.y = mat.Col(nil, 0, x), y
	return nil
}

// slope is the posterior of the slope.
func (l *line) slope() (mean, variance float64) {
	precision, b := 1/l.set[0].Value(), 0.0
	for i, x := range l.x {
		precision += x * x / l.set[1].Value()
		b += x * l.y[i] / l.set[1].Value()
	}
	return b / precision, 1 / precision
}
func (l *line) Predict(x *mat.Dense) (mean, variance []float64, err error) {
	m, v := l.slope()
	for _, x := range mat.Col(nil, 0, x) {
		mean, variance = append(mean, m*x), append(variance, v*x*x)
	}
	return mean, variance, nil
}
func (l *line) SampleWith(x, base *mat.Dense) (*mat.Dense, error) {
	r, c := base.Dims()
	m, v := l.slope()
	out := mat.NewDense(r, c, nil)
	for i := range r {
		for j := range c {
			out.Set(i, j, (m+math.Sqrt(v)*base.At(i, 0))*x.At(j, 0))
		}
	}
	return out, nil
}
func (l *line) LogMarginal() (float64, []float64, error) { return -l.set[0].Value(), nil, nil }

func TestExploreProcess(t *testing.T) {
	h := useHost(t, true)
	l := &line{set: param.Set{param.Positive("variance", 1), param.Positive("noise", 0.1)}}
	e := explored(t, l, []float64{1, 2, 3}, []float64{1, 2, 3})
	first := h.shown[len(h.shown)-1].b
	if svg, _ := first.Data[mimeSVG].(string); !strings.Contains(svg, "Posterior") || !strings.Contains(svg, "data") {
		t.Errorf("the picture %.200s", svg)
	}
	if s := e.status.Text(); !strings.Contains(s, "zero crossings") || !strings.Contains(s, "log marginal likelihood <b>-1.00</b>") {
		t.Errorf("status %q", s)
	}
	if s := e.knobs[1].note.Text(); !strings.Contains(s, "sd 0.316 · 1.0 of 3 effective degrees of freedom") {
		t.Errorf("beside the noise: %q", s)
	}
	row := e.data
	panel := e.status.parent.Children()[2]
	fields := panel.Children()
	moved(t, fields[0], "value", 4.0)
	moved(t, fields[1], "value", 40.0)
	clicked(t, fields[2])
	if len(row.x) != 4 || len(l.x) != 4 || l.y[3] != 40 {
		t.Errorf("after an observation: %v, the model has %v", row.x, l.y)
	}
	for range 9 {
		clicked(t, fields[3])
	}
	if len(row.x) != 1 || len(l.x) != 1 {
		t.Errorf("after forgetting: %v, the model has %v", row.x, l.x)
	}
	explored(t, &line{set: l.set})
	if svg, _ := h.shown[len(h.shown)-1].b.Data[mimeSVG].(string); !strings.Contains(svg, "Prior") {
		t.Error("without data it is no prior")
	}
	if _, err := newExplorer(l, []any{[]float64{1}, []float64{}}); err == nil || !strings.Contains(err.Error(), "equally long") {
		t.Errorf("data of two lengths: %v", err)
	}
}

func (l *openLine) both() *line                               { return &line{l.Set, l.data.x, l.data.y} }
func (l *openLine) Params() param.Set                         { return l.Set }
func (l *openLine) Condition(x *mat.Dense, y []float64) error { return l.data.Condition(x, y) }
func (l *openLine) Predict(x *mat.Dense) (mean, variance []float64, err error) {
	return l.both().Predict(x)
}
func (l *openLine) SampleWith(x, base *mat.Dense) (*mat.Dense, error) {
	return l.both().SampleWith(x, base)
}

func TestExploreShowsPriorToo(t *testing.T) {
	h := useHost(t, true)
	l := &openLine{Set: param.Set{param.Positive("variance", 4), param.Positive("noise", 0.1)}}
	explored(t, l, []float64{1, 2, 3}, []float64{1, 2, 3})
	if svg, _ := h.shown[len(h.shown)-1].b.Data[mimeSVG].(string); !strings.Contains(svg, "prior ± 2 sd") {
		t.Error("the prior is not in the picture")
	}
	_, sd, ok := (&processView{m: l}).prior([]float64{1})
	if !ok || sd[0] != 2 || len(l.data.x) != 3 {
		t.Errorf("prior sd %v, %v; the model has %d data left", sd, ok, len(l.data.x))
	}
	if _, _, ok := (&processView{m: &line{set: l.Set}}).prior([]float64{1}); ok {
		t.Error("a model with hidden settings gave a prior")
	}
}

// One seed gives one set of normals, and a draft's are among the whole's.
func TestBaseNormals(t *testing.T) {
	a, b, c := baseNormals(1, gridPoints), baseNormals(1, gridPoints), baseNormals(2, gridPoints)
	if !mat.Equal(a, b) || mat.Equal(a, c) {
		t.Error("the normals do not follow the seed")
	}
	d := baseNormals(1, draftPoints)
	r, n := d.Dims()
	for i := range r {
		for j := range n {
			if d.At(i, j) == 0 {
				t.Fatalf("place %d, %d was never drawn", i, j)
			}
		}
	}
	mean, ss := 0.0, 0.0
	for _, v := range a.RawMatrix().Data {
		mean += v
		ss += v * v
	}
	if n := float64(pathCount * gridPoints); math.Abs(mean/n) > 0.1 || math.Abs(ss/n-1) > 0.1 {
		t.Errorf("mean %v, second moment %v", mean/n, ss/n)
	}
}

func TestStepper(t *testing.T) {
	useHost(t, true)
	set := param.Set{param.Count("M", 30, 5, 80)}
	e := explored(t, set, func(View) any { return set[0].Value() })
	if e.knobs[0].widget.kind != boundedIntText {
		t.Fatalf("a whole number has a %s", e.knobs[0].widget.kind.name)
	}
	moved(t, e.knobs[0].widget, "value", 31)
	if set[0].Value() != 31 {
		t.Errorf("M is %v", set[0])
	}
}

func TestKnobRanges(t *testing.T) {
	useHost(t, true)
	set := param.Set{
		param.Positive("a", 1).WithPrior(param.LogNormal{Mu: 0, Sigma: 1}),
		param.Positive("b", 1).WithPrior(param.Gamma{Shape: 2, Rate: 1}),
		param.Real("c", 50).WithPrior(param.Normal{Mean: 0, SD: 1}),
	}
	k := knobsFor(set)
	if lo, _ := toFloat(k[0].widget.Get("min")); math.Abs(math.Pow(10, lo)-distuv.LogNormal{Sigma: 1}.Quantile(0.01)) > 1e-9 {
		t.Errorf("log-normal from %v", math.Pow(10, lo))
	}
	if hi, _ := toFloat(k[1].widget.Get("max")); math.Abs(math.Pow(10, hi)-distuv.Gamma{Alpha: 2, Beta: 1}.Quantile(0.99)) > 1e-6 {
		t.Errorf("Gamma to %v", math.Pow(10, hi))
	}
	if hi, _ := toFloat(k[2].widget.Get("max")); hi != 50 {
		t.Errorf("a value outside its prior's range: slider ends at %v", hi)
	}
}

func TestVega(t *testing.T) {
	b := VegaLine("T", []float64{1, 2}, map[string][]float64{"b": {1, math.NaN()}, "a": {3, 4}})
	spec := b.Data[mimeVegaLite].(map[string]any)
	rows := spec["data"].(map[string]any)["values"].([]any)
	if len(rows) != 4 || rows[0].(map[string]any)["series"] != "a" || rows[3].(map[string]any)["y"] != nil || b.text() != "chart: T" {
		t.Errorf("rows %v", rows)
	}
	// Left to the page, the inks are JupyterLab's; a theme that is set has its own,
	// as JupyterLab's dark page would else write in white on white.
	if config := fmt.Sprint(spec["config"]); strings.Contains(config, "#") {
		t.Errorf("inks of a chart that follows the page: %v", config)
	}
	defer plots.SetTheme(plots.CurrentTheme())
	for theme, ground := range map[plots.Theme]string{plots.Light: "#FFFFFF", plots.Dark: "#1A1C20"} {
		plots.SetTheme(theme)
		spec := VegaLine("T", []float64{1, 2}, map[string][]float64{"b": {1, 2}, "a": {3, 4}}).Data[mimeVegaLite].(map[string]any)
		config := spec["config"].(map[string]any)
		colors := spec["encoding"].(map[string]any)["color"].(map[string]any)["scale"].(map[string]any)["range"].([]any)
		if config["background"] != ground || colors[0] != plots.Palette(theme)[0] {
			t.Errorf("%v: %v, colours %v", theme, config, colors)
		}
	}
	if got := VegaLine("T", []float64{1}, map[string][]float64{"a": nil}).text(); !strings.Contains(got, "equally long") {
		t.Errorf("lengths: %q", got)
	}
	if b := VegaScatter("S", []float64{1}, []float64{2}); b.Data[mimeVegaLite] == nil {
		t.Error("no chart")
	}
}

// The picture of the latency measurement: 50 observations, 200 points, 20
// samples, drawn anew for a slider that has moved.
func BenchmarkExplore(b *testing.B) {
	h := &fakeHost{widgets: true, ctx: context.Background()}
	SetHost(h)
	defer SetHost(nil)
	x, y := make([]float64, 50), make([]float64, 50)
	for i := range x {
		x[i] = float64(i) / 5
		y[i] = math.Sin(1.3 * x[i])
	}
	e, err := newExplorer(gp.NewExact(gp.SE(1, 1), 0.05), []any{x, y})
	if err != nil {
		b.Fatal(err)
	}
	e.show()
	v := 1.0
	for b.Loop() {
		v = 2.2 - v
		move(e.knobs[1].widget, "value", v)
		h.shown = nil
	}
	bytes := 0
	for _, m := range h.sent() {
		bytes = max(bytes, len(fmt.Sprint(m.Data)))
	}
	b.ReportMetric(float64(bytes), "bytes/picture")
}
