#!/usr/bin/env python3
"""Makes src/testing/goldens/pixels.json with Pillow and OpenCV: what src/images/resample.ts must give, byte for byte.

    python3 -m venv build/pixels && build/pixels/bin/pip install 'pillow<12.3' numpy opencv-python-headless
    build/pixels/bin/python scripts/goldens-pixels.py

Pillow before 12.3, whose horizontal pass comes first always: 12.3 begins with the vertical one where a picture is a
hundred times higher than wide, 13 also where the height shrinks much more than the width. Both then differ by one level.

The pictures are made up by whole-number formulas that src/images/resample.test.ts repeats.
"""
import base64
import hashlib
import json
import pathlib

import cv2
import numpy as np
import PIL
from PIL import Image

OUT = pathlib.Path(__file__).resolve().parent.parent / 'src/testing/goldens/pixels.json'


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
                        'sha256': hashlib.sha256(out.tobytes()).hexdigest()}
                if out.size <= 60:
                    case['bytes'] = base64.b64encode(out.tobytes()).decode()
                cases.append(case)
    made_by = f'Pillow {PIL.__version__}, OpenCV {cv2.__version__}'
    lines = ',\n'.join('    ' + json.dumps(case) for case in cases)
    OUT.write_text(f'{{\n  "madeBy": "{made_by}",\n  "cases": [\n{lines}\n  ]\n}}\n')
    print(f'{OUT}: {len(cases)} cases, {made_by}')


main()
