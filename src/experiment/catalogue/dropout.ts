import type { Experiment } from '../experiment.ts';
import { narrowNetwork, withDenseOutputs } from '../networks.ts';
import type { Network } from '../../network/layer.ts';
import { narrowSettings } from './narrow.ts';

function network(classes: number): Network {
  return withDenseOutputs(narrowNetwork(classes), 1024);
}

export const dropout: Experiment = {
  title: 'Dropout',
  claim:
    'Dropout holds overfitting back, and so lowers the error on pictures that were not trained on.',
  paper: {
    where: '§4.2',
    says:
      'no number: without dropout “our network exhibits substantial overfitting”; with it about ' +
      'twice as many iterations are needed.',
    on: 'ImageNet (1.2 million training images), the whole network.',
  },
  here: [
    'The variant small (five convolutions and three dense layers, for 32×32 pixels) with half of ' +
      'its kernels, and 1,024 outputs in fc6 and fc7: as in AlexNet most weights lie there.',
    'Overfitting needs few pictures, always seen alike: there is no augmentation.',
    'Batch 16, momentum 0.9, weight decay 0.0005, a learning rate that falls from 0.01 along half ' +
      'a cosine.',
    'Both arms train for as many epochs. The paper says that dropout needs twice as many: if ' +
      'these are too few for it, the difference in top-1 is to its disadvantage.',
    'The gap is top-1 on the training pictures, asked without dropout, less top-1 on others.',
  ],
  measure: { kind: 'top1' },
  settings: {
    ...narrowSettings,
    epochs: 50,
    batch: 16,
    augmentation: { crop: { from: 'centre' }, mirror: 0, jitter: {} },
  },
  arms: [
    {
      name: 'with dropout',
      about: 'fc6 and fc7 lose half of their numbers while training',
      network,
      settings: { dropout: 0.5 },
    },
    {
      name: 'without dropout',
      about: 'all numbers go on',
      network,
      settings: { dropout: 0 },
    },
  ],
  perClass: { train: 40, val: 50 },
  seeds: 6,
  minutes: 15,
  curves: ['validationError', 'validationLoss'],
  overfitting: true,
};
