"""Holds our weights, in and out, against the programs of others on real photographs, and prints tables in Markdown.

    python3 -m venv --system-site-packages ENV      # where torch and torchvision are the system's; else: pip install torch torchvision
    ENV/bin/pip install 'numpy<2' onnx==1.16.2 onnxruntime==1.19.2 safetensors opencv-python-headless==4.10.0.84
    make build && (cd bench && npm install)
    ENV/bin/python scripts/make-weights.py FULL --full
    ENV/bin/python scripts/check-weights.py in FULL PHOTOS
    ENV/bin/python scripts/check-weights.py out PHOTOS [--width 0.25] [--variants paper,caffe]

PHOTOS is any folder of JPEG files; eight of them are taken. They are decoded and scaled by our pipeline once, and both
sides get the same numbers, so that what is compared is the networks; a photograph's way to these numbers is compared with
OpenCV's by the order of its channels.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
import torchvision
from safetensors import safe_open
from safetensors.torch import load_file

HERE = os.path.dirname(os.path.abspath(__file__))
VARIANTS = "paper single source caffe caffenet torchvision small".split()
failures = []


def node(*arguments):
    result = subprocess.run(["node", os.path.join(HERE, "..", "bench", "weights.mjs"), *map(str, arguments)], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stderr)
    return result.stdout


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def verdict(name, value, limit):
    if not value <= limit:
        failures.append(f"{name}: {value:.2g} is more than {limit:g}")
    return f"{value:.1e}"


def load(path):
    with safe_open(path, "np") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()


# Caffe by definition, in float64: nothing here is shared with PyTorch's own modules but the product of a convolution.
def ceil_pool(x, kernel=3, stride=2):
    """pooling_layer.cpp: ceil((size - kernel) / stride) + 1 windows; what hangs over is not there."""
    size = -(-(x.shape[2] - kernel) // stride) + 1
    out = torch.full((*x.shape[:2], size, size), -np.inf, dtype=x.dtype)
    for i in range(size):
        for j in range(size):
            out[:, :, i, j] = x[:, :, i * stride:i * stride + kernel, j * stride:j * stride + kernel].amax((2, 3))
    return out


def lrn(x, size=5, alpha=1e-4, beta=0.75, k=1.0):
    """lrn_layer.cpp: (k + alpha / size * sum of squares of the neighbouring channels) ^ beta."""
    total = torch.zeros_like(x)
    for shift in range(-(size // 2), size // 2 + 1):
        shifted = torch.zeros_like(x)
        low, high = max(0, -shift), min(x.shape[1], x.shape[1] - shift)
        shifted[:, low:high] = x[:, low + shift:high + shift] ** 2
        total += shifted
    return x / (k + alpha / size * total) ** beta


def grouped(x, weight, bias, groups, **options):
    parts = [torch.nn.functional.conv2d(a, w, b, **options) for a, w, b in zip(x.chunk(groups, 1), weight.chunk(groups), bias.chunk(groups))]
    return torch.cat(parts, 1)


def caffe_by_definition(images, weights, pool_first):
    p = {key: torch.from_numpy(value).double() for key, value in weights.items()}
    between = (lambda x: lrn(ceil_pool(x))) if pool_first else (lambda x: ceil_pool(lrn(x)))
    x = torch.from_numpy(images).double()
    x = between(grouped(x, p["conv1.weight"], p["conv1.bias"], 1, stride=4).relu())
    x = between(grouped(x, p["conv2.weight"], p["conv2.bias"], 2, padding=2).relu())
    x = grouped(x, p["conv3.weight"], p["conv3.bias"], 1, padding=1).relu()
    x = grouped(x, p["conv4.weight"], p["conv4.bias"], 2, padding=1).relu()
    x = ceil_pool(grouped(x, p["conv5.weight"], p["conv5.bias"], 2, padding=1).relu()).flatten(1)
    for name in ("fc6", "fc7", "fc8"):
        x = x @ p[f"{name}.weight"].T + p[f"{name}.bias"]
        x = x if name == "fc8" else x.relu()
    return x.numpy()


def original_weights(path):
    """The eight layers of a file, read by the library that made its kind."""
    names = [f"{kind}{n}" for n, kind in enumerate(["conv"] * 5 + ["fc"] * 3, 1)]
    if path.endswith(".npy"):
        layers = np.load(path, allow_pickle=True).item()
        out = {}
        for name in names:
            weight, bias = layers[name]
            out[f"{name}.bias"] = bias
            if weight.ndim == 4:
                out[f"{name}.weight"] = weight.transpose(3, 2, 0, 1)
            elif name == "fc6":
                out[f"{name}.weight"] = weight.reshape(6, 6, -1, weight.shape[1]).transpose(3, 2, 0, 1).reshape(weight.shape[1], -1)
            else:
                out[f"{name}.weight"] = weight.T
        return {key: np.ascontiguousarray(value) for key, value in out.items()}
    net = cv2.dnn.readNetFromCaffe(os.path.join(os.path.dirname(path), "caffe.prototxt"), path)
    blobs = {f"{name}.{kind}": net.getParam(name, i) for name in names for i, kind in enumerate(("weight", "bias"))}
    return {key: value.reshape(-1) if key.endswith("bias") else value.reshape(value.shape[-2:]) if key.startswith("fc") else value for key, value in blobs.items()}


def origin(path, images):
    """(who, logits) of the file's own makers."""
    if path.endswith(".pth"):
        model = torchvision.models.alexnet().eval()
        model.load_state_dict(torch.load(path))
        with torch.no_grad():
            return f"torchvision {torchvision.__version__}, PyTorch {torch.__version__}", model(torch.from_numpy(images)).numpy()
    if path.endswith(".onnx"):
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return f"onnxruntime {onnxruntime.__version__}", session.run(None, {session.get_inputs()[0].name: images})[0]
    return "Caffe by definition, in float64", caffe_by_definition(images, original_weights(path), "caffenet" in path)


def channel_order(images, metadata):
    """How much nearer OpenCV's pixels are in the order that the model claims than in the other: a photograph's blue is its blue."""
    files = json.loads(metadata["files"])
    near, far = 0, 0
    for image, file in zip(images, files):
        found = image.reshape(3, -1).mean(1)
        pixels = cv2.imread(file).reshape(-1, 3).astype(np.float64)[:, :: 1 if metadata["channels"] == "BGR" else -1].mean(0)
        found, pixels = found - found.mean(), pixels - pixels.mean()
        near += (found * pixels).sum()
        far += (found[::-1] * pixels).sum()
    return near > far


def check_in(folder, photos):
    out = tempfile.mkdtemp(prefix="alexnet-in-")
    node("in", folder, photos, out)
    row("file", "taken as", "held against", "largest difference of a logit, of the largest", "channels")
    row(*["---"] * 5)
    for name in json.load(open(os.path.join(folder, "expected.json"))):
        tensors, metadata = load(os.path.join(out, f"{name}.safetensors"))
        who, wanted = origin(os.path.join(folder, name), tensors["images"])
        worst = np.abs(tensors["logits"] - wanted).max() / np.abs(wanted).max()
        if not channel_order(tensors["images"], metadata):
            failures.append(f"{name}: channels in the wrong order")
        row(f"`{name}`", metadata["variant"], who, verdict(name, worst, 1e-4), f"{metadata['channels']}, as OpenCV sees them")
    print(f"\nOur engine: {metadata['engine']}.")


def check_out(photos, variants, width):
    row("variant", "file", "`onnx.checker`", f"onnxruntime {onnxruntime.__version__}", "onnxruntime-web", "others")
    row(*["---"] * 6)
    for variant in variants:
        with tempfile.TemporaryDirectory(prefix="alexnet-out-") as out:
            node("out", variant, width, photos, out)
            web = json.loads(node("web", out))
            answers, metadata = load(os.path.join(out, "answers"))
            for name in sorted(os.listdir(out)):
                path = os.path.join(out, name)
                if name.endswith(".onnx"):
                    onnx.checker.check_model(path, full_check=True)
                    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
                    images = answers["bytes" if "with-preprocessing" in name else "images"]
                    wanted = answers["f16" if "f16" in name else "f32"]
                    native = np.abs(session.run(None, {"image": images})[0] - wanted).max()
                    one = np.abs(session.run(None, {"image": images[:1]})[0] - wanted[:1]).max()
                    row(variant, name, "accepts", verdict(f"{variant} {name}", max(native, one), 1e-5), verdict(f"{variant} {name} web", web["worst"][name], 1e-5), "")
                if name == "torchvision.safetensors":
                    row(variant, name, "", "", "", load_torchvision(variant, path, answers))
                if name == "weights.npz":
                    ours, _ = load(os.path.join(out, "ours.safetensors"))
                    theirs = np.load(path)
                    same = set(theirs.files) == set(ours) and all(np.array_equal(theirs[key].view(np.uint32), ours[key].view(np.uint32)) for key in ours)
                    if not same:
                        failures.append(f"{variant} {name}: NumPy reads something else")
                    row(variant, name, "", "", "", f"NumPy {np.__version__} and safetensors read the same bits" if same else "DIFFERENT")
    print(f"\nLargest difference of a probability, of 1,000 on eight photographs; width {width}; our engine: {metadata['engine']}; onnxruntime-web {web['version']}.")


def load_torchvision(variant, path, answers):
    if variant != "torchvision" or answers["f32"].shape[1] != 1000:
        return f"{len(load_file(path))} tensors under torchvision's names"
    state = load_file(path)
    model = torchvision.models.alexnet().eval()
    if state["classifier.4.weight"].shape != model.state_dict()["classifier.4.weight"].shape:
        return "narrow: not torchvision's shape"
    model.load_state_dict(state)
    with torch.no_grad():
        found = torch.softmax(model(torch.from_numpy(answers["images"])), 1).numpy()
    worst = np.abs(found - answers["f32"]).max()
    return f"`torchvision.models.alexnet` {torchvision.__version__} loads it: {verdict('torchvision.safetensors', worst, 1e-5)}"


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
verbs = parser.add_subparsers(dest="verb", required=True)
into = verbs.add_parser("in")
into.add_argument("folder")
into.add_argument("photos")
outward = verbs.add_parser("out")
outward.add_argument("photos")
outward.add_argument("--width", default="0.25")
outward.add_argument("--variants", default=",".join(VARIANTS))
arguments = parser.parse_args()
if arguments.verb == "in":
    check_in(arguments.folder, arguments.photos)
else:
    check_out(arguments.photos, arguments.variants.split(","), arguments.width)
if failures:
    sys.exit("FAILED\n" + "\n".join(failures))
