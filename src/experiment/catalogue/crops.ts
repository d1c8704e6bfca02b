import type { Experiment } from '../experiment.ts';
import { narrowNetwork } from '../networks.ts';
import { narrowHere, narrowPictures, narrowSettings } from './narrow.ts';

export const crops: Experiment = {
  title: 'Ten crops',
  claim: 'The mean of ten crops’ probabilities errs less often than one crop.',
  paper: {
    where: '§4.1 and footnote 5',
    says: 'top-1 error 39.0 % with one crop, 37.5 % with ten.',
    on: 'ImageNet (ILSVRC-2010 test), the whole network.',
  },
  here: [
    narrowHere,
    'One network for each seed is asked twice: its pair differs in nothing else.',
    'Crops of 32 pixels out of 37: corners and centre, and their mirror images.',
  ],
  measure: { kind: 'top1' },
  settings: narrowSettings,
  arms: [
    {
      name: 'ten crops',
      about: 'corners and centre with their mirror images, probabilities averaged',
      network: narrowNetwork,
      crops: 10,
    },
    {
      name: 'one crop',
      about: 'the centre alone, the same networks',
      trainedAs: 'ten crops',
    },
  ],
  ...narrowPictures,
  minutes: 8,
  curves: ['validationError'],
};
