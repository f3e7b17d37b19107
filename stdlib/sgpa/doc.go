// Package sgpa is attention as a sparse Gaussian process (Chen and Li, "Calibrating Transformers via Sparse Gaussian
// Processes", ICLR 2023): transformers whose attention output is drawn from a posterior, so that their probabilities
// know what the network does not know.
//
//	symbol      name         shape        meaning
//	B, T, D                               batch, tokens, model width
//	H, d        Heads        D = H d      heads, width of a head
//	M           Inducing                  global inducing points of a head
//	S           Samples                   Monte Carlo samples drawn by the first layer
//	x           x            B T D        layer input after LayerNorm
//	W_qk, W_v   Wqk, Wv      H d D        projections; one serves queries and keys
//	q = k_a     q            B H T d      queries, which are the amortised keys
//	v_a         va           B H T d      values
//	Z_g         Zg           H M D        global inducing inputs
//	k_g         kg           H M d        global keys W_qk G(Z_g)
//	v_g         Vg           H M d        global values
//	R_j         Ltri, LogDiag             lower factor of the whitened covariance, H d M M; see [Covariance]
//	s2, ell     LogVar, LogScale          kernel variance [H], length-scales [H d]
//	m, Sigma    Mean, Var, Cov            posterior of the attention output
//	KL_a, KL_g                            divergence of the amortised and of the global part
//	omega, F    Omega, Features H F d     frequencies of random features
//
// Two versions stand side by side. The plain one (kernel.go, plain.go, relatives.go) works on one head and one sequence
// in float64 and reads like the equations: notebooks draw it, and the fast one is tested against it. The layers work
// on batches of tensors with gradients.
//
// With L = chol(K_gg + jitter I) and A = L^-1 K_gq, decoupled SGPA is
//
//	m_j     = (K_qq - A'A) va_j + K_qg vg_j
//	Sigma_j = K_qq - A'A + (R_j'A)'(R_j'A)
//
// and the inverse of K_gg that A'A contains is needed: without it the divergence does not belong to the posterior that
// is drawn from.
//
// A layer takes, beside its projections and in multiply-adds up to small factors,
//
//	Softmax, KernelAttention      B H T (T d)
//	SGPA                          B H T (T d + M^2 + c) + H M^3
//	StandardSGPA                  B H T (T d + T^2 + c)
//	RandomFeatures                B H (T (F^2 + F d) + F^3)
//	EigenPairs                    B H T (M d + M^3)
//	CorrelatedGP                  B H T (T d + T^2)
//
// where c is the channels' variances: with n inducing points, n = M or for StandardSGPA n = T, d n^2 for [FullCovariance], n^2 for
// [SharedCovariance] and d n for [DiagonalCovariance]. Draws in Full mode add B H d T^3 (B H T^3 where the channels share a
// covariance), in Joint B H T^3, of random features B H d T F. Commands chapter3 and speed below this folder measure what comes of it.
//
// Start at [Decoupled], which is the whole method in forty lines.
package sgpa
