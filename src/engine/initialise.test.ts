import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialValues } from '../network/parameters.ts';
import { alexnet } from '../network/variants.ts';
import { initialise } from './initialise.ts';
import { referenceEngine } from './reference/index.ts';
import { drawInTurns } from './turn.ts';

test('initialise() gives every parameter the values of initialValues(), however long it is', async () => {
  for (const [variant, width] of [
    ['small', 1 / 2],
    ['torchvision', 1 / 8],
  ] as const) {
    const session = await referenceEngine.prepare(alexnet(variant, { width }), {
      batch: 1,
      mode: 'inference',
    });
    assert.ok(session.parameters.some(({ size }) => size > 100_000));
    await initialise(session, 5);
    for (const [index, parameter] of session.parameters.entries())
      assert.deepEqual(
        await session.getParameter(parameter.name),
        initialValues(parameter, index, 5),
        parameter.name,
      );
    await session.dispose();
  }
});

test('drawInTurns() draws all in pieces, and lets others have the event loop between them', async () => {
  const out = new Float32Array(1_000_001);
  const seen: number[] = [];
  let turns = 0;
  let next = setImmediate(function again() {
    turns++;
    next = setImmediate(again);
  });
  await drawInTurns(out, (piece, first) => {
    assert.ok(piece.length <= 1 << 13 && first % 2 === 0);
    seen.push(turns);
    piece.forEach((_, i) => (piece[i] = (first + i) % 1000));
  });
  clearImmediate(next);
  assert.ok(out.every((value, i) => value === i % 1000));
  assert.ok(
    new Set(seen).size > 10,
    `of ${seen.length} pieces, only ${new Set(seen).size} had the loop turn before them`,
  );
});
