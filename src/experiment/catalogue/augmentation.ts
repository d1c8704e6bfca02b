import { published } from '../../lesson/published.ts';
import type { Experiment } from '../experiment.ts';
import { narrowNetwork } from '../networks.ts';
import { narrowHere, narrowPictures, narrowSettings } from './narrow.ts';

export const augmentation: Experiment = {
  title: 'Augmentation',
  claim: 'Without random crops and mirror images the network overfits substantially.',
  paper: {
    where: '§4.1',
    says:
      `no number: with ${published.views.toLocaleString('en-US')} views of each image; without ` +
      'them “substantial overfitting”, which would have forced a much smaller network.',
    on: 'ImageNet, the whole network.',
  },
  here: [
    narrowHere,
    'A crop of 32 pixels out of 37 gives 6² × 2 = 72 views of each picture.',
    'The gap is top-1 on the training pictures, asked as any others, less top-1 on others.',
  ],
  measure: { kind: 'top1' },
  settings: narrowSettings,
  arms: [
    {
      name: 'with augmentation',
      about: 'a crop anywhere, and half of the time its mirror image',
      network: narrowNetwork,
    },
    {
      name: 'without augmentation',
      about: 'always the crop in the middle',
      network: narrowNetwork,
      settings: { augmentation: { crop: { from: 'centre' }, mirror: 0, jitter: {} } },
    },
  ],
  ...narrowPictures,
  minutes: 15,
  curves: ['validationError', 'validationLoss'],
  overfitting: true,
};
