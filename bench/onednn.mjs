// The oneDNN engine against its peers.
//   node onednn.mjs [--rounds 7] [--only NAME]      NAME is part of a title
import { measure } from './measure.mjs';

const ours = (settings) => ({ contender: 'alexnet', engine: 'onednn', threads: 2, ...settings });

await measure([
  ...[1, 32].map((batch) => ({
    title: `inference, paper, batch ${batch}`,
    rows: [ours({ variant: 'paper', batch, mode: 'infer' }), { contender: 'onnxruntime', variant: 'paper', batch, threads: 2, mode: 'infer' }],
  })),
  {
    title: 'training, single, batch 32',
    rows: [ours({ variant: 'single', batch: 32, mode: 'train' }), { contender: 'pytorch', python: '/usr/bin/python3', batch: 32, threads: 2, mode: 'train' }],
  },
  { title: 'training, paper, batch 128', rows: [ours({ variant: 'paper', batch: 128, mode: 'train' })] },
]);
