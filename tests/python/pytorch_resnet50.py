"""PyTorch's side of `deno task bench`: the same ResNet50 (stride on the first 1x1 of a bottleneck, 3x3/2 max-pool
without padding in ceil mode), batch 4, 224x224, Adam(1e-4, weight_decay 1e-4).

  pip install torch==2.13.0 numpy
  python tests/python/pytorch_resnet50.py train eager                      # what the original assignment ran
  python tests/python/pytorch_resnet50.py train channels_last,fused        # fp32, tuned
  python tests/python/pytorch_resnet50.py train channels_last,fused,bf16   # the fastest mode found on AVX512-BF16
  python tests/python/pytorch_resnet50.py eval channels_last,bf16

Each input line is a number of steps. It runs them and prints a line of JSON: the seconds of each step, and the
process's peak memory.
"""
import json, math, resource, sys, time
import torch
from torch import nn


class Bottleneck(nn.Module):
    def __init__(self, cin, width, stride):
        super().__init__()
        cout = 4 * width
        self.conv1, self.bn1 = nn.Conv2d(cin, width, 1, stride, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, cout, 1, bias=False), nn.BatchNorm2d(cout)
        self.downsample = None
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = torch.relu_(self.bn1(self.conv1(x)))
        y = torch.relu_(self.bn2(self.conv2(y)))
        return torch.relu_(self.bn3(self.conv3(y)) + shortcut)


class ResNet50(nn.Module):
    """stages: (width, blocks, stride) each. The stem has the width of the first. The default is ResNet50."""

    def __init__(self, classes=2, stages=((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))):
        super().__init__()
        cin = stages[0][0]
        self.conv1, self.bn1 = nn.Conv2d(3, cin, 7, 2, 3, bias=False), nn.BatchNorm2d(cin)
        self.maxpool = nn.MaxPool2d(3, 2, 0, ceil_mode=True)
        self.depth = len(stages)
        for n, (width, depth, stride) in enumerate(stages, 1):
            blocks = []
            for k in range(depth):
                blocks.append(Bottleneck(cin, width, stride if k == 0 else 1))
                cin = 4 * width
            setattr(self, f"layer{n}", nn.Sequential(*blocks))
        self.fc = nn.Linear(cin, classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                m.weight.data.normal_(0, math.sqrt(2 / (m.kernel_size[0] * m.kernel_size[1] * m.out_channels)))

    def forward(self, x):
        x = self.maxpool(torch.relu_(self.bn1(self.conv1(x))))
        for n in range(1, self.depth + 1):
            x = getattr(self, f"layer{n}")(x)
        return self.fc(x.mean((2, 3)))


def main(part, mode, batch=4):
    model, x, y = ResNet50(), torch.randn(batch, 3, 224, 224), torch.randint(0, 2, (batch,))
    if "channels_last" in mode:
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    adam = torch.optim.Adam(model.parameters(), lr=1e-4, weight_decay=1e-4, fused="fused" in mode)
    loss_fn = nn.CrossEntropyLoss()
    autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16, enabled="bf16" in mode)

    def train():
        adam.zero_grad()
        with autocast():
            loss = loss_fn(model(x), y)
        loss.backward()
        adam.step()
        loss.item()

    def evaluate():
        with torch.no_grad(), autocast():
            model(x).sum().item()

    model.train(part == "train")
    step = train if part == "train" else evaluate
    for line in sys.stdin:
        seconds = []
        for _ in range(int(line)):
            began = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - began)
        print(json.dumps({"peer": f"PyTorch {torch.__version__} {mode}", "seconds": seconds,
                          "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
