import type { Experiment } from '../experiment.ts';
import { narrowNetwork, withoutLrn } from '../networks.ts';
import { ablations } from '../../lesson/published.ts';
import { narrowHere, narrowPictures, narrowSettings } from './narrow.ts';

export const lrn: Experiment = {
  title: 'Local response normalisation',
  claim: 'Local response normalisation lowers the error a little.',
  paper: {
    where: '§3.3',
    says:
      `${ablations.lrn.top1} points of top-1 and ${ablations.lrn.top5} of top-5 error on ` +
      'ImageNet; on CIFAR-10, with four layers, 13 % test error without it and 11 % with it.',
    on: 'ImageNet with the whole network, and CIFAR-10.',
  },
  here: [
    narrowHere,
    'First weights make good for what LRN divides by, so that both arms start with activations of ' +
      'the same size.',
  ],
  measure: { kind: 'top1' },
  settings: narrowSettings,
  arms: [
    { name: 'with LRN', about: 'after conv1 and conv2', network: narrowNetwork },
    {
      name: 'without LRN',
      about: 'pooling follows the ReLU at once',
      network: (classes) => withoutLrn(narrowNetwork(classes)),
    },
  ],
  ...narrowPictures,
  minutes: 15,
  curves: ['validationError'],
};
