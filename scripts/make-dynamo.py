"""Exports test/weights' network with PyTorch's LocalResponseNorm by dynamo, as today's PyTorch does.

    python3 -m venv ENV
    ENV/bin/pip install torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2
    ENV/bin/python scripts/make-dynamo.py test/weights

Run it after make-weights.py, whose PyTorch is too old for dynamo: weights come from its torch-lrn-opset13.onnx, and
what PyTorch answers here goes into its expected.json. The files are fixed (one picture), dynamic (any number), and
dynamic before onnxscript's optimiser, where shapes are still arithmetic, and open (pictures of any size).
"""
import json
import os
import sys

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

OUT = sys.argv[1]
SIZE, SPREAD = 224, 4.0


def path(name):
    return os.path.join(OUT, name)


def picture(count):
    """As in make-weights.py."""
    i = np.arange(count * 3 * SIZE * SIZE, dtype=np.uint64)
    values = ((i * np.uint64(2654435761)) % np.uint64(2**32)).astype(np.float64) / 2**32 - 0.5
    return torch.from_numpy((values * SPREAD).astype(np.float32).reshape(count, 3, SIZE, SIZE))


class LrnAlexNet(nn.Module):
    """As in make-weights.py."""

    def __init__(self):
        super().__init__()
        norm = lambda: nn.LocalResponseNorm(5, alpha=0.5, beta=0.75, k=2.0)
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 11, stride=4, padding=2), nn.ReLU(), norm(), nn.MaxPool2d(3, 2),
            nn.Conv2d(4, 6, 5, padding=2), nn.ReLU(), norm(), nn.MaxPool2d(3, 2),
            nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(),
            nn.Conv2d(8, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.avgpool = nn.Identity()
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(216, 10), nn.ReLU(), nn.Dropout(), nn.Linear(10, 10), nn.ReLU(), nn.Linear(10, 5))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


model = LrnAlexNet()
tensors = {one.name: numpy_helper.to_array(one) for one in onnx.load(path("torch-lrn-opset13.onnx")).graph.initializer}
model.load_state_dict({name: torch.from_numpy(tensors[name].copy()) for name in model.state_dict()})
model.eval()

with open(path("expected.json")) as file:
    expected = json.load(file)
with torch.no_grad():
    logits = model(picture(2)).double().numpy()
worst = np.abs(logits - np.asarray(expected["torch-lrn-opset13.onnx"]["logits"])).max()
print(f"PyTorch {torch.__version__} answers as PyTorch 1.13 did, within {worst:.1e}")
assert worst < 1e-5

batch = {0: torch.export.Dim("batch")}
sides = {2: torch.export.Dim("height", min=64, max=512), 3: torch.export.Dim("width", min=64, max=512)}
for name, options in {
    "torch-lrn-dynamo.onnx": {},
    "torch-lrn-dynamo-dynamic.onnx": {"dynamic_shapes": (batch,)},
    "torch-lrn-dynamo-plain.onnx": {"dynamic_shapes": (batch,), "optimize": False},
    "torch-lrn-dynamo-open.onnx": {"dynamic_shapes": ({**batch, **sides},)},
}.items():
    # Without adaptive pooling a dense layer would hold the size.
    model.avgpool = nn.AdaptiveAvgPool2d((6, 6)) if "open" in name else nn.Identity()
    # With two pictures, because torch.export takes a size of 1 for fixed.
    example = picture(2 if options else 1)
    torch.onnx.export(model, (example,), path(name), dynamo=True, external_data=False, **options)
    proto = onnx.load(path(name))
    for node in proto.graph.node:  # where PyTorch lies on the machine, node by node
        del node.metadata_props[:]
        node.doc_string = ""
    onnx.save(proto, path(name))
    expected[name] = expected["torch-lrn-opset13.onnx"]
with open(path("expected.json"), "w") as file:
    json.dump(expected, file, indent=1)
