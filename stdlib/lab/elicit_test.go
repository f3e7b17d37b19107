package lab

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestElicit(t *testing.T) {
	ln, err := ElicitLogNormal(1, 100, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	d := distuv.LogNormal{Mu: ln.Mu, Sigma: ln.Sigma}
	if math.Abs(d.CDF(1)-0.05) > 1e-9 || math.Abs(d.CDF(100)-0.95) > 1e-9 {
		t.Errorf("log-normal tails %v %v", d.CDF(1), d.CDF(100))
	}
	for _, c := range [][3]float64{{1, 100, 0.9}, {0.5, 0.6, 0.95}, {10, 11, 0.5}, {0.01, 1, 0.8}} {
		g, err := ElicitGamma(c[0], c[1], c[2])
		if err != nil {
			t.Errorf("%v: %v", c, err)
			continue
		}
		d := distuv.Gamma{Alpha: g.Shape, Beta: g.Rate}
		if tail := (1 - c[2]) / 2; math.Abs(d.CDF(c[0])-tail) > 1e-3 || math.Abs(d.CDF(c[1])-1+tail) > 1e-3 {
			t.Errorf("Gamma for %v has tails %v and %v", c, d.CDF(c[0]), 1-d.CDF(c[1]))
		}
	}
	n, _ := ElicitNormal(-1, 3, 0.95)
	if n.Mean != 1 || math.Abs(distuv.Normal{Mu: n.Mean, Sigma: n.SD}.CDF(3)-0.975) > 1e-9 {
		t.Errorf("normal %v", n)
	}
	for _, c := range [][3]float64{{2, 1, 0.9}, {0, 1, 0.9}, {1, 2, 1}, {math.NaN(), 2, 0.5}} {
		if _, err := ElicitLogNormal(c[0], c[1], c[2]); err == nil {
			t.Errorf("%v was taken", c)
		}
	}
	h := useHost(t, true)
	Elicit("length-scale", 0.1, 100)
	if !strings.Contains(h.last(), "param.LogNormal{") || !strings.Contains(h.last(), "param.Gamma{") {
		t.Errorf("shown %q", h.last())
	}
}

// The prior asked for does what was asked: 95 % of its values lie in the band,
// and its functions cross their middle as often as said.
func TestElicitFunctions(t *testing.T) {
	p, err := functionsFor(10, [2]float64{-1, 5}, [2]float64{4, 4.01})
	if err != nil || p.mean != 2 || math.Abs(p.variance-math.Pow(3/1.959964, 2)) > 1e-6 {
		t.Fatalf("%+v, %v", p, err)
	}
	if c := expectedCrossings(gp.SE(p.variance, math.Exp(p.mu)), 0, 10); math.Abs(c-4.005) > 0.02 {
		t.Errorf("%v crossings", c)
	}
	h := useHost(t, true)
	ElicitFunctions(10, -3, 3)
	if !strings.Contains(h.last(), "k := gp.SE(0.5857, ") || !strings.Contains(h.last(), "param.LogNormal{Mu: ") {
		t.Errorf("shown %q", h.last())
	}
}

// The band stands in the live picture with a grip for each end, where the axis
// has its values; the stored picture is without them.
func TestBandInThePicture(t *testing.T) {
	h := useHost(t, true)
	ElicitFunctions(10, -3, 3)
	live := ""
	for _, w := range registry.byID {
		if s, _ := w.state["value"].(string); strings.Contains(s, "<svg") {
			live = s
		}
	}
	m := regexp.MustCompile(`data-way="y" data-lo="-3" data-hi="3" data-from="([0-9.]+)" data-to="([0-9.]+)"`).FindStringSubmatch(live)
	strips := regexp.MustCompile(`data-part="(\w+)" x="[0-9.]+" y="([0-9.]+)" width="[0-9.]+" height="([0-9.]+)"`).FindAllStringSubmatch(live, -1)
	if m == nil || len(strips) != 3 {
		t.Fatalf("no band in %.300s", live)
	}
	number := func(s string) float64 { v, _ := strconv.ParseFloat(s, 64); return v }
	bottom, top := number(m[1]), number(m[2])
	at := func(v float64) float64 { return bottom + (top-bottom)*(v+3)/6 }
	for _, s := range strips {
		want := map[string][2]float64{"lo": {at(-1.5) - 8, 16}, "hi": {at(1.5) - 8, 16}, "both": {at(1.5), at(-1.5) - at(1.5)}}[s[1]]
		if math.Abs(number(s[2])-want[0]) > 0.02 || math.Abs(number(s[3])-want[1]) > 0.02 {
			t.Errorf("strip %v, want %v", s, want)
		}
	}
	for _, d := range h.shown {
		if html, _ := d.b.Data[mimeHTML].(string); strings.Contains(html, "data-way") {
			t.Error("grips are stored with the notebook")
		}
	}
	if !strings.Contains(live, "onpointerdown=\"const g=event.currentTarget") || strings.Count(live, "</svg>") != 1 {
		t.Error("the grips do nothing")
	}
}
