"""Sampling from an autoregressive transformer with a cache of keys and values, the peer's side: width 64, three pre-norm blocks, four
heads, 64 codes, 64 sequences together.  The cache is laid out once and written in place.  float32."""
from common import run
import torch
from torch import nn
import torch.nn.functional as F

N, W, H, DEPTH, K = 64, 64, 4, 3, 64


class Block(nn.Module):
    def __init__(s):
        super().__init__()
        s.n1, s.n2 = nn.LayerNorm(W), nn.LayerNorm(W)
        s.qkv, s.o = nn.Linear(W, 3 * W), nn.Linear(W, W)
        s.a, s.b = nn.Linear(W, 4 * W), nn.Linear(4 * W, W)

    def forward(s, x, keys, values, i):
        q, k, v = s.qkv(s.n1(x)).view(N, 3, H, W // H).unbind(1)
        keys[:, :, i], values[:, :, i] = k, v
        a = torch.softmax((keys[:, :, :i + 1] @ q.unsqueeze(-1)).squeeze(-1) * (W // H) ** -0.5, -1)
        x = x + s.o((a.unsqueeze(2) @ values[:, :, :i + 1]).reshape(N, W))
        return x + s.b(F.gelu(s.a(s.n2(x))))


class Prior(nn.Module):
    def __init__(s):
        super().__init__()
        s.table, s.start = nn.Embedding(K, W), nn.Parameter(torch.randn(W) * 0.02)
        s.pos = nn.Parameter(torch.randn(256, W) * 0.02)
        s.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        s.n, s.out = nn.LayerNorm(W), nn.Linear(W, K)

    @torch.no_grad()
    def sample(s, length):
        keys = [torch.empty(N, H, length, W // H) for _ in s.blocks]
        values = [torch.empty(N, H, length, W // H) for _ in s.blocks]
        h, out = s.start.expand(N, W), []
        for i in range(length):
            h = h + s.pos[i]
            for b, k, v in zip(s.blocks, keys, values):
                h = b(h, k, v, i)
            t = torch.multinomial(torch.softmax(s.out(s.n(h)), -1), 1).squeeze(1)
            out.append(t)
            h = s.table(t)
        return torch.stack(out, 1)


p = Prior()
run("cached/sample", lambda: p.sample(32), flops=0)
run("cached/long", lambda: p.sample(256), flops=0)
