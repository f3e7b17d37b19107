// Package gp holds covariance functions, likelihoods and the Gaussian-process
// models that need no stream: the exact GP and its sparse variational
// approximations.
//
// Inputs are the rows of a *mat.Dense (n points, D columns); for one column
// write gp.Column(x). A [Kernel] gives matrices and, going backward, the
// gradient of any scalar with respect to its parameters and to the inputs; all
// models are fitted through that one method.
//
//	symbol      name                        shape
//	X           inputs                      n x D
//	y           targets                     n
//	k, K        kernel, covariance matrix   n x n
//	s2          Noise, observation variance 1
//	Z           inducing inputs             M x D
//	m, S        q(u) = N(m, S)              M, M x M
//
// Start at [SE] and [NewExact].
package gp
