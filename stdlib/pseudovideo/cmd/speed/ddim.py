"""DDIM sampling, the peer's side: the U-Net of ddpm_unet.py draws 16 pictures of 32 x 32 in 10 implicit steps.  float32."""
from common import run
import torch
from ddpm_unet import m, abar

N, S = 16, 10
kept = [round(k * 999 / (S - 1)) for k in range(S)]


@torch.no_grad()
def sample():
    x = torch.randn(N, 1, 32, 32)
    for k in reversed(range(S)):
        a = abar[kept[k]]
        before = abar[kept[k - 1]] if k > 0 else torch.tensor(1.0)
        eps = m(x, torch.full((N,), kept[k]))
        x0 = ((x - (1 - a).sqrt() * eps) / a.sqrt()).clamp(-1, 1)
        eps = (x - a.sqrt() * x0) / (1 - a).sqrt()
        x = before.sqrt() * x0 + (1 - before).sqrt() * eps
    return x


run("ddim/sample", sample, flops=0)
