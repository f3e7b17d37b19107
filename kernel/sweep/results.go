package sweep

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/priorlab/priorlab/kernel/nbfile"

	"github.com/priorlab/priorlab/stdlib/lab"
)

// resultsCell publishes variables at the end of a notebook. They go as text,
// since JSON has no NaN and a run must not fail for one.
func resultsCell(names []string) string {
	var b strings.Builder
	b.WriteString("// Results of the sweep\n")
	fmt.Fprintf(&b, "lab.Show(lab.Bundle{Data: map[string]any{%q: map[string]any{\n", lab.ResultMIME)
	for _, n := range names {
		fmt.Fprintf(&b, "\t%q: fmt.Sprint(%s),\n", n, n)
	}
	b.WriteString("}, \"text/plain\": \"results of the sweep\"}})")
	return b.String()
}

// notebookResults collects what cells have published; of two results of one
// name the later stays.
func notebookResults(nb *nbfile.Notebook) map[string]string {
	out := map[string]string{}
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			if o.Data[lab.ResultMIME] == nil {
				continue
			}
			// The value is decoded JSON or its text, by the way it came.
			raw, err := json.Marshal(o.Data[lab.ResultMIME])
			var m map[string]any
			if err != nil || json.Unmarshal(raw, &m) != nil {
				continue // not an object: no results
			}
			for k, v := range m {
				out[k] = valueText(v)
			}
		}
	}
	return out
}

// programResults reads the file that a program wrote.
func programResults(path string) (map[string]string, error) {
	var m map[string]any
	if err := readJSON(path, &m); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for k, v := range m {
		out[k] = valueText(v)
	}
	return out, nil
}

func valueText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
