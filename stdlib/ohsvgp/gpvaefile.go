package ohsvgp

import (
	"encoding/json"
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

const vaeKind = "ohsvgp.GPVAE"

// savedVAE is the part of a saved GP-VAE that is not matrices.
type savedVAE struct {
	Options  GPVAEOptions    `json:"options"` // without the kernel
	Kernel   json.RawMessage `json:"kernel,omitempty"`
	Dims     int             `json:"dims"`
	Tasks    int             `json:"tasks"`
	Unit     float64         `json:"unit"`
	Fisher   bool            `json:"fisher,omitempty"`
	Channels []savedChannel  `json:"channels,omitempty"`
}

type savedChannel struct {
	Basis  *savedBasis
	Jitter float64
	Kernel json.RawMessage `json:",omitempty"` // where the channels have kernels of their own
}

// Save writes the whole model to a file: networks, the memory of every channel,
// and what elastic weight consolidation keeps. A loaded model continues with the
// same bits.
func (g *GPVAE) Save(path string) error {
	s := savedVAE{Options: g.opt, Dims: g.dims, Tasks: g.tasks, Unit: g.unit, Fisher: g.fisher != nil}
	s.Options.Kernel = nil
	var all tensors
	var err error
	if g.opt.Kernel != nil {
		if s.Kernel, err = gp.EncodeKernel(g.opt.Kernel); err != nil {
			return err
		}
	}
	all = append(all, nn.Under("net", g.Params())...)
	for i := range g.fisher {
		all = append(all, nn.Param{Name: fmt.Sprint("fisher.", i), Value: g.fisher[i]}, nn.Param{Name: fmt.Sprint("star.", i), Value: g.star[i]})
	}
	for l, c := range g.channels {
		if c.q == nil {
			break
		}
		one := savedChannel{Basis: all.posterior(fmt.Sprintf("channel.%d.", l), c.q), Jitter: c.q.L.Jitter()}
		if g.opt.LearnKernel {
			if one.Kernel, err = gp.EncodeKernel(c.Kernel); err != nil {
				return err
			}
		}
		s.Channels = append(s.Channels, one)
	}
	f, err := train.NewFile(vaeKind, 1, s, all)
	if err != nil {
		return err
	}
	return f.Save(path)
}

// LoadGPVAE reads a model that GPVAE.Save wrote.
func LoadGPVAE(path string) (*GPVAE, error) {
	f, err := train.Load(path)
	if err != nil {
		return nil, err
	}
	g, err := vaeFromFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return g, nil
}

func vaeFromFile(f *train.File) (*GPVAE, error) {
	if f.Kind != vaeKind || f.Version != 1 {
		return nil, fmt.Errorf("ohsvgp: the file holds a %s of version %d, not a %s of version 1", f.Kind, f.Version, vaeKind)
	}
	var s savedVAE
	if err := json.Unmarshal(f.Config, &s); err != nil {
		return nil, fmt.Errorf("ohsvgp: the saved GP-VAE: %w", err)
	}
	g := NewGPVAE(s.Options)
	if s.Kernel != nil {
		var err error
		if g.opt.Kernel, err = gp.DecodeKernel(s.Kernel); err != nil {
			return nil, err
		}
	}
	if s.Dims == 0 {
		return g, nil
	}
	if s.Dims < 0 || g.opt.Latents < 1 || g.opt.Width < 1 || s.Dims > 1<<20 || g.opt.Width > 1<<20 || g.opt.Latents > 1<<20 || len(s.Channels) != g.opt.Latents || g.opt.Kernel == nil {
		return nil, fmt.Errorf("ohsvgp: the saved GP-VAE has %d data channels, width %d and the memory of %d of %d latent channels", s.Dims, g.opt.Width, len(s.Channels), g.opt.Latents)
	}
	g.begin(s.Dims, s.Unit)
	g.tasks = s.Tasks
	saved := map[string]*linalg.Tensor{}
	for _, t := range f.Tensors {
		saved[t.Name] = t.Value
	}
	if z := saved["net.Z"]; z != nil {
		g.z = linalg.Param(z.Clone())
	}
	for _, p := range nn.Under("net", g.Params()) {
		v := saved[p.Name]
		if v == nil || v.DType() != linalg.F64 || fmt.Sprint(v.Shape()) != fmt.Sprint(p.Value.Shape()) {
			return nil, fmt.Errorf("ohsvgp: %s is missing from the file, or is not %v", p.Name, p.Value.Shape())
		}
		p.Value.Set(v)
	}
	for i := 0; s.Fisher && i < len(g.networks()); i++ {
		a, b := saved[fmt.Sprint("fisher.", i)], saved[fmt.Sprint("star.", i)]
		if a == nil || b == nil {
			return nil, fmt.Errorf("ohsvgp: the weight consolidation of parameter %d is missing from the file", i)
		}
		g.fisher, g.star = append(g.fisher, a), append(g.star, b)
	}
	for l, c := range s.Channels {
		parts, err := matrices(f.Tensors, fmt.Sprintf("channel.%d.", l))
		if err != nil {
			return nil, err
		}
		if c.Basis == nil {
			return nil, fmt.Errorf("ohsvgp: channel %d in the file has no memory", l)
		}
		kernel := s.Kernel
		if g.opt.LearnKernel {
			kernel = c.Kernel
		}
		q, err := c.Basis.posterior(parts, kernel, c.Jitter)
		if err != nil {
			return nil, err
		}
		g.channels[l].q, g.channels[l].Kernel = q, q.kernel.Clone()
	}
	return g, nil
}
