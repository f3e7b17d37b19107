package cell_test

import (
	"strings"
	"testing"

	"github.com/priorlab/priorlab/kernel/cell"
)

// TestInput reads what a person types in the ways programs do.
func TestInput(t *testing.T) {
	for name, src := range map[string]string{
		"scan":      "var a, b string\nfmt.Scan(&a, &b)\na + b",
		"fscan":     "var a, b string\nfmt.Fscan(os.Stdin, &a, &b)\na + b",
		"fscanf":    "var a, b string\nfmt.Fscanf(os.Stdin, \"%s\\n%s\", &a, &b)\na + b",
		"scanner":   "sc := bufio.NewScanner(os.Stdin)\nsc.Scan()\na := sc.Text()\nsc.Scan()\na + sc.Text()",
		"reader":    "r := bufio.NewReader(os.Stdin)\na, _ := r.ReadString('\\n')\nb, _ := r.ReadString('\\n')\nstrings.TrimSpace(a) + strings.TrimSpace(b)",
		"all":       "all, _ := io.ReadAll(os.Stdin)\nstrings.ReplaceAll(string(all), \"\\n\", \"\")",
		"copy":      "var b strings.Builder\nio.Copy(&b, os.Stdin)\nstrings.ReplaceAll(b.String(), \"\\n\", \"\")",
		"file read": "p := make([]byte, 7)\nn, _ := os.Stdin.Read(p)\nstrings.ReplaceAll(string(p[:n]), \"\\n\", \"\")",
		"function":  "func read(r io.Reader) string {\n\tsc := bufio.NewScanner(r)\n\tsc.Scan()\n\ta := sc.Text()\n\tsc.Scan()\n\treturn a + sc.Text()\n}\nread(os.Stdin)",
		"another":   "sc := bufio.NewScanner(strings.NewReader(\"one\"))\nsc.Scan()\nsc.Text() + \"two\"",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := cell.NewSession(cell.Options{Stdin: strings.NewReader("one\ntwo")})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if v := mustEval(t, s, src); len(v) != 1 || v[0] != "onetwo" {
				t.Errorf("read %q", v)
			}
		})
	}
}
