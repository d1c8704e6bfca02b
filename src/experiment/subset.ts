import type { Dataset, Sample, Split } from '../data/dataset.ts';
import { finishDataset } from '../data/split.ts';
import { permutation } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import type { PerClass } from './experiment.ts';

/**
 * At most so many pictures of each class for training and for validation, drawn by the seed. Where
 * the data has no `val`, its `test` takes that place.
 */
export async function subsetOf(
  dataset: Dataset,
  perClass: PerClass,
  seed: number,
): Promise<Dataset> {
  const has = (split: Split): boolean => dataset.samples.some((sample) => sample.split === split);
  const validation = has('val') ? 'val' : 'test';
  const { kind, root } = dataset.provenance;
  const samples = dataset.classes.flatMap((_, label) => [
    ...drawn(dataset, { label, split: 'train', count: perClass.train, seed }),
    ...drawn(dataset, { label, split: validation, count: perClass.val, seed }).map(
      (sample): Sample => ({ ...sample, split: 'val' }),
    ),
  ]);
  return finishDataset({ classes: dataset.classes, samples, remarks: [], kind, root }, {});
}

function drawn(
  { samples }: Dataset,
  {
    label,
    split,
    count,
    seed,
  }: {
    readonly label: number;
    readonly split: Split;
    readonly count: number;
    readonly seed: number;
  },
): Sample[] {
  const members = samples.filter((sample) => sample.label === label && sample.split === split);
  const index = split === 'train' ? 1 : 2;
  const order = permutation(
    bits({ seed, purpose: purposes.split, index, stream: label }),
    members.length,
  );
  return [...order.subarray(0, count)].sort((a, b) => a - b).map((place) => members[place]!);
}
