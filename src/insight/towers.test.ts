import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KernelDescription, KernelKind } from './kernels.ts';
import { colourTest, permutationTest, towerColours } from './towers.ts';

const options = { permutations: 9999, seed: 1 };

/** C(6, 3) = 20 ways to deal six numbers: those with as large a difference can be counted. */
test('permutationTest() comes near the p that counting all dealings gives', () => {
  const apart = permutationTest(
    [
      [1, 2, 3],
      [10, 11, 12],
    ],
    options,
  );
  assert.equal(apart.difference, 9);
  assert.ok(Math.abs(apart.p - 2 / 20) < 0.01, `${apart.p}`);
  const mixed = permutationTest(
    [
      [1, 2, 10],
      [3, 11, 12],
    ],
    options,
  );
  // |Σ of three − 19.5| ≥ 6.5: 1+2+3, 1+2+10, and the two that are left over from these.
  assert.ok(Math.abs(mixed.p - 4 / 20) < 0.013, `${mixed.p}`);
});

test('permutationTest() never says that chance cannot do it, and groups alike are alike', () => {
  const [low, high] = [
    Array.from({ length: 30 }, (_, i) => i / 100),
    new Array<number>(30).fill(9),
  ];
  assert.equal(permutationTest([low, high], { permutations: 99, seed: 2 }).p, 0.01);
  assert.equal(
    permutationTest(
      [
        [5, 5],
        [5, 5],
      ],
      options,
    ).p,
    1,
  );
  assert.deepEqual(permutationTest([low, high], options), permutationTest([low, high], options));
});

test('permutationTest() refuses an empty group', () => {
  assert.throws(() => permutationTest([[1], []], options), {
    message: 'Expected two groups of numbers or more, none empty, but found 1 and 0.',
  });
});

function kernel(kind: KernelKind, colour: number): KernelDescription {
  const waves = { angle: 0, frequency: 0, directedness: 0 };
  return { kernel: 0, kind, colour, norm: 1, pattern: 1, ...waves };
}

test('towerColours() leaves out what shows nothing, and takes equal runs for the towers', () => {
  const kernels = [
    kernel('edge', 0),
    kernel('blob', 0.2),
    kernel('noise', 1),
    kernel('colour', 0.9),
    kernel('dead', 0),
    kernel('colour', 0.7),
  ];
  assert.deepEqual(towerColours(kernels, 2), [
    { kernels: 3, blank: 1, grey: 2, colour: 0, share: 0.1 },
    { kernels: 3, blank: 1, grey: 0, colour: 2, share: 0.8 },
  ]);
  const found = colourTest(kernels, 2, options)!;
  assert.ok(Math.abs(found.difference - 0.7) < 1e-12);
  // Of the 6 dealings of four numbers two differ as much: this one and its mirror image.
  assert.ok(Math.abs(found.p - 2 / 6) < 0.02, `${found.p}`);
  assert.equal(colourTest(kernels.slice(0, 4), 2, options), undefined);
  assert.throws(() => towerColours(kernels, 4), {
    message: 'Expected a number of kernels that 4 divides but found 6.',
  });
});
