"""Training steps of the paper's network in one tower, one for every line on standard input. Arguments: batch, threads, f32 or bf16 (autocast)."""
import sys

import torch
from torch import nn

batch, threads, bf16 = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "bf16"
torch.set_num_threads(threads)
lrn = lambda: nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)
net = nn.Sequential(
    nn.Conv2d(3, 96, 11, 4), nn.ReLU(inplace=True), lrn(), nn.MaxPool2d(3, 2),
    nn.Conv2d(96, 256, 5, padding=2), nn.ReLU(inplace=True), lrn(), nn.MaxPool2d(3, 2),
    nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(inplace=True),
    nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(inplace=True),
    nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2), nn.Flatten(),
    nn.Linear(9216, 4096), nn.ReLU(inplace=True), nn.Dropout(),
    nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(4096, 1000),
)
images, labels = torch.randn(batch, 3, 227, 227), torch.arange(batch) % 1000
optimiser = torch.optim.SGD(net.parameters(), lr=1e-5, momentum=0.9, weight_decay=5e-4)
print(f"PyTorch {torch.__version__}{', bf16 autocast' if bf16 else ''}", flush=True)
for _ in sys.stdin:
    optimiser.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss = nn.functional.cross_entropy(net(images), labels)
    loss.backward()
    optimiser.step()
    print("done", flush=True)
