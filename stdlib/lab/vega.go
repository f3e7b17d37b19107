package lab

import (
	"fmt"
	"sort"

	"github.com/priorlab/priorlab/stdlib/plots"
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
	encoding := vegaAxes()
	encoding["color"] = vegaSeries(names, plots.Palette(plots.CurrentTheme()))
	if len(names) > 1 {
		encoding["strokeDash"] = vegaSeries(names, vegaDashes)
	}
	return vegaChart(title, map[string]any{"type": "line", "interpolate": "linear"}, rows, encoding)
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
	return vegaChart(title, map[string]any{"type": "point", "filled": true, "color": plots.Palette(plots.CurrentTheme())[0]}, rows, vegaAxes())
}

// vegaAxes lets both axes span the data.
func vegaAxes() map[string]any {
	out := map[string]any{}
	for _, axis := range []string{"x", "y"} {
		out[axis] = map[string]any{"field": axis, "type": "quantitative", "title": nil, "scale": map[string]any{"zero": false}}
	}
	return out
}

// vegaDashes tell series apart where their colours do not suffice.
var vegaDashes = [][]int{{1, 0}, {6, 3}, {2, 2}, {8, 3, 2, 3}, {12, 3}, {4, 4}, {2, 5}, {10, 2, 2, 2, 2, 2}}

// vegaSeries gives each series one of the values, in their order.
func vegaSeries[T any](names []string, values []T) map[string]any {
	return map[string]any{"field": "series", "type": "nominal", "title": nil, "scale": map[string]any{"domain": names, "range": values}}
}

func vegaChart(title string, mark map[string]any, rows []any, encoding map[string]any) Bundle {
	mark["tooltip"] = true
	b := VegaLite(map[string]any{
		"$schema": "https://vega.github.io/schema/vega-lite/v5.json", // a name; nothing is fetched
		"title":   title, "width": 600, "height": 300, "config": vegaConfig(),
		"data": map[string]any{"values": rows}, "mark": mark, "encoding": encoding,
		"params": []any{map[string]any{"name": "view", "select": "interval", "bind": "scales"}},
	})
	b.Data[mimeText] = "chart: " + title
	return b
}

// vegaConfig has the inks of the theme when it is light or dark everywhere.
// Otherwise they are left to JupyterLab, which makes charts as its page is.
func vegaConfig() map[string]any {
	t := plots.CurrentTheme()
	if t != plots.Light && t != plots.Dark {
		return map[string]any{"axis": map[string]any{"gridOpacity": 0.35}}
	}
	background, ink, grid := plots.Inks(t)
	return map[string]any{
		"background": background,
		"title":      map[string]any{"color": ink},
		"view":       map[string]any{"stroke": grid},
		"axis":       map[string]any{"domainColor": ink, "gridColor": grid, "tickColor": ink, "labelColor": ink, "titleColor": ink},
		"legend":     map[string]any{"labelColor": ink, "titleColor": ink},
	}
}

// CheckTheme reports a name of the variable PRIORLAB_THEME that is none of
// "auto", "browser", "light" and "dark".
func CheckTheme(name string) error {
	_, err := plots.ThemeNamed(name)
	return err
}
