// Package linalg is the numeric floor of PriorLab: tensors with gradients, products, factorisations, convolutions,
// random numbers, and the worker pool under them, in pure Go with generated assembly for amd64 and arm64.
//
// # Tensors
//
// A Tensor has a run-time element type (F32, F64, I64, Bool), a shape and a buffer. Shape operations are views where
// they can be; arithmetic broadcasts in the usual way (axes aligned from the last one, an axis of length one stretches).
// Networks use F32, Gaussian processes F64; types never mix silently: To converts.
//
//	x := linalg.FromDense(X)                      // *mat.Dense to tensor
//	y := x.MatMul(w).AddS(1).Tanh().Mean(0)
//	d := y.Dense()                                // and back
//
// Faults of shape, type or positive definiteness panic with an *Error that says what was asked, what was found and what
// to do. Try turns such a panic into an ordinary error.
//
// # Gradients
//
// Param marks a tensor as trained. Every operation on it, or on anything made from it, records how to go back; Backward
// on a scalar adds the derivative to Grad of each parameter. There is no global tape: the record hangs on the tensors.
//
// # Memory
//
// Scope calls a function and takes back the memory of every tensor made inside it, except those marked by Keep. A
// training loop puts each step into a Scope and then allocates nothing large after its first step. A tensor used after
// its memory was taken back panics with a message; it never reads another tensor's numbers.
//
// # Reproducibility
//
// Results depend on inputs, shapes and the CPU level (AVX-512, AVX2, NEON or portable Go), never on the number of threads or
// on timing. Random numbers are counter-based: see Rand.
//
// The environment variable PRIORLAB_CPU=go or avx2 chooses a lower level than the machine has; the portable level passes
// the same tests. UseInGonum gives gonum's own matrices the same products.
//
// On arm64 the level is NEON, whose kernels give the bits of AVX2. Random numbers are made in plain Go there. It was tested under
// an emulator; its speed has not been measured.
//
// # Where to start reading
//
// tensor.go (the type), autograd.go (records and Backward), unary.go (the smallest operations with gradients), then
// internal/kernel/gemm.go for the machine's side. The assembly is written by internal/asm/gen, a module of its own; bench,
// another one, compares speeds with OpenBLAS and PyTorch and counts the lines.
//
// # How to add an operator
//
// 1. See whether the operators there are make it up, or Custom does: most losses need no more.
//
// 2. If no kernel does the inner loop, write it in internal/kernel as plain Go over slices, dividing work with par.For in
// chunks that depend on the shape alone: then results do not depend on threads, and every chunk looks for an interrupt. Take
// work space from mem, not from make. A product inside a chunk is gemm with parallel false.
//
// 3. Write the operation as a method or function here: check types and shapes with fail, allocate with newTensor, make
// views contiguous with dense (or read them through strides), call the kernel for F32 and F64.
//
// 4. Return track(out, back, inputs...): back gets the gradient of out and returns one gradient for each input, nil where none
// is wanted. Hold the tensors it needs, not their slices: memory belongs to its tensor.
//
// 5. Add it to the table of gradients with addCases in a test file. The table's tests compare with central differences and
// F32 with F64, with one, two and three threads bit by bit, on views with gaps, and with axes of length zero and one; another
// test fails if an exported operation is missing from it.
//
// 6. If the plain loop is slow, write it for vectors: most functions are a few lines in internal/asm/gen (maths.go and loops.go
// for one pass, rows.go for several over a row), from which AVX2, AVX-512 and NEON, F32 and F64 come out. Run go run . there, and
// call the new kernel in internal/kernel/dispatch.go, with the plain loop for the other levels; a test there compares the two.
package linalg
