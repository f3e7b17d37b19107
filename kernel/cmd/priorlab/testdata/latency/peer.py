import io
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import ipywidgets as w
import numpy as np
import torch
from IPython.display import display

torch.set_default_dtype(torch.float64)
g = torch.Generator().manual_seed(4)
x = torch.linspace(0, 10, 50)
y = torch.sin(1.3 * x) + 0.3 * torch.sin(5 * x) + 0.15 * torch.randn(50, generator=g)
grid = torch.linspace(-1, 11, 200)
base = torch.randn(200, 20, generator=torch.Generator().manual_seed(1))
se = lambda a, b, v, l: v * torch.exp(-0.5 * ((a[:, None] - b[None]) / l) ** 2)

sliders = [w.FloatLogSlider(value=v, base=10, min=np.log10(v / 30), max=np.log10(v * 30), step=np.log10(900) / 100, description=n, readout_format=".3g")
           for n, v in [("variance", 1.0), ("lengthscale", 1.0), ("noise", 0.05)]]
fig, ax = plt.subplots(figsize=(6.8, 3.6), dpi=100)
picture = w.HTML()

def draw(*_):
    v, l, s = [k.value for k in sliders]
    L = torch.linalg.cholesky(se(x, x, v, l) + s * torch.eye(50))
    a = torch.linalg.solve_triangular(L, se(x, grid, v, l), upper=False)
    mean = a.T @ torch.linalg.solve_triangular(L, y[:, None], upper=False)
    cov = se(grid, grid, v, l) - a.T @ a
    paths = mean + torch.linalg.cholesky(cov + 1e-6 * v * torch.eye(200)) @ base
    m, sd = mean[:, 0], cov.diagonal().clamp(min=0).sqrt()
    ax.clear()
    ax.fill_between(grid, m - 2 * sd, m + 2 * sd, alpha=0.2)
    ax.plot(grid, paths, color="C1", lw=0.7, alpha=0.4)
    ax.plot(grid, m)
    ax.plot(x, y, "k.", ms=4)
    ax.set_title("Posterior")
    out = io.BytesIO()
    fig.savefig(out, format="png")
    import base64
    picture.value = (f'<div aria-label="lengthscale = {l:.4g}"><img src="data:image/png;base64,'
                     + base64.b64encode(out.getvalue()).decode() + '"></div>')

for k in sliders:
    k.observe(draw, "value")
draw()
display(w.VBox(sliders + [picture]))
