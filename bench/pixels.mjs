// From a JPEG to the network's input: our own resizing, which scales while it decodes, against its
// makers', which decode at full size first.
//
//   node pixels.mjs [DIR] [--pictures 64] [--rounds 9]
//
// DIR is a folder of JPEGs; without it photographs of 500×375 pixels are made up. One after another
// in one process, the ways in turn, after a round that is not counted; medians of the rounds. Where
// something else runs on the machine, the processor's time tells more than the clock.
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { loadPicture, preprocess } from '../dist/index.js';
import { publishedPreprocessing } from '../dist/model/published.js';
import { photograph } from './photograph.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pictures: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '9' },
  },
});
const rounds = Number(values.rounds);

const torchvision = publishedPreprocessing('torchvision', 224);
const caffe = publishedPreprocessing('caffe', 227);
/** The same, as it was before a model could name its makers. */
const ours = (preprocessing) => ({
  ...preprocessing,
  resize: { how: preprocessing.resize.how, size: preprocessing.resize.size },
  colourProfile: undefined,
  orientation: undefined,
});
const ways = [
  ['shorter side to 256, ours', ours(torchvision)],
  ["shorter side to 256, torchvision's", torchvision],
  ['squeezed to 256×256, ours', ours(caffe)],
  ["squeezed to 256×256, Caffe's", caffe],
];

async function jpegs() {
  const count = Number(values.pictures);
  const [folder] = positionals;
  if (folder === undefined)
    return Promise.all(Array.from({ length: count }, (_, seed) => photograph(seed)));
  const names = readdirSync(folder, { recursive: true }).filter((name) => /\.jpe?g$/i.test(name));
  const every = Math.max(1, names.length / count);
  return Array.from({ length: Math.min(count, names.length) }, (_, i) =>
    readFileSync(join(folder, names[Math.floor(i * every)])),
  );
}

async function milliseconds(pictures, preprocessing) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  for (const bytes of pictures) preprocess(await loadPicture(bytes, preprocessing), preprocessing);
  const { user, system } = process.cpuUsage(before);
  return {
    clock: (performance.now() - start) / pictures.length,
    processor: (user + system) / 1000 / pictures.length,
  };
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

console.log(
  `${cpus()[0].model.trim()}, ${cpus().length} processors, Node ${process.versions.node}, ` +
    `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, ${rounds} rounds, medians`,
);
const pictures = await jpegs();
const found = ways.map(() => []);
for (let round = -1; round < rounds; round++)
  for (const [i, [, preprocessing]] of ways.entries()) {
    const took = await milliseconds(pictures, preprocessing);
    if (round >= 0) found[i].push(took);
  }
for (const [i, [name]] of ways.entries()) {
  const [clock, processor] = ['clock', 'processor'].map((kind) =>
    median(found[i].map((took) => took[kind])),
  );
  const base = median(found[i - (i % 2)].map((took) => took.processor));
  console.log(
    `${name.padEnd(36)} ${clock.toFixed(2)} ms per picture, ` +
      `${processor.toFixed(2)} of processor, ${(processor / base).toFixed(2)} of ours`,
  );
}
