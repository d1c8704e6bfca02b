#!/usr/bin/env python3
"""Makes src/testing/goldens/pixels.json with Pillow, OpenCV and torchvision: what they make of pictures.

    python3 scripts/goldens-pixels.py       with torch, torchvision, 'pillow<12.3', numpy, opencv-python-headless

`cases` are what src/images/resample.ts must give, byte for byte. `files` are JPEGs beside it, what torchvision and Caffe cut
out of them, and what torchvision's pipeline answers with the weights of test/weights/torchvision.pth.

Pillow before 12.3, whose horizontal pass comes first always: 12.3 begins with the vertical one where a picture is a
hundred times higher than wide, 13 also where the height shrinks much more than the width. Both then differ by one level.

The pictures of `cases` are made up by whole-number formulas that src/images/resample.test.ts repeats.
"""
import base64
import hashlib
import json
import pathlib

import cv2
import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / 'src/testing/goldens/pixels.json'


def noise(width, height):
    words = np.arange(1, width * height * 3 + 1, dtype=np.uint64)
    for shift, factor in ((15, 2654435761), (13, 2246822519)):
        words = words * np.uint64(factor) & np.uint64(0xFFFFFFFF)
        words ^= words >> np.uint64(shift)
    return (words & np.uint64(255)).astype(np.uint8).reshape(height, width, 3)


def smooth(width, height):
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return np.abs((x * 5 + y * 3 + c * 40) % 510 - 255).astype(np.uint8)


def checks(width, height):
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return ((x // (c + 2) + y // 3) % 2 * 255).astype(np.uint8)


PICTURES = {'noise': noise, 'smooth': smooth, 'checks': checks}

# (width, height) of the picture, (width, height) it becomes
SIZES = [
    ((50, 37), (33, 21)), ((50, 37), (80, 59)), ((64, 48), (32, 24)), ((48, 64), (16, 16)), ((37, 50), (37, 20)),
    ((37, 50), (91, 50)), ((255, 3), (16, 3)), ((3, 255), (7, 64)), ((1, 1), (5, 4)), ((1, 90), (3, 31)),
    ((90, 1), (31, 1)), ((2, 2), (1, 1)), ((300, 200), (384, 256)), ((500, 375), (341, 256)), ((213, 320), (256, 384)),
    ((640, 11), (14, 9)), ((11, 320), (9, 14)), ((129, 97), (128, 96)), ((127, 95), (128, 96)), ((400, 300), (5, 4)),
    ((5, 4), (200, 123)), ((300, 200), (256, 256)), ((200, 300), (256, 256)), ((512, 512), (256, 256)),
]


def resized(kernel, picture, size):
    if kernel == 'pillow':
        return np.asarray(Image.fromarray(picture).resize(size, Image.BILINEAR))
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)


# (name, width, height, EXIF orientation): a longer side and a crop that are truncated and rounded otherwise than by us,
# a picture that makers do not turn, a grey one that grows.
JPEGS = [('wide', 333, 250, 1), ('turned', 343, 256, 6), ('grey', 91, 160, 1)]


def sha256(values):
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def jpeg(name, width, height, orientation):
    pixels = (smooth(width, height).astype(int) * 7 + noise(width, height)) // 8
    picture = Image.fromarray(pixels.astype(np.uint8)).convert('L' if name == 'grey' else 'RGB')
    exif = Image.Exif()
    if orientation != 1:
        exif[0x112] = orientation
    path = OUT.parent / f'pixels-{name}.jpg'
    picture.save(path, quality=80, exif=exif)
    return path


def narrow_alexnet():
    """torchvision's alexnet, as narrow as the weights are."""
    weights = torch.load(ROOT / 'test/weights/torchvision.pth')
    network = torchvision.models.alexnet()
    for name, module in list(network.named_modules()):
        if f'{name}.weight' in weights:
            shape = weights[f'{name}.weight'].shape
            parent, key = name.split('.')
            layers = getattr(network, parent)
            if isinstance(module, torch.nn.Linear):
                layers[int(key)] = torch.nn.Linear(shape[1], shape[0])
            else:
                layers[int(key)] = torch.nn.Conv2d(shape[1], shape[0], module.kernel_size, module.stride, module.padding)
    network.load_state_dict(weights)
    return network.eval()


def files():
    network = narrow_alexnet()
    cut = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    ready = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
    for definition in JPEGS:
        path = jpeg(*definition)
        picture = cut(Image.open(path).convert('RGB'))
        with torch.no_grad():
            probabilities = torch.softmax(network(ready(picture)[None])[0].double(), 0)
        warped = cv2.resize(cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION), (256, 256), interpolation=cv2.INTER_LINEAR)
        yield {'file': path.name, 'torchvision': sha256(np.asarray(picture)), 'caffe': sha256(warped[14:241, 14:241]),
               'probabilities': [float(f'{value:.6g}') for value in probabilities]}


def main():
    major, minor = (int(part) for part in PIL.__version__.split('.')[:2])
    if (major, minor) >= (12, 3):
        raise SystemExit(f"Expected a Pillow before 12.3 but found {PIL.__version__}: pip install 'pillow<12.3'.")
    cases = []
    for kernel in ('pillow', 'opencv'):
        for number, (size, target) in enumerate(SIZES):
            names = list(PICTURES) if number < 12 else [list(PICTURES)[number % 3]]
            for name in names:
                out = np.ascontiguousarray(resized(kernel, PICTURES[name](*size), target))
                case = {'kernel': kernel, 'picture': name, 'from': size, 'to': target,
                        'sha256': sha256(out)}
                if out.size <= 60:
                    case['bytes'] = base64.b64encode(out.tobytes()).decode()
                cases.append(case)
    made_by = f'Pillow {PIL.__version__}, OpenCV {cv2.__version__}, torchvision {torchvision.__version__}'
    OUT.write_text(json.dumps({'madeBy': made_by, 'cases': cases, 'files': list(files())}, indent=2) + '\n')
    print(f'{OUT}: {len(cases)} cases, {made_by}')


main()
