package main

/*
#cgo LDFLAGS: -lopenblas
#include <cblas.h>
extern void openblas_set_num_threads(int);
extern char *openblas_get_corename(void);
extern void dpotrf_(char*, int*, double*, int*, int*);
extern void spotrf_(char*, int*, float*, int*, int*);
static void sgemms(int count, int tb, int m, int n, int k, float *a, int lda, float *b, int ldb, float *c, int ldc, long sa, long sb, long sc) {
	for (int i = 0; i < count; i++)
		cblas_sgemm(CblasRowMajor, CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, 1, a+i*sa, lda, b+i*sb, ldb, 0, c+i*sc, ldc);
}
static void dgemms(int count, int tb, int m, int n, int k, double *a, int lda, double *b, int ldb, double *c, int ldc, long sa, long sb, long sc) {
	for (int i = 0; i < count; i++)
		cblas_dgemm(CblasRowMajor, CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, 1, a+i*sa, lda, b+i*sb, ldb, 0, c+i*sc, ldc);
}
static void sgemmT(int m, int n, int k, float *a, float *b, float *c) {
	cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, a, m, b, n, 0, c, n);
}
static void spotrfs(int count, int n, float *a) {
	char u = 'U'; int info;
	for (int i = 0; i < count; i++) spotrf_(&u, &n, a+(long)i*n*n, &n, &info);
}
static void dpotrf1(int n, double *a) { char u = 'U'; int info; dpotrf_(&u, &n, a, &n, &info); }
*/
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

func setPeerThreads(n int) { C.openblas_set_num_threads(C.int(n)) }

func peerCore() string { return C.GoString(C.openblas_get_corename()) }

func fp(x []float32) *C.float  { return (*C.float)(unsafe.Pointer(&x[0])) }
func dp(x []float64) *C.double { return (*C.double)(unsafe.Pointer(&x[0])) }

func rand64(n int) []float64 {
	x := make([]float64, n)
	linalg.NewRand(uint64(n)).FillNormal(x)
	return x
}

func rand32(n int) []float32 {
	x := make([]float32, n)
	linalg.NewRand(uint64(n)).FillNormal32(x)
	return x
}

// gemm32 is a row of count products; tb says that B is stored by columns.
func gemm32(group, name string, count, m, n, k int, tb bool) row {
	if !wanted(group, name) {
		return row{}
	}
	a, b, c := rand32(count*m*k), rand32(count*k*n), make([]float32, count*m*n)
	bm, ldb, t := kernel.Matrix[float32]{Data: b, RS: n, CS: 1}, n, 0
	if tb {
		bm, ldb, t = kernel.Matrix[float32]{Data: b, RS: 1, CS: k}, k, 1
	}
	am := kernel.Matrix[float32]{Data: a, RS: k, CS: 1}
	oa, ob, oc := offsets(count, m*k), offsets(count, k*n), offsets(count, m*n)
	return row{group: group, name: name, flops: 2 * float64(count*m*n) * float64(k),
		ours: func() {
			if count == 1 {
				kernel.Gemm(m, n, k, 1, am, bm, c, n, false)
			} else {
				kernel.GemmBatch(m, n, k, 1, am, bm, c, n, oa, ob, oc, false)
			}
		},
		peer: func() {
			C.sgemms(C.int(count), C.int(t), C.int(m), C.int(n), C.int(k), fp(a), C.int(k), fp(b), C.int(ldb), fp(c), C.int(n), C.long(m*k), C.long(k*n), C.long(m*n))
		}}
}

func gemm64(group, name string, count, m, n, k int, tb bool) row {
	if !wanted(group, name) {
		return row{}
	}
	a, b, c := rand64(count*m*k), rand64(count*k*n), make([]float64, count*m*n)
	bm, ldb, t := kernel.Matrix[float64]{Data: b, RS: n, CS: 1}, n, 0
	if tb {
		bm, ldb, t = kernel.Matrix[float64]{Data: b, RS: 1, CS: k}, k, 1
	}
	am := kernel.Matrix[float64]{Data: a, RS: k, CS: 1}
	oa, ob, oc := offsets(count, m*k), offsets(count, k*n), offsets(count, m*n)
	return row{group: group, name: name, flops: 2 * float64(count*m*n) * float64(k),
		ours: func() {
			if count == 1 {
				kernel.Gemm(m, n, k, 1, am, bm, c, n, false)
			} else {
				kernel.GemmBatch(m, n, k, 1, am, bm, c, n, oa, ob, oc, false)
			}
		},
		peer: func() {
			C.dgemms(C.int(count), C.int(t), C.int(m), C.int(n), C.int(k), dp(a), C.int(k), dp(b), C.int(ldb), dp(c), C.int(n), C.long(m*k), C.long(k*n), C.long(m*n))
		}}
}

func offsets(count, step int) []int {
	o := make([]int, count)
	for i := range o {
		o[i] = i * step
	}
	return o
}

// spd64 is a positive definite matrix of order n.
func spd64(n int) []float64 {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, n, n)
	return x.MatMul(x.T()).AddDiag(float64(n)).Float64s()
}

func cholRow(n int) row {
	if !wanted("chol f64", fmt.Sprint(n)) {
		return row{}
	}
	a, w, v := spd64(n), make([]float64, n*n), make([]float64, n*n)
	return row{group: "chol f64", name: fmt.Sprint(n), flops: float64(n*n) * float64(n) / 3,
		ours: func() { kernel.Chol(w, a, n, 0) },
		peer: func() { copy(v, a); C.dpotrf1(C.int(n), dp(v)) }}
}

// trsmRow is a solve of L X = B for m columns, with peer in place.
func trsmRow[T kernel.Float](group string, n, m int, peer func(n, m int, l, x []T)) row {
	name := fmt.Sprintf("%d, %d columns", n, m)
	if !wanted(group, name) {
		return row{}
	}
	factor := linalg.Cholesky(linalg.FromFloat64(spd64(n), n, n), 0).Float64s()
	l, b := make([]T, n*n), make([]T, n*m)
	for i, v := range factor {
		l[i] = T(v)
	}
	for i, v := range rand64(n * m) {
		b[i] = T(v)
	}
	w, v := make([]T, n*m), make([]T, n*m)
	return row{group: group, name: name, flops: float64(n*n) * float64(m),
		ours: func() {
			copy(w, b)
			kernel.Trsm(true, true, false, n, m, 1, kernel.Matrix[T]{Data: l, RS: n, CS: 1}, w, m)
		},
		peer: func() {
			copy(v, b)
			peer(n, m, l, v)
		}}
}

func dtrsm(n, m int, l, x []float64) {
	C.cblas_dtrsm(C.CblasRowMajor, C.CblasLeft, C.CblasLower, C.CblasNoTrans, C.CblasNonUnit, C.int(n), C.int(m), 1, dp(l), C.int(n), dp(x), C.int(m))
}

func strsm(n, m int, l, x []float32) {
	C.cblas_strsm(C.CblasRowMajor, C.CblasLeft, C.CblasLower, C.CblasNoTrans, C.CblasNonUnit, C.int(n), C.int(m), 1, fp(l), C.int(n), fp(x), C.int(m))
}

func cholBatchRow(count, n int) row {
	if !wanted("chol batch f32", fmt.Sprintf("%d of %d", count, n)) {
		return row{}
	}
	one := linalg.FromFloat64(spd64(n), n, n).To(linalg.F32).Float32s()
	a := make([]float32, 0, count*n*n)
	for i := 0; i < count; i++ {
		a = append(a, one...)
	}
	w, v := make([]float32, len(a)), make([]float32, len(a))
	return row{group: "chol batch f32", name: fmt.Sprintf("%d of %d", count, n), flops: float64(count) * float64(n*n) * float64(n) / 3,
		ours: func() { kernel.Chol(w, a, n, 0) },
		peer: func() { copy(v, a); C.spotrfs(C.int(count), C.int(n), fp(v)) }}
}

// blasRows are the rows whose peer is OpenBLAS.
func blasRows() []row {
	var rows []row
	for _, n := range []int{16, 24, 32, 48, 64, 80, 96, 100, 128, 160, 200, 256, 300, 384, 500, 512, 768, 1024, 2048} {
		rows = append(rows, gemm32("gemm f32", fmt.Sprint(n), 1, n, n, n, false))
	}
	for _, n := range []int{16, 24, 32, 48, 64, 80, 96, 100, 128, 160, 200, 256, 300, 384, 500, 512, 768, 1024, 2048} {
		rows = append(rows, gemm64("gemm f64", fmt.Sprint(n), 1, n, n, n, false))
	}
	for _, s := range []struct {
		name           string
		count, m, n, k int
		tb             bool
	}{
		{"ViT qkv 6400x128 by 128x384", 1, 6400, 384, 128, false},
		{"ViT qkv, weights by rows", 1, 6400, 384, 128, true},
		{"ViT MLP in 6400x128 by 128x512", 1, 6400, 512, 128, false},
		{"ViT MLP out 6400x512 by 512x128", 1, 6400, 128, 512, false},
		{"wide linear 6500x384 by 384x1536", 1, 6500, 1536, 384, false},
		{"conv as product 32x784x288", 1, 32, 784, 288, false},
		{"GP 100x100, K=5000", 1, 100, 100, 5000, false},
		{"8x512 by 512x512", 1, 8, 512, 512, false},
		{"1x512 by 512x512", 1, 1, 512, 512, false},
		{"1x512 by 512x512, by rows", 1, 1, 512, 512, true},
		{"512x512 by 512x1", 1, 512, 1, 512, false},
		{"400 of 64x64x32, B transposed", 400, 64, 64, 32, true},
		{"400 of 64x32x64", 400, 64, 32, 64, false},
		{"400 of 65x65x32", 400, 65, 65, 32, false},
		{"100 of 128x128x64, B transposed", 100, 128, 128, 64, true},
		{"1000 of 16x16x16", 1000, 16, 16, 16, false},
	} {
		rows = append(rows, gemm32("shapes f32", s.name, s.count, s.m, s.n, s.k, s.tb))
		rows = append(rows, gemm64("shapes f64", s.name, s.count, s.m, s.n, s.k, s.tb))
	}
	rows = append(rows, weightGradientRow())
	for _, n := range []int{50, 64, 100, 200, 300, 500, 1000} {
		rows = append(rows, cholRow(n))
	}
	solves := [][2]int{{50, 1000}, {100, 5000}, {300, 300}, {300, 5000}}
	for _, s := range solves {
		rows = append(rows, trsmRow("trsm f64", s[0], s[1], dtrsm))
	}
	for _, s := range solves {
		rows = append(rows, trsmRow("trsm f32", s[0], s[1], strsm))
	}
	return append(rows, cholBatchRow(400, 64), cholBatchRow(400, 32), cholBatchRow(50, 128))
}

// weightGradientRow is a product whose first factor is stored by columns.
func weightGradientRow() row {
	const group, name = "shapes f32", "ViT weight gradient 512x128, K=6400"
	const m, n, k = 512, 128, 6400
	if !wanted(group, name) {
		return row{}
	}
	a, b, c := rand32(m*k), rand32(k*n), make([]float32, m*n)
	return row{group: group, name: name, flops: 2 * m * n * k,
		ours: func() {
			kernel.Gemm(m, n, k, 1, kernel.Matrix[float32]{Data: a, RS: 1, CS: m}, kernel.Matrix[float32]{Data: b, RS: n, CS: 1}, c, n, false)
		},
		peer: func() { C.sgemmT(m, n, k, fp(a), fp(b), fp(c)) }}
}
