"""Makes weight files with the libraries that the world makes them with, and what those libraries answer.

    python3 -m venv --system-site-packages ENV   # where torch is the system's; else: pip install torch
    ENV/bin/pip install 'numpy<2' onnx==1.16.2 onnxruntime==1.19.2 safetensors opencv-python-headless==4.10.0.84
    ENV/bin/python scripts/make-weights.py OUT [--full]

Without --full the networks are narrow (some 10,000 parameters), which is what test/weights holds. With it they have
the published widths (61 million). Weights are random. Every picture is made by `picture`, which the tests know too.
expected.json: for each file the logits on two pictures, and on photograph.png, made ready here as its model wants it.
make-dynamo.py, with a newer PyTorch, makes what dynamo exports.
The older form of PyTorch's files holds memory addresses, so those differ from run to run; all others come out the same.
"""
import json
import os
import pickle
import struct
import sys
from collections import OrderedDict

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file
from torch import nn

OUT = sys.argv[1]
FULL = "--full" in sys.argv
os.makedirs(OUT, exist_ok=True)
EXPECTED = {}


def path(name):
    return os.path.join(OUT, name)


def picture(count, size, spread):
    """Number i is ((i · 2654435761) mod 2³²) / 2³² − 0.5, times spread."""
    i = np.arange(count * 3 * size * size, dtype=np.uint64)
    values = ((i * np.uint64(2654435761)) % np.uint64(2**32)).astype(np.float64) / 2**32 - 0.5
    return (values * spread).astype(np.float32).reshape(count, 3, size, size)


def photograph():
    """A picture of blocks, 256×256×3, RGB. Its size needs no scaling, so what becomes of it is the same in every language."""
    y, x, channel = np.mgrid[:16, :16, :3]
    blocks = (37 * x + 91 * y + 53 * x * y + 71 * channel * (x + 1)) % 256
    pixels = np.kron(blocks, np.ones((16, 16, 1))).astype(np.uint8)
    pixels[:, :, 2] //= 2  # no blue sky: channels in the wrong order must show
    return pixels


def prepared(variant, size):
    """The photograph's centre as torchvision or as Caffe makes it ready."""
    at = (256 - size) // 2
    pixels = photograph()[at:at + size, at:at + size].astype(np.float32)
    if variant == "torchvision":
        ready = (pixels / 255 - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])
    else:
        ready = pixels[:, :, ::-1] - np.float32([104.00699, 116.66877, 122.67891])
    return np.ascontiguousarray(ready.transpose(2, 0, 1)[None])


def expect(name, ask, size, spread, variant):
    """`ask` gives the logits of pictures."""
    EXPECTED[name] = {"size": size, "spread": spread, "variant": variant, "logits": numbers(ask(picture(2, size, spread))), "photograph": numbers(ask(prepared(variant, size)))[0]}


def numbers(logits):
    return np.asarray(logits, np.float64).tolist()


CLASSES = 1000 if FULL else 5
TORCHVISION = [64, 192, 384, 256, 256, 4096, 4096] if FULL else [4, 12, 24, 16, 16, 20, 20]
ORIGINAL = [96, 256, 384, 384, 256, 4096, 4096] if FULL else [6, 16, 24, 24, 16, 20, 20]


class TorchvisionAlexNet(nn.Module):
    """torchvision.models.alexnet, layer by layer."""

    def __init__(self, widths=TORCHVISION, classes=CLASSES):
        super().__init__()
        a, b, c, d, e, f, g = widths
        self.features = nn.Sequential(
            nn.Conv2d(3, a, 11, stride=4, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(a, b, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(b, c, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(c, d, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(d, e, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2))
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(e * 36, f), nn.ReLU(inplace=True),
            nn.Dropout(), nn.Linear(f, g), nn.ReLU(inplace=True), nn.Linear(g, classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


class CaffeAlexNet(nn.Module):
    """BVLC's bvlc_alexnet (or, with `pool_first`, reference CaffeNet) in PyTorch."""

    def __init__(self, pool_first=False, widths=ORIGINAL, classes=CLASSES):
        super().__init__()
        a, b, c, d, e, f, g = widths
        norm = lambda: nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
        pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
        between = lambda: [pool(), norm()] if pool_first else [norm(), pool()]
        self.features = nn.Sequential(
            nn.Conv2d(3, a, 11, stride=4), nn.ReLU(), *between(),
            nn.Conv2d(a, b, 5, padding=2, groups=2), nn.ReLU(), *between(),
            nn.Conv2d(b, c, 3, padding=1), nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1, groups=2), nn.ReLU(),
            nn.Conv2d(d, e, 3, padding=1, groups=2), nn.ReLU(), pool())
        self.classifier = nn.Sequential(nn.Linear(e * 36, f), nn.ReLU(), nn.Dropout(), nn.Linear(f, g), nn.ReLU(), nn.Dropout(), nn.Linear(g, classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


def enlarge(model, gain=3.0):
    """PyTorch's initial values fade from layer to layer; larger ones make answers that differ."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(gain)
    return model.eval()


def logits(model):
    def ask(images):
        with torch.no_grad():
            return model(torch.from_numpy(images)).numpy()
    return ask


torch.manual_seed(1)
tv = enlarge(TorchvisionAlexNet())
caffe = enlarge(CaffeAlexNet())
caffenet = enlarge(CaffeAlexNet(pool_first=True))
TV = (224, 4.0)
CF = (227, 250.0)


def like(model, state):
    """The model with these values, as f32: what a reader of rounded weights must answer."""
    other = type(model)()
    other.load_state_dict({key: value.float() for key, value in state.items()})
    return other.eval()


def torch_files():
    state = tv.state_dict()
    torch.save(state, path("torchvision.pth"))
    expect("torchvision.pth", logits(tv), *TV, "torchvision")
    if FULL:
        return
    torch.save(state, path("torchvision-legacy.pth"), _use_new_zipfile_serialization=False)
    expect("torchvision-legacy.pth", logits(tv), *TV, "torchvision")
    half = {key: value.half() for key, value in state.items()}
    optimizer = torch.optim.SGD(tv.parameters(), lr=0.1, momentum=0.9)
    tv(torch.from_numpy(picture(1, *TV))).sum().backward()
    optimizer.step()
    tv.load_state_dict(state := {key: value.clone() for key, value in torch.load(path("torchvision.pth")).items()})
    checkpoint = {"epoch": 90, "arch": "alexnet", "best_acc1": np.float64(56.5), "state_dict": {f"module.{key}": value for key, value in half.items()}, "optimizer": optimizer.state_dict()}
    torch.save(checkpoint, path("checkpoint-f16.pth"))
    expect("checkpoint-f16.pth", logits(like(tv, half)), *TV, "torchvision")
    brain = {key: value.bfloat16() for key, value in state.items()}
    torch.save({"model": brain}, path("nested-bf16.pt"), _use_new_zipfile_serialization=False)
    expect("nested-bf16.pt", logits(like(tv, brain)), *TV, "torchvision")
    double = {key: value.double() for key, value in state.items()}
    torch.save(double, path("torchvision-f64.pth"))
    expect("torchvision-f64.pth", logits(tv), *TV, "torchvision")
    strange = {key: value.contiguous(memory_format=torch.channels_last) if value.dim() == 4 else nn.Parameter(value.t().contiguous().t()) if value.dim() == 2 else value for key, value in state.items()}
    torch.save(strange, path("torchvision-strides.pth"))
    expect("torchvision-strides.pth", logits(tv), *TV, "torchvision")
    save_file({key: value.contiguous() for key, value in state.items()}, path("torchvision.safetensors"), metadata={"format": "pt"})
    expect("torchvision.safetensors", logits(tv), *TV, "torchvision")
    save_file({f"model.{key}": value.contiguous() for key, value in half.items()}, path("prefixed-f16.safetensors"))
    expect("prefixed-f16.safetensors", logits(like(tv, half)), *TV, "torchvision")
    torch.save(caffe.state_dict(), path("groups.pth"))
    expect("groups.pth", logits(caffe), *CF, "caffe")


def onnx_answer(name):
    session = onnxruntime.InferenceSession(path(name), providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {session.get_inputs()[0].name: images})[0]


def torch_exports():
    for opset in [13] if FULL else [9, 11, 16]:
        name = f"torch-opset{opset}.onnx"
        torch.onnx.export(tv, torch.from_numpy(picture(1, *TV)), path(name), opset_version=opset, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n"}, "y": {0: "n"}})
        expect(name, onnx_answer(name), *TV, "torchvision")


class LrnAlexNet(TorchvisionAlexNet):
    """A small one with PyTorch's own LRN, as its users train it: α is divided by the window, k is 2."""

    def __init__(self):
        super().__init__([4, 6, 8, 8, 6, 10, 10])
        layers = list(self.features)
        self.avgpool = nn.Identity()  # the exporter loses the sizes behind an LRN, and adaptive pooling needs them
        # α so large that leaving it out, or dividing it twice, shows.
        norm = lambda: nn.LocalResponseNorm(5, alpha=0.5, beta=0.75, k=2.0)
        self.features = nn.Sequential(*layers[:2], norm(), *layers[2:5], norm(), *layers[5:])


def torch_lrn():
    torch.manual_seed(7)
    model = enlarge(LrnAlexNet(), 1.5)
    images = torch.from_numpy(picture(1, *TV))
    everywhere = {"x": {0: "n", 2: "h", 3: "w"}, "y": {0: "n"}}
    for name, opset, axes in [("opset9", 9, None), ("opset13", 13, None), ("dynamic", 13, {"x": {0: "n"}, "y": {0: "n"}}), ("open", 16, everywhere)]:
        torch.onnx.export(model, images, path(f"torch-lrn-{name}.onnx"), opset_version=opset, input_names=["x"], output_names=["y"], dynamic_axes=axes)
        expect(f"torch-lrn-{name}.onnx", logits(model), *TV, "torchvision")
    for name in [name for name in EXPECTED if name.startswith("torch-lrn")]:
        EXPECTED[name]["variant"] = None


def chain(model, pool_first):
    """(operator, attributes, module) of a Caffe-like model, in order."""
    steps = []
    for module in [*model.features, "flatten", *model.classifier]:
        if module == "flatten":
            steps.append(("Flatten", {}, None))
        elif isinstance(module, nn.Conv2d):
            p = module.padding[0]
            steps.append(("Conv", dict(kernel_shape=list(module.kernel_size), strides=list(module.stride), pads=[p] * 4, group=module.groups), module))
        elif isinstance(module, nn.ReLU):
            steps.append(("Relu", {}, None))
        elif isinstance(module, nn.LocalResponseNorm):
            steps.append(("LRN", dict(size=module.size, alpha=module.alpha, beta=module.beta, bias=float(module.k)), None))
        elif isinstance(module, nn.MaxPool2d):
            steps.append(("MaxPool", dict(kernel_shape=[3, 3], strides=[2, 2]), None))
        elif isinstance(module, nn.Linear):
            steps.append(("Gemm", dict(transB=1), module))
        elif isinstance(module, nn.Dropout):
            steps.append(("Dropout", {}, None))
    return steps


def save_chain(name, steps, model, opset, size, typed=False, reshape=False, plain_gemm=False, softmax=False, ceil=True):
    """A Caffe-like model as the ONNX zoo has them. Pooling is ceil-mode by attribute (from opset 10) or by padding, as Caffe2's exporter did."""
    nodes, tensors, value = [], [], "data_0"
    shape, weights = size, 0
    for index, (kind, attributes, module) in enumerate(steps):
        inputs, output, attributes = [value], f"v{index}", dict(attributes)
        if kind == "Conv":
            shape = (shape + 2 * attributes["pads"][0] - attributes["kernel_shape"][0]) // attributes["strides"][0] + 1
        if kind == "MaxPool":
            over = -(-(shape - 3) // 2)
            if opset >= 10 and ceil:
                attributes["ceil_mode"] = 1
            else:
                more = over * 2 + 3 - shape
                attributes["pads"] = [0, 0, more, more]
            shape = over + 1
        if kind == "Dropout":
            attributes = {"is_test": 1, "ratio": 0.5} if opset < 7 else {"ratio": 0.5} if opset < 12 else {}
            if opset >= 12:
                tensors.append(helper.make_tensor(f"ratio{index}", TensorProto.FLOAT, [], [0.5]))
                inputs.append(f"ratio{index}")
        if kind == "Flatten" and reshape:
            kind = "Reshape"
            if opset < 5:
                attributes = {"shape": [-1, ORIGINAL[4] * 36]}
            else:
                tensors.append(helper.make_tensor("shape", TensorProto.INT64, [2], [-1, ORIGINAL[4] * 36]))
                inputs.append("shape")
        if module is not None:
            weight, bias = module.weight.detach().numpy(), module.bias.detach().numpy()
            if kind == "Gemm" and plain_gemm:
                weight, attributes = np.ascontiguousarray(weight.T), {}
            if kind == "Gemm" and opset < 7:
                attributes["broadcast"] = 1
            for suffix, array in (("w", weight), ("b", bias)):
                key = f"{suffix}{weights}"
                tensors.append(helper.make_tensor(key, TensorProto.FLOAT, array.shape, array.flatten().tolist()) if typed else numpy_helper.from_array(array, key))
                inputs.append(key)
            weights += 1
        nodes.append(helper.make_node(kind, inputs, [output], name=f"{kind}_{index}", **attributes))
        value = output
    if softmax:
        nodes.append(helper.make_node("Softmax", [value], ["prob_1"], axis=1))
        value = "prob_1"
    inputs = [helper.make_tensor_value_info("data_0", TensorProto.FLOAT, ["n", 3, size, size])]
    if opset < 9:  # before IR version 4 every initializer is an input too
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in tensors]
    graph = helper.make_graph(nodes, "alexnet", inputs, [helper.make_tensor_value_info(value, TensorProto.FLOAT, ["n", CLASSES])], tensors)
    model_proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="make-weights")
    model_proto.ir_version = 3 if opset < 9 else 8
    onnx.checker.check_model(model_proto)
    onnx.save(model_proto, path(name))


def zoo():
    # A zoo model takes 224 pixels: with ceil-mode pooling its maps are 54, 27, 13, 6.
    size = (224, 250.0)
    steps = chain(caffe, False)
    ask = logits(caffe)
    answer = ask(picture(2, *size))
    save_chain("zoo-opset9.onnx", steps, caffe, 9, 224, reshape=True)
    assert np.abs(onnx_answer("zoo-opset9.onnx")(picture(2, *size)) - answer).max() < 1e-3 * np.abs(answer).max()
    if FULL:
        expect("zoo-opset9.onnx", ask, *size, "caffe")
        return
    for opset, options in {3: dict(reshape=True), 7: dict(reshape=True, plain_gemm=True), 9: dict(reshape=True), 12: dict(typed=True), 21: dict(ceil=True, plain_gemm=True, softmax=True)}.items():
        name = f"zoo-opset{opset}.onnx"
        save_chain(name, steps, caffe, opset, 224, **options)
        if opset >= 7:
            found = onnx_answer(name)(picture(2, *size))
            wanted = torch.softmax(torch.from_numpy(answer), 1).numpy() if options.get("softmax") else answer
            assert np.abs(found - wanted).max() < 1e-3 * np.abs(wanted).max(), name
        expect(name, ask, *size, "caffe")
    save_chain("zoo-external.onnx", steps, caffe, 17, 224)
    external = onnx.load(path("zoo-external.onnx"))
    onnx.save(external, path("zoo-external.onnx"), save_as_external_data=True, location="zoo-external.bin", size_threshold=1024)
    expect("zoo-external.onnx", ask, *size, "caffe")


# Caffe's messages on the wire, by the field numbers of caffe.proto. OpenCV, which has its own reader of them, judges them.
def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def real(field, value):
    return varint(field << 3 | 5) + struct.pack("<f", value)


def block(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def blob(array, old):
    data = block(5, array.astype("<f4").tobytes())
    if old:
        sizes = [1] * (4 - array.ndim) + list(array.shape)
        return b"".join(number(i + 1, size) for i, size in enumerate(sizes)) + data
    return block(7, block(1, b"".join(varint(size) for size in array.shape))) + data


OLD = {"Convolution": 4, "InnerProduct": 14, "ReLU": 18, "LRN": 15, "Pooling": 17, "Dropout": 6, "Softmax": 20, "Data": 5, "SoftmaxWithLoss": 21}
SETTINGS = {"Convolution": (106, 10), "InnerProduct": (117, 17), "LRN": (118, 18), "Pooling": (121, 19), "Dropout": (108, 12)}


def caffe_layers(model, pool_first):
    """(name, type, bottom, top, settings, settings as text, blobs)"""
    layers, n, value = [], 0, "data"
    for kind, attributes, module in chain(model, pool_first):
        if kind == "Conv":
            n += 1
            settings = number(1, module.out_channels) + (number(3, attributes["pads"][0]) if attributes["pads"][0] else b"") + number(4, attributes["kernel_shape"][0]) + (number(5, module.groups) if module.groups > 1 else b"") + (number(6, attributes["strides"][0]) if n == 1 else b"")
            text = f"convolution_param {{ num_output: {module.out_channels} pad: {attributes['pads'][0]} kernel_size: {attributes['kernel_shape'][0]} group: {module.groups} stride: {attributes['strides'][0]} weight_filler {{ type: \"gaussian\" std: 0.01 }} }}"
            layers.append((f"conv{n}", "Convolution", value, value := f"conv{n}", settings, text, module))
        elif kind == "Gemm":
            n += 1
            layers.append((f"fc{n}", "InnerProduct", value, value := f"fc{n}", number(1, module.out_features), f"inner_product_param {{ num_output: {module.out_features} }}", module))
        elif kind == "Relu":
            layers.append((f"relu{n}", "ReLU", value, value, b"", "", None))
        elif kind == "LRN":
            layers.append((f"norm{n}", "LRN", value, value := f"norm{n}", number(1, 5) + real(2, 1e-4) + real(3, 0.75), "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }", None))
        elif kind == "MaxPool":
            layers.append((f"pool{n}", "Pooling", value, value := f"pool{n}", number(1, 0) + number(2, 3) + number(3, 2), "pooling_param { pool: MAX kernel_size: 3 stride: 2 }", None))
        elif kind == "Dropout":
            layers.append((f"drop{n}", "Dropout", value, value, real(1, 0.5), "dropout_param { dropout_ratio: 0.5 }", None))
    return layers


def caffe_file(name, model, old, pool_first=False, settings=True):
    layers = caffe_layers(model, pool_first)
    body = block(1, "AlexNet")
    data = block(4, "data") + number(5, 5) + block(3, "data") + block(3, "label") if old else block(1, "data") + block(2, "Data") + block(4, "data") + block(4, "label")
    body += block(2 if old else 100, data)
    for title, kind, bottom, top, params, _, module in layers + [("loss", "SoftmaxWithLoss", "fc8", "loss", b"", "", None)]:
        blobs = [] if module is None else [module.weight.detach().numpy(), module.bias.detach().numpy()]
        if old:
            layer = block(2, bottom) + block(3, top) + block(4, title) + number(5, OLD[kind]) + b"".join(block(6, blob(b, True)) for b in blobs)
        else:
            layer = block(1, title) + block(2, kind) + block(3, bottom) + block(4, top) + b"".join(block(7, blob(b, False)) for b in blobs)
        if settings and kind in SETTINGS and params:
            layer += block(SETTINGS[kind][1 if old else 0], params)
        body += block(2 if old else 100, layer)
    with open(path(name), "wb") as file:
        file.write(body)


def caffe_prototxt(name, model, size, pool_first=False):
    lines = ['name: "AlexNet"  # a comment', 'input: "data"', *[f"input_dim: {n}" for n in (1, 3, size, size)]]
    for title, kind, bottom, top, _, text, _ in caffe_layers(model, pool_first) + [("prob", "Softmax", "fc8", "prob", b"", "", None)]:
        lines.append(f'layer {{\n  name: "{title}"\n  type: "{kind}"\n  bottom: "{bottom}"\n  top: "{top}"\n  {text}\n}}')
    with open(path(name), "w") as file:
        file.write("\n".join(lines) + "\n")


def opencv(model_file, prototxt, size, spread):
    net = cv2.dnn.readNetFromCaffe(path(prototxt), path(model_file))
    net.setInput(picture(2, size, spread))
    return net.forward("fc8").reshape(2, -1)


def caffe_files():
    for variant, model, pool_first in (("caffe", caffe, False), ("caffenet", caffenet, True)):
        for old in (False, True):
            name = f"{variant}-{'v1' if old else 'new'}.caffemodel"
            caffe_file(name, model, old, pool_first)
            caffe_prototxt(f"{variant}.prototxt", model, 227, pool_first)
            answer = opencv(name, f"{variant}.prototxt", *CF)
            wanted = logits(model)(picture(2, *CF))
            assert np.abs(answer - wanted).max() < 1e-3 * np.abs(wanted).max(), name
            expect(name, logits(model), *CF, variant)
            if FULL:
                return


class Python2Pickler(pickle._Pickler):
    """Writes texts and bytes the way Python 2 did: both as byte strings."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        data = value.encode("latin1") if isinstance(value, str) else value
        self.write(b"U" + bytes([len(data)]) + data if len(data) < 256 else b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[str] = save_string
    dispatch[bytes] = save_string


def numpy_files():
    widths = ORIGINAL
    layers = {}
    convolutions = [m for m in caffe.features if isinstance(m, nn.Conv2d)]
    dense = [m for m in caffe.classifier if isinstance(m, nn.Linear)]
    for i, module in enumerate(convolutions):
        layers[f"conv{i + 1}"] = [np.ascontiguousarray(module.weight.detach().numpy().transpose(2, 3, 1, 0)), module.bias.detach().numpy()]
    for i, module in enumerate(dense):
        weight = module.weight.detach().numpy()
        if i == 0:
            weight = weight.reshape(-1, widths[4], 6, 6).transpose(2, 3, 1, 0).reshape(-1, widths[5])
        else:
            weight = weight.T
        layers[f"fc{i + 6}"] = [np.ascontiguousarray(weight), module.bias.detach().numpy()]
    np.save(path("bvlc_alexnet.npy"), layers)
    expect("bvlc_alexnet.npy", logits(caffe), *CF, "caffe")
    if FULL:
        return
    with open(path("python2.npy"), "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        Python2Pickler(file, 2).dump(np.array({k: {"weights": w, "biases": b} for k, (w, b) in layers.items()}, dtype=object))
    assert np.load(path("python2.npy"), allow_pickle=True, encoding="latin1").item().keys() == layers.keys()
    expect("python2.npy", logits(caffe), *CF, "caffe")
    flat = {f"{k}/{part}": a for k, arrays in layers.items() for part, a in zip(("weights", "biases"), arrays)}
    np.savez_compressed(path("tensorflow.npz"), **flat)
    expect("tensorflow.npz", logits(caffe), *CF, "caffe")
    state = {k: np.asfortranarray(v.numpy()).astype(">f8") for k, v in tv.state_dict().items()}
    np.savez(path("fortran.npz"), **state)
    expect("fortran.npz", logits(tv), *TV, "torchvision")


def tiny(name):
    os.makedirs(path("tiny"), exist_ok=True)
    return path(os.path.join("tiny", name))


def tiny_state():
    """A few numbers of several kinds, one of them twice, one lying column by column, as a training state has them."""
    conv = torch.arange(36, dtype=torch.float32).reshape(2, 2, 3, 3) / 7
    weights = OrderedDict([("c.weight", conv), ("c.bias", conv[:, 0, 0, 0].half().clone()), ("d.weight", torch.eye(3, 2).t().contiguous().t()), ("d.bias", torch.ones(3).bfloat16())])
    return {"epoch": 3, "best": np.float64(0.5), "state_dict": weights, "steps": torch.tensor([7]), "flags": (True, None, "sgd", [1.5, -2]), "again": conv}


def tiny_onnx(name, external):
    """Tensors in every field that holds numbers, and attributes of every kind."""
    values = np.arange(12, dtype=np.float32).reshape(2, 6)
    typed = [helper.make_tensor("typed", TensorProto.FLOAT, [2, 6], values.flatten().tolist()), helper.make_tensor("shape", TensorProto.INT64, [2], [-1, 6]),
             helper.make_tensor("half", TensorProto.FLOAT16, [3], [1, 2, 3]), helper.make_tensor("double", TensorProto.DOUBLE, [2], [0.1, 0.2]), helper.make_tensor("flag", TensorProto.BOOL, [2], [True, False])]
    raw = [numpy_helper.from_array(values, "raw"), numpy_helper.from_array(np.float64([0.5]), "raw64")]
    nodes = [helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.int64([-1, 6]), "value")), helper.make_node("Reshape", ["x", "c"], ["r"], name="reshape"),
             helper.make_node("Gemm", ["r", "raw", "typed"], ["g"], transB=1, alpha=0.5), helper.make_node("LRN", ["g"], ["y"], size=5, alpha=1e-4, beta=0.75, bias=1.0), helper.make_node("Odd", ["y"], ["z"], domain="other", pads=[1, 2, 3], scales=[0.5, 2.0], mode="nearest")]
    graph = helper.make_graph(nodes, "tiny", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 6])], [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", 6])], raw + typed)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("other", 1)], producer_name="make-weights")
    helper.set_model_props(model, {"key": "value"})
    if external:
        onnx.save(model, tiny(name), save_as_external_data=True, location=name.replace(".onnx", ".bin"), size_threshold=8)
    else:
        onnx.save(model, tiny(name))


def tiny_files():
    """For the fuzzer: everything that a format can say, in some hundred bytes."""
    torch.save(tiny_state(), tiny("tiny.pth"))
    torch.save(tiny_state(), tiny("tiny-legacy.pth"), _use_new_zipfile_serialization=False)
    tiny_onnx("tiny.onnx", False)
    tiny_onnx("tiny-external.onnx", True)
    arrays = {"conv1": {"weights": np.arange(36, dtype=np.float32).reshape(3, 3, 2, 2), "biases": np.ones(2, np.float64)}, "fc6": [np.asfortranarray(np.eye(3, dtype=np.float16)), np.ones(3, ">f4")]}
    np.save(tiny("tiny.npy"), arrays)
    with open(tiny("tiny-python2.npy"), "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        Python2Pickler(file, 2).dump(np.array(arrays, dtype=object))
    flat = {"weights": np.arange(48, dtype=np.float32).reshape(4, 12), "big": np.ones((2, 3), ">f8", order="F"), "flags": np.zeros(5, bool)}
    np.savez(tiny("tiny.npz"), **flat)
    np.savez_compressed(tiny("tiny-deflated.npz"), **flat)
    save_file({"a": torch.arange(6.).reshape(2, 3), "b": torch.ones(4).half(), "c": torch.ones(3, dtype=torch.int64), "d": torch.ones(2).bfloat16()}, tiny("tiny.safetensors"), metadata={"format": "pt"})
    small = CaffeAlexNet(widths=[2, 2, 2, 2, 2, 2, 2], classes=2)
    # Numbers are cut short: a fuzzer has nothing to learn from a hundred of them.
    for module in small.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.weight = nn.Parameter(module.weight[:, :1, :1, :1].clone() if module.weight.dim() == 4 else module.weight[:, :2].clone())
    for old in (False, True):
        caffe_file(f"tiny/tiny-{'v1' if old else 'new'}.caffemodel", small, old)
    caffe_prototxt("tiny/tiny.prototxt", small, 227)
    with open(tiny("tiny.binaryproto"), "wb") as file:
        file.write(blob(np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2), True))


cv2.imwrite(path("photograph.png"), photograph()[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
torch_files()
torch_exports()
if not FULL:
    torch_lrn()
zoo()
caffe_files()
numpy_files()
if not FULL:
    tiny_files()
with open(path("expected.json"), "w") as file:
    json.dump(EXPECTED, file, indent=1)
for folder, _, names in sorted(os.walk(OUT)):
    for name in sorted(names):
        print(f"{os.path.getsize(os.path.join(folder, name)):>12,} {os.path.relpath(os.path.join(folder, name), OUT)}")
