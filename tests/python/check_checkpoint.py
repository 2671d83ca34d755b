"""Compares the project's checkpoints with PyTorch, for tests/runs/checkpoint_python_test.ts.

  pip install torch==2.13.0 safetensors
  python tests/python/check_checkpoint.py OURS THEIRS

Loads OURS, a checkpoint of the project, into PyTorch's ResNet50 (strict). Saves another ResNet50 as THEIRS with
safetensors.torch. Prints both networks' logits for the reference's films as JSON.
"""

import json
import sys

import torch
from pytorch_resnet50 import ResNet50
from safetensors.torch import load_file, save_file


def lcg(seed, count):
    """Draws numbers in [-1, 1) by a 32-bit linear congruential generator."""
    numbers, state = [], seed
    for _ in range(count):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        numbers.append(state / 2147483648 - 1)
    return numbers


def main(ours, theirs):
    x = 2 * torch.tensor(lcg(1000, 4 * 3 * 224 * 224), dtype=torch.float32).reshape(4, 3, 224, 224)
    loaded = ResNet50()
    loaded.load_state_dict(load_file(ours))

    torch.manual_seed(1)
    own = ResNet50()
    own.train()(x)  # so that the running statistics are not those of a new network
    save_file(own.state_dict(), theirs)
    with torch.no_grad():
        logits = {name: model.eval()(x).flatten().tolist() for name, model in (("ours", loaded), ("theirs", own))}
    print(json.dumps(logits))


main(*sys.argv[1:])
