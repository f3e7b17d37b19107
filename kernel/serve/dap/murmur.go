package dap

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
)

// The hash by which clients name cells, as debugInfo announces it. JupyterLab
// implements this method only.
const (
	hashMethod = "Murmur2"
	hashSeed   = 0xc70f6907
	pathSuffix = ".go"
)

// pathPrefix is unique to this process, by which clients see that a kernel has
// started anew. Nothing is written there.
var pathPrefix = filepath.Join(os.TempDir(), fmt.Sprintf("priorlab_%d", os.Getpid())) + string(filepath.Separator)

// CellPath returns the path by which clients know a cell with this text.
func CellPath(code string) string { return PathPrefix() + CellName(code) }

// PathPrefix is what the paths of cells begin with.
func PathPrefix() string { return pathPrefix }

// CellName is what follows it in the path of a cell with this text.
func CellName(code string) string {
	return fmt.Sprint(murmur2([]byte(code), hashSeed), pathSuffix)
}

// murmur2 is the 32-bit MurmurHash2 of Austin Appleby.
func murmur2(data []byte, seed uint32) uint32 {
	const m = 0x5bd1e995
	h := seed ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := binary.LittleEndian.Uint32(data) * m
		k ^= k >> 24
		h = h*m ^ k*m
	}
	if len(data) > 0 {
		for i, b := range data {
			h ^= uint32(b) << (8 * i)
		}
		h *= m
	}
	h ^= h >> 13
	h *= m
	return h ^ h>>15
}
