#!/usr/bin/env python3
"""Writes src/testing/goldens/captum.safetensors: what Captum says of a narrow AlexNet, to hold src/insight against.

    python3 -m venv --system-site-packages venv && venv/bin/pip install captum    (needs torch; any version from 1.13)
    venv/bin/python scripts/captum-goldens.py

The network is alexnet('caffe', {width: 1/32, input: 64, classes: 7}) with weights of its own; they, the image and every answer
are in the file, so that nobody has to draw the same numbers twice. Captum explains class 3's logit.
"""
import json
import struct
import sys
from collections import OrderedDict
from pathlib import Path

import captum
import torch
from captum.attr import Deconvolution, GuidedBackprop, IntegratedGradients, LayerGradCam, Occlusion, Saliency
from torch import nn

CLASS = 3
OUT = Path(__file__).parent.parent / "src/testing/goldens/captum.safetensors"


def network():
    def pool():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    def lrn():  # torch divides alpha by n, as Caffe does
        return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)

    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(3, 4, 11, stride=4), relu1=nn.ReLU(), lrn1=lrn(), pool1=pool(),
        conv2=nn.Conv2d(4, 8, 5, padding=2, groups=2), relu2=nn.ReLU(), lrn2=lrn(), pool2=pool(),
        conv3=nn.Conv2d(8, 12, 3, padding=1), relu3=nn.ReLU(),
        conv4=nn.Conv2d(12, 12, 3, padding=1, groups=2), relu4=nn.ReLU(),
        conv5=nn.Conv2d(12, 8, 3, padding=1, groups=2), relu5=nn.ReLU(), pool5=pool(), flatten=nn.Flatten(),
        fc6=nn.Linear(8, 128), relu6=nn.ReLU(), fc7=nn.Linear(128, 128), relu7=nn.ReLU(), fc8=nn.Linear(128, 7),
    ))


def initialise(model):
    torch.manual_seed(20120930)
    with torch.no_grad():
        for parameter in model.parameters():
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 1
            parameter.normal_(0, (2 / fan_in) ** 0.5 if parameter.dim() > 1 else 0.3)


def answers(model, image):
    methods = {
        "saliency": Saliency(model).attribute(image, target=CLASS),
        "integratedGradients": IntegratedGradients(model).attribute(image, target=CLASS, n_steps=50, method="gausslegendre"),
        "guidedBackpropagation": GuidedBackprop(model).attribute(image, target=CLASS),
        "deconvnet": Deconvolution(model).attribute(image, target=CLASS),
        "occlusion": Occlusion(model).attribute(image, target=CLASS, sliding_window_shapes=(3, 10, 10), strides=(3, 4, 4), baselines=0)[:, :1],
        "gradCam": LayerGradCam(model, model.relu5).attribute(image, target=CLASS, relu_attributions=True),
    }
    return {name: value.detach()[0] for name, value in methods.items()}


def write(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        raw = tensor.contiguous().float().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    model = network().eval()
    initialise(model)
    image = 64 * torch.randn(1, 3, 64, 64)
    tensors = {**dict(model.state_dict()), "image": image[0], "logits": model(image)[0].detach(), **answers(model, image)}
    for name in ("saliency", "gradCam", "deconvnet", "guidedBackpropagation"):
        if not (tensors[name] != 0).any():
            sys.exit(f"{name} is all zeros: choose another seed or class")
    write(OUT, tensors, {"captum": captum.__version__, "torch": torch.__version__, "class": str(CLASS)})
    print(f"{OUT}: {OUT.stat().st_size} bytes, captum {captum.__version__}, torch {torch.__version__}")


main()
