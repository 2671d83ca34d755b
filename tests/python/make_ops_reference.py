"""Writes tests/reference/ops.json: PyTorch's batch norm and Adam in float64 on small tensors.

  pip install torch==2.13.0 numpy
  python tests/python/make_ops_reference.py

Inputs are rounded to float32 first. Images are [batch, channel, row, column].
"""
import json
import pathlib

import torch

torch.manual_seed(0)


def random(*shape, scale=1.0, shift=0.0):
    return (scale * torch.randn(*shape) + shift).double()


def numbers(tensor):
    return tensor.detach().flatten().tolist()


def batch_norm():
    x = random(2, 3, 4, 5, scale=2, shift=0.5).requires_grad_()
    dy = random(2, 3, 4, 5)
    norm = torch.nn.BatchNorm2d(3).double()
    norm.weight.data = random(3, scale=0.3, shift=1)
    norm.bias.data = random(3)
    norm.running_mean = random(3)
    norm.running_var = random(3).abs() + 0.5
    report = {"shape": list(x.shape), "x": numbers(x), "dy": numbers(dy), "weight": numbers(norm.weight),
              "bias": numbers(norm.bias), "running_mean": numbers(norm.running_mean),
              "running_var": numbers(norm.running_var)}
    y = norm(x)
    report.update(running_mean_after=numbers(norm.running_mean), running_var_after=numbers(norm.running_var))

    def value_and_gradients(value):
        dx, dweight, dbias = torch.autograd.grad(value, [x, norm.weight, norm.bias], dy, retain_graph=True)
        return {"y": numbers(value), "dx": numbers(dx), "dweight": numbers(dweight), "dbias": numbers(dbias)}

    report.update(value_and_gradients(y))
    report["relu"] = value_and_gradients(torch.relu(y))
    return report


def adam(steps=10):
    """Runs Adam on gradients of very different sizes, so that epsilon matters for some."""
    parameter = torch.nn.Parameter(random(6))
    gradients = [random(6) * torch.tensor([1, 1e-3, 1e-6, 1e-8, 1e-9, 0]).double() for _ in range(steps)]
    # Weight decay would hide what the small gradients do.
    optimizer = torch.optim.Adam([parameter], lr=1e-2, weight_decay=0)
    report = {"initial": numbers(parameter), "gradients": [numbers(g.float().double()) for g in gradients]}
    report["after"] = []
    for gradient in gradients:
        parameter.grad = gradient.float().double()
        optimizer.step()
        report["after"].append(numbers(parameter))
    return report


reference = {"torch": torch.__version__, "batch_norm": batch_norm(), "adam": adam()}
path = pathlib.Path(__file__).parent.parent / "reference" / "ops.json"
path.write_text(json.dumps(reference) + "\n")
