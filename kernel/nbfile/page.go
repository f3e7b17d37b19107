package nbfile

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	rawhtml "github.com/yuin/goldmark/renderer/html"
)

// Page says how a notebook becomes a page of HTML.
type Page struct {
	Title  string // "" takes the notebook's first heading
	NoCode bool   // leave the code out
}

// The page may draw what it carries and nothing else: no scripts, no network.
const policy = `default-src 'none'; img-src data:; media-src data:; font-src data:; style-src 'unsafe-inline'`

// HTML writes the notebook as one page that needs no other file, no network
// and no script, readable in light and dark.
func (nb *Notebook) HTML(w io.Writer, page Page) error {
	title := page.Title
	if title == "" {
		title = nb.Title()
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"+
		"<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"+
		"<title>%s</title>\n<style>\n%s%s</style></head>\n<body><main>\n", policy, html.EscapeString(title), pageStyle, codeStyle)
	for i, c := range nb.Cells {
		if err := c.writeHTML(&b, page); err != nil {
			return fmt.Errorf("%s: cell %d: %w", nb.Name, i+1, err)
		}
	}
	b.WriteString("</main></body></html>\n")
	_, err := w.Write(b.Bytes())
	return err
}

func (c *Cell) writeHTML(b *bytes.Buffer, page Page) error {
	switch c.Type {
	case "markdown":
		text, err := markdownHTML(c.Source, c.attachments())
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "<section class=\"md\">%s</section>\n", text)
	case "raw":
		fmt.Fprintf(b, "<pre class=\"raw\">%s</pre>\n", html.EscapeString(c.Source))
	case "code":
		if strings.TrimSpace(c.Source) == "" && len(c.Outputs) == 0 {
			return nil
		}
		b.WriteString("<section class=\"code\">\n")
		if !page.NoCode {
			prompt := "&nbsp;"
			if c.Count > 0 {
				prompt = fmt.Sprint(c.Count)
			}
			fmt.Fprintf(b, "<div class=\"in\"><span class=\"n\">%s</span>%s</div>\n", prompt, highlight(c.Source))
		}
		for _, o := range c.Outputs {
			text, err := o.html()
			if err != nil {
				return err
			}
			fmt.Fprintf(b, "<div class=\"out\">%s</div>\n", text)
		}
		b.WriteString("</section>\n")
	}
	return nil
}

// attachments are the pictures a Markdown cell carries, as data addresses.
func (c *Cell) attachments() map[string]string {
	out := map[string]string{}
	files, _ := c.extra["attachments"].(map[string]any)
	for name, forms := range files {
		for mime, data := range object(forms) {
			if s, ok := text(data); ok {
				out[name] = "data:" + mime + ";base64," + strings.ReplaceAll(s, "\n", "")
			}
		}
	}
	return out
}

var markdown = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.Footnote),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	// The policy of the page keeps whatever HTML a cell holds from acting.
	goldmark.WithRendererOptions(rawhtml.WithUnsafe()),
)

func markdownHTML(source string, attachments map[string]string) (string, error) {
	for name, data := range attachments {
		source = strings.ReplaceAll(source, "(attachment:"+name+")", "("+data+")")
	}
	source, formulas := takeMath(source)
	var b bytes.Buffer
	if err := markdown.Convert([]byte(source), &b); err != nil {
		return "", err
	}
	return putMath(colorFences(b.String()), formulas), nil
}

// colorFences highlights the Go code blocks of a Markdown text.
func colorFences(page string) string {
	const open, end = `<pre><code class="language-go">`, "</code></pre>"
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(page, open)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		code, after, _ := strings.Cut(rest, end)
		b.WriteString(highlight(html.UnescapeString(code)))
		page = after
	}
}

// displayOrder is which of an output's forms a page shows, the first it has.
var displayOrder = []string{"image/svg+xml", "text/html", "image/png", "image/jpeg", "image/gif", "text/markdown", "text/latex",
	"text/plain", "application/json"}

func (o *Output) html() (string, error) {
	switch o.Type {
	case "stream":
		return fmt.Sprintf(`<pre class="%s">%s</pre>`, html.EscapeString(o.Name), ansiHTML(o.Text)), nil
	case "error":
		text := strings.Join(o.Traceback, "\n")
		if text == "" {
			text = o.ErrName + ": " + o.ErrValue
		}
		return `<pre class="error">` + ansiHTML(text) + "</pre>", nil
	}
	for _, mime := range displayOrder {
		v, ok := o.Data[mime]
		if !ok {
			continue
		}
		s, isText := v.(string)
		switch mime {
		case "image/png", "image/jpeg", "image/gif":
			if raw, ok := v.([]byte); ok {
				s = base64.StdEncoding.EncodeToString(raw)
			}
			return fmt.Sprintf(`<img alt="%s" %ssrc="data:%s;base64,%s">`, html.EscapeString(fmt.Sprint(o.Data["text/plain"])),
				o.sizeOf(mime), mime, strings.ReplaceAll(s, "\n", "")), nil
		case "image/svg+xml":
			if i := strings.Index(s, "<svg"); i > 0 {
				s = s[i:] // a prologue has no place inside a page
			}
			return s, nil
		case "text/html":
			return s, nil
		case "text/markdown":
			return markdownHTML(s, nil)
		case "text/latex":
			return formulaHTML(strings.Trim(s, "$ \n"), true), nil
		case "text/plain":
			class := ""
			if _, widget := o.Data["application/vnd.jupyter.widget-view+json"]; widget {
				class = ` class="widget"`
			}
			return "<pre" + class + ">" + ansiHTML(s) + "</pre>", nil
		default:
			if !isText {
				text, err := json.MarshalIndent(v, "", "  ")
				if err != nil {
					return "", err
				}
				s = string(text)
			}
			return "<pre>" + html.EscapeString(s) + "</pre>", nil
		}
	}
	return "", nil
}

func (o *Output) sizeOf(mime string) string {
	size := object(o.Metadata[mime])
	var b strings.Builder
	for _, k := range []string{"width", "height"} {
		if v, ok := size[k]; ok {
			fmt.Fprintf(&b, `%s="%s" `, k, html.EscapeString(fmt.Sprint(v)))
		}
	}
	return b.String()
}

const pageStyle = `:root{color-scheme:light dark;--fg:#1f2328;--bg:#fff;--soft:#f5f6f8;--line:#e2e5e9;--dim:#6b727c;--bad:#b3401f}
@media (prefers-color-scheme:dark){:root{--fg:#dfe3e8;--bg:#15181c;--soft:#1e2227;--line:#333941;--dim:#9aa2ad;--bad:#ff8d66}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.6 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:52rem;margin:0 auto;padding:2.5rem 1.25rem 5rem}
h1,h2,h3{line-height:1.25;margin:1.6em 0 .6em}h1{font-size:1.9rem;margin-top:0}h2{font-size:1.4rem}h3{font-size:1.15rem}
a{color:#0072b2}@media (prefers-color-scheme:dark){a{color:#6cc0f0}}
pre,code{tab-size:4;font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:.86rem;line-height:1.5}
.md code{background:var(--soft);padding:.1em .3em;border-radius:3px}.md pre{background:var(--soft);padding:.8rem 1rem;border-radius:6px;overflow-x:auto}.md pre code{padding:0}
.md img,.out img,.out svg{max-width:100%;height:auto}
blockquote{margin:1em 0;padding:.1em 1em;border-left:3px solid var(--line);color:var(--dim)}
table{border-collapse:collapse;margin:.6em 0;font-size:.9rem}th,td{padding:.25em .7em;border-bottom:1px solid var(--line)}th{font-weight:600}
section.code{margin:1.1em 0}
.in{position:relative;background:var(--soft);border:1px solid var(--line);border-radius:6px}
.in pre{margin:0;padding:.7rem .9rem;overflow-x:auto}
.in .n{position:absolute;right:100%;top:.75rem;margin-right:.7rem;color:var(--dim);font:.75rem ui-monospace,monospace}
@media (max-width:60rem){.in .n{display:none}}
.out{margin:.7em 0;overflow-x:auto}.out pre{margin:0;padding:.1rem .9rem;white-space:pre-wrap;overflow-wrap:anywhere;max-height:32rem;overflow-y:auto}
.out svg,.out img{border-radius:6px}
.out pre.stderr{color:var(--dim)}.out pre.error{border-left:3px solid var(--bad);color:var(--fg)}.out pre.widget{color:var(--dim);font-style:italic}
.tex{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.86em;background:var(--soft);padding:.1em .3em;border-radius:3px}
.formula{display:block;margin:1em 0;text-align:center;overflow-x:auto;overflow-y:hidden}math{font-size:1.08em}
.a1{font-weight:600}.a31{color:#b3261e}.a32{color:#1a7f37}.a33{color:#8a6100}.a34{color:#0b61a8}.a35{color:#8a3f9c}.a36{color:#0f7285}.a90{color:var(--dim)}
@media (prefers-color-scheme:dark){.a31{color:#ff8d7c}.a32{color:#6fd58a}.a33{color:#e8c15c}.a34{color:#7cbcff}.a35{color:#dba3ea}.a36{color:#6fd3e3}}
@media print{main{max-width:none}.out pre{max-height:none}}
`
