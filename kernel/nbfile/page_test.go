package nbfile

import (
	"bytes"
	"strings"
	"testing"
)

func page(t *testing.T, nb *Notebook, p Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := nb.HTML(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPage(t *testing.T) {
	nb, err := Read("small.ipynb", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	got := page(t, nb, Page{})
	for _, want := range []string{
		"<title>A &lt;title&gt;</title>", "prefers-color-scheme", "Content-Security-Policy", `data:image/png;base64,iVBORw0KGgo=`,
		"a\nb</pre>", "one\ntwo</pre>", `<pre class="go">`, `<span class="n">3</span>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"<script", "http://", "https://", "@import", "url("} {
		if strings.Contains(got, bad) {
			t.Errorf("the page holds %q and is not self-contained", bad)
		}
	}
	if without := page(t, nb, Page{NoCode: true, Title: "T"}); strings.Contains(without, `class="go"`) || !strings.Contains(without, "<title>T</title>") {
		t.Error("NoCode left code in, or the title was not taken")
	}
}

// On a dark page no colour of the light one may be left: black names on black.
func TestCodeColorsAreApart(t *testing.T) {
	css := codeStyle
	light, dark, ok := strings.Cut(css, "@media (prefers-color-scheme:dark){")
	if !ok || !strings.HasPrefix(light, "@media not all and (prefers-color-scheme:dark){") || !strings.Contains(light, ".gk{") || !strings.Contains(dark, ".gk{") {
		t.Errorf("style sheet %.200s", css)
	}
}

func TestPageChoosesForm(t *testing.T) {
	for _, c := range []struct {
		name string
		data map[string]any
		want string
	}{
		{"picture before text", map[string]any{"text/plain": "T", "image/svg+xml": "<?xml version='1.0'?><svg>S</svg>"}, `<div class="out"><svg>S</svg></div>`},
		{"bytes", map[string]any{"text/plain": "T", "image/png": []byte{1, 2}}, `base64,AQI=`},
		{"html as it is", map[string]any{"text/html": "<b>h</b>", "text/plain": "T"}, "<b>h</b>"},
		{"text escaped", map[string]any{"text/plain": "<i>&"}, "&lt;i&gt;&amp;"},
		{"widget", map[string]any{"text/plain": "M = 3", "application/vnd.jupyter.widget-view+json": map[string]any{}}, `<pre class="widget">M = 3</pre>`},
		{"json", map[string]any{"application/json": map[string]any{"a": 1}}, "&#34;a&#34;: 1"},
		{"markdown", map[string]any{"text/markdown": "**b**"}, "<strong>b</strong>"},
	} {
		nb := code("x")
		nb.Cells[0].Outputs = []*Output{{Type: "display_data", Data: c.data}}
		if got := page(t, nb, Page{}); !strings.Contains(got, c.want) {
			t.Errorf("%s: page lacks %q", c.name, c.want)
		}
	}
}

func TestANSI(t *testing.T) {
	for in, want := range map[string]string{
		"a\x1b[31mr\x1b[0mb":             `a<span class="a31">r</span>b`,
		"\x1b[1;32mx":                    `<span class="a1 a32">x</span>`,
		"\x1b[38;5;200mx\x1b[m<":         `x&lt;`,
		"\x1b[38;2;1;2;3;1mx":            `<span class="a1">x</span>`,
		"\x1b[2Kx":                       "x",
		"cut \x1b[3":                     "cut ",
		"\x1b[91mA\x1b[22m\x1b[39mB":     `<span class="a31">A</span><span class="a31"></span>B`,
		"\x1b[0;31mIn[1]\x1b[0m plain <": `<span class="a31">In[1]</span> plain &lt;`,
	} {
		if got := ansiHTML(in); got != want {
			t.Errorf("ansiHTML(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTakeMath(t *testing.T) {
	for _, c := range []struct {
		in, text string
		found    []formula
	}{
		{"a $x_1$ b", "a \ue0000\ue001 b", []formula{{"x_1", false}}},
		{"$$\na*b*c\n$$", "\ue0000\ue001", []formula{{"a*b*c", true}}},
		{"costs $5 and $6 today", "costs $5 and $6 today", nil},
		{"`$x$` stays", "`$x$` stays", nil},
		{"```\n$x$\n```", "```\n$x$\n```", nil},
		{`\$5 and \$6$`, `\$5 and \$6$`, nil},
		{`\begin{align}a&=b\end{align}`, "\ue0000\ue001", []formula{{`\begin{align}a&=b\end{align}`, true}}},
		{"$a$ $b$", "\ue0000\ue001 \ue0001\ue001", []formula{{"a", false}, {"b", false}}},
		{"open $x and\n\nno end$", "open $x and\n\nno end$", nil},
	} {
		text, found := takeMath(c.in)
		if text != c.text || len(found) != len(c.found) {
			t.Errorf("takeMath(%q) = %q, %v; want %q, %v", c.in, text, found, c.text, c.found)
			continue
		}
		for i := range found {
			if found[i] != c.found[i] {
				t.Errorf("takeMath(%q): formula %d is %+v, want %+v", c.in, i, found[i], c.found[i])
			}
		}
	}
}

// Underscores and stars inside formulas are not emphasis.
func TestMarkdownKeepsMath(t *testing.T) {
	got, err := markdownHTML("Let $a_1 * b_2 * c_3$ be *there*.\n\n```go\nx := 1\n```\n\n![p](attachment:p.png)", map[string]string{"p.png": "data:image/png;base64,AA=="})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(got, "<em>") != 1 || !strings.Contains(got, `src="data:image/png;base64,AA=="`) || !strings.Contains(got, `class="go"`) {
		t.Errorf("page text %s", got)
	}
}

func TestProgram(t *testing.T) {
	nb, err := Read("small.ipynb", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := nb.Program(&b); err != nil {
		t.Fatal(err)
	}
	want := "// A <title>\n//\n// Made from small.ipynb.\n\n// # A <title>\n//\n// Some $x_1 * y_2$ text\n\n// ---- cell 1 [parameters] ----\n\nx := 1\n"
	if b.String() != want {
		t.Errorf("program %q\nwant    %q", b.String(), want)
	}
}
