// Command gen writes the symbol tables: for each package that cells may import
// one file of bound values, and for each group one archive of export data, one
// of doc comments, and one of sources of generic packages.
//
//	go run ./symbols/gen             all groups
//	go run ./symbols/gen -only ours  linalg and stdlib alone (seconds)
//
// Packages of this module are found by walking, so that a new one appears when
// the command is run again.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/priorlab/priorlab/symbols/internal/generate"
)

func main() {
	only := flag.String("only", "", "generate one group: std, gonum or ours")
	root := flag.String("root", ".", "root of the module")
	flag.Parse()
	abs, err := filepath.Abs(*root)
	if err != nil {
		fail(err)
	}
	// go generate runs in the folder of the directive.
	if filepath.Base(abs) == "symbols" {
		abs = filepath.Dir(abs)
	}
	for _, g := range generate.Groups {
		if *only != "" && g.Name != *only {
			continue
		}
		out, err := generate.Run(abs, g)
		if err != nil {
			fail(err)
		}
		if err := out.Write(filepath.Join(abs, "symbols", g.Name)); err != nil {
			fail(err)
		}
		fmt.Printf("%s: %d packages, %d symbols, export data %d KiB, comments %d KiB\n",
			g.Name, out.Packages, out.Symbols, len(out.Files["export.zip"])>>10, len(out.Files["doc.zip"])>>10)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gen:", err)
	os.Exit(1)
}
