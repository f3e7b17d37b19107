"""The PyTorch side of the comparison: reads lines "name seconds", runs that workload for so long, and answers with the
least time of a step in seconds: CPU time with one thread, wall time with more. Unknown names are answered with -1."""
import math, os, sys, time
import torch
from torch import nn
import torch.nn.functional as F

threads = int(sys.argv[1])
torch.set_num_threads(threads)
torch.manual_seed(0)
clock = time.process_time if threads == 1 else time.perf_counter
work = {}


def add(name):
    def put(make):
        work[name] = make
        return make
    return put


for dt, tag in ((torch.float32, "f32"), (torch.float64, "f64")):
    for name in ("exp", "log", "tanh", "erf", "sigmoid", "sin"):
        @add(f"maths {tag}/{name}")
        def _(dt=dt, name=name):
            x, y = torch.rand(1 << 18, dtype=dt) + 0.1, torch.empty(1 << 18, dtype=dt)
            f = getattr(torch, name)
            return lambda: f(x, out=y)

    for name in ("gelu", "silu", "softplus"):
        @add(f"maths {tag}/{name}")
        def _(dt=dt, name=name):
            x = torch.randn(1 << 18, dtype=dt)
            f = getattr(F, name)
            return lambda: f(x)

    @add(f"maths {tag}/normal")
    def _(dt=dt):
        y = torch.empty(1 << 18, dtype=dt)
        return lambda: y.normal_()

    @add(f"maths {tag}/sum")
    def _(dt=dt):
        x = torch.randn(1 << 18, dtype=dt)
        return lambda: x.sum()


def grads(f, *xs):
    xs = [x.requires_grad_() for x in xs]
    y = f(*xs)
    g = torch.randn_like(y)

    def step():
        for x in xs:
            x.grad = None
        f(*xs).backward(g)
    return step


def forward(f, *xs):
    def step():
        with torch.no_grad():
            f(*xs)
    return step


for how, make in (("forward", forward), ("with gradients", grads)):
    for b, ci, co, n in ((64, 32, 32, 28), (64, 64, 64, 14), (64, 128, 128, 7), (100, 64, 64, 32)):
        @add(f"conv/b{b} {ci}-{co} {n}x{n} {how}")
        def _(b=b, ci=ci, co=co, n=n, make=make):
            return make(lambda x, w: F.conv2d(x, w, padding=1), torch.randn(b, ci, n, n), torch.randn(co, ci, 3, 3))

    @add(f"nn/softmax 25600x64 {how}")
    def _(make=make):
        return make(lambda x: torch.softmax(x, -1), torch.randn(25600, 64))

    @add(f"nn/layer norm 6400x128 {how}")
    def _(make=make):
        return make(lambda x, g, b: F.layer_norm(x, (128,), g, b), torch.randn(6400, 128), torch.ones(128), torch.zeros(128))

    @add(f"nn/group norm 64x16x16x64 {how}")
    def _(make=make):
        return make(lambda x, g, b: F.group_norm(x, 8, g, b), torch.randn(64, 64, 16, 16), torch.ones(64), torch.zeros(64))

    @add(f"nn/attention 100x4x64x32 {how}")
    def _(make=make):
        def f(q, k, v):
            return torch.softmax(q @ k.transpose(-1, -2) * 32 ** -0.5, -1) @ v
        return make(f, *(torch.randn(100, 4, 64, 32) for _ in range(3)))

    @add(f"nn/cholesky 400 of 64 {how}")
    def _(make=make):
        a = torch.randn(400, 64, 64)
        return make(torch.linalg.cholesky, a @ a.transpose(-1, -2) + 64 * torch.eye(64))


B, D, H, DEPTH, T, M = 100, 128, 4, 5, 64, 32
DH = D // H


def rbf(x, y, lv, ls):
    w = torch.exp(-ls).unsqueeze(-2)
    x, y = x * w, y * w
    d = (x * x).sum(-1, keepdim=True) + (y * y).sum(-1, keepdim=True).transpose(-1, -2) - 2 * (x @ y.transpose(-1, -2))
    return torch.exp(lv[..., None, None] - 0.5 * d.clamp_min(0))


class Softmax(nn.Module):
    def __init__(s):
        super().__init__()
        s.qkv, s.o = nn.Linear(D, 3 * D), nn.Linear(D, D)

    def forward(s, x):
        n = x.shape[0]
        q, k, v = s.qkv(x).view(n, T, 3, H, DH).permute(2, 0, 3, 1, 4)
        a = torch.softmax(q @ k.transpose(-1, -2) * DH ** -0.5, -1) @ v
        return s.o(a.transpose(1, 2).reshape(n, T, D)), 0.0


class SparseGP(nn.Module):
    def __init__(s):
        super().__init__()
        s.qk, s.v, s.o = nn.Linear(D, D, bias=False), nn.Linear(D, D, bias=False), nn.Linear(D, D)
        s.lv, s.ls = nn.Parameter(torch.zeros(H)), nn.Parameter(torch.zeros(H, DH) + 1.0)
        s.zg, s.vg = nn.Parameter(torch.randn(H, M, D)), nn.Parameter(torch.randn(H, M, DH) * 0.1)
        s.lt, s.ld = nn.Parameter(torch.randn(H, DH, M, M) * 0.02), nn.Parameter(torch.zeros(H, DH, M) - 1)

    def forward(s, x):
        n = x.shape[0]
        q, v = (t.view(n, T, H, DH).transpose(1, 2) for t in (s.qk(x), s.v(x)))
        K = rbf(q, q, s.lv, s.ls)
        kg = torch.einsum("hed,hmd->hme", s.qk.weight.view(H, DH, D), s.zg)
        Kg = rbf(kg.unsqueeze(0), q, s.lv, s.ls)
        L = torch.linalg.cholesky(rbf(kg, kg, s.lv, s.ls) + 1e-3 * torch.eye(M))
        R = torch.tril(s.lt, -1) + torch.diag_embed(torch.exp(s.ld))
        A = torch.linalg.solve_triangular(L, Kg.permute(1, 2, 0, 3).reshape(H, M, n * T), upper=False)
        RA = R.transpose(-1, -2) @ A.unsqueeze(1)
        A = A.view(H, M, n, T).permute(2, 0, 1, 3)
        Ava, Kva = A @ v, K @ v
        mean = Kva - A.transpose(-1, -2) @ Ava + Kg.transpose(-1, -2) @ s.vg
        Lv = L.transpose(-1, -2) @ s.vg
        kl = 0.5 * ((v * Kva).sum() - (Ava ** 2).sum()) / n + \
            0.5 * ((Lv ** 2).sum() + (R ** 2).sum() - H * DH * M) - s.ld.sum()
        q2 = (RA ** 2).sum(2).view(H, DH, n, T).permute(2, 0, 3, 1)
        var = torch.exp(s.lv)[None, :, None, None] - (A ** 2).sum(-2)[..., None] + q2
        f = mean + torch.sqrt(var.clamp_min(1e-8)) * torch.randn_like(v)
        return s.o(f.transpose(1, 2).reshape(n, T, D)), kl


class Block(nn.Module):
    def __init__(s, att):
        super().__init__()
        s.n1, s.n2, s.at = nn.LayerNorm(D), nn.LayerNorm(D), att()
        s.a, s.b = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)

    def forward(s, x):
        a, kl = s.at(s.n1(x))
        x = x + a
        return x + s.b(F.gelu(s.a(s.n2(x)))), kl


class ViT(nn.Module):
    def __init__(s, att):
        super().__init__()
        s.patch, s.pos = nn.Linear(48, D), nn.Parameter(torch.randn(1, T, D) * 0.02)
        s.blocks = nn.ModuleList(Block(att) for _ in range(DEPTH))
        s.n, s.pool, s.head = nn.LayerNorm(D), nn.Linear(D, 1), nn.Linear(D, 10)

    def forward(s, x):
        x, kl = s.patch(x) + s.pos, 0.0
        for b in s.blocks:
            x, k = b(x)
            kl = kl + k
        x = s.n(x)
        return s.head((torch.softmax(s.pool(x), 1) * x).sum(1)), kl


def train(m, loss, opt):
    def step():
        opt.zero_grad(set_to_none=True)
        loss().backward()
        opt.step()
    return step


for name, att in (("ViT", Softmax), ("ViT sparse GP", SparseGP)):
    @add("steps/" + name)
    def _(att=att):
        m = ViT(att)
        x, y = torch.randn(B, T, 48), torch.randint(0, 10, (B,))

        def loss():
            logits, kl = m(x)
            return F.cross_entropy(logits, y) + 1e-4 * kl
        return train(m, loss, torch.optim.AdamW(m.parameters(), lr=1e-3))


class VRes(nn.Module):
    def __init__(s):
        super().__init__()
        s.a, s.b = nn.Conv2d(64, 32, 3, padding=1), nn.Conv2d(32, 64, 1)

    def forward(s, x):
        return x + s.b(F.relu(s.a(F.relu(x))))


@add("steps/VQ-VAE")
def _():
    C, K = 64, 256
    enc = nn.Sequential(nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, C, 4, 2, 1), nn.ReLU(), nn.Conv2d(C, C, 3, 1, 1), VRes(), VRes())
    dec = nn.Sequential(nn.Conv2d(C, C, 3, 1, 1), VRes(), VRes(), nn.ReLU(), nn.ConvTranspose2d(C, 32, 4, 2, 1), nn.ReLU(),
                        nn.ConvTranspose2d(32, 1, 4, 2, 1))
    m = nn.Sequential(enc, dec)
    code, x = torch.randn(K, C), torch.rand(64, 1, 28, 28)
    cnt, tot = torch.ones(K), code.clone()

    def loss():
        z = enc(x)
        zf = z.permute(0, 2, 3, 1).reshape(-1, C)
        with torch.no_grad():
            d = (zf * zf).sum(1, keepdim=True) - 2 * zf @ code.t() + (code * code).sum(1)
            idx = d.argmin(1)
            cnt.mul_(0.99).add_(torch.bincount(idx, minlength=K).float(), alpha=0.01)
            tot.mul_(0.99).add_(torch.zeros(K, C).index_add_(0, idx, zf), alpha=0.01)
            t = cnt.sum()
            code.copy_(tot / ((cnt + 1e-5) / (t + K * 1e-5) * t).unsqueeze(1))
        q = code[idx]
        commit = F.mse_loss(zf, q)
        q = zf + (q - zf).detach()
        return F.mse_loss(dec(q.view(z.shape[0], *z.shape[2:], C).permute(0, 3, 1, 2)), x) + 0.25 * commit
    return train(m, loss, torch.optim.Adam(m.parameters(), lr=2e-4))


C0, E, G = 32, 128, 8


class Res(nn.Module):
    def __init__(s, ci, co):
        super().__init__()
        s.n1, s.c1 = nn.GroupNorm(G, ci), nn.Conv2d(ci, co, 3, padding=1)
        s.n2, s.c2 = nn.GroupNorm(G, co), nn.Conv2d(co, co, 3, padding=1)
        s.e = nn.Linear(E, 2 * co)
        s.skip = nn.Conv2d(ci, co, 1) if ci != co else nn.Identity()

    def forward(s, x, e):
        h = s.c1(F.silu(s.n1(x)))
        sc, sh = s.e(F.silu(e))[:, :, None, None].chunk(2, 1)
        return s.skip(x) + s.c2(F.silu(s.n2(h) * (1 + sc) + sh))


class Attn(nn.Module):
    def __init__(s, c):
        super().__init__()
        s.n, s.qkv, s.o = nn.GroupNorm(G, c), nn.Conv2d(c, 3 * c, 1), nn.Conv2d(c, c, 1)

    def forward(s, x):
        b, c, h, w = x.shape
        q, k, v = s.qkv(s.n(x)).view(b, 3, c, h * w).unbind(1)
        a = torch.softmax(q.transpose(1, 2) @ k * c ** -0.5, -1)
        return x + s.o((v @ a.transpose(1, 2)).view(b, c, h, w))


class UNet(nn.Module):
    def __init__(s):
        super().__init__()
        s.t1, s.t2, s.inp = nn.Linear(C0, E), nn.Linear(E, E), nn.Conv2d(1, C0, 3, padding=1)
        s.down, s.up, chans, c = nn.ModuleList(), nn.ModuleList(), [C0], C0
        for i, m in enumerate((1, 2, 2)):
            s.down.append(Res(c, C0 * m))
            c = C0 * m
            chans.append(c)
            if i < 2:
                s.down.append(nn.Conv2d(c, c, 3, 2, 1))
                chans.append(c)
        s.m1, s.ma, s.m2 = Res(c, c), Attn(c), Res(c, c)
        for i, m in ((2, 2), (1, 2), (0, 1)):
            for _ in range(2):
                s.up.append(Res(c + chans.pop(), C0 * m))
                c = C0 * m
            if i > 0:
                s.up.append(nn.Conv2d(c, c, 3, padding=1))
        s.n, s.out = nn.GroupNorm(G, c), nn.Conv2d(c, 1, 3, padding=1)

    def forward(s, x, t):
        a = t[:, None].float() * torch.exp(-math.log(10000) * torch.arange(C0 // 2) / (C0 // 2))
        e = s.t2(F.silu(s.t1(torch.cat([a.cos(), a.sin()], 1))))
        h = s.inp(x)
        hs = [h]
        for l in s.down:
            h = l(h, e) if isinstance(l, Res) else l(h)
            hs.append(h)
        h = s.m2(s.ma(s.m1(h, e)), e)
        for l in s.up:
            h = l(torch.cat([h, hs.pop()], 1), e) if isinstance(l, Res) else l(F.interpolate(h, scale_factor=2.0))
        return s.out(F.silu(s.n(h)))


@add("steps/DDPM U-Net")
def _():
    m = UNet()
    x0, abar = torch.rand(64, 1, 32, 32) * 2 - 1, torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)

    def loss():
        t, eps = torch.randint(0, 1000, (64,)), torch.randn_like(x0)
        a = abar[t].view(-1, 1, 1, 1)
        return F.mse_loss(m(a.sqrt() * x0 + (1 - a).sqrt() * eps, t), eps)
    return train(m, loss, torch.optim.Adam(m.parameters(), lr=2e-4))


for m_, n_ in ((50, 1000), (100, 5000)):
    @add(f"steps/sparse GP bound M={m_} N={n_}")
    def _(M=m_, N=n_):
        f = torch.float64
        x = torch.sort(torch.rand(N, dtype=f) * 10)[0]
        y = torch.sin(2 * x) + 0.1 * torch.randn(N, dtype=f)
        P = [p.requires_grad_() for p in (torch.linspace(0, 10, M, dtype=f), torch.zeros(M, 1, dtype=f), torch.eye(M, dtype=f) * 0.5,
                                          torch.zeros((), dtype=f), torch.tensor(-0.5, dtype=f), torch.tensor(-2.0, dtype=f))]
        z, mu, Lq, lv, ls, ln = P
        k = lambda a, b: torch.exp(lv - 0.5 * (a[:, None] - b[None, :]) ** 2 * torch.exp(-2 * ls))

        def step():
            for p in P:
                p.grad = None
            L = torch.linalg.cholesky(k(z, z) + 1e-6 * torch.eye(M, dtype=f))
            A = torch.linalg.solve_triangular(L, k(z, x), upper=False)
            R = torch.tril(Lq)
            mean = (A.t() @ mu).squeeze(1)
            var = torch.exp(lv) - (A * A).sum(0) + ((R.t() @ A) ** 2).sum(0)
            ell = -0.5 * (math.log(2 * math.pi) * N + N * ln + (((y - mean) ** 2 + var).sum()) * torch.exp(-ln))
            kl = 0.5 * ((R * R).sum() + (mu * mu).sum() - M) - torch.log(torch.diagonal(R).abs()).sum()
            (kl - ell).backward()
        return step

made = {}
print("ready", flush=True)
for line in sys.stdin:
    name, seconds = line.rsplit(" ", 1)
    if name not in work:
        print(-1, flush=True)
        continue
    if name not in made:
        made.clear()
        made[name] = work[name]()
        made[name]()
    f, best, n, end = made[name], 1e9, 1, time.perf_counter() + float(seconds)
    while True:
        t = clock()
        for _ in range(n):
            f()
        t = (clock() - t) / n
        best = min(best, t)
        n = max(1, int(1e-3 / max(t, 1e-7)))
        if time.perf_counter() > end:
            break
    print(best, flush=True)
