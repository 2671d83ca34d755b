"""Prints PyTorch's results for this network. Any language can regenerate the weights and inputs, and compare every
number.

  pip install torch==2.13.0 numpy
  python tests/python/make_resnet50_reference.py resnet50 > tests/reference/resnet50_reference.json
  python tests/python/make_resnet50_reference.py small > tests/reference/small_reference.json

resnet50: ResNet50 on 4 images of 224 x 224. Its training is chaotic in float32: with another memory layout or in float64,
PyTorch itself differs from this file by up to 3% in the losses of steps 3 to 5, and by up to 1% in gradient norms.
small: stages (8, 1 block, stride 1), (16, 2, 2), (32, 1, 2) of the same blocks on 4 images of 64 x 64, in float64. An
implementation in float32 must closely match its 10 Adam steps and every gradient of the first one.

Numbers come from a 32-bit linear congruential generator: s <- 1664525*s + 1013904223 (mod 2^32),
u = s / 2^31 - 1 in [-1, 1). Each tensor has its own stream, seeded with its index in the file's
`parameters` plus 1, and is filled in PyTorch's layout (conv: out, in, kh, kw; fc: out, in):
  conv        u * sqrt(6 / (kh*kw*out))
  bn weight   1 + 0.1 u      bn bias  0.1 u
  fc weight   0.02 u         fc bias  0.1 u
Images: 4 x 3 x size x size (batch, channel, row, column), 2 u, seed 1000. Labels 0 1 0 1. Values are rounded to float32 first. Adam: lr 1e-4, betas 0.9/0.999, eps 1e-8, weight_decay 1e-4 (added to the gradient).
"l2" is cross-entropy + 0.5 * 0.001 * sum of the squares of ALL parameters.
"""
import json, math, sys
import numpy as np
import torch
from pytorch_resnet50 import ResNet50


def lcg(seed, n):
    out, s = np.empty(n, np.float64), seed & 0xFFFFFFFF
    for i in range(n):
        s = (1664525 * s + 1013904223) & 0xFFFFFFFF
        out[i] = s / 2147483648 - 1
    return out


try:  # the loop above is the definition; this is the same thing, faster
    import numba
    @numba.njit
    def _lcg(s, n):
        out = np.empty(n, np.float64)
        for i in range(n):
            s = (1664525 * s + 1013904223) & 0xFFFFFFFF
            out[i] = s / 2147483648 - 1
        return out
    lcg = lambda seed, n: _lcg(np.int64(seed), n)
except ImportError:
    pass


def fill(model):
    for place, (name, p) in enumerate(model.named_parameters()):
        u = lcg(place + 1, p.numel())
        if p.ndim == 4:
            v = u * math.sqrt(6 / (p.shape[2] * p.shape[3] * p.shape[0]))
        elif name == "fc.weight":
            v = 0.02 * u
        elif name.endswith("weight"):
            v = 1 + 0.1 * u
        else:
            v = 0.1 * u
        p.data.copy_(torch.from_numpy(v.astype(np.float32)).reshape(p.shape))
    return model


def main(which):
    torch.manual_seed(0)
    small = which == "small"
    size, steps, dtype = (64, 10, torch.float64) if small else (224, 5, torch.float32)
    stages = ((8, 1, 1), (16, 2, 2), (32, 1, 2))
    make = lambda: fill(ResNet50(stages=stages) if small else ResNet50()).to(dtype)
    x = torch.from_numpy((2 * lcg(1000, 4 * 3 * size * size)).astype(np.float32)).reshape(4, 3, size, size).to(dtype)
    y = torch.tensor([0, 1, 0, 1])
    model = make()
    report = {"torch": torch.__version__, "dtype": str(dtype), "input_size": size,
              "parameters": [{"name": n, "shape": list(p.shape)} for n, p in model.named_parameters()],
              "parameter_count": sum(p.numel() for p in model.parameters())}
    with torch.no_grad():
        report["eval_logits"] = model.eval()(x).tolist()
    for kind in ("cross_entropy", "l2"):
        model = make().train()
        adam = torch.optim.Adam(model.parameters(), lr=1e-4, weight_decay=1e-4)
        losses = []
        for step in range(steps):
            adam.zero_grad()
            logits = model(x)
            loss = torch.nn.functional.cross_entropy(logits, y)
            if kind == "l2":
                loss = loss + 0.5 * 0.001 * sum((p * p).sum() for p in model.parameters())
            loss.backward()
            if step == 0:
                grads = {n: p.grad.double() for n, p in model.named_parameters()}
                first = {"train_logits": logits.tolist(), "gradient_norms": {n: float(g.norm()) for n, g in grads.items()},
                         "running_mean_norms": {n: float(b.double().norm()) for n, b in model.named_buffers() if n.endswith("running_mean")},
                         "running_var_norms": {n: float(b.double().norm()) for n, b in model.named_buffers() if n.endswith("running_var")}}
                if small:
                    first["gradients"] = {n: [float(f"{v:.8g}") for v in g.flatten().tolist()] for n, g in grads.items() if g.numel() <= 1200}
            losses.append(loss.item())
            adam.step()
        with torch.no_grad():
            after = model.eval()(x).tolist()
        report[kind] = {"first_step": first, "losses": losses, "eval_logits_after": after}
    json.dump(report, sys.stdout, indent=None if small else 1)


if __name__ == "__main__":
    main(sys.argv[1])
