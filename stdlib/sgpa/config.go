package sgpa

import (
	"github.com/priorlab/priorlab/linalg"
)

// Method names a kind of attention.
type Method string

// The kinds of attention a network can have.
const (
	Softmax         Method = "softmax"  // the ordinary transformer
	KernelAttention Method = "kernel"   // F = K_qk v, a point estimate
	SGPA            Method = "sgpa"     // decoupled SGPA
	StandardSGPA    Method = "standard" // keys as inducing points; small, fixed T

	CorrelatedGP       Method = "correlated"        // queries and keys apart, tied by a latent process; no mask
	SparseCorrelatedGP Method = "sparse correlated" // the same with inducing points; fixed T
	EigenPairs         Method = "eigenpairs"        // eigen-pairs of an asymmetric kernel; linear in T
	RandomFeatures     Method = "random features"   // regression of values on keys by random features; linear in T
)

// Scaling of the global divergence in the loss.
const (
	PerSequence = "per_sequence" // each sequence has a function of its own: the published objective
	PerDataset  = "per_dataset"  // one function for all N sequences: KL_g/N
)

// Config describes a network. The zero value of a field means the default in brackets.
type Config struct {
	Method   Method // [SGPA]
	Kernel   Kind   // [ARD; Exponential for text]
	Mode     Mode   // [Diag]
	Width    int    // D [32]
	Heads    int    // H [4]
	Depth    int    // L [2]
	Hidden   int    // units of the feed-forward blocks [Width]
	Inducing int    // M [16]
	Features int    // F, random frequencies of a head, for RandomFeatures [16]
	Classes  int    // outputs [2]
	Dropout  float64

	Covariance    Covariance // of q(v), for SGPA and StandardSGPA [FullCovariance]
	Start         Start      // [Calm]
	Rho           float64    // deviation of the whitened posterior at a calm start; the prior has 1, which suits few steps [0.1]
	Jitter        float64    // [1e-6]
	OutJitter     float64    // of posterior covariances in Full mode [1e-6]
	KLGlobalScale string     // [PerSequence]
	TrainSize     int        // N, for PerDataset
	KLWeight      float64    // multiplies every divergence of SGPA layers, beside beta [1]; below 1 the posterior is tempered

	MeanField     bool // a normal distribution over each weight of attention and feed-forward blocks; softmax only, needs TrainSize
	SeparateNorms bool // a LayerNorm for each place instead of one shared by all
	Double        bool // float64 throughout, for tests

	// Images [B Channels Size Size].
	Channels, Size, Patch int
	// Text.
	Vocabulary, MaxTokens int
	EmbedWidth            int // [Width]
	VectorWidth           int // of fixed word vectors beside the learned embedding, which SetVectors gives; 0 for none
	// Graphs: atom types, with random-walk features of each atom.
	AtomTypes, WalkFeatures int
}

func (c Config) withDefaults() Config {
	str(&c.KLGlobalScale, PerSequence)
	if c.Method == "" {
		c.Method = SGPA
	}
	if c.Kernel == "" {
		c.Kernel = ARD
		if c.Vocabulary > 0 {
			c.Kernel = Exponential
		}
	}
	if c.Mode == "" {
		c.Mode = Diag
	}
	if c.Start == "" {
		c.Start = Calm
	}
	if c.Covariance == "" {
		c.Covariance = FullCovariance
	}
	num(&c.Width, 32)
	num(&c.Heads, 4)
	num(&c.Depth, 2)
	num(&c.Hidden, c.Width)
	num(&c.Inducing, 16)
	num(&c.Features, 16)
	num(&c.Classes, 2)
	num(&c.EmbedWidth, c.Width)
	real(&c.Rho, 0.1)
	real(&c.KLWeight, 1)
	real(&c.Jitter, 1e-6)
	real(&c.OutJitter, 1e-6)
	return c
}

func str(p *string, v string) {
	if *p == "" {
		*p = v
	}
}

func num(p *int, v int) {
	if *p == 0 {
		*p = v
	}
}

func real(p *float64, v float64) {
	if *p == 0 {
		*p = v
	}
}

// check refuses what no network can have.
func (c Config) check() {
	c.Kernel.check("New")
	if c.Width < 1 || c.Heads < 1 || c.Width%c.Heads != 0 {
		fail("New", "", "a width of %d cannot be divided among %d heads", c.Width, c.Heads)
	}
	if c.Depth < 1 || c.Inducing < 1 || c.Features < 1 || c.Classes < 1 || c.Hidden < 1 {
		fail("New", "", "depth %d, %d inducing points, %d random features, %d classes, %d hidden units: all must be at least 1", c.Depth, c.Inducing, c.Features, c.Classes, c.Hidden)
	}
	if c.Dropout < 0 || c.Dropout >= 1 {
		fail("New", "", "dropout is %v: it must be at least 0 and below 1", c.Dropout)
	}
	if c.Mode != Diag && c.Mode != Full && c.Mode != Joint {
		fail("New", `use sgpa.Diag ("diag"), sgpa.Full ("full") or sgpa.Joint ("joint")`, "there is no sampling mode %q", string(c.Mode))
	}
	c.Covariance.check()
	if c.Start != Calm && c.Start != Cold {
		fail("New", `use sgpa.Calm ("calm") or sgpa.Cold ("cold")`, "there is no start %q", string(c.Start))
	}
	if c.Rho <= 0 {
		fail("New", "", "Rho is %v: it must be positive", c.Rho)
	}
	if c.KLWeight < 0 {
		fail("New", "use sgpa.NoKL in training for none", "KLWeight is %v: it must be positive", c.KLWeight)
	}
	if c.MeanField && (c.Method != Softmax || c.TrainSize < 1) {
		fail("New", "set Method to sgpa.Softmax and TrainSize to the number of training inputs",
			"MeanField with %s attention and %d training inputs", c.Method, c.TrainSize)
	}
	kinds := 0
	for _, on := range []bool{c.Size > 0, c.Vocabulary > 0, c.AtomTypes > 0} {
		if on {
			kinds++
		}
	}
	if kinds != 1 {
		fail("New", "set Channels, Size and Patch for images, Vocabulary and MaxTokens for text, or AtomTypes and MaxTokens for graphs",
			"the configuration describes %d kinds of input, not one", kinds)
	}
	if c.Size > 0 && (c.Channels < 1 || c.Patch < 1 || c.Size%c.Patch != 0) {
		fail("New", "", "images of %d channels and size %d cannot be cut into patches of %d", c.Channels, c.Size, c.Patch)
	}
	if c.VectorWidth < 0 || c.VectorWidth > 0 && c.Vocabulary == 0 {
		fail("New", "only networks that read text have word vectors", "word vectors of %d numbers for a vocabulary of %d", c.VectorWidth, c.Vocabulary)
	}
	if c.Size == 0 && c.MaxTokens < 1 {
		fail("New", "set MaxTokens", "the longest sequence has %d tokens", c.MaxTokens)
	}
	if c.KLGlobalScale == PerDataset && c.TrainSize < 1 {
		fail("New", "set TrainSize", "KLGlobalScale is %q, but the number of training sequences is %d", PerDataset, c.TrainSize)
	}
	if c.KLGlobalScale != PerDataset && c.KLGlobalScale != PerSequence {
		fail("New", `use "per_sequence" or "per_dataset"`, "there is no scaling %q", c.KLGlobalScale)
	}
}

func (c Config) dtype() linalg.DType {
	if c.Double {
		return linalg.F64
	}
	return linalg.F32
}

// tokens is the longest sequence.
func (c Config) tokens() int {
	if c.Size > 0 && c.Patch > 0 {
		return (c.Size / c.Patch) * (c.Size / c.Patch)
	}
	return c.MaxTokens
}

// globalScale is the factor of KL_g in the loss.
func (c Config) globalScale() float64 {
	if c.KLGlobalScale == PerDataset && c.TrainSize > 0 {
		return c.KLWeight / float64(c.TrainSize)
	}
	return c.KLWeight
}

// PaperCIFAR10 is the published configuration for CIFAR-10: 64 tokens, five layers, 16 global points a head.
func PaperCIFAR10() Config {
	return Config{Method: SGPA, Kernel: ARD, Width: 128, Heads: 4, Depth: 5, Inducing: 16, Classes: 10, Dropout: 0.1,
		Start: Cold, Channels: 3, Size: 32, Patch: 4}
}

// PaperIMDB is the published configuration for IMDB: two layers, eight heads, 50 global points a head.
func PaperIMDB(vocabulary int) Config {
	return Config{Method: SGPA, Kernel: Exponential, Width: 128, Heads: 8, Depth: 2, Inducing: 50, Classes: 2, Dropout: 0.1,
		Start: Cold, Vocabulary: vocabulary, MaxTokens: 512, EmbedWidth: 128}
}

// PaperCoLA is the published configuration for CoLA. Its fixed word vectors of 1024 numbers are zero until
// Network.SetVectors gives them.
func PaperCoLA(vocabulary int) Config {
	return Config{Method: SGPA, Kernel: Exponential, Width: 256, Heads: 4, Depth: 2, Inducing: 5, Classes: 2, Dropout: 0.1,
		Start: Cold, Jitter: 1e-7, Vocabulary: vocabulary, MaxTokens: 100, EmbedWidth: 128, VectorWidth: 1024}
}
