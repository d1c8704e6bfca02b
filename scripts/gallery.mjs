#!/usr/bin/env node
// Every way of looking inside, on one model and one folder of labelled photographs, as a gallery:
//
//     node scripts/gallery.mjs runs/photos/model.safetensors photos/test gallery
//
// Chooses the photograph of each class that the model is surest of, among those it answers rightly.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readModel } from '../dist/index.js';

const [model, photos, out = 'gallery'] = process.argv.slice(2);
if (photos === undefined) {
  console.error('Usage: node scripts/gallery.mjs MODEL PHOTOS [OUT]');
  process.exit(2);
}
const bin = fileURLToPath(new URL('../bin/alexnet', import.meta.url));
const alexnet = (...words) =>
  JSON.parse(
    execFileSync(process.execPath, [bin, ...words, '--json', '--quiet'], {
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    }),
  );
mkdirSync(out, { recursive: true });

const files = readdirSync(photos, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
  .flatMap(({ name }) =>
    readdirSync(join(photos, name))
      .slice(0, 12)
      .map((file) => ({ label: name, file: join(photos, name, file) })),
  );
const told = alexnet('predict', model, ...files.map(({ file }) => file), '--top', '1');
const best = told
  .flatMap(({ file, predictions }) =>
    predictions?.[0]?.label === files.find((known) => known.file === file)?.label
      ? [{ file, ...predictions[0] }]
      : [],
  )
  .toSorted((a, b) => b.probability - a.probability)
  .filter(({ label }, i, all) => all.findIndex((other) => other.label === label) === i);
if (best.length === 0) {
  console.error('The model answers none of the photographs rightly: train it longer.');
  process.exit(1);
}
const [first, second = first] = best;
const channel = (await readModel(model)).labels.findIndex(({ name }) => name === first.label);

const pictures = [
  ['kernels.png', 'What the kernels of the first layer answer to', 'kernels', model],
  ['kernels-conv3.png', 'Kernels of a deeper layer', 'kernels', model, '--layer', 'conv3'],
  [
    'maps-relu1.png',
    'The maps of the first layer',
    'maps',
    model,
    first.file,
    '--layer',
    'relu1',
    '--top',
    '48',
  ],
  [
    'maps-relu5.png',
    'The maps of the last convolution, over the photograph',
    'maps',
    model,
    first.file,
    '--layer',
    'relu5',
    '--top',
    '24',
    '--over',
  ],
  ['why.png', 'Why this answer: eight methods', 'why', model, first.file, '--method', 'all'],
  [
    'why-randomized.png',
    'The honest check: the same with shuffled weights',
    'why',
    model,
    second.file,
    '--method',
    'grad-cam,saliency,guided-backprop',
    '--randomize',
    'fc6',
  ],
  [
    'unit-conv1.png',
    'What a kernel of the first layer wants',
    'unit',
    model,
    '--layer',
    'conv1',
    '--channel',
    '5',
    '--images',
    photos,
  ],
  [
    'unit-conv5.png',
    'What a kernel of the last convolution wants',
    'unit',
    model,
    '--layer',
    'conv5',
    '--channel',
    '10',
    '--images',
    photos,
  ],
  [
    'unit-class.png',
    'What a class wants',
    'unit',
    model,
    '--layer',
    'fc8',
    '--channel',
    String(channel),
  ],
  ['neighbours.png', 'Nearest neighbours', 'neighbours', model, second.file, photos],
  ['mistakes.png', 'The worst mistakes', 'mistakes', model, photos, '--top', '18'],
  ['map.html', 'All photographs in a plane', 'map', model, photos],
  ['story.html', 'The way of one photograph through all layers', 'story', model, first.file],
];
const links = [];
for (const [name, words, ...rest] of pictures) {
  console.error(words);
  alexnet('inspect', ...rest, '--out', join(out, name));
  const inside = name.endsWith('.png')
    ? `<img src="${name}" alt="${words}" style="max-width:100%;border:1px solid #ccc">`
    : '';
  const command = rest.map((word) => word.split('/').at(-1)).join(' ');
  links.push(`<h2><a href="${name}">${words}</a></h2>
<p><code>alexnet inspect ${command}</code></p>
${inside}`);
}
writeFileSync(
  join(out, 'index.html'),
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Looking inside</title>
<body style="font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem">
<h1>Looking inside</h1>
${links.join('\n')}
</body>
</html>
`,
);
console.error(`The gallery: ${resolve(out, 'index.html')}`);
