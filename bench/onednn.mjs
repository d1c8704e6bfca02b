// The oneDNN engine against its peers, and against what the machine can do.
//   node onednn.mjs [--rounds 7] [--only NAME]      NAME is part of a title
// NEWEST_PYTHON=FILE, a Python that has the newest PyTorch, adds that to the training.
import { requireAddon } from '../dist/engine/onednn/node/native.js';
import { flops } from '../dist/engine/bench.js';
import { alexnet } from '../dist/network/variants.js';
import { measure } from './measure.mjs';

const threads = 2;
const newest = process.env.NEWEST_PYTHON;
const ours = (settings) => ({
  contender: 'alexnet',
  engine: 'onednn',
  threads,
  flopsPerImage: flops(alexnet(settings.variant), settings.mode),
  ...settings,
});
const pytorch = (python, settings = {}) => ({
  contender: 'pytorch',
  python,
  batch: 32,
  threads,
  mode: 'train',
  ...settings,
});

async function tellPeak() {
  const { f32, bf16, memory } = await requireAddon().peak(threads);
  const billions = (value, digits) => (value / 1e9).toFixed(digits);
  const half = bf16 === 0 ? 'no bf16' : `${billions(bf16, 0)} bf16`;
  console.log(
    `This machine at its best: ${billions(f32, 0)} GFLOP/s f32, ${half}, ` +
      `${billions(memory, 1)} GB/s`,
  );
}

await tellPeak();
/** Where the processor has bf16 dot products. */
const halves = (await requireAddon().peak(1)).bf16 > 0 ? ['bf16'] : [];
await measure([
  ...[1, 32].map((batch) => ({
    title: `inference, paper, batch ${batch}`,
    rows: [
      ours({ variant: 'paper', batch, mode: 'infer' }),
      { contender: 'onnxruntime', variant: 'paper', batch, threads, mode: 'infer' },
    ],
  })),
  {
    title: 'training, single, batch 32',
    rows: [
      ours({ variant: 'single', batch: 32, mode: 'train' }),
      pytorch('/usr/bin/python3'),
      ...(newest === undefined
        ? []
        : [
            pytorch(newest),
            ...(process.env.NEWEST_BF16 === undefined ? [] : [pytorch(newest, { autocast: true })]),
          ]),
    ],
  },
  {
    title: 'training, paper, batch 128',
    rows: ['f32', ...halves].map((precision) =>
      ours({ variant: 'paper', batch: 128, mode: 'train', precision }),
    ),
  },
  {
    title: 'inference, paper, batch 32, by precision',
    rows: ['f32', ...halves].map((precision) =>
      ours({ variant: 'paper', batch: 32, mode: 'infer', precision }),
    ),
  },
]);
await tellPeak();
