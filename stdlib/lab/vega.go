package lab

import (
	"fmt"
	"sort"
)

// VegaLine is an interactive line chart: each series is drawn against x, and a
// pointer over it reads the values. Front ends that do not draw Vega-Lite show
// one line of text; use the package plots for pictures that show everywhere.
func VegaLine(title string, x []float64, series map[string][]float64) Bundle {
	names := make([]string, 0, len(series))
	for name, y := range series {
		if len(y) != len(x) {
			return textBundle(fmt.Sprintf("chart %q: x has %d values but %q has %d; they must be equally long", title, len(x), name, len(y)))
		}
		names = append(names, name)
	}
	sort.Strings(names)
	rows := []any{}
	for _, name := range names {
		for i, v := range series[name] {
			rows = append(rows, map[string]any{"x": x[i], "y": v, "series": name})
		}
	}
	return vegaChart(title, map[string]any{"type": "line", "interpolate": "linear"}, rows, map[string]any{
		"x":     map[string]any{"field": "x", "type": "quantitative", "title": nil, "scale": map[string]any{"zero": false}},
		"y":     map[string]any{"field": "y", "type": "quantitative", "title": nil, "scale": map[string]any{"zero": false}},
		"color": vegaColor(names),
	})
}

// VegaScatter is an interactive scatter plot that can be moved and zoomed.
func VegaScatter(title string, x, y []float64) Bundle {
	if len(x) != len(y) {
		return textBundle(fmt.Sprintf("chart %q: x has %d values but y has %d; they must be equally long", title, len(x), len(y)))
	}
	rows := []any{}
	for i := range x {
		rows = append(rows, map[string]any{"x": x[i], "y": y[i]})
	}
	return vegaChart(title, map[string]any{"type": "point", "filled": true, "color": "#0072b2"}, rows, map[string]any{
		"x": map[string]any{"field": "x", "type": "quantitative", "title": nil, "scale": map[string]any{"zero": false}},
		"y": map[string]any{"field": "y", "type": "quantitative", "title": nil, "scale": map[string]any{"zero": false}},
	})
}

// vegaColor uses the colours of the package plots.
func vegaColor(names []string) map[string]any {
	return map[string]any{"field": "series", "type": "nominal", "title": nil, "scale": map[string]any{
		"domain": names, "range": []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5a3d8a", "#6b727c"}}}
}

func vegaChart(title string, mark map[string]any, rows []any, encoding map[string]any) Bundle {
	mark["tooltip"] = true
	b := VegaLite(map[string]any{
		"$schema": "https://vega.github.io/schema/vega-lite/v5.json", // a name; nothing is fetched
		"title":   title, "width": 600, "height": 300, "background": "white",
		"data": map[string]any{"values": rows}, "mark": mark, "encoding": encoding,
		"params": []any{map[string]any{"name": "view", "select": "interval", "bind": "scales"}},
	})
	b.Data[mimeText] = "chart: " + title
	return b
}
