package nbfile

import (
	"html"
	"regexp"
	"testing"
)

func TestHighlight(t *testing.T) {
	for code, want := range map[string]string{
		"x := 1 // one":             `x := <span class="gn">1</span> <span class="gc">// one</span>`,
		"func f(s string) {}":       `<span class="gk">func</span> <span class="gf">f</span>(s <span class="gb">string</span>) {}`,
		"fmt.Println(\"a<b\", 'c')": `fmt.<span class="gf">Println</span>(<span class="gs">&#34;a&lt;b&#34;</span>, <span class="gs">&#39;c&#39;</span>)`,
		"%time f(":                  `%time <span class="gf">f</span>(`,
		"\"open":                    `<span class="gs">&#34;open</span>`,
		"a\n\n":                     "a\n\n",
		"":                          "",
	} {
		if got := highlight(code); got != `<pre class="go"><code>`+want+"</code></pre>" {
			t.Errorf("%q gave\n%s", code, got)
		}
	}
}

// FuzzHighlight checks that nothing is lost but the colours.
func FuzzHighlight(f *testing.F) {
	for _, c := range []string{"x := `a\r\nb`", "/* open", "'", "日本 := \"語\"", "\xff", "%%time\n1+1"} {
		f.Add(c)
	}
	tags := regexp.MustCompile(`</?(pre|code|span)[^>]*>`)
	f.Fuzz(func(t *testing.T, code string) {
		if got := html.UnescapeString(tags.ReplaceAllString(highlight(code), "")); got != html.UnescapeString(html.EscapeString(code)) {
			t.Errorf("%q became %q", code, got)
		}
	})
}
