import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialValues } from '../network/parameters.ts';
import { alexnet } from '../network/variants.ts';
import { initialise } from './initialise.ts';
import { referenceEngine } from './reference/index.ts';

test('initialise() gives each parameter the values of initialValues(), however long', async () => {
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
