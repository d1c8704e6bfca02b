import { parametersOf, initialValues } from '../network/parameters.ts';
import { alexnet } from '../network/variants.ts';
import type { Model } from '../model/model.ts';
import { f32Weights } from '../model/weights.ts';

export const servedLabels = ['ant', 'bee', 'crane', 'crane', 'eel', 'fox'];

/** A network so small that the reference engine takes milliseconds; `seed` makes others. */
export function servedModel(seed = 3): Model {
  const network = alexnet('small', { classes: 6, width: 1 / 16, input: 16 });
  const initial = { distribution: 'normal', standardDeviation: 0.1 } as const;
  const weights = f32Weights(
    parametersOf(network).map((parameter, i) => [
      parameter.name,
      initialValues({ ...parameter, rule: { ...parameter.rule, initial } }, i, seed),
    ]),
  );
  return {
    network,
    labels: servedLabels.map((name, i) => ({ name, ...(i === 2 && { wnid: 'n02012849' }) })),
    weights,
    preprocessing: {
      resize: { how: 'shorterSide', size: 18 },
      crop: 16,
      channels: 'RGB',
      scale: 1,
      mean: [120, 110, 60],
      deviation: [1, 1, 1],
    },
    provenance: {},
  };
}
