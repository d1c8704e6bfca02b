#!/usr/bin/env python3
"""Holds what we make of photographs against their makers: torchvision's own pipeline, and Caffe's by OpenCV.

    python3 scripts/check-pixels.py PHOTOS [--pictures 50] [--package .]

PHOTOS is a folder of JPEG files, class folders or not; they are taken evenly. It needs torch, torchvision, Pillow and
numpy; Caffe's half also opencv-python-headless, and is passed over without it. Any versions serve (Debian:
python3-torchvision), but for Pillow from 12.3 on, which resizes pictures a hundred times higher than wide otherwise.

1. The resampler: the same decoded pixels, through Pillow and OpenCV and through ours, every byte.
2. The network's input of each photograph, from the file on.
3. `alexnet predict` against torchvision's alexnet in torch, on random weights that are made sharp: the classes' common
   part is taken off and the rest scaled, so that the first answer has half of the probability and more. The top 20
   probabilities must agree to 2e-3 of themselves on average, and the first answer always.

--package is another built checkout, to see what an older alexnet answers.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms

try:
    import cv2
except ImportError:
    cv2 = None

SIDE, CROP, CAFFE_CROP = 256, 224, 227
CLASSES = 500  # not 1,000, so that answers are called "class 0" to "class 499"
CAFFE_MEAN = np.float32([104.00698793, 116.66876762, 122.67891434])
OURS = """
import { readFileSync, writeFileSync } from 'node:fs';
const root = new URL(process.argv[1] + '/', 'file:///');
const request = JSON.parse(readFileSync(0, 'utf8'));
const load = (path) => import(new URL('dist/' + path, root));
if (request.resample) {
  const { resample } = await load('images/resample.js');
  const kernels = await load('images/workbench.js');
  await kernels.loadPixelKernels?.();
  for (const { raw, from, to, kernel, out } of request.resample) {
    const picture = { width: from[0], height: from[1], data: new Uint8Array(readFileSync(raw)) };
    writeFileSync(out, resample(picture, to[0], to[1], kernel).data);
  }
} else {
  const { loadPicture, preprocess } = await load('index.js');
  const { publishedPreprocessing } = await load('model/published.js');
  const preprocessing = publishedPreprocessing(request.variant, request.crop);
  for (const [i, file] of request.files.entries()) {
    const planes = preprocess(await loadPicture(file, preprocessing), preprocessing);
    writeFileSync(request.out + '/' + i, new Uint8Array(planes.buffer));
  }
}
"""
failures = []


def ours(package, request):
    subprocess.run(['node', '--input-type=module', '-e', OURS, str(package)], input=json.dumps(request).encode(), check=True)


def verdict(holds, text):
    print(('holds  ' if holds else 'FAILS  ') + text, flush=True)
    if not holds:
        failures.append(text)


def torchvision_size(width, height):
    longer = int(SIDE * max(width, height) / min(width, height))
    return (SIDE, longer) if width <= height else (longer, SIDE)


def check_resampler(package, files, folder):
    jobs, wanted = [], []
    for i, file in enumerate(files):
        picture = Image.open(file).convert('RGB')
        raw = folder / f'raw{i}'
        raw.write_bytes(np.asarray(picture).tobytes())
        targets = [('pillow', size, np.asarray(picture.resize(size, Image.BILINEAR)))
                   for size in (torchvision_size(*picture.size), (64, 64), (picture.width * 2 - 1, picture.height + 3))]
        if cv2:
            targets += [('opencv', size, cv2.resize(np.asarray(picture), size, interpolation=cv2.INTER_LINEAR))
                        for size in ((SIDE, SIDE), (224, 300))]
        for kernel, size, values in targets:
            jobs.append({'raw': str(raw), 'from': picture.size, 'to': size, 'kernel': kernel, 'out': str(folder / f'out{len(jobs)}')})
            wanted.append(values)
    ours(package, {'resample': jobs})
    for kernel in ('pillow', 'opencv'):
        differences = [np.abs(np.fromfile(job['out'], np.uint8).astype(int) - values.reshape(-1))
                       for job, values in zip(jobs, wanted) if job['kernel'] == kernel]
        if differences:
            every = np.concatenate(differences)
            verdict(every.max() == 0, f'{kernel}: {len(differences)} pictures, {every.size} bytes, {np.count_nonzero(every)} '
                                      f'differ, by {every.max()} at most, {every.mean():.3g} on average')


def inputs(package, files, folder, variant, crop):
    ours(package, {'variant': variant, 'crop': crop, 'files': [str(file) for file in files], 'out': str(folder)})
    return np.stack([np.fromfile(folder / str(i), np.float32).reshape(3, crop, crop) for i in range(len(files))])


def torchvision_inputs(files):
    pipeline = transforms.Compose([transforms.Resize(SIDE), transforms.CenterCrop(CROP), transforms.ToTensor(),
                                   transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
    return torch.stack([pipeline(Image.open(file).convert('RGB')) for file in files])


def caffe_input(file):
    """io.cpp warps with cv::resize; data_transformer.cpp cuts the centre and takes the mean off. EXIF is not looked at."""
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    warped = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    begin = (SIDE - CAFFE_CROP) // 2
    cropped = warped[begin:begin + CAFFE_CROP, begin:begin + CAFFE_CROP]
    return (cropped.astype(np.float32) - CAFFE_MEAN).transpose(2, 0, 1)


def check_inputs(name, found, wanted, level):
    difference = np.abs(found - wanted) / level
    verdict(difference.max() < 1e-3, f'{name}: input of {len(found)} files, {difference.max():.2g} levels of 255 off at most, '
                                     f'{difference.mean():.2g} on average')


def sharp_weights(calibration):
    """Random ones, as wide as keeps the signal's size from layer to layer, with answers that depend on the picture."""
    torch.manual_seed(1)
    network = torchvision.models.alexnet(num_classes=CLASSES).eval()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
                torch.nn.init.kaiming_normal_(module.weight)
                module.bias.zero_()
        logits = network(calibration)
        last = network.classifier[6]
        scale = 8 / (logits - logits.mean(0)).std()
        last.weight *= scale
        last.bias.copy_(-scale * logits.mean(0))
    return network


def check_predictions(package, files, network, folder):
    torch.save(network.state_dict(), folder / 'sharp.pth')
    predict = [package / 'bin/alexnet', 'predict', folder / 'sharp.pth', *files, '--top', CLASSES, '--json', '--quiet']
    answer = subprocess.run(['node', *map(str, predict)], check=True, stdout=subprocess.PIPE).stdout
    with torch.no_grad():
        wanted = torch.softmax(network(torchvision_inputs(files)).double(), 1).numpy()
    relative, same = [], 0
    for row, expected in zip(json.loads(answer), wanted):
        found = {int(one['label'].removeprefix('class ')): one['probability'] for one in row['predictions']}
        order = np.argsort(-expected)[:20]
        relative.append([abs(found[i] - expected[i]) / expected[i] for i in order])
        same += next(iter(found)) == order[0]
    text = f'top-20 probabilities, relative: {np.mean(relative):.2g} on average, {np.max(relative):.2g} at most'
    verdict(np.mean(relative) <= 2e-3, text)
    verdict(same == len(files), f'top-1 equal in {same} of {len(files)}; torch gives it {np.median(wanted.max(1)):.2f} (median)')


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('photographs', type=pathlib.Path)
    parser.add_argument('--pictures', type=int, default=50)
    parser.add_argument('--package', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    options = parser.parse_args()
    package = options.package.resolve()
    every = sorted(options.photographs.rglob('*.jp*g'))
    files = [every[i * len(every) // options.pictures] for i in range(options.pictures)]
    calibration = [every[(2 * i + 1) * len(every) // 200] for i in range(100)]
    print(f'torch {torch.__version__}, torchvision {torchvision.__version__}, Pillow {PIL.__version__}, '
          f'OpenCV {cv2.__version__ if cv2 else "none"}; {len(files)} of {len(every)} photographs')
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if (package / 'dist/images/resample.js').exists():
            check_resampler(package, files, folder)
        check_inputs('torchvision', inputs(package, files, folder, 'torchvision', CROP), torchvision_inputs(files).numpy(),
                     1 / 255 / np.float32([0.229, 0.224, 0.225]).reshape(3, 1, 1))
        if cv2:
            check_inputs('Caffe', inputs(package, files, folder, 'caffe', CAFFE_CROP), np.stack([caffe_input(file) for file in files]), 1)
        network = sharp_weights(torchvision_inputs(calibration))
        check_predictions(package, files, network, folder)
    if failures:
        sys.exit(f'{len(failures)} failed.')


main()
