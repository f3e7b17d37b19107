package kernel

// map1 is Map on one chunk.
func map1[T Float](op Op, dst, x []T) { mapGo(op, dst, x) }

// mapGrad1 is MapGrad on one chunk.
func mapGrad1[T Float](op Op, dx, g, x, y []T) { mapGradGo(op, dx, g, x, y) }

// Zip computes dst = x op y element by element, on this goroutine.
func Zip[T Float](op Op2, dst, x, y []T) { zipGo(op, dst, x, y) }

// ZipScalar computes dst = x op y with one y for all.
func ZipScalar[T Float](op Op2, dst, x []T, y T) { zipScalarGo(op, dst, x, y) }

// ScalarZip computes dst = x op y with one x for all.
func ScalarZip[T Float](op Op2, dst []T, x T, y []T) { scalarZipGo(op, dst, x, y) }

// Row reduces a row to one number.
func Row[T Float](op Reduction, x []T) T { return rowGo(op, x) }
