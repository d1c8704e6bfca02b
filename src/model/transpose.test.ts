import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesSource } from '../formats/source.ts';
import { bytesOf, storedTensor } from '../formats/tensor.ts';
import { readTransposed } from './transpose.ts';

/** Numbers 0, 1, 2, … */
function counted(...shape: number[]): ReturnType<typeof storedTensor> {
  const values = Float32Array.from(
    { length: shape.reduce((product, size) => product * size, 1) },
    (_, i) => i,
  );
  return storedTensor(bytesSource(bytesOf(values)), {
    name: 'w',
    dtype: 'f32',
    shape,
    position: 0,
  });
}

test("readTransposed() brings a dense layer's inputs to channels first", async () => {
  for (const [channels, height, width, outputs] of [
    [1, 1, 1, 1],
    [3, 2, 2, 5],
    [300, 1, 1, 17],
    [520, 1, 2, 33],
  ] as const) {
    const turned = await readTransposed(counted(channels * height * width, outputs), [
      channels,
      height,
      width,
    ]);
    const expected = Float32Array.from({ length: turned.length }, (_, i) => {
      const [output, rest] = [
        Math.floor(i / (channels * height * width)),
        i % (channels * height * width),
      ];
      const [channel, place] = [Math.floor(rest / (height * width)), rest % (height * width)];
      return (place * channels + channel) * outputs + output;
    });
    assert.deepEqual(turned, expected);
    const { readPart: _, ...whole } = counted(channels * height * width, outputs);
    assert.deepEqual(await readTransposed(whole, [channels, height, width]), expected);
  }
});

test('readTransposed() brings kernels from [h, w, in, out] to [out, in, h, w]', async () => {
  assert.deepEqual(
    [...(await readTransposed(counted(1, 2, 3, 2), [3, 9, 9]))],
    [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11],
  );
});
