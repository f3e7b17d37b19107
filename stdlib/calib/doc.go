// Package calib measures how far predicted probabilities can be trusted: accuracy and proper scores, calibration error
// in the two definitions that papers use, detection of inputs from elsewhere, scores of regression, and temperature
// scaling. It knows nothing of models: probabilities come in as a matrix, labels as a slice of ints.
//
//	symbol   name             shape
//	pbar     p, probs         N x C    class probabilities, one row an input, rows add to one
//	p_s      samples          S of N x C, one for each Monte Carlo pass; MeanProbs gives pbar
//	y        labels           N        0 ... C-1
//	H[pbar]  Entropy          N        total uncertainty, in nats
//	MI       MutualInfo       N        H[pbar] minus the mean of H[p_s]: what the samples disagree about
//	T        Temperature.T    1        logits are divided by it
//
// Two definitions of expected calibration error are in use and their values cannot be compared. Top1 looks at the
// winning class alone, in bins (b/n, (b+1)/n]. AllClass counts every one of the N C probabilities as a prediction of
// its own, in bins [b/n, (b+1)/n); its many near-zero entries make its values look far smaller. Every result here
// says which one it is.
//
// Probabilities are averaged over samples, never logits, and every measure is taken over the whole set at once: the
// average of the ECEs of batches is another number.
//
// Functions of one measure panic with a *linalg.Error when shapes or labels are wrong, so that calls nest in a cell;
// Evaluate and Compare return errors.
//
// Start at [Evaluate], which gives everything about one model, and [Compare], which sets several side by side.
package calib
