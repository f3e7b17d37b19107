package lab

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
)

// The drop-downs compose kernels, and with the kernel the controls, what
// stands beside them, the code and what undo goes back to.
func TestExploreComposesKernels(t *testing.T) {
	h := useHost(t, true)
	x := []float64{0, 1, 2, 3, 4, 5, 6, 7}
	y := []float64{0, 1, 0, -1, 0, 1, 0, -1}
	model := gp.NewExact(gp.SE(2, 1.5), 0.1)
	e := explored(t, model, x, y)
	labels := func() string {
		var out []string
		for _, k := range e.knobs {
			out = append(out, k.widget.Description())
		}
		return strings.Join(out, ", ")
	}
	if labels() != "variance, lengthscale, noise" || len(e.menu.parts) != 1 || len(e.menu.joins) != 1 {
		t.Fatalf("at first: %s, %d drop-downs", labels(), len(e.menu.parts))
	}
	rho := math.Exp(-0.5 / (1.5 * 1.5))
	if s := e.knobs[1].note.Text(); !strings.Contains(s, fmt.Sprintf("correlation %.2f at one unit", rho)) || !strings.Contains(s, "zero crossings") || !strings.Contains(s, "data ") {
		t.Errorf("beside the length-scale: %q", s)
	}
	// Rice: a smooth process crosses zero 1/(pi lengthscale) times a unit.
	if n, want := expectedCrossings(gp.SE(3, 1.5), 0, 10), 10/(math.Pi*1.5); math.Abs(n-want) > 0.01*want {
		t.Errorf("%v crossings expected, want %v", n, want)
	}
	if s := e.knobs[0].note.Text(); !strings.Contains(s, fmt.Sprintf("95 %% within ± %.3g", 1.96*math.Sqrt2)) {
		t.Errorf("beside the variance: %q", s)
	}
	choose := func(w *Widget, option string) {
		t.Helper()
		for i, o := range w.options {
			if o == option {
				moved(t, w, "index", i)
				return
			}
		}
		t.Fatalf("%v has no %q", w.options, option)
	}
	choose(e.menu.joins[0], "×")
	if model.Kernel.String() != gp.Product(gp.SE(2, 1.5), gp.Periodic(1, 1, (e.data.hi-e.data.lo)/4)).String() {
		t.Errorf("the kernel is %v", model.Kernel)
	}
	if labels() != "SE variance, SE lengthscale, Periodic lengthscale, Periodic period, noise" {
		t.Errorf("controls: %s", labels())
	}
	choose(e.menu.joins[1], "+")
	choose(e.menu.parts[2], "Linear")
	sum, ok := model.Kernel.(*gp.SumKernel)
	if !ok || len(sum.Parts) != 2 || e.menu.String() != "SE × Periodic + Linear" {
		t.Errorf("%s is %v", e.menu, model.Kernel)
	}
	moved(t, e.knobs[1].widget, "value", 2.25)
	moved(t, e.code, "value", true)
	if s := e.listing.Text(); !strings.Contains(s, "model.Kernel = gp.Sum(gp.Product(gp.SE(2, 2.25), gp.Periodic(1, 1, 2.1)), gp.Linear(") || !strings.Contains(s, "model.Noise.Set(0.1)") {
		t.Errorf("code %s", s)
	}
	score, _, err := model.LogMarginal()
	if err != nil || !strings.Contains(e.status.Text(), fmt.Sprintf("<b>%.2f</b>", score)) {
		t.Errorf("status %q, score %v, %v", e.status.Text(), score, err)
	}
	choose(e.menu.parts[0], "Matérn 3/2") // which keeps the values
	if e.knobs[1].value() != 2.25 || e.knobs[0].value() != 2 {
		t.Errorf("after the exchange: %s", e.settings())
	}
	choose(e.menu.joins[0], noMore)
	if model.Kernel.String() != gp.Matern32(2, 2.25).String() || labels() != "variance, lengthscale, noise" {
		t.Errorf("alone: %v, %s", model.Kernel, labels())
	}
	for _, want := range []string{"Matérn 3/2 × Periodic + Linear", "SE × Periodic + Linear"} {
		clicked(t, e.undo)
		if e.menu.String() != want || !strings.Contains(e.settings(), "lengthscale = 2.25") {
			t.Errorf("undone to %s, want %s", e.settings(), want)
		}
	}
	if !strings.Contains(e.stage.live.Text(), `aria-label="SE × Periodic + Linear, SE variance = 2`) {
		t.Errorf("the picture is called %.200s", e.stage.live.Text())
	}
	h.sent()
}

// A kernel that is not made of what is on offer stays, and can be joined with
// what is.
func TestExploreKeepsTheGivenKernel(t *testing.T) {
	useHost(t, true)
	own := gp.ChangePoint(gp.SE(1, 1), gp.SE(1, 2), 3, 1)
	model := gp.NewExact(own, 0.1)
	e := explored(t, model, []float64{1, 2, 3}, []float64{1, 2, 1})
	names := e.settings()
	moved(t, e.menu.joins[0], "index", 1)
	sum, ok := model.Kernel.(*gp.SumKernel)
	if !ok || sum.Parts[0] != gp.Kernel(own) || e.menu.String() != "as given + Periodic" {
		t.Fatalf("%s is %v", e.menu, model.Kernel)
	}
	if s := e.codeText(); !strings.Contains(s, "p := model.Params()") {
		t.Errorf("code %s", s)
	}
	moved(t, e.menu.joins[0], "index", 0)
	if model.Kernel != gp.Kernel(own) || e.settings() != names {
		t.Errorf("alone again: %v, %s, want %s", model.Kernel, e.settings(), names)
	}
	if menuFor(&line{}, 1, 0, 1) != nil {
		t.Error("a model without a kernel has a menu")
	}
}

// openLine has its settings exported, so that its prior can be told from it.
type openLine struct {
	Set  param.Set
	data line
}
