// Package train fits models made of tensors: mini-batches, learning-rate schedules, Adam, early stopping, a history, and
// checkpoints from which training goes on as if it had never stopped, to the last bit.
//
// A Problem says what to minimise; Options say how; Fit does it:
//
//	history, err := train.Fit(lab.Context(), &train.Problem{
//		Model: net, N: len(labels),
//		Loss: func(batch []int, p *nn.Pass, at train.Moment) (*linalg.Tensor, []train.Part) {
//			logits := net.Forward(inputs.Take(batch), p, nil)
//			return nn.CrossEntropy(logits, pick(labels, batch)), nil
//		},
//	}, train.Options{Epochs: 20, Batch: 100, Seed: 1})
//
// The order of examples in epoch e and the random numbers of step s depend on the seed, e and s alone. One seed gives one
// result on any number of threads, whether or not training was interrupted.
//
// An interrupt (a cancelled context) ends Fit between two steps; model and history stay as they are. A Trainer keeps
// them with the state of the optimiser, and its Fit goes on. A loss that is not a number ends Fit with an error that
// names the epoch, the step and the first layer or parameter that went wrong.
//
// It is not for Gaussian processes with few parameters: those are fitted by the optimisers of their packages.
//
// Start at [Fit]; [File] is the format in which models are saved.
package train
