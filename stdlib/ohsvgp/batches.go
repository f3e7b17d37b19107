package ohsvgp

import (
	"context"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/mat"
)

// batchEpochs is how often a task is gone through in batches.
const batchEpochs = 20

// fitBatches climbs by natural gradients on batches: the data's precision and
// linear term move a share rho towards what a batch asks for, its terms counted
// N/batch times, with rho falling so that the noise of the batches averages
// out. It leaves e at the final q, on all data.
func fitBatches(ctx context.Context, e *elbo, batch int, r *linalg.Rand) (*posterior, error) {
	n, M := len(e.y), e.L.N()
	data, linear := mat.NewDense(M, M, nil), make([]float64, M)
	part := &elbo{L: e.L, old: e.old, lik: e.lik, T: e.T, carried: e.carried, carriedEta: e.carriedEta, constantPart: e.constantPart}
	q, err := e.with(data, linear)
	if err != nil {
		return nil, err
	}
	scale, step := float64(n)/float64(batch), 0
	for epoch := 0; epoch < batchEpochs; epoch++ {
		order := r.Perm(n)
		for lo := 0; lo+batch <= n; lo += batch {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			part.choose(e, order[lo:lo+batch])
			part.at(q.v, q.D.Inverse(), -q.D.LogDet())
			t, _ := targets(noSites([]*elbo{part}), []*elbo{part})
			W := weighted(part.W, roots(t[0].lam))
			rho := 1 / (1 + 0.1*float64(step))
			if step == 0 {
				rho = 0.5 // the first marginals are the prior's
			}
			step++
			want := linalg.SymProduct(W, false)
			for i, v := range times(part.W, t[0].nu) {
				linear[i] += rho * (scale*v - linear[i])
				d, w := data.RawRowView(i), want.RawRowView(i)
				for j := range d {
					d[j] += rho * (scale*w[j] - d[j])
				}
			}
			if q, err = e.with(data, linear); err != nil {
				return nil, err
			}
		}
	}
	e.at(q.v, q.D.Inverse(), -q.D.LogDet())
	return q, nil
}

// with is q for a precision and a linear term of the data.
func (e *elbo) with(data *mat.Dense, linear []float64) (*posterior, error) {
	q := &posterior{L: e.L, Lam: mat.DenseCopyOf(data), eta: append([]float64(nil), linear...)}
	if e.old != nil {
		q.Lam.Add(q.Lam, e.carried)
		for i, v := range e.carriedEta {
			q.eta[i] += v
		}
	}
	return q, q.finish()
}

// choose makes part the bound of some of e's data.
func (part *elbo) choose(e *elbo, rows []int) {
	M := e.L.N()
	part.W = mat.NewDense(M, len(rows), nil)
	part.b = &blocks{kff: make([]float64, len(rows))}
	part.y = make([]float64, len(rows))
	for j, n := range rows {
		part.y[j], part.b.kff[j] = e.y[n], e.b.kff[n]
	}
	for i := 0; i < M; i++ {
		from, to := e.W.RawRowView(i), part.W.RawRowView(i)
		for j, n := range rows {
			to[j] = from[n]
		}
	}
}
