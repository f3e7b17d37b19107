package main

import . "github.com/mmcloughlin/avo/operand"

// covariances emits the passes of Gaussian processes.
func covariances() {
	tables, iotas = map[string]Mem{}, map[bool]Mem{}
	// dst = s2 exp(s1 (s0 - x)^2), s1 not positive: a row of the squared exponential kernel on the line. The scalars
	// are read when they are wanted, so that AVX2 has registers for two units, which one unit alone would keep waiting.
	vector("SquaredExp", 2, [2]int{4, 2}, nil, func(p *prog) {
		d := p.sub(p.arg(0), p.load(1))
		e := p.expNeg(p.mul(p.mul(d, d), p.arg(1)))
		p.store(p.mul(e, p.arg(2)), 0)
	}, nil)
	// Sums of p, p u and p u^2 with p = k (w a + s0 b) and u = s1 - x; pointers k, w, a, b, x.
	var s []V
	var sums [3]V
	vector("LineSums", 5, [2]int{1, 1}, func(p *prog) {
		s = []V{p.arg(0), p.arg(1)}
		for i := range sums {
			sums[i] = p.fill(K(0))
		}
	}, func(p *prog) {
		w := p.mul(p.load(1), p.load(2))
		w = p.mul(p.fma(w, p.load(3), s[0]), p.load(0))
		u := p.sub(s[1], p.load(4))
		p.in3("ADD", sums[0], sums[0], w)
		w = p.mul(w, u)
		p.in3("ADD", sums[1], sums[1], w)
		p.fma(sums[2], w, u)
	}, func(p *prog) {
		for i, v := range sums {
			p.joinLanes(v, "ADD", fR+8*i)
		}
	})
}
