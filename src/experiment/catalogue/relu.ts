import type { Experiment } from '../experiment.ts';
import { fourLayers } from '../networks.ts';

export const relu: Experiment = {
  title: 'ReLU against tanh',
  claim: 'Networks with ReLUs train several times faster than the same with tanh.',
  paper: {
    where: '§3.1 and Figure 1',
    says:
      'a network with ReLUs reached 25 % training error six times sooner than with tanh, each ' +
      'with the learning rate at which it was fastest; how large the effect is “varies with ' +
      'network architecture”.',
    on: 'CIFAR-10 (50,000 training images), a network of four layers, no regularisation.',
  },
  here: [
    'Three convolutions with pooling and one dense layer, for 32×32 pixels. The paper does not ' +
      'tell the sizes of its four layers; these, and the first weights (normal, standard deviation ' +
      '0.0001 in conv1 and 0.01 above), are those of the first author’s own network of four ' +
      'layers for CIFAR-10 (cuda-convnet, layers-18pct.cfg), without its LRN.',
    'Batch 16, momentum 0.9, a constant learning rate; pixels from 0 to 255 less their mean; no ' +
      'weight decay, no dropout, no augmentation.',
    'Each arm has the best rate of a small search, with other pictures and other chance than ' +
      'those that count.',
    'A run ends when it has reached the error: only the way there is measured.',
    'How the weights start matters: with He’s, made for ReLU and so large that tanh need not ' +
      'climb out of its middle, and pixels divided by their deviation, tanh was the faster in a ' +
      'trial of ours (docs/experiments.md).',
  ],
  measure: { kind: 'epochs', error: 0.25 },
  settings: {
    initial: 'variant',
    epochs: 60,
    batch: 16,
    learningRate: 0.002,
    weightDecay: 0,
    schedule: { kind: 'constant' },
    warmup: 0,
    labelSmoothing: 0,
    clip: null,
    augmentation: { crop: { from: 'centre' }, mirror: 0, jitter: {} },
    preprocessing: { size: 32, deviation: [1, 1, 1] },
  },
  arms: [
    { name: 'ReLU', about: 'max(0, x) after each convolution', network: () => fourLayers('relu') },
    { name: 'tanh', about: 'tanh x in its place', network: () => fourLayers('tanh') },
  ],
  perClass: { train: 150, val: 20 },
  seeds: 6,
  minutes: 12,
  search: { rates: [0.002, 0.004, 0.001] },
  curves: ['trainingError'],
};
