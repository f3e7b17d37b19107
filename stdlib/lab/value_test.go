package lab

import "testing"

func TestRenderValueQuotesStrings(t *testing.T) {
	for want, values := range map[string][]any{
		`"1"`:      {"1"},
		"1":        {1},
		"a\nb":     {"a\nb"},
		`1  "a"`:   {1, "a"},
		`"\tä"`:    {"\tä"},
		`[]int{1}`: {[]int{1}},
	} {
		if got := RenderValue(values...).text(); got != want {
			t.Errorf("%v is shown as %s, want %s", values, got, want)
		}
	}
}
