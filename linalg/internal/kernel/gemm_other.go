//go:build !amd64 && !arm64

package kernel

import "github.com/priorlab/priorlab/linalg/internal/asm"

// gemmAsm is never called: the level is Portable.
func gemmAsm[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc, parallel bool) {}

// gemmTiles is never called either.
func gemmTiles[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc, parallel, lower bool) {
}

func tiles[T Float]() *tileset { return portableTiles[T]() }

func runTile[T Float](_ *tileset, rows, cols int, t *asm.Tile) { tileGo[T](rows, cols, t) }

func transposeB[T Float](*tileset, []T, Matrix[T], int, int) int { return 0 }

func packSix[T Float](dst []T, a Matrix[T], kb int) bool { return false }

func prefetch[T Float](x []T, like Matrix[T], rows, cols int) {}

func prefetchRows[T Float](n int, x []T, ld int) {}
