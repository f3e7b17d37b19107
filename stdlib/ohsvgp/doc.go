// Package ohsvgp holds online Gaussian processes with a HiPPO memory and the
// methods they are compared with (thesis chapter 4; Chen et al., "Recurrent
// Memory for Online Interdomain Gaussian Processes", NeurIPS 2025).
//
// Data come in tasks along time; once a task is learned its data are gone. The
// inducing variables are projections of the whole past of f on M polynomials,
//
//	u_m^(t) = int_0^t f(x) phi_m^(t)(x) dx,
//
// so that moving on keeps M and moves the end time: no inducing places to
// choose, and nothing to optimise in an update.
//
//	symbol            meaning                                     shape
//	b, a              new, old inducing variables                 M
//	Kbb, Kbf, Kba     their covariances with b, f(x), a           M x M, M x N, M x M
//	L                 lower Cholesky factor of Kbb + jitter       M x M
//	v                 whitened variables, b = L v                 M
//	Lam, eta          what data contributed: precision, linear    M x M, M
//	D                 I + Lam; q(v) = N(D^-1 eta, D^-1)           M x M
//	Wf                L^-1 Kbf                                    M x N
//	T                 L^-1 Kba La^-T, the whitened transition     M x M
//	s2                observation variance, Noise                 1
//
// An update with Gaussian noise is closed:
//
//	Lam = Wf Wf'/s2 + T Lam_a T'        eta = Wf y/s2 + T eta_a
//
// All covariances of an update come from one basis, so that exact and
// approximate blocks cannot meet.
//
// A likelihood that is not Gaussian (Options.Likelihood) is fitted by natural
// gradients with Gaussian sites, which end in the same form.
//
// What else is here:
//
//	NewOSGPR, NewOVC, NewOVFF   the baselines, with the same methods
//	NewReference, NewBatch      the exact GP and the batch sparse one, for comparison
//	NewPath                     several inputs, read as a path in pseudo-time
//	Options.Measure, .Route     other measures; random features and the ODE
//	Model.Save, Load            a model goes on with the same bits
//	NewClassifier               several classes, the softmax likelihood
//	Options.Batch               large tasks of counts or classes in batches
//	DirectKuu                   the equation for K_uu itself, to look at
//	Latent, GPVAE               the memory in a variational auto-encoder
//	experiments, cmd/chapter4   the chapter's comparisons
//
// Start at [New], then [Model.Update], [Model.Predict] and
// [Model.SampleWith]. The interface [Online] runs over all methods.
package ohsvgp
