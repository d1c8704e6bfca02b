import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Augmentation } from './augmentation.ts';
import { drawAugmentation } from './augment.ts';
import type { Drawn, Use } from './augment.ts';

const statistics = {
  pictures: 1,
  mean: [0.5, 0.5, 0.5],
  deviation: [0.3, 0.3, 0.3],
  eigenvalues: [0.2, 0.02, 0.004],
  eigenvectors: [
    [1, 0, 0],
    [0, 0.6, 0.8],
    [0, 0.8, -0.6],
  ],
} as const;
const paper: Augmentation = { crop: { from: 'square' }, mirror: 0.5, pca: { deviation: 0.1 } };

const use: Use = {
  seed: 1,
  epoch: 2,
  sample: 3,
  width: 341,
  height: 256,
  crop: 227,
  statistics,
};

function draws(
  augmentation: Augmentation,
  count: number,
  size: readonly [number, number] = [341, 256],
): Drawn[] {
  return Array.from({ length: count }, (_, sample) =>
    drawAugmentation(augmentation, {
      ...use,
      epoch: 3,
      sample,
      width: size[0],
      height: size[1],
    }),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

const noGrey = (): number => assert.fail('the mean grey is not needed here');

test('drawAugmentation() means the same for ever: one seed, epoch and sample', () => {
  const all: Augmentation = {
    crop: { from: 'resized', area: [0.3, 1], aspect: [0.75, 1.25] },
    mirror: 0.5,
    pca: { deviation: 0.1 },
    jitter: { brightness: 0.4 },
    erase: { chance: 1, area: [0.1, 0.2] },
  };
  const { box, mirrored, colours, erase } = drawAugmentation(all, use);
  const { matrix, offset } = colours(() => 100);
  assert.deepEqual(
    { box, mirrored, erase },
    {
      box: { left: 38, top: 5, width: 279, height: 251 },
      mirrored: true,
      erase: { left: 152, top: 6, width: 59, height: 151 },
    },
  );
  assert.deepEqual(
    [matrix[0], ...offset].map((value) => Number(value!.toFixed(6))),
    [1.229634, 1.168939, -0.088875, -0.400791],
  );
  assert.deepEqual(drawAugmentation(paper, use).box, {
    left: 60,
    top: 25,
    width: 227,
    height: 227,
  });
});

test('drawAugmentation() differs by seed, epoch and sample', () => {
  const at = (seed: number, epoch: number, sample: number): string =>
    JSON.stringify(drawAugmentation(paper, { ...use, seed, epoch, sample }).colours(noGrey).offset);
  assert.equal(
    new Set([at(1, 1, 1), at(2, 1, 1), at(1, 2, 1), at(1, 1, 2), at(1, 1, 3), at(1, 3, 1)]).size,
    6,
  );
  assert.equal(at(5, 6, 7), at(5, 6, 7));
});

test('a crop of the square takes each place, a mirror half of the time', () => {
  const found = draws(paper, 4000);
  const lefts = found.map(({ box }) => box.left);
  const tops = found.map(({ box }) => box.top);
  assert.deepEqual(
    [Math.min(...lefts), Math.max(...lefts), Math.min(...tops), Math.max(...tops)],
    [42, 42 + 29, 0, 29],
  );
  assert.equal(new Set(lefts).size, 30);
  assert.ok(Math.abs(mean(lefts) - 56.5) < 0.7 && Math.abs(mean(tops) - 14.5) < 0.7);
  assert.ok(Math.abs(mean(found.map(({ mirrored }) => Number(mirrored))) - 0.5) < 0.03);
  const anywhere = draws({ crop: { from: 'picture' } }, 4000).map(({ box }) => box.left);
  assert.deepEqual([Math.min(...anywhere), Math.max(...anywhere)], [0, 341 - 227]);
  assert.ok(draws({ crop: { from: 'square' } }, 50).every(({ mirrored }) => !mirrored));
});

test('a resampled crop has the areas and aspects asked for and lies inside the picture', () => {
  const found = draws(
    { crop: { from: 'resized', area: [0.25, 0.8], aspect: [0.75, 4 / 3] } },
    4000,
  ).map(({ box }) => box);
  for (const { left, top, width, height } of found)
    assert.ok(left >= 0 && top >= 0 && left + width <= 341 && top + height <= 256);
  const areas = found.map(({ width, height }) => (width * height) / (341 * 256));
  const aspects = found.map(({ width, height }) => width / height);
  assert.ok(
    Math.min(...areas) > 0.245 &&
      Math.max(...areas) < 0.805 &&
      mean(areas) > 0.45 &&
      mean(areas) < 0.55,
  );
  assert.ok(
    Math.min(...aspects) > 0.74 &&
      Math.max(...aspects) < 1.35 &&
      Math.abs(mean(aspects.map(Math.log))) < 0.03,
  );
});

test('a resampled crop of a strip falls back to the middle, in an allowed aspect', () => {
  const [first] = draws(
    { crop: { from: 'resized', area: [0.9, 1], aspect: [0.75, 4 / 3] } },
    1,
    [1024, 256],
  );
  assert.deepEqual(first!.box, { left: 341, top: 0, width: 341, height: 256 });
});

test('colour noise shifts along the components, by eigenvalue times deviation', () => {
  const shifts = draws(paper, 4000).map(({ colours }) => colours(noGrey).offset);
  const along = (vector: readonly number[]): number[] =>
    shifts.map((shift) => shift.reduce((sum, value, c) => sum + value * vector[c]!, 0));
  statistics.eigenvectors.forEach((vector, k) => {
    const values = along(vector);
    const expected = 255 * 0.1 * statistics.eigenvalues[k]!;
    assert.ok(
      Math.abs(deviation(values) / expected - 1) < 0.05 && Math.abs(mean(values)) < 0.08 * expected,
      `${k}: ${deviation(values)} is not ${expected}`,
    );
  });
});

test('jitter scales brightness, contrast about the mean grey, saturation about each', () => {
  const apply = (
    { matrix, offset }: ReturnType<Drawn['colours']>,
    rgb: readonly number[],
  ): number[] =>
    [0, 1, 2].map(
      (c) => offset[c]! + rgb.reduce((sum, value, k) => sum + value * matrix[3 * c + k]!, 0),
    );
  const factors = draws({ crop: { from: 'square' }, jitter: { brightness: 0.3 } }, 2000).map(
    ({ colours }) => apply(colours(noGrey), [100, 50, 10])[0]! / 100,
  );
  assert.ok(
    Math.min(...factors) >= 0.7 && Math.max(...factors) < 1.3 && Math.abs(mean(factors) - 1) < 0.02,
  );
  for (const { colours } of draws({ crop: { from: 'square' }, jitter: { contrast: 0.5 } }, 20)) {
    apply(
      colours(() => 80),
      [80, 80, 80],
    ).forEach((value) => assert.ok(Math.abs(value - 80) < 1e-9));
    const [high, , low] = apply(
      colours(() => 80),
      [90, 80, 70],
    );
    assert.ok(Math.abs(high! + low! - 160) < 1e-9 && high! - low! > 9.9 && high! - low! < 30.1);
  }
  for (const { colours } of draws({ crop: { from: 'square' }, jitter: { saturation: 0.5 } }, 20)) {
    apply(colours(noGrey), [60, 60, 60]).forEach((value) => assert.ok(Math.abs(value - 60) < 1e-9));
  }
  for (const { colours } of draws({ crop: { from: 'square' }, grey: 1 }, 5)) {
    const [red, green, blue] = apply(colours(noGrey), [200, 30, 90]);
    assert.ok(
      Math.abs(red! - green!) < 1e-9 &&
        Math.abs(red! - blue!) < 1e-9 &&
        Math.abs(red! - (0.299 * 200 + 0.587 * 30 + 0.114 * 90)) < 1e-9,
    );
  }
});

test('an erased rectangle lies in the crop and comes as often and as large as asked for', () => {
  const found = draws(
    { crop: { from: 'square' }, erase: { chance: 0.25, area: [0.1, 0.2] } },
    4000,
  ).flatMap(({ erase }) => (erase ? [erase] : []));
  assert.ok(Math.abs(found.length / 4000 - 0.25) < 0.03);
  for (const { left, top, width, height } of found)
    assert.ok(left >= 0 && top >= 0 && left + width <= 227 && top + height <= 227);
  const areas = found.map(({ width, height }) => (width * height) / 227 ** 2);
  assert.ok(Math.min(...areas) > 0.09 && Math.max(...areas) < 0.21);
});

test("colour noise by deviation is the authors': √λ, and the contrast is lowered", () => {
  const by = (scale: 'eigenvalue' | 'deviation', until?: number): Drawn =>
    drawAugmentation(
      { ...paper, pca: { deviation: 0.1, scale, ...(until !== undefined && { until }) } },
      use,
    );
  const offsets = ({ colours }: Drawn): readonly number[] => colours(noGrey).offset;
  // The first principal axis is red alone: λ = 0.2 there.
  const [text, code] = [by('eigenvalue'), by('deviation')];
  assert.ok(Math.abs(offsets(code)[0]! / offsets(text)[0]! - Math.sqrt(0.2) / 0.2) < 1e-9);
  assert.deepEqual([text.contrast, code.contrast], [1, 1 / 1.1]);
  assert.deepEqual(offsets(by('eigenvalue')), offsets(drawAugmentation(paper, use)));

  // `use` is of epoch 2.
  const ended = by('deviation', 2);
  assert.deepEqual([offsets(ended), ended.contrast], [[0, 0, 0], 1]);
  assert.deepEqual(offsets(by('deviation', 3)), offsets(code));
});

test('a picture that is led takes crop and mirror of another, and its own colours', () => {
  const own = drawAugmentation(paper, use);
  const led = drawAugmentation(paper, { ...use, leader: 8 });
  const leader = drawAugmentation(paper, { ...use, sample: 8 });
  assert.notDeepEqual(own.box, leader.box);
  assert.deepEqual([led.box, led.mirrored], [leader.box, leader.mirrored]);
  assert.deepEqual(led.colours(noGrey), own.colours(noGrey));
});

test('drawAugmentation() of the centre leaves the crop where validation looks', () => {
  for (const { box } of draws({ crop: { from: 'centre' }, mirror: 0.5 }, 5))
    assert.deepEqual(box, { left: 56, top: 14, width: 227, height: 227 });
});
