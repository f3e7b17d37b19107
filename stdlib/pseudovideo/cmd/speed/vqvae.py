"""One training step of PriorLab's image VQ-VAE, the peer's side: two strided 4x4 convolutions, two residual blocks on each side (3x3, 1x1, all
64 wide), 1x1 to and from 256 codes of width 64, mirrored transposed convolutions; straight-through, codebook by moving averages, Adam.
28x28, batch 64, float32: 16 million multiply-adds an image."""
from common import run
import torch
from torch import nn
import torch.nn.functional as F

B, C, K, BETA, DECAY = 64, 64, 256, 0.25, 0.99


class Res(nn.Module):
    def __init__(s):
        super().__init__()
        s.a, s.b = nn.Conv2d(C, C, 3, padding=1), nn.Conv2d(C, C, 1)

    def forward(s, x):
        return x + s.b(F.relu(s.a(F.relu(x))))


class VQVAE(nn.Module):
    def __init__(s):
        super().__init__()
        s.enc = nn.Sequential(nn.Conv2d(1, C, 4, 2, 1), nn.ReLU(), nn.Conv2d(C, C, 4, 2, 1), Res(), Res(), nn.Conv2d(C, C, 1))
        s.dec = nn.Sequential(nn.Conv2d(C, C, 1), Res(), Res(), nn.ReLU(), nn.ConvTranspose2d(C, C, 4, 2, 1), nn.ReLU(),
                              nn.ConvTranspose2d(C, 1, 4, 2, 1))
        s.register_buffer("code", torch.randn(K, C))
        s.register_buffer("n", torch.ones(K))
        s.register_buffer("sum", s.code.clone())

    def forward(s, x):
        z = s.enc(x)
        zf = z.permute(0, 2, 3, 1).reshape(-1, C)
        with torch.no_grad():
            d = (zf * zf).sum(1, keepdim=True) - 2 * zf @ s.code.t() + (s.code * s.code).sum(1)
            idx = d.argmin(1)
        q = s.code[idx]
        commit = F.mse_loss(zf, q)
        q = zf + (q - zf).detach()
        y = s.dec(q.view(z.shape[0], *z.shape[2:], C).permute(0, 3, 1, 2))
        with torch.no_grad():
            s.n.mul_(DECAY).add_(torch.bincount(idx, minlength=K).float(), alpha=1 - DECAY)
            s.sum.mul_(DECAY).add_(torch.zeros(K, C).index_add_(0, idx, zf), alpha=1 - DECAY)
            tot = s.n.sum()
            s.code.copy_(s.sum / ((s.n + 1e-7) / (tot + K * 1e-7) * tot).unsqueeze(1))
        return y, commit


m = VQVAE()
opt = torch.optim.Adam(m.parameters(), lr=2e-4)
x = torch.rand(B, 1, 28, 28) * 2 - 1


def step():
    opt.zero_grad(set_to_none=True)
    r, c = m(x)
    loss = F.mse_loss(r, x) + BETA * c
    loss.backward()
    opt.step()
    return float(loss)


run("vqvae/same", step, flops=0)
