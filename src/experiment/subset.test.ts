import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dataset, Split } from '../data/dataset.ts';
import { subsetOf } from './subset.ts';

function dataset(splits: Readonly<Record<string, number>>): Dataset {
  const samples = ['cat', 'dog'].flatMap((name, label) =>
    Object.entries(splits).flatMap(([split, count]) =>
      Array.from({ length: count }, (_, i) => ({
        name: `${split}/${name}/${i}.png`,
        source: { path: `${split}/${name}/${i}.png` },
        label,
        split: split as Split,
      })),
    ),
  );
  return {
    classes: ['cat', 'dog'],
    samples,
    remarks: [],
    provenance: { kind: 'folder', root: 'pets', digest: '' },
  };
}

test('subsetOf() takes so many of each class, others for another seed, the same for the same', async () => {
  const whole = dataset({ train: 30, val: 10 });
  const chosen = await subsetOf(whole, { train: 5, val: 3 }, 1);
  const counts = (split: Split, label: number): number =>
    chosen.samples.filter((one) => one.split === split && one.label === label).length;
  assert.deepEqual([counts('train', 0), counts('train', 1), counts('val', 0)], [5, 5, 3]);
  assert.deepEqual(await subsetOf(whole, { train: 5, val: 3 }, 1), chosen);
  const other = await subsetOf(whole, { train: 5, val: 3 }, 2);
  assert.notEqual(other.provenance.digest, chosen.provenance.digest);
});

test('subsetOf() validates on the test pictures where there are no others', async () => {
  const { samples } = await subsetOf(dataset({ train: 4, test: 6 }), { train: 9, val: 2 }, 1);
  assert.equal(samples.filter(({ split }) => split === 'train').length, 8);
  const validation = samples.filter(({ split }) => split === 'val');
  assert.equal(validation.length, 4);
  assert.ok(validation.every(({ name }) => name.startsWith('test/')));
});
