import type { Arm, Experiment } from '../experiment.ts';
import { narrowNetwork, withoutLayer } from '../networks.ts';
import { narrowHere, narrowPictures, narrowSettings } from './narrow.ts';

function without(layer: string): Arm {
  return {
    name: `without ${layer}`,
    about: `${layer} and the ReLU behind it are taken out`,
    network: (classes) => withoutLayer(narrowNetwork(classes), layer),
  };
}

export const depth: Experiment = {
  title: 'Depth',
  claim: 'Every layer counts: without one of the middle ones the network is worse.',
  paper: {
    where: '§7',
    says: 'removing any of the middle layers costs about 2 points of top-1.',
    on: 'ImageNet, the whole network.',
  },
  here: [
    narrowHere,
    'Beside the layer itself the one behind it changes: it reads another number of channels. ' +
      'Without conv5 fc6 has a third more weights.',
    'Layers behind the one that is gone start from other draws.',
  ],
  measure: { kind: 'top1' },
  settings: narrowSettings,
  arms: [
    { name: 'all layers', about: 'five convolutions, three dense layers', network: narrowNetwork },
    without('conv3'),
    without('conv4'),
    without('conv5'),
  ],
  ...narrowPictures,
  seeds: 6,
  minutes: 20,
  curves: ['validationError'],
};
