"""PyTorch's side of `deno task beside-pytorch`: the baseline experiment on the same films, in fp32, in PyTorch's
fastest mode for it (channels_last, fused Adam). All films are decoded before the first step.

  pip install -r tests/python/requirements.txt
  python tests/python/pytorch_train.py train FILMS.json EPOCHS SEED
  python tests/python/pytorch_train.py steps BATCHES.json WEIGHTS.safetensors

`train`: FILMS.json is {"train": [[path, label], ...], "test": ...}, label 1 TB. Prints a line of JSON per epoch: train
accuracy, test accuracy, F1 of TB, AUC, confusion matrix (rows: true Healthy, true TB), seconds.

`steps`: BATCHES.json is a list of batches, each a list of [path, label]. Starts from the file's weights, takes one
step per batch, and prints PyTorch's version and each step's loss as JSON.
"""
import json, sys, time
import numpy as np
import torch
from PIL import Image
from pytorch_resnet50 import ResNet50
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy

MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
BATCH = 4


def load(path):
    im = Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
    return torch.from_numpy(((np.asarray(im, np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1).copy())


def tensors(films):
    return torch.stack([load(path) for path, _ in films]), torch.tensor([label for _, label in films])


def channels_last(x):
    return x.contiguous(memory_format=torch.channels_last)


def prepare():
    model = ResNet50().to(memory_format=torch.channels_last)
    return model, torch.optim.Adam(model.parameters(), lr=1e-4, weight_decay=1e-4, fused=True)


def auc(labels, scores):
    """Computes the share of (TB, Healthy) pairs in the right order. A tie counts half."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    _, inverse, counts = np.unique(scores[order], return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks[order] = (ends - (counts - 1) / 2)[inverse]
    pos = labels == 1
    return (ranks[pos].sum() - pos.sum() * (pos.sum() + 1) / 2) / (pos.sum() * (~pos).sum())


def train(films, epochs, seed):
    torch.manual_seed(seed)
    (xs, ys), (xt, yt) = tensors(films["train"]), tensors(films["test"])
    model, adam = prepare()
    for epoch in range(epochs):
        began, right = time.time(), 0
        model.train()
        for ids in torch.randperm(len(xs)).split(BATCH):
            adam.zero_grad()
            logits = model(channels_last(xs[ids]))
            loss = cross_entropy(logits, ys[ids])
            loss.backward()
            adam.step()
            right += (logits.argmax(1) == ys[ids]).sum().item()
        trained = time.time()
        model.eval()
        with torch.no_grad():
            out = torch.cat([model(channels_last(chunk)) for chunk in xt.split(8)])
        p, hat, true = out.softmax(1)[:, 1].numpy(), out.argmax(1).numpy(), yt.numpy()
        cm = [[int(((true == i) & (hat == j)).sum()) for j in (0, 1)] for i in (0, 1)]
        tp, fp, fn = cm[1][1], cm[0][1], cm[1][0]
        print(json.dumps({
            "epoch": epoch, "seed": seed,
            "train_accuracy_percent": round(100 * right / len(xs), 3),
            "test_accuracy_percent": round(100 * float((hat == true).mean()), 3),
            "f1": round(2 * tp / max(1, 2 * tp + fp + fn), 4), "auc": round(float(auc(true, p)), 4),
            "confusion_matrix": cm, "train_s": round(trained - began, 1), "eval_s": round(time.time() - trained, 1),
        }), flush=True)


def steps(batches, weights):
    model, adam = prepare()
    model.load_state_dict(load_file(weights))
    losses = []
    for films in batches:
        x, y = tensors(films)
        adam.zero_grad()
        loss = cross_entropy(model(channels_last(x)), y)
        loss.backward()
        adam.step()
        losses.append(loss.item())
    print(json.dumps({"torch": torch.__version__, "losses": losses}))


if __name__ == "__main__":
    part, file, *rest = sys.argv[1:]
    with open(file, encoding="utf-8") as text:
        told = json.load(text)
    if part == "train":
        train(told, int(rest[0]), int(rest[1]))
    else:
        steps(told, rest[0])
