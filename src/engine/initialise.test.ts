import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialValues, parametersOf } from '../network/parameters.ts';
import { cutNetwork } from '../network/parts.ts';
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

test('initialise() starts the parts of a network as the whole starts', async () => {
  const whole = alexnet('small', { width: 1 / 8, classes: 3 });
  const { network, dropoutBefore, parametersBefore } = cutNetwork(whole, ['pool2'])[1]!;
  const options = { batch: 1, mode: 'inference', dropoutBefore } as const;
  const session = await referenceEngine.prepare(network, options);
  await initialise(session, 5, parametersBefore);
  const index = parametersOf(whole).findIndex(({ name }) => name === 'conv4.weight');
  assert.deepEqual(
    await session.getParameter('conv4.weight'),
    initialValues(parametersOf(whole)[index]!, index, 5),
  );
  await session.dispose();
});
