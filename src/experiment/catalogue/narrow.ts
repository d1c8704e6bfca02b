import type { Experiment } from '../experiment.ts';

/** How the experiments train whose measure is top-1 on other pictures. */
export const narrowSettings = {
  initial: 'he',
  dropout: 0.2,
  epochs: 30,
  batch: 16,
  learningRate: 0.01,
  weightDecay: 5e-4,
  schedule: { kind: 'cosine', floor: 0 },
  warmup: 1,
  labelSmoothing: 0,
  clip: 2,
  augmentation: { crop: { from: 'square' }, mirror: 0.5, jitter: {} },
} satisfies Experiment['settings'];

/** So few that they are not all named rightly in the end, and so many that something is learned. */
export const narrowPictures = {
  perClass: { train: 100, val: 50 },
  seeds: 8,
} satisfies Partial<Experiment>;

export const narrowHere: string =
  'The variant small (five convolutions and three dense layers, for 32×32 pixels) with half of ' +
  'its kernels; random crops and mirror images, dropout of a fifth (half would keep so narrow a ' +
  'network from learning in so few steps), batch 16, momentum 0.9, weight decay 0.0005, a ' +
  'learning rate that falls from 0.01 along half a cosine.';
