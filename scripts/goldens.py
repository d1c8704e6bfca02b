#!/usr/bin/env python3
"""Makes goldens with PyTorch: what the engines must reproduce (src/testing/goldens.test.ts).

    python3 scripts/goldens.py                    the narrow ones, committed in src/testing/goldens
    python3 scripts/goldens.py --full [VARIANT …] the full-width ones, in build/goldens

Any PyTorch from 1.10 on serves (Debian: python3-torch). All is computed in float64 and stored as float32.

Each variant is written down here a second time, from its definition (the paper, the authors' layers-145.cfg, Caffe's
prototxt, torchvision's alexnet.py), not read from our TypeScript: so that a slip in one of them shows. Images, labels,
weights and dropout masks are drawn by the generator that src/random/philox.ts defines, again written down anew.
"""
import argparse
import json
import math
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
PURPOSE_DROPOUT, PURPOSE_TEST = 2, 255

# ---------------------------------------------------------------- chance


def philox_words(seed, purpose, index, stream, counter, count):
    """Words `counter … counter + count − 1` at an address, as src/random/philox.ts defines them."""
    mask = np.uint64(0xFFFFFFFF)
    blocks = np.arange(counter // 4, (counter + count + 3) // 4, dtype=np.uint64)
    c = [blocks & mask, blocks >> np.uint64(32), np.full_like(blocks, stream), np.full_like(blocks, purpose + 256 * index)]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(q >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), q & mask, (p >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p & mask]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=1).reshape(-1)[counter % 4 : counter % 4 + count]


def normal(count, standard_deviation, seed, index):
    w = philox_words(seed, PURPOSE_TEST, index, 0, 0, count + count % 2).astype(np.float64)
    radius = standard_deviation * np.sqrt(-2 * np.log((w[0::2] + 0.5) / 2**32))
    angle = 2 * math.pi * w[1::2] / 2**32
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)[:count].astype(np.float32)


def keep_mask(shape, rate, seed, step, ordinal):
    words = philox_words(seed, PURPOSE_DROPOUT, ordinal, step, 0, int(np.prod(shape)))
    return torch.from_numpy((words >= round(rate * 2**32)).reshape(shape))


# ---------------------------------------------------------------- the variants, by definition


class Chain:
    """A straight chain; every entry is (name, function of the numbers before it and of dropout's draw)."""

    def __init__(self):
        self.entries, self.parameters, self.dropouts = [], {}, 0
        self.neuron = F.relu

    def add(self, name, run):
        self.entries.append((name, lambda x, draw: run(x)))

    def parameter(self, name, shape):
        self.parameters[name] = torch.zeros(shape, dtype=torch.float64, requires_grad=True)

    def conv(self, name, inputs, kernels, kernel, groups=1, stride=1, padding=0, overhang=0):
        """overhang: zeros on the right and at the bottom only, where the authors' last kernel hangs over."""
        self.parameter(f"{name}.weight", (kernels, inputs // groups, kernel, kernel))
        self.parameter(f"{name}.bias", (kernels,))
        weight, bias = self.parameters[f"{name}.weight"], self.parameters[f"{name}.bias"]
        self.add(name, lambda x: F.conv2d(F.pad(x, (0, overhang, 0, overhang)), weight, bias, stride=stride, padding=padding, groups=groups))

    def dense(self, name, inputs, outputs):
        self.parameter(f"{name}.weight", (outputs, inputs))
        self.parameter(f"{name}.bias", (outputs,))
        weight, bias = self.parameters[f"{name}.weight"], self.parameters[f"{name}.bias"]
        self.add(name, lambda x: F.linear(x.flatten(1), weight, bias))

    def relu(self, name):
        self.add(name, self.neuron)

    def pool(self, name, ceil=False):
        self.add(name, lambda x: F.max_pool2d(x, 3, 2, ceil_mode=ceil))

    def adaptive(self, name, size):
        self.add(name, lambda x: F.adaptive_avg_pool2d(x, size))

    def lrn(self, name, divided_alpha, k, towers):
        """divided_alpha: α where the denominator is k + α/n Σ a², PyTorch's own convention."""
        one = lambda x: F.local_response_norm(x, 5, alpha=divided_alpha, beta=0.75, k=k)
        self.add(name, lambda x: torch.cat([one(tower) for tower in x.chunk(towers, dim=1)], dim=1))

    def lrn_in_map(self, name, size, scale):
        """cuda-convnet's rnorm: b = a / (1 + scale/size² Σ over size×size neighbours a²)^0.75; zeros outside add nothing."""
        total = lambda x: F.avg_pool2d(x * x, size, 1, padding=size // 2, count_include_pad=True) * size * size
        self.add(name, lambda x: x / (1 + scale / size**2 * total(x)) ** 0.75)

    def dropout(self, name, inverted, rate=0.5):
        ordinal = self.dropouts
        self.dropouts += 1

        def run(x, draw):
            if draw is None:
                return x * 1 if inverted else x * (1 - rate)
            x = x * keep_mask(tuple(x.shape), rate, draw["seed"], draw["step"], ordinal)
            return x / (1 - rate) if inverted else x

        self.entries.append((name, run))

    def forward(self, images, draw=None, noise=0):
        """noise: its standard deviation in every layer's output, relative to the largest number there."""
        outputs, x = {"input": images}, images
        for name, run in self.entries:
            x = run(x, draw)
            if noise > 0:
                x = x + noise * x.detach().abs().max() * torch.randn(x.shape, dtype=x.dtype)
            outputs[name] = x
        return outputs


def of_2012(groups):
    """Paper §3.2–3.5. The paper's α = 1e-4 is not divided by n, so it is 5 times as large in PyTorch's convention."""

    def build(c, classes, w, side):
        c.conv("conv1", 3, w(96), 11, stride=4)
        c.relu("relu1")
        c.lrn("lrn1", 5e-4, 2, groups)
        c.pool("pool1")
        c.conv("conv2", w(96), w(256), 5, groups, padding=2)
        c.relu("relu2")
        c.lrn("lrn2", 5e-4, 2, groups)
        c.pool("pool2")
        third_to_fifth(c, w, groups)
        c.pool("pool5")
        head(c, w, classes, side, inverted=False)

    return build


def authors_source(c, classes, w, side):
    """computerhistory/AlexNet-Source-Code, layers-145.cfg: in layer 1 conv, LRN, pool, neuron; in layer 2 a second norm inside each map; in layer 5 conv, pool, neuron."""
    c.conv("conv1", 3, w(96), 11, stride=4, overhang=3)
    c.lrn("lrn1", 1e-4, 2, 2)
    c.pool("pool1", ceil=True)
    c.relu("relu1")
    c.conv("conv2", w(96), w(256), 5, 2, padding=2)
    c.relu("relu2")
    c.lrn("lrn2", 1e-4, 2, 2)
    c.lrn_in_map("lrn2map", 5, 0.001)
    c.pool("pool2", ceil=True)
    third_to_fifth(c, w, 2, pool_first=True)
    head(c, w, classes, side, inverted=False)


def one_tower(c, classes, w, side):
    """akrizhevsky/cuda-convnet2, the network on one GPU: layer 1 and 5 conv, (LRN,) pool, neuron."""
    channels = 3
    for n, kernels, kernel, options in ((1, 64, 11, {"stride": 4, "overhang": 3}), (2, 192, 5, {"padding": 2})):
        c.conv(f"conv{n}", channels, w(kernels), kernel, **options)
        if n == 2:
            c.relu("relu2")
        c.lrn(f"lrn{n}", 1e-4, 2, 1)
        c.pool(f"pool{n}", ceil=True)
        if n == 1:
            c.relu("relu1")
        channels = w(kernels)
    for n, inputs, kernels in ((3, 192, 384), (4, 384, 256), (5, 256, 256)):
        c.conv(f"conv{n}", w(inputs), w(kernels), 3, padding=1)
        if n == 5:
            c.pool("pool5", ceil=True)
        c.relu(f"relu{n}")
    head(c, w, classes, side, inverted=False)


def caffe(pool_first):
    """BVLC/caffe bvlc_alexnet, and (pool_first) bvlc_reference_caffenet: LRN over all channels, pooling rounds up, dropout inverted."""

    def build(c, classes, w, side):
        channels = 3
        for n, kernels, kernel, options in ((1, w(96), 11, {"stride": 4}), (2, w(256), 5, {"groups": 2, "padding": 2})):
            c.conv(f"conv{n}", channels, kernels, kernel, **options)
            c.relu(f"relu{n}")
            if pool_first:
                c.pool(f"pool{n}", ceil=True)
            c.lrn(f"lrn{n}", 1e-4, 1, 1)
            if not pool_first:
                c.pool(f"pool{n}", ceil=True)
            channels = kernels
        third_to_fifth(c, w, 2)
        c.pool("pool5", ceil=True)
        head(c, w, classes, side, inverted=True)

    return build


def third_to_fifth(c, w, groups, pool_first=False):
    """conv3 sees all maps, conv4 and conv5 those of their own tower; pool_first: layer 5 is conv, pool, neuron."""
    for n, inputs, kernels, towers in ((3, 256, 384, 1), (4, 384, 384, groups), (5, 384, 256, groups)):
        c.conv(f"conv{n}", w(inputs), w(kernels), 3, towers, padding=1)
        if pool_first and n == 5:
            c.pool("pool5", ceil=True)
        c.relu(f"relu{n}")


def head(c, w, classes, side, inverted):
    c.dense("fc6", w(256) * side * side, w(4096))
    c.relu("relu6")
    c.dropout("drop6", inverted)
    c.dense("fc7", w(4096), w(4096))
    c.relu("relu7")
    c.dropout("drop7", inverted)
    c.dense("fc8", w(4096), classes)


def torchvision(c, classes, w, side):
    """pytorch/vision torchvision/models/alexnet.py."""
    channels = 3
    for n, kernels, kernel, options in ((1, 64, 11, {"stride": 4, "padding": 2}), (2, 192, 5, {"padding": 2}), (3, 384, 3, {"padding": 1}), (4, 256, 3, {"padding": 1}), (5, 256, 3, {"padding": 1})):
        c.conv(f"conv{n}", channels, w(kernels), kernel, **options)
        c.relu(f"relu{n}")
        if n in (1, 2, 5):
            c.pool(f"pool{n}")
        channels = w(kernels)
    c.adaptive("avgpool", 6)
    c.dropout("drop6", inverted=True)
    c.dense("fc6", w(256) * 36, w(4096))
    c.relu("relu6")
    c.dropout("drop7", inverted=True)
    c.dense("fc7", w(4096), w(4096))
    c.relu("relu7")
    c.dense("fc8", w(4096), classes)


def small(c, classes, w, side):
    channels = 3
    for n, kernels, kernel in ((1, 48, 5), (2, 96, 5), (3, 128, 3), (4, 128, 3), (5, 96, 3)):
        c.conv(f"conv{n}", channels, w(kernels), kernel, padding=kernel // 2)
        c.relu(f"relu{n}")
        if n <= 2:
            c.lrn(f"lrn{n}", 5e-4, 2, 1)
        if n in (1, 2, 5):
            c.pool(f"pool{n}", ceil=True)
        channels = w(kernels)
    c.adaptive("avgpool", 4)
    c.dense("fc6", w(96) * 16, w(256))
    c.relu("relu6")
    c.dropout("drop6", inverted=True)
    c.dense("fc7", w(256), w(256))
    c.relu("relu7")
    c.dropout("drop7", inverted=True)
    c.dense("fc8", w(256), classes)


def tanh(c, classes, w, side):
    """`small` with tanh in every place of a ReLU; the first LRN stands before it and brings images of any scale to where it bends."""
    c.neuron = torch.tanh
    channels = 3
    for n, kernels, kernel in ((1, 48, 5), (2, 96, 5), (3, 128, 3), (4, 128, 3), (5, 96, 3)):
        c.conv(f"conv{n}", channels, w(kernels), kernel, padding=kernel // 2)
        if n == 1:
            c.lrn("lrn1", 0.05, 1, 1)
        c.relu(f"relu{n}")
        if n == 2:
            c.lrn("lrn2", 5e-4, 2, 1)
        if n in (1, 2, 5):
            c.pool(f"pool{n}", ceil=True)
        channels = w(kernels)
    c.adaptive("avgpool", 4)
    c.dense("fc6", w(96) * 16, w(256))
    c.relu("relu6")
    c.dropout("drop6", inverted=True)
    c.dense("fc7", w(256), w(256))
    c.relu("relu7")
    c.dropout("drop7", inverted=True)
    c.dense("fc8", w(256), classes)


# How it is built; the bias's factors on learning rate and decay (the paper and torchvision make no difference); the
# narrow golden's divisor of widths, its input and the side of pool5's maps there; the full input; a learning rate at
# which ten steps on these weights stay calm: where the loss explodes, rounding is all that one compares.
VARIANTS = {
    "paper": (of_2012(2), (1, 1), (32, 67, 1), 227, 1e-4),
    "single": (of_2012(1), (1, 1), (32, 67, 1), 227, 1e-4),
    "source": (authors_source, (2, 0), (32, 64, 1), 224, 1e-4),
    "caffe": (caffe(False), (2, 0), (32, 64, 1), 227, 1e-6),
    "caffenet": (caffe(True), (2, 0), (32, 64, 1), 227, 1e-6),
    "onetower": (one_tower, (2, 0), (32, 64, 1), 224, 1e-5),
    "torchvision": (torchvision, (1, 1), (64, 64, 1), 224, 1e-7),
    "small": (small, (1, 0), (24, 33, 1), 32, 1e-4),
    "tanh": (tanh, (1, 0), (24, 33, 1), 32, 1e-3),
}

# ---------------------------------------------------------------- what is recorded


def build(variant, divisor, classes, side):
    """The variant with its widths divided (rounded to even numbers) and filled as src/testing/data.ts does."""
    chain = Chain()
    VARIANTS[variant][0](chain, classes, lambda units: max(2, 2 * math.floor(units / divisor / 2 + 0.5)), side)
    names = list(chain.parameters)
    for index, name in enumerate(names):
        p = chain.parameters[name]
        last = 0.01 if index >= len(names) - 2 else 1
        deviation = last * (1 if name.endswith("bias") else math.sqrt(2 * p.shape[0] / p.numel()))
        with torch.no_grad():
            p.copy_(torch.from_numpy(normal(p.numel(), deviation, 1, 2 + index)).reshape(p.shape))
    return chain


def batch_of(size, count, classes, seed):
    images = torch.from_numpy(normal(count * 3 * size * size, 64, seed, 0)).double().reshape(count, 3, size, size)
    labels = torch.from_numpy((philox_words(seed, PURPOSE_TEST, 1, 0, 0, count) % np.uint64(classes)).astype(np.int64))
    return images.requires_grad_(), labels


def train(chain, bias_rule, size, classes, count, steps, rate, dropout):
    """The paper's update (§5) by hand: torch.optim.SGD keeps the learning rate outside the velocity."""
    velocity = {name: torch.zeros_like(p) for name, p in chain.parameters.items()}
    losses = []
    for step in range(steps):
        images, labels = batch_of(size, count, classes, 30 + step % 2)
        outputs = chain.forward(images, {"seed": 3, "step": step} if dropout else None)
        loss = F.cross_entropy(outputs["fc8"], labels)
        for p in chain.parameters.values():
            p.grad = None
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for name, p in chain.parameters.items():
                faster, decay = bias_rule if name.endswith("bias") else (1, 1)
                epsilon = faster * (rate if step < steps / 2 else rate / 10)
                velocity[name] = 0.9 * velocity[name] - 0.0005 * decay * epsilon * p - epsilon * p.grad
                p += velocity[name]
    return losses


def there_and_back(chain, size, count, classes, seed, noise=0):
    images, labels = batch_of(size, count, classes, seed)
    outputs = chain.forward(images, noise=noise)
    for tensor in outputs.values():
        tensor.retain_grad()
    for p in chain.parameters.values():
        p.grad = None
    F.cross_entropy(outputs["fc8"], labels).backward()
    return outputs


def calm(chain, gradients, size, count, classes, seed):
    there_and_back(chain, size, count, classes, seed, noise=5e-7)
    return all((p.grad - g).abs().max() < 5e-5 * g.abs().max() for p, g in zip(chain.parameters.values(), gradients))


def calm_seed(variant, divisor, size, side, classes, count):
    """
    The first seed whose gradients do not jump when every activation changes as float32 rounds it (engines are up to 3e-6 of
    the largest number away). Where two numbers under a max-pool are all but equal, or a number under a ReLU all but zero,
    float32 may decide otherwise than float64, and the gradients of one or two images then differ by percents although both
    are right. Such a kink shows in half of the trials, so a few of them are needed.
    """
    chain = build(variant, divisor, classes, side)
    for seed in range(20, 100):
        there_and_back(chain, size, count, classes, seed)
        gradients = [p.grad for p in chain.parameters.values()]
        torch.manual_seed(seed)
        if all(calm(chain, gradients, size, count, classes, seed) for _ in range(8)):
            return seed
    raise SystemExit(f"{variant}: no seed from 20 to 99 is calm")


def record(variant, divisor, size, side, rate, classes, count, steps, stride):
    tensors = {}

    def keep(name, tensor):
        # Biases and the like whole: a few numbers of theirs may all be small, and differences are held against the largest.
        numbers = tensor.detach().reshape(-1)
        tensors[name] = numbers[:: stride if len(numbers) > 10000 else 1].float().numpy()

    seed = calm_seed(variant, divisor, size, side, classes, count)
    chain = build(variant, divisor, classes, side)
    outputs = there_and_back(chain, size, count, classes, seed)
    keep("activation.softmax", F.softmax(outputs["fc8"], dim=1))
    for name, tensor in outputs.items():
        if name != "input":
            keep(f"activation.{name}", tensor)
            keep(f"activationGradient.{name}", tensor.grad)
    for name, p in chain.parameters.items():
        keep(f"gradient.{name}", p.grad)
    for kind, dropout in (("plain", False), ("dropout", True)):
        chain = build(variant, divisor, classes, side)
        losses = train(chain, VARIANTS[variant][1], size, classes, count, steps, rate, dropout)
        tensors[f"losses.{kind}"] = np.array(losses, dtype=np.float32)
        for name, p in chain.parameters.items():
            keep(f"trained.{kind}.{name}", p)
    return tensors, {"variant": variant, "width": 1 / divisor, "input": size, "classes": classes, "count": count, "seed": seed, "steps": steps, "learningRate": rate, "stride": stride, "torch": torch.__version__}


def save(path, tensors, meta):
    """safetensors, by hand: eight bytes of header length, JSON, the numbers."""
    header, offset = {"__metadata__": {key: str(value) for key, value in meta.items()}}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(tensor.tobytes() for tensor in tensors.values()))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.2f} MB, seed {meta['seed']}, losses {tensors['losses.plain'].min():.3f}–{tensors['losses.plain'].max():.3f}, with dropout {tensors['losses.dropout'].min():.3f}–{tensors['losses.dropout'].max():.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="full width, two steps of one image, every 997th number of large tensors, in build/goldens")
    parser.add_argument("variants", nargs="*", default=list(VARIANTS), metavar="VARIANT")
    arguments = parser.parse_args()
    for variant in arguments.variants:
        _, _, (divisor, size, side), full, rate = VARIANTS[variant]
        if arguments.full:
            save(ROOT / "build/goldens" / f"{variant}.safetensors", *record(variant, 1, full, 6, rate, 1000, 1, 2, 997))
        else:
            save(ROOT / "src/testing/goldens" / f"{variant}.safetensors", *record(variant, divisor, size, side, rate, 7, 2, 10, 1))


if __name__ == "__main__":
    main()
