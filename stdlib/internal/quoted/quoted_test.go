package quoted

import (
	"slices"
	"testing"
)

func TestMissing(t *testing.T) {
	const table = "| arm | error |\n|---|---|\n| image | 0.11 ± 0.0021 |\n"
	missing, n := Missing("Lower: `0.11 ± 0.0021`, not `0.11` or `0.2`, by `image`; again `0.2`.", table)
	if !slices.Equal(missing, []string{"0.11", "0.2"}) || n != 5 {
		t.Errorf("%q of %d", missing, n)
	}
	if missing, n := Missing("nothing quoted", table); missing != nil || n != 0 {
		t.Errorf("%q of %d", missing, n)
	}
}
