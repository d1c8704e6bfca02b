import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomNumbers } from '../testing/data.ts';
import { describeKernels } from './kernels.ts';

type Paint = (x: number, y: number, channel: number) => number;

/** An 11×11 kernel of three channels, seen from its middle. */
function kernel(paint: Paint): number[] {
  return Array.from({ length: 363 }, (_, i) =>
    paint((i % 11) - 5, (Math.floor(i / 11) % 11) - 5, Math.floor(i / 121)),
  );
}

/** Stripes that lie at `degrees` anticlockwise from level, as a picture shows them (y down). */
function stripes(
  degrees: number,
  frequency: number,
  colours: readonly number[] = [1, 1, 1],
): number[] {
  const angle = (degrees * Math.PI) / 180;
  return kernel(
    (x, y, c) =>
      colours[c]! *
      Math.cos(2 * Math.PI * frequency * (x * Math.sin(angle) + y * Math.cos(angle))) *
      Math.exp(-(x * x + y * y) / 18),
  );
}

function described(...kernels: number[][]): ReturnType<typeof describeKernels> {
  return describeKernels(Float32Array.from(kernels.flat()), [kernels.length, 3, 11, 11]);
}

test('describeKernels() measures the angle and frequency of stripes', () => {
  for (const degrees of [0, 30, 45, 90, 120, 170]) {
    for (const frequency of [0.15, 0.25, 0.33]) {
      const [found] = described(stripes(degrees, frequency));
      assert.equal(found!.kind, 'edge');
      const off = Math.abs(found!.angle - degrees);
      assert.ok(Math.min(off, 180 - off) < 3, `${degrees}° measured as ${found!.angle}°`);
      assert.ok(
        Math.abs(found!.frequency - frequency) < 0.03,
        `${frequency} measured as ${found!.frequency}`,
      );
      assert.ok(found!.colour < 1e-6);
    }
  }
});

test('describeKernels() tells blobs, colour contrasts, noise and dead kernels apart', () => {
  const blob = kernel(
    (x, y) => Math.exp(-(x * x + y * y) / 6) - 0.35 * Math.exp(-(x * x + y * y) / 18),
  );
  const corner = kernel((x, y) => (x > 0 && y > 0 ? 1 : -0.3));
  const colourBlob = kernel((x, y, c) => [1, -1, 0][c]! * Math.exp(-(x * x + y * y) / 8));
  const colourEdge = stripes(60, 0.1, [1, 0, -1]);
  const noise = [...randomNumbers(363, 0.3, 8)];
  const tint = noise.map((w, i) => 0.5 * w + (Math.floor(i / 121) === 1 ? 0.4 : -0.1));
  const dead = stripes(10, 0.2).map((w) => w / 100);
  assert.deepEqual(
    described(blob, corner, colourBlob, colourEdge, noise, tint, dead).map(({ kind }) => kind),
    ['blob', 'blob', 'colour', 'colour', 'noise', 'colour', 'dead'],
  );
});

test('describeKernels() gives a colour edge its direction', () => {
  const [found] = described(stripes(60, 0.15, [1, 0, -1]));
  assert.ok(Math.abs(found!.angle - 60) < 3 && found!.colour > 0.99);
});

test('describeKernels() calls kernels of zeros dead', () => {
  assert.deepEqual(
    described(Array.from({ length: 363 }, () => 0)).map(({ kind, norm, frequency }) => [
      kind,
      norm,
      frequency,
    ]),
    [['dead', 0, 0]],
  );
});
