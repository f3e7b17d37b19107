package ohsvgp

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Every one of the 256 checks that the golden numbers were made under has a test
// here, or a reason why it has none: testdata/identities.json says which.
func TestEveryIdentityHasATest(t *testing.T) {
	text, err := os.ReadFile("testdata/identities.json")
	must(t, err)
	var list []struct {
		Identity string
		Checks   int
		Tests    []string
		Why_not  string
	}
	must(t, json.Unmarshal(text, &list))
	have := map[string]bool{}
	name := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	for pkg, dir := range map[string]string{"ohsvgp": ".", "gp": "../gp", "hippo": "../hippo"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		must(t, err)
		for _, f := range files {
			src, err := os.ReadFile(f)
			must(t, err)
			for _, m := range name.FindAllSubmatch(src, -1) {
				have[fmt.Sprintf("%s.%s", pkg, m[1])] = true
			}
		}
	}
	total, tested := 0, 0
	for _, e := range list {
		total += e.Checks
		if len(e.Tests) > 0 {
			tested += e.Checks
		} else if e.Why_not == "" {
			t.Errorf("%s: neither a test nor a reason", e.Identity)
		}
		for _, n := range e.Tests {
			if !have[n] {
				t.Errorf("%s: there is no test %s", e.Identity, n)
			}
		}
	}
	if total != 256 {
		t.Errorf("the list has %d checks, the golden numbers 256", total)
	}
	t.Logf("%d of %d checks are tests", tested, total)
}
