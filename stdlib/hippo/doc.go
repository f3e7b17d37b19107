// Package hippo is the HiPPO memory: the past of a signal kept as the
// coefficients of a growing or sliding polynomial fit.
//
// For the scaled Legendre measure (LegS), on [0,t]:
//
//	symbol      meaning                                          formula
//	g_m(x)      basis, orthonormal under the measure 1/t          sqrt(2m+1) P_m(2x/t-1)
//	phi_m(x)    projection, g_m times the measure                 g_m(x)/t
//	c_m(t)      memory                                            integral of f phi_m over [0,t]
//	A, B        operator: dc/dt = (-A c + B f)/t                  see Operator
//	E(t1,t2)    transition: c(t2) = E c(t1) + new segment         see Transition
//
// A [Memory] is advanced exactly by Advance, which has no step size, or by the
// discretised recurrences of Step. [Sliding] is the memory of a recent past, under
// LegT, LagT and FouT; their Gaussian-process use is in package ohsvgp.
//
// Start at [NewMemory].
package hippo
