package mathml

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"
)

func TestConvert(t *testing.T) {
	for tex, want := range map[string]string{
		`x`:                                    `<mi>x</mi>`,
		`12.5`:                                 `<mn>12.5</mn>`,
		`x_1^2`:                                `<msubsup><mi>x</mi><mn>1</mn><mrow><mn>2</mn></mrow></msubsup>`,
		`a-b`:                                  `<mi>a</mi><mo>−</mo><mi>b</mi>`,
		`\alpha`:                               `<mi>α</mi>`,
		`\mathbb{R}`:                           `<mi>ℝ</mi>`,
		`\mathbf{K}`:                           `<mi>𝐊</mi>`,
		`\boldsymbol{\mu}`:                     `<mi>𝝁</mi>`,
		`\mathcal{N}`:                          `<mi>𝒩</mi>`,
		`\mathcal{L}`:                          `<mi>ℒ</mi>`,
		`\mathrm{d}`:                           `<mi mathvariant="normal">d</mi>`,
		`\frac{a}{b}`:                          `<mfrac><mi>a</mi><mi>b</mi></mfrac>`,
		`\frac12`:                              `<mfrac><mn>1</mn><mn>2</mn></mfrac>`,
		`\sqrt[3]{x}`:                          `<mroot><mi>x</mi><mn>3</mn></mroot>`,
		`\hat{f}`:                              `<mover accent="true"><mi>f</mi><mo stretchy="false">^</mo></mover>`,
		`f'`:                                   `<msup><mi>f</mi><mrow><mo>′</mo></mrow></msup>`,
		`\text{if } x`:                         "<mtext>if\u00a0</mtext>",
		`\left( x \right.`:                     `<mo fence="true" stretchy="true" form="prefix">(</mo><mrow><mi>x</mi></mrow></mrow>`,
		`a \ne b`:                              `<mo>≠</mo>`,
		`a \not= b`:                            `<mo>≠</mo>`,
		`a<b & c`:                              `<mo>&lt;</mo>`,
		`\{x\}`:                                `<mo>{</mo>`,
		`\|x\|`:                                `<mo>‖</mo>`,
		`% note` + "\nx":                       `<mi>x</mi>`,
		`\log p`:                               "<mi>log</mi><mo>\u2061</mo>",
		`\operatorname{KL}`:                    `<mi>KL</mi>`,
		`\begin{pmatrix}a&b\\c&d\end{pmatrix}`: `form="prefix">(</mo><mtable displaystyle="false"><mtr><mtd style="text-align:center"><mi>a</mi></mtd><mtd style="text-align:center"><mi>b</mi></mtd></mtr>`,
		`\begin{cases}1 & x>0\\ 0\end{cases}`:  `form="prefix">{</mo><mtable`,
		`^2`:                                   `<msup><mrow></mrow>`,
		`a \& b`:                               `<mo>&amp;</mo>`,
		`x^12`:                                 `<mrow><mn>1</mn></mrow></msup><mn>2</mn>`,
	} {
		got, err := Convert(tex, false)
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: %s, %v; want %s in it", tex, got, err, want)
		}
		wellFormed(t, tex, got)
	}
	got, err := Convert(`\sum_{i=1}^n x_i`, true)
	if err != nil || !strings.HasPrefix(got, `<math display="block">`) || !strings.Contains(got, "<munderover>") {
		t.Errorf("a displayed sum: %s, %v", got, err)
	}
	got, err = Convert(`a &= b \\ &= c`, true)
	if err != nil || strings.Count(got, "<mtr>") != 2 || !strings.Contains(got, "text-align:right;padding-right:0") {
		t.Errorf("two lines: %s, %v", got, err)
	}
}

func wellFormed(t *testing.T, tex, s string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Errorf("%s gives MathML that is not well-formed: %v\n%s", tex, err, s)
			return
		}
	}
}

// The formulas of the thesis that lessons print.
var formulas = []string{
	`p(\mathbf{f} \mid \mathbf{y}) = \mathcal{N}\!\left(K_{fy}(K_{yy} + \sigma^2 I)^{-1}\mathbf{y},\; K_{ff} - K_{fy}(K_{yy}+\sigma^2 I)^{-1}K_{yf}\right)`,
	`\frac{\mathrm{d}}{\mathrm{d}t} c(t) = -\frac{1}{t} A c(t) + \frac{1}{t} B f(t)`,
	`A_{nk} = \begin{cases} \sqrt{(2n+1)(2k+1)} & n > k \\ n+1 & n = k \\ 0 & n < k \end{cases}`,
	`\mathcal{L} = \mathbb{E}_{q(f)}\left[\log p(y \mid f)\right] - \operatorname{KL}\bigl[q(u) \,\|\, p(u)\bigr]`,
	`\begin{align} K_{uu}^{(t)} &= \int_0^t\!\!\int_0^t k(x, x') \phi_m(x)\phi_n(x') \,\mathrm{d}x\,\mathrm{d}x' \\ &\approx \sum_{s=1}^{S} Z_s Z_s^\top \end{align}`,
	`\hat\theta = \arg\max_{\theta} \sum_{i=1}^{N} \log p_\theta(x_i)`,
	`\underbrace{q(u)}_{\text{old $u$}} \propto \prod_{t=1}^{T} \tilde{p}(y_t \mid f)`,
	`\overline{x} = \tfrac{1}{2}\lVert x \rVert_2^2, \quad x \in \mathbb{R}^{d \times n}`,
	`\lim_{n\to\infty} \left(1+\frac{1}{n}\right)^n = e`,
}

func TestFormulasOfLessons(t *testing.T) {
	for _, tex := range formulas {
		got, err := Convert(tex, true)
		if err != nil {
			t.Errorf("%s: %v", tex, err)
			continue
		}
		wellFormed(t, tex, got)
	}
}

func TestUnknownIsAnError(t *testing.T) {
	for tex, want := range map[string]string{
		`\foo{x}`: `\foo is not known`, `{x`: "brace is not closed", `x}`: "no counterpart", `\left( x`: `\left without \right`,
		`\begin{nope}x\end{nope}`: `"nope" is not known`, `\begin{matrix}x`: `has no \end{matrix}`, `x_1_2`: "two subscripts",
		`\frac{a}`: "argument is missing", `\text{a`: "brace is not closed", `\`: "backslash", `\sqrt[3 x`: "not closed",
		strings.Repeat("{", 500) + strings.Repeat("}", 500): "nested deeper", `\left\alpha x\right)`: "not a bracket",
		strings.Repeat(`\frac{1}{`, 300): "",
	} {
		if got, err := Convert(tex, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %s, %v; want an error with %q", tex, got, err, want)
		}
	}
}

func FuzzConvert(f *testing.F) {
	for _, s := range formulas {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tex string) {
		start := time.Now()
		got, err := Convert(tex, len(tex)%2 == 0)
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%d bytes took %v", len(tex), d)
		}
		if err == nil && strings.ContainsAny(got, "\x00") == strings.ContainsAny(tex, "\x00") {
			for _, r := range tex { // XML has no place for control characters and broken UTF-8
				if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0xfffd || r == 0xfffe || r == 0xffff {
					return
				}
			}
			wellFormed(t, tex, got)
		}
	})
}
