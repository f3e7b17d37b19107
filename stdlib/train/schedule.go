package train

import "math"

// Schedule gives the learning rate of each epoch, counted from 0.
type Schedule interface {
	Rate(epoch int) float64
}

// Constant is the same rate throughout.
type Constant float64

// Rate is the constant.
func (c Constant) Rate(int) float64 { return float64(c) }

// WarmupLinear rises linearly from Initial to Base over Warmup epochs, then falls linearly to Min over Decay epochs and
// stays there. With Warmup 0 the first epoch runs at Initial, as published code does.
type WarmupLinear struct {
	Warmup, Decay      int
	Initial, Base, Min float64
}

// Rate is the rate of an epoch.
func (w WarmupLinear) Rate(epoch int) float64 {
	switch {
	case epoch <= w.Warmup:
		return w.Initial + (w.Base-w.Initial)*float64(epoch)/float64(max(w.Warmup, 1))
	case epoch < w.Warmup+w.Decay:
		return w.Min + (w.Base-w.Min)*(1-float64(epoch-w.Warmup)/float64(w.Decay))
	}
	return w.Min
}

// Cosine rises linearly from Base/Warmup to Base over Warmup epochs, then falls to Min along half a cosine until Epochs.
type Cosine struct {
	Warmup, Epochs int
	Base, Min      float64
}

// Rate is the rate of an epoch.
func (c Cosine) Rate(epoch int) float64 {
	if epoch < c.Warmup {
		return c.Base * float64(epoch+1) / float64(c.Warmup)
	}
	share := float64(epoch-c.Warmup) / float64(max(c.Epochs-c.Warmup, 1))
	return c.Min + (c.Base-c.Min)*0.5*(1+math.Cos(math.Pi*math.Min(share, 1)))
}

// Ramp is the weight of a divergence that grows linearly from 0 at epoch 0 to 1 half way through: min(1, 2 epoch/epochs).
func Ramp(epoch, epochs int) float64 {
	return math.Min(1, 2*float64(epoch)/float64(max(epochs, 1)))
}
