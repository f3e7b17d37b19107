package kernel

import "os"

// Level is a set of instructions that kernels may use.
type Level int

// The levels, each containing the ones before it. arm64 has one of vectors.
const (
	Portable Level = iota // plain Go
	AVX2                  // with FMA
	AVX512                // F, BW, DQ and VL

	NEON = AVX2 // on arm64
)

// String names the level as the environment variable PRIORLAB_CPU does.
func (l Level) String() string { return levelNames[l] }

var level Level

// Best is the highest level this machine has.
var Best = detect()

func init() {
	level = Best
	for l := Portable; l < Best; l++ {
		if os.Getenv("PRIORLAB_CPU") == l.String() {
			level = l
		}
	}
}

// CurrentLevel is the level in use: the best one, or a lower one that PRIORLAB_CPU (go, on amd64 also avx2) asked for.
func CurrentLevel() Level { return level }

// SetLevel chooses a level that the machine has. It is meant for tests, while nothing else runs.
func SetLevel(l Level) { level = min(l, Best) }
