import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { bits, purposes } from '../random/philox.ts';
import type { ColourMap } from './colour.ts';
import type { Picture, Rectangle } from './picture.ts';
import { meanGrey, paintPlanes, resamplePicture } from './pixels.ts';
import { loadPixelKernels } from './workbench.ts';

before(loadPixelKernels);

function noise(width: number, height: number, index: number): Picture {
  const words = new Uint32Array(width * height * 3);
  bits({ seed: 5, purpose: purposes.test, index })(0, words.length, words);
  return { width, height, data: Uint8Array.from(words, (word) => word >>> 24) };
}

const mixed: ColourMap = {
  matrix: [0.5, 0.25, -0.125, 0, 2, 0, 0.0625, 0, 0.75],
  offset: [1, -2, 3],
};

/**
 * The definition: each output pixel is the mean of its neighbours under a triangle, in double
 * precision.
 */
function plainResample(
  { width, height, data }: Picture,
  box: Rectangle,
  size: [number, number],
  c: number,
  x: number,
  y: number,
): number {
  const axis = (
    from: number,
    length: number,
    limit: number,
    out: number,
    i: number,
  ): [number, number][] => {
    const scale = length / out;
    const reach = Math.max(1, scale);
    const centre = from + (i + 0.5) * scale - 0.5;
    const weights = Array.from({ length: limit }, (_, j): [number, number] => [
      j,
      Math.max(0, 1 - Math.abs(j - centre) / reach),
    ]);
    const sum = weights.reduce((total, [, weight]) => total + weight, 0);
    return weights
      .map(([j, weight]): [number, number] => [j, weight / sum])
      .filter(([, weight]) => weight > 0);
  };
  let value = 0;
  for (const [row, down] of axis(box.top, box.height, height, size[1], y))
    for (const [column, across] of axis(box.left, box.width, width, size[0], x))
      value += down * across * data[(row * width + column) * 3 + c]!;
  return value;
}

test('paintPlanes() cuts, resamples, mirrors, mixes colours and subtracts as defined', () => {
  const cases: [Picture, Rectangle, number][] = [
    [noise(50, 40, 1), { left: 7, top: 3, width: 31, height: 31 }, 31],
    [noise(50, 40, 2), { left: 0, top: 0, width: 4, height: 4 }, 4],
    [noise(53, 41, 3), { left: 5, top: 6, width: 40, height: 33 }, 17],
    [noise(29, 37, 4), { left: 2, top: 1, width: 13, height: 21 }, 35],
    [noise(61, 45, 5), { left: 0, top: 0, width: 61, height: 45 }, 5],
    [noise(3, 2, 6), { left: 0, top: 0, width: 3, height: 2 }, 9],
  ];
  for (const [picture, box, size] of cases) {
    for (const mirrored of [false, true]) {
      const subtract = Float32Array.from({ length: 3 * size * size }, (_, i) => i % 7);
      const out = new Float32Array(new SharedArrayBuffer((3 * size * size + 5) * 4)).fill(-99);
      paintPlanes(out, 3, picture, box, size, { mirrored, colours: mixed, subtract });
      assert.deepEqual(
        [...out.subarray(0, 3), ...out.subarray(out.length - 2)],
        [-99, -99, -99, -99, -99],
      );
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          const rgb = [0, 1, 2].map((c) =>
            plainResample(picture, box, [size, size], c, mirrored ? size - 1 - x : x, y),
          );
          for (const c of [0, 1, 2]) {
            const at = (c * size + y) * size + x;
            const expected =
              [0, 1, 2].reduce(
                (sum, k) => sum + mixed.matrix[3 * c + k]! * rgb[k]!,
                mixed.offset[c]!,
              ) - subtract[at]!;
            assert.ok(
              Math.abs(out[3 + at]! - expected) < 1e-3,
              `size ${size}, mirrored ${mirrored}, ${c},${y},${x}: ` +
                `${out[3 + at]} is not ${expected}`,
            );
          }
        }
      }
    }
  }
});

test('resamplePicture() makes larger and smaller, rounded to bytes', () => {
  for (const [width, height, index] of [
    [57, 43, 7],
    [9, 30, 8],
    [20, 15, 9],
  ] as const) {
    const picture = noise(20, 15, index);
    const out = resamplePicture(picture, width, height);
    assert.deepEqual([out.width, out.height, out.data.length], [width, height, width * height * 3]);
    out.data.forEach((value, i) => {
      const pixel = Math.floor(i / 3);
      const expected = plainResample(
        picture,
        { left: 0, top: 0, width: 20, height: 15 },
        [width, height],
        i % 3,
        pixel % width,
        Math.floor(pixel / width),
      );
      assert.ok(
        Math.abs(value - expected) < 0.502,
        `${width}×${height}, byte ${i}: ${value} is not ${expected}`,
      );
    });
  }
});

test('meanGrey() is the weighted mean of a box', () => {
  const picture = noise(23, 19, 10);
  let sum = 0;
  for (let y = 4; y < 13; y++)
    for (let x = 2; x < 19; x++)
      [0.299, 0.587, 0.114].forEach(
        (weight, c) => (sum += weight * picture.data[(y * 23 + x) * 3 + c]!),
      );
  assert.ok(
    Math.abs(meanGrey(picture, { left: 2, top: 4, width: 17, height: 9 }) - sum / (17 * 9)) < 1e-9,
  );
});

test('paintPlanes() refuses a crop below four pixels', () => {
  assert.throws(
    () =>
      paintPlanes(
        new Float32Array(27),
        0,
        noise(9, 9, 11),
        { left: 0, top: 0, width: 3, height: 3 },
        3,
        { mirrored: false, colours: mixed },
      ),
    { message: 'Expected a crop of at least 4 pixels but found 3.' },
  );
});
