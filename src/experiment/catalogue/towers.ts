import { ablations } from '../../lesson/published.ts';
import type { Experiment } from '../experiment.ts';
import { inTowers, narrowNetwork, withHalfTheKernels } from '../networks.ts';
import { narrowHere, narrowPictures, narrowSettings } from './narrow.ts';

export const towers: Experiment = {
  title: 'Two towers',
  claim: 'Two towers are better than one with half of the kernels.',
  paper: {
    where: '§3.2',
    says:
      `${ablations.twoGpus.top1} points of top-1 and ${ablations.twoGpus.top5} of top-5 error less ` +
      'than a network with half as many kernels in each convolution, on one GPU.',
    on: 'ImageNet, the whole network.',
  },
  here: [
    narrowHere,
    'As in the paper (footnote 2) the last convolution and the dense layers are not halved.',
    'The towers compute more and have more weights in conv1 to conv4: that is the comparison of ' +
      'the paper, and no proof that towers are better than none.',
  ],
  measure: { kind: 'top1' },
  settings: narrowSettings,
  arms: [
    {
      name: 'two towers',
      about: 'conv2, conv4 and conv5 see their own tower alone',
      network: (classes) => inTowers(narrowNetwork(classes)),
    },
    {
      name: 'one tower of half',
      about: 'half of the kernels in conv1 to conv4, no groups',
      network: (classes) => withHalfTheKernels(narrowNetwork(classes)),
    },
  ],
  ...narrowPictures,
  minutes: 12,
  curves: ['validationError'],
};
