// Package nn holds the layers of transformers: linear maps, normalisation, embeddings, attention, feed-forward blocks and
// pooling. A layer is a struct of parameters with a Forward method; its parameters have names, with which optimisers,
// checkpoints and tables find them.
//
//	symbol    shape              meaning
//	B, T, D                      batch, tokens, model width
//	H, d      D = H d            heads, width of a head
//	W, b      [out in], [out]    a linear map y = x W' + b
//	x, h      [B T D]            tokens
//	mask      [B T]              1 for real tokens, 0 for padding, which comes last
//
// Every Forward takes a Pass: it says whether this is training (dropout is on), carries the source of random numbers,
// and gathers penalties, such as divergences, that belong to the loss.
//
//	rng := linalg.NewRand(1)
//	net := nn.NewMLP(rng, linalg.F32, 16, 64, 3, 0.1)
//	y := net.Forward(x, nn.Eval())
//
// Weights begin uniform in +-1/sqrt(fan-in), from the source that the constructor is given: one seed, one network.
// Wrong shapes panic with a *linalg.Error that names the layer.
//
// Start at [Linear], then [Block].
package nn
