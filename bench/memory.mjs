// Whether a training run's memory stays as it is: after each epoch, and for ten times as many
// photographs, with a small limit for decoded ones. Each run is a process of its own.
//
//   node bench/memory.mjs [--engine auto] [--cache 32e6]
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { train } from '../dist/training/node/train.js';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'auto' },
    cache: { type: 'string', default: '32e6' },
    data: { type: 'string' },
  },
});
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

async function draw(root, count) {
  for (let c = 0; c < 10; c++) await mkdir(join(root, `class ${c}`), { recursive: true });
  const noise = (i) =>
    sharp({
      create: {
        width: 120,
        height: 96,
        channels: 3,
        noise: { type: 'gaussian', mean: 60 + 15 * (i % 10), sigma: 40 },
      },
    })
      .jpeg()
      .toBuffer();
  for (let i = 0; i < count; i++)
    await writeFile(join(root, `class ${i % 10}`, `${i}.jpg`), await noise(i));
}

/** In a process of its own: the memory after every epoch, and the most there ever was. */
async function measure(data) {
  const after = [];
  const settings = {
    variant: 'small',
    width: 0.25,
    epochs: 6,
    batch: 64,
    preprocessing: { size: 96 },
    checkpointMinutes: 1000,
  };
  await train({
    data,
    out: join(data, '..', 'run'),
    settings,
    engine: values.engine,
    cacheBytes: Number(values.cache),
    onEvent: ({ kind }) => kind === 'epoch' && after.push(process.memoryUsage().rss),
  });
  const peak = 1024 * Number(/VmHWM:\s+(\d+)/.exec(await readFile('/proc/self/status', 'utf8'))[1]);
  console.log(JSON.stringify({ after, peak }));
}

if (values.data) await measure(values.data);
else {
  for (const pictures of [500, 5000]) {
    const folder = await mkdtemp(join(tmpdir(), 'alexnet-bench-'));
    await draw(join(folder, 'data'), pictures);
    const child = spawnSync(
      process.execPath,
      [
        fileURLToPath(import.meta.url),
        '--data',
        join(folder, 'data'),
        '--engine',
        values.engine,
        '--cache',
        values.cache,
      ],
      { encoding: 'utf8' },
    );
    if (child.status !== 0) throw new Error(child.stderr);
    const { after, peak } = JSON.parse(child.stdout);
    const later = after.slice(1);
    const middle = (Math.max(...later) + Math.min(...later)) / 2;
    console.log(
      `${pictures} photographs (${megabytes(pictures * 120 * 96 * 3)} decoded, ` +
        `${megabytes(Number(values.cache))} of them in memory): after each epoch ` +
        `${after.map(megabytes).join(', ')}; from the second on ` +
        `±${((100 * (Math.max(...later) - middle)) / middle).toFixed(1)} %; at most ` +
        megabytes(peak),
    );
    await rm(folder, { recursive: true, force: true });
  }
}
