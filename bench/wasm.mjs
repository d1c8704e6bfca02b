// The wasm engine against its peers.
//   node wasm.mjs [--rounds 7] [--only NAME]
// under the Node that is to be measured; NAME is part of a title
import { measure } from './measure.mjs';

const ours = (settings) => ({ contender: 'alexnet', ...settings });
const tables = [
  {
    title: 'one thread, inference, single, batch 8',
    rows: [
      ours({ variant: 'single', batch: 8, threads: 1, mode: 'infer' }),
      { contender: 'tfjs', variant: 'single', batch: 8, threads: 1, mode: 'infer' },
    ],
  },
  {
    title: 'two threads against one, inference, paper, batch 32',
    rows: [2, 1].map((threads) => ours({ variant: 'paper', batch: 32, threads, mode: 'infer' })),
  },
  {
    title: 'two threads against one, training, paper, batch 32; inference beside it',
    rows: [
      ...[2, 1].map((threads) => ours({ variant: 'paper', batch: 32, threads, mode: 'train' })),
      ours({ variant: 'paper', batch: 32, threads: 2, mode: 'infer' }),
    ],
  },
  ...[1, 32].map((batch) => ({
    title: `two threads, inference, paper, batch ${batch}`,
    rows: [
      ours({ variant: 'paper', batch, threads: 2, mode: 'infer' }),
      { contender: 'onnxruntime', variant: 'paper', batch, threads: 2, mode: 'infer' },
    ],
  })),
];

await measure(tables);
