"""PyTorch twins of the sparse-GP steps, for peer_test.go: a process that is told on its standard input what to time.

    svgp    value and gradient of the uncollapsed bound, Gaussian likelihood, whitened q(u); by inducing inputs, mean and
            factor of q, kernel and noise
    osgpr   value and gradient of the collapsed online bound over function values at inducing inputs; by the new inducing
            inputs, kernel and noise
    ohsvgp  value and gradient of the collapsed online bound over LegS memories; by kernel and noise
    update  the same without gradient: one task learned with known hyper-parameters

Everything is float64 with a squared exponential kernel on the line. The integrals of LegS are Gauss-Legendre rules, exact
to rounding here: Phi holds the polynomials at the nodes with the weights, so that K_uf = Phi' k(s, x) and
K_uu = Phi' k(s, s') Phi. Tables that do not depend on hyper-parameters are made once, outside the time.

A request is one line, "workload M N seconds"; the answer is the least time of a step in seconds, CPU time with one thread
and wall time with more."""
import math
import os
import sys
import time

threads = int(sys.argv[1])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(threads)

import torch  # noqa: E402: the thread counts are read when it loads
import numpy  # noqa: E402

torch.set_num_threads(threads)
torch.set_default_dtype(torch.float64)


def solve(L, B):
    return torch.linalg.solve_triangular(L, B, upper=False)


def se(x, y, logvar, logls):
    return torch.exp(logvar - 0.5 * (x[:, None] - y[None, :]) ** 2 * torch.exp(-2 * logls))


def gradient(parameters, loss):
    def step():
        for p in parameters:
            p.grad = None
        loss().backward()
    return step


def svgp(M, N):
    x = torch.sort(torch.rand(N) * 10)[0]
    y = torch.sin(2 * x) + 0.1 * torch.randn(N)
    z, m, R = torch.linspace(0, 10, M), torch.zeros(M, 1), 0.5 * torch.eye(M)
    logvar, logls, lognoise = torch.tensor(0.0), torch.tensor(-0.5), torch.tensor(-2.0)
    parameters = [p.requires_grad_() for p in (z, m, R, logvar, logls, lognoise)]
    eye = torch.eye(M)

    def loss():
        L = torch.linalg.cholesky(se(z, z, logvar, logls) + 1e-6 * eye)
        W = solve(L, se(z, x, logvar, logls))
        G = torch.tril(R)
        mean = (W.t() @ m).squeeze(1)
        var = torch.exp(logvar) - (W * W).sum(0) + ((G.t() @ W) ** 2).sum(0)
        fit = -0.5 * (N * (math.log(2 * math.pi) + lognoise) + ((y - mean) ** 2 + var).sum() * torch.exp(-lognoise))
        kl = 0.5 * ((G * G).sum() + (m * m).sum() - M) - torch.log(torch.diagonal(G).abs()).sum()
        return kl - fit
    return gradient(parameters, loss)


def online_bound(y, s2, kff, Kbb, Kbf, Kba, Kaa, old, jitter):
    """The collapsed bound of a task; old is (La, Lam, eta, log|Da|/2 - eta'Da^-1 eta/2)."""
    La, Lam, eta, constant = old
    eye = torch.eye(len(Kbb))
    L = torch.linalg.cholesky(Kbb + jitter * eye)
    W = solve(L, Kbf)
    G = W @ W.t()
    T = solve(La, solve(L, Kba).t()).t()
    R = solve(La, solve(La, Kaa + jitter * eye).t()).t()
    D = torch.linalg.cholesky(eye + G / s2 + T @ Lam @ T.t())
    h = solve(D, W @ y[:, None] / s2 + T @ eta)
    F = -0.5 * (len(y) * torch.log(2 * math.pi * s2) + (y @ y + kff - torch.diagonal(G).sum()) / s2)
    return F + constant - 0.5 * (Lam * (R - T.t() @ T)).sum() + 0.5 * (h * h).sum() - torch.log(torch.diagonal(D)).sum()


def memory(Kaa, Kaf, y, s2, jitter):
    """What is handed over after a first task."""
    eye = torch.eye(len(Kaa))
    La = torch.linalg.cholesky(Kaa + jitter * eye)
    W = solve(La, Kaf)
    Lam, eta = W @ W.t() / s2, W @ y[:, None] / s2
    D = torch.linalg.cholesky(eye + Lam)
    return La, Lam, eta, torch.log(torch.diagonal(D)).sum() - 0.5 * (solve(D, eta) ** 2).sum()


def stream(N):
    x = 10 * torch.arange(1, 2 * N + 1) / (2 * N)
    y = torch.sin(2 * x) + 0.1 * torch.randn(2 * N)
    return x[:N], y[:N], x[N:], y[N:]


def osgpr(M, N):
    xa, ya, x, y = stream(N)
    za, zb = torch.linspace(0, 5, M), torch.linspace(0, 10, M).requires_grad_()
    logvar, logls, lognoise = [torch.tensor(v).requires_grad_() for v in (0.0, math.log(0.6), math.log(0.13))]
    with torch.no_grad():
        old = memory(se(za, za, logvar, logls), se(za, xa, logvar, logls), ya, torch.exp(lognoise), 1e-6)

    def loss():
        k = lambda a, b: se(a, b, logvar, logls)  # noqa: E731
        return -online_bound(y, torch.exp(lognoise), N * torch.exp(logvar), k(zb, zb), k(zb, x), k(zb, za), k(za, za), old, 1e-6)
    return gradient([zb, logvar, logls, lognoise], loss)


def projection(M, t, panels):
    """Nodes on [0,t] and the LegS projections there, weights included."""
    u, w = numpy.polynomial.legendre.leggauss(max(32, M // 2 + 20))
    edges = numpy.linspace(0, t, panels + 1)
    s = numpy.concatenate([a + (b - a) * (u + 1) / 2 for a, b in zip(edges, edges[1:])])
    w = numpy.tile(w * (t / panels) / 2, panels)
    P = numpy.polynomial.legendre.legvander(2 * s / t - 1, M - 1) * numpy.sqrt(2 * numpy.arange(M) + 1) / t
    return torch.tensor(s), torch.tensor(P * w[:, None])


def legs(M, N, learn):
    xa, ya, x, y = stream(N)
    sa, Pa = projection(M, 5.0, 4)
    sb, Pb = projection(M, 10.0, 4)
    logvar, logls, lognoise = [torch.tensor(v) for v in (0.0, math.log(0.6), math.log(0.13))]
    k = lambda a, b: se(a, b, logvar, logls)  # noqa: E731
    old = memory(Pa.t() @ k(sa, sa) @ Pa, Pa.t() @ k(sa, xa), ya, torch.exp(lognoise), 1e-8)

    def loss():
        Kbb, Kaa = Pb.t() @ (k(sb, sb) @ Pb), Pa.t() @ (k(sa, sa) @ Pa)
        Kbf, Kba = Pb.t() @ k(sb, x), Pb.t() @ (k(sb, sa) @ Pa)
        return -online_bound(y, torch.exp(lognoise), N * torch.exp(logvar), Kbb, Kbf, Kba, Kaa, old, 1e-8)
    if learn:
        return gradient([p.requires_grad_() for p in (logvar, logls, lognoise)], loss)

    def step():
        with torch.no_grad():
            loss()
    return step


workloads = {"svgp": svgp, "osgpr": osgpr, "ohsvgp": lambda M, N: legs(M, N, True), "update": lambda M, N: legs(M, N, False)}
clock = time.process_time if threads == 1 else time.perf_counter
made = {}
for line in sys.stdin:
    name, M, N, seconds = line.split()
    key = (name, int(M), int(N))
    if key not in made:
        torch.manual_seed(0)
        made = {key: workloads[name](int(M), int(N))}
        made[key]()
    step, best = made[key], math.inf
    end = time.perf_counter() + float(seconds)
    while best == math.inf or time.perf_counter() < end:
        began, n = clock(), 0
        while n == 0 or clock() - began < 0.005:
            step()
            n += 1
        best = min(best, (clock() - began) / n)
    print(best, flush=True)
