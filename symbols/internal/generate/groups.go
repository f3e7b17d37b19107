// Package generate builds the symbol tables that symbols/gen writes and the
// staleness test compares.
package generate

// Group is one table package: symbols/Name.
type Group struct {
	Name     string
	Patterns []string        // what to give to go list
	Skip     map[string]bool // import paths left out
	Source   []string        // packages whose source is embedded
	Only     map[string]map[string]bool
}

// Groups are all tables. The patterns of "ours" walk the module.
var Groups = []Group{
	{Name: "std", Patterns: []string{"std"}, Skip: set(
		"builtin", "plugin", "runtime/cgo", "runtime/coverage", "runtime/race", "runtime/trace",
		"time/tzdata", "log/syslog", "expvar", "embed",
		"crypto/mlkem/mlkemtest", "crypto/fips140", "testing/cryptotest", "testing/fstest", "testing/slogtest", "testing/synctest",
		"net/http/pprof", "net/http/cgi", "net/http/fcgi", "net/rpc", "net/rpc/jsonrpc", "net/smtp",
		"debug/dwarf", "debug/elf", "debug/gosym", "debug/macho", "debug/pe", "debug/plan9obj",
		"go/build", "go/importer", "unsafe", "simd", "simd/archsimd",
	),
		Source: []string{"cmp", "maps", "slices"},
		// The rest of syscall differs from system to system.
		Only: map[string]map[string]bool{"syscall": set("Signal", "Errno")},
	},
	{Name: "gonum", Patterns: []string{
		"gonum.org/v1/gonum/blas", "gonum.org/v1/gonum/blas/blas64", "gonum.org/v1/gonum/lapack", "gonum.org/v1/gonum/lapack/lapack64",
		"gonum.org/v1/gonum/cmplxs", "gonum.org/v1/gonum/diff/fd", "gonum.org/v1/gonum/dsp/fourier", "gonum.org/v1/gonum/dsp/window",
		"gonum.org/v1/gonum/floats", "gonum.org/v1/gonum/floats/scalar",
		"gonum.org/v1/gonum/graph", "gonum.org/v1/gonum/graph/path", "gonum.org/v1/gonum/graph/simple", "gonum.org/v1/gonum/graph/topo", "gonum.org/v1/gonum/graph/traverse",
		"gonum.org/v1/gonum/integrate", "gonum.org/v1/gonum/integrate/quad", "gonum.org/v1/gonum/interp",
		"gonum.org/v1/gonum/mat", "gonum.org/v1/gonum/mathext", "gonum.org/v1/gonum/num/dual", "gonum.org/v1/gonum/num/quat",
		"gonum.org/v1/gonum/optimize", "gonum.org/v1/gonum/optimize/convex/lp", "gonum.org/v1/gonum/optimize/functions",
		"gonum.org/v1/gonum/spatial/r2", "gonum.org/v1/gonum/spatial/r3", "gonum.org/v1/gonum/spatial/kdtree",
		"gonum.org/v1/gonum/stat", "gonum.org/v1/gonum/stat/combin", "gonum.org/v1/gonum/stat/distmat", "gonum.org/v1/gonum/stat/distmv",
		"gonum.org/v1/gonum/stat/distuv", "gonum.org/v1/gonum/stat/sampleuv", "gonum.org/v1/gonum/unit",
		"gonum.org/v1/plot", "gonum.org/v1/plot/font", "gonum.org/v1/plot/palette", "gonum.org/v1/plot/palette/brewer", "gonum.org/v1/plot/palette/moreland",
		"gonum.org/v1/plot/plotter", "gonum.org/v1/plot/plotutil", "gonum.org/v1/plot/text",
		"gonum.org/v1/plot/vg", "gonum.org/v1/plot/vg/draw", "gonum.org/v1/plot/vg/vgimg", "gonum.org/v1/plot/vg/vgsvg", "gonum.org/v1/plot/vg/vgpdf", "gonum.org/v1/plot/vg/recorder",
	}},
	{Name: "ours", Patterns: []string{"./linalg/...", "./stdlib/..."}},
}

func set(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}
