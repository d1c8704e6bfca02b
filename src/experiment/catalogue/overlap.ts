import type { Experiment } from '../experiment.ts';
import { narrowNetwork, withSeparatePooling } from '../networks.ts';
import { ablations } from '../../lesson/published.ts';
import { narrowHere, narrowPictures, narrowSettings } from './narrow.ts';

export const overlap: Experiment = {
  title: 'Overlapping pooling',
  claim: 'Pooling windows that overlap lower the error a little.',
  paper: {
    where: '§3.4',
    says:
      `windows of 3 against windows of 2, both 2 apart: ${ablations.overlap.top1} points of top-1 ` +
      `and ${ablations.overlap.top5} of top-5 error, and slightly less overfitting.`,
    on: 'ImageNet, the whole network.',
  },
  here: [
    narrowHere,
    'Both arms have maps of the same sizes: 16, 8 and 4. The last windows of 3 hang over the edge.',
  ],
  measure: { kind: 'top1' },
  settings: narrowSettings,
  arms: [
    { name: 'overlapping', about: 'windows of 3, 2 apart', network: narrowNetwork },
    {
      name: 'separate',
      about: 'windows of 2, 2 apart',
      network: (classes) => withSeparatePooling(narrowNetwork(classes)),
    },
  ],
  ...narrowPictures,
  minutes: 15,
  curves: ['validationError'],
};
