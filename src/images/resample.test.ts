import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { Picture } from './picture.ts';
import { cut, resample } from './resample.ts';
import type { ResampleKernel } from './resample.ts';
import { loadPixelKernels } from './workbench.ts';

before(loadPixelKernels);

/** What Pillow and OpenCV gave: see scripts/goldens-pixels.py, which writes it. */
interface Golden {
  readonly madeBy: string;
  readonly cases: readonly {
    readonly kernel: ResampleKernel;
    readonly picture: Kind;
    readonly from: readonly [number, number];
    readonly to: readonly [number, number];
    readonly sha256: string;
    /** In base64, of small ones. */
    readonly bytes?: string;
  }[];
}

type Kind = 'noise' | 'smooth' | 'checks';

/** The byte of a made-up picture, `i`-th of all, at column x, row y, channel c. */
const kinds: Record<Kind, (i: number, x: number, y: number, c: number) => number> = {
  noise: (i) => {
    let word = Math.imul(i + 1, 2654435761);
    word ^= word >>> 15;
    word = Math.imul(word, 2246822519);
    word ^= word >>> 13;
    return word & 255;
  },
  smooth: (_, x, y, c) => Math.abs(((x * 5 + y * 3 + c * 40) % 510) - 255),
  checks: (_, x, y, c) => ((Math.floor(x / (c + 2)) + Math.floor(y / 3)) % 2) * 255,
};

function madeUp(kind: Kind, width: number, height: number): Picture {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return kinds[kind](i, pixel % width, Math.floor(pixel / width), i % 3);
  });
  return { width, height, data };
}

const file = new URL('../../src/testing/goldens/pixels.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;

for (const kernel of ['pillow', 'opencv'] as const) {
  const cases = golden.cases.filter((one) => one.kernel === kernel);

  test(`resample() gives ${kernel}'s bytes (${golden.madeBy})`, () => {
    assert.equal(cases.length, 48);
    for (const { picture, from, to, sha256, bytes } of cases) {
      const { width, height, data } = resample(madeUp(picture, ...from), ...to, kernel);
      const title = `${picture}, ${from.join('×')} to ${to.join('×')}`;
      assert.deepEqual([width, height, data.length], [...to, to[0] * to[1] * 3], title);
      if (bytes !== undefined)
        assert.deepEqual([...data], [...Buffer.from(bytes, 'base64')], title);
      assert.equal(createHash('sha256').update(data).digest('hex'), sha256, title);
    }
  });

  test(`resample() gives a window of ${kernel}'s picture as it is in the whole`, () => {
    for (const [width, height] of [
      [41, 90],
      [150, 61],
      [70, 70],
    ] as const) {
      const picture = madeUp('noise', 97, 83);
      const whole = resample(picture, width, height, kernel);
      for (const window of [
        { left: 0, top: 0, width: 1, height: 1 },
        { left: 7, top: 5, width: 30, height: 31 },
        { left: width - 9, top: height - 4, width: 9, height: 4 },
      ])
        assert.deepEqual(
          resample(picture, width, height, kernel, window),
          cut(whole, window),
          `${width}×${height}, ${JSON.stringify(window)}`,
        );
    }
  });
}

test('resample() brings large pictures to the kernels in portions, without a seam', () => {
  // A row of 30,000 bytes: eight in a portion, of 100.
  const picture = madeUp('smooth', 10_000, 100);
  for (const kernel of ['pillow', 'opencv'] as const) {
    const across = resample(picture, 50, 100, kernel);
    for (const top of [0, 7, 8, 63, 99]) {
      const row = cut(picture, { left: 0, top, width: 10_000, height: 1 });
      assert.deepEqual(
        resample(row, 50, 1, kernel).data,
        cut(across, { left: 0, top, width: 50, height: 1 }).data,
        `${kernel}, row ${top}`,
      );
    }
  }
});

test('resample() leaves a picture of the same size as it is', () => {
  const picture = madeUp('noise', 12, 10);
  assert.equal(resample(picture, 12, 10, 'pillow'), picture);
  assert.deepEqual(
    resample(picture, 12, 10, 'opencv', { left: 3, top: 9, width: 2, height: 1 }).data,
    picture.data.slice((9 * 12 + 3) * 3, (9 * 12 + 5) * 3),
  );
});

test('resample() refuses a window that is not inside', () => {
  assert.throws(
    () =>
      resample(madeUp('noise', 9, 9), 20, 20, 'pillow', { left: 1, top: 0, width: 20, height: 5 }),
    { message: 'Expected a window inside of 20×20 but found 20×5 at 1, 0.' },
  );
});
