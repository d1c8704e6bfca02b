// How many photographs per second the data pipeline makes ready for the engine, 227×227, in batches
// of 128.
//
//   node bench/data.mjs [DIR] [--threads N] [--pictures N]
//
// DIR is any dataset, of which --pictures takes so many training photographs, evenly; without it
// 384 photographs of 500×375 pixels are made up. It is packed into shards first. Every figure is
// the median of several epochs after one that is not counted, all in this process. Nothing else
// should run; where something does, the milliseconds of processor time per photograph still tell.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { openBatches } from '../dist/data/batches.js';
import { openDataset } from '../dist/data/node/open.js';
import { packDataset } from '../dist/data/node/pack.js';
import { openWorkers } from '../dist/data/node/workers.js';
import { photograph } from './photograph.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: 'string' }, pictures: { type: 'string' } },
});
const threads = Number(values.threads ?? availableParallelism());
const folder = await mkdtemp(join(tmpdir(), 'alexnet-bench-'));

const preprocessing = {
  resize: { how: 'shorterSide', size: 256 },
  crop: 227,
  channels: 'RGB',
  scale: 1,
  mean: [124, 117, 104],
  deviation: [1, 1, 1],
};
const statistics = {
  pictures: 1,
  mean: [0.5, 0.5, 0.5],
  deviation: [0.3, 0.3, 0.3],
  eigenvalues: [0.2, 0.02, 0.004],
  eigenvectors: [
    [0.6, 0.6, 0.53],
    [0.7, -0.7, 0],
    [0.4, 0.4, -0.8],
  ],
};
const paper = { crop: { from: 'square' }, mirror: 0.5, pca: { deviation: 0.1 } };
const photos = {
  crop: { from: 'resized', area: [0.25, 1], aspect: [3 / 4, 4 / 3] },
  mirror: 0.5,
  jitter: { brightness: 0.2, contrast: 0.2, saturation: 0.2 },
};

async function madeUp(count) {
  const root = join(folder, 'photographs');
  for (let i = 0; i < count; i++) {
    const place = join(root, `class ${i % 8}`);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, `${i}.jpg`), await photograph(i));
  }
  return root;
}

function some(dataset, count) {
  const samples = dataset.samples.filter(({ split }) => split === 'train');
  const every = Math.max(1, samples.length / count);
  return {
    ...dataset,
    samples: Array.from(
      { length: Math.min(count, samples.length) },
      (_, i) => samples[Math.floor(i * every)],
    ),
  };
}

/** Median over `epochs` epochs, after one that is not counted. */
async function speed(name, dataset, { augmentation, epochs, ...cache }) {
  const workers = await openWorkers({ threads, ...cache });
  const batches = await openBatches(dataset, {
    split: 'train',
    batch: 128,
    preprocessing,
    statistics,
    augmentation,
    workers,
    seed: 1,
  });
  const rates = [];
  const costs = [];
  const cores = [];
  let first = 0;
  for (let epoch = 0; epoch <= epochs; epoch++) {
    const start = performance.now();
    const before = process.cpuUsage();
    let pictures = 0;
    for await (const { size } of batches.epoch(epoch)) pictures += size;
    const rate = (1000 * pictures) / (performance.now() - start);
    if (epoch === 0) first = rate;
    else {
      const { user, system } = process.cpuUsage(before);
      rates.push(rate);
      costs.push((user + system) / 1000 / pictures);
      cores.push((user + system) / 1000 / (performance.now() - start));
    }
  }
  await batches.close();
  await workers.close();
  for (const list of [rates, costs, cores]) list.sort((a, b) => a - b);
  const [rate, cost, used] = [rates, costs, cores].map((list) => list[list.length >> 1]);
  console.log(
    `${name.padEnd(46)} ${rate.toFixed(0).padStart(6)} images/s, ${cost.toFixed(2)} ms of ` +
      `processor each, ${used.toFixed(2)} processors busy   (${rates[0].toFixed(0)} to ` +
      `${rates.at(-1).toFixed(0)}; first epoch ${first.toFixed(0)})`,
  );
}

try {
  console.log(
    `${cpus()[0].model}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB; ` +
      `Node ${process.version}, sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}; ` +
      `${threads} data workers`,
  );
  const root = positionals[0] ?? (await madeUp(384));
  const dataset = some(await openDataset(root), Number(values.pictures ?? Infinity));
  const shards = join(folder, 'shards');
  const start = performance.now();
  const { images } = await packDataset(dataset, shards, { threads });
  console.log(
    `${'packed, 256 pixels'.padEnd(46)} ` +
      `${((1000 * images) / (performance.now() - start)).toFixed(0).padStart(6)} images/s`,
  );
  const packed = await openDataset(shards);
  const nowhere = { cacheBytes: 0, cacheDirectory: null };
  await speed('decoded every time, as they are, paper', dataset, {
    augmentation: paper,
    epochs: 3,
    ...nowhere,
  });
  await speed('decoded every time, from shards, paper', packed, {
    augmentation: paper,
    epochs: 7,
    ...nowhere,
  });
  await speed('kept in memory, paper (crop, mirror, colour)', packed, {
    augmentation: paper,
    epochs: 7,
    cacheBytes: 8e9,
  });
  await speed('kept in memory, photos (resampled, jitter)', packed, {
    augmentation: photos,
    epochs: 7,
    cacheBytes: 8e9,
  });
  await speed('kept in a file, paper', packed, {
    augmentation: paper,
    epochs: 7,
    cacheBytes: 0,
    cacheDirectory: folder,
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
