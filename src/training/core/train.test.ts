import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import * as door from '../../browser.ts';
import type { Engine } from '../../engine/engine.ts';
import { referenceEngine } from '../../engine/reference/index.ts';
import { DeviceLost } from '../../errors.ts';
import { learn, madeUpTraining } from '../../testing/made-up.ts';
import { noBrowser, openPages } from '../../testing/pages.ts';
import type { Pages } from '../../testing/pages.ts';
import type { TrainEvent } from './events.ts';
import { Interrupted } from './interrupted.ts';
import { trainNetwork } from './train.ts';

test('trainNetwork() learns from batches and keeps the run in memory', async () => {
  const events: TrainEvent[] = [];
  const options = madeUpTraining(door, referenceEngine);
  const onEvent = (event: TrainEvent): void => void events.push(event);
  const {
    epochs,
    best,
    finished,
    validation,
    test: tested,
    record,
  } = await trainNetwork({
    ...options,
    onEvent,
  });
  assert.deepEqual([epochs, finished, tested], [3, 'All 3 epochs are done.', null]);
  assert.equal(validation?.loss, best.loss);
  assert.deepEqual(record.data, {
    root: 'made up',
    kind: 'numbers',
    digest: 'none',
    classes: 3,
    train: 18,
    validation: 18,
  });
  assert.deepEqual(
    events.flatMap(({ kind }) => (kind === 'evaluating' ? [] : [kind])),
    ['plan', ...Array.from({ length: 3 }, () => ['step', 'step', 'epoch']).flat()],
  );
  const losses = (await options.store.entries()).flatMap((entry) =>
    entry.kind === 'epoch' ? [entry.validation!.loss] : [],
  );
  assert.ok(losses[2]! < losses[1]! && losses[1]! < losses[0]!, losses.join());
});

test('trainNetwork() that is aborted and resumed ends with the same weights', async () => {
  const whole = await trainNetwork(madeUpTraining(door, referenceEngine));
  const options = madeUpTraining(door, referenceEngine);
  const stop = new AbortController();
  let steps = 0;
  const onEvent = ({ kind }: TrainEvent): void => {
    if (kind === 'step' && ++steps === 3) stop.abort();
  };
  await assert.rejects(trainNetwork({ ...options, onEvent, signal: stop.signal }), (error) => {
    assert.ok(error instanceof Interrupted);
    assert.match(error.message, /^Interrupted at epoch 2 of 3, step 3; .* saved in memory\.$/);
    return true;
  });
  const again = await trainNetwork({ ...options, resume: true });
  assert.deepEqual(again.model.weights, whole.model.weights);
  await assert.rejects(trainNetwork(options), { message: /^This store already holds a run\./ });
  const data = { ...options.data, digest: 'another' };
  await assert.rejects(trainNetwork({ ...options, data, resume: true }), {
    message: /^The run was started on other data: made up with 3 classes, 18 training /,
  });
});

test('trainNetwork() that is aborted while its batches take long to end rejects once, and nowhere else', async () => {
  const options = madeUpTraining(door, referenceEngine);
  const stop = new AbortController();
  const onEvent = ({ kind }: TrainEvent): void => {
    if (kind === 'step') stop.abort();
  };
  const { training } = options;
  async function* epoch(...given: Parameters<typeof training.epoch>) {
    try {
      yield* training.epoch(...given);
    } finally {
      for (let turn = 0; turn < 100; turn++) await setImmediate();
    }
  }
  const slow = { ...training, length: training.length, samples: training.samples, epoch };
  await assert.rejects(
    trainNetwork({ ...options, training: slow, onEvent, signal: stop.signal }),
    Interrupted,
  );
});

/** The reference engine, whose device is lost in some of its sessions after so many calls. */
function fragile(lifetimes: readonly number[]): Engine {
  let sessions = 0;
  return {
    ...referenceEngine,
    prepare: async (network, options) => {
      const session = await referenceEngine.prepare(network, options);
      const lifetime = lifetimes[sessions++] ?? Infinity;
      let calls = 0;
      const methods = ['gradients', 'update', 'forward', 'getParameter', 'setParameter'] as const;
      for (const name of methods) {
        const method = session[name].bind(session) as (...given: unknown[]) => Promise<unknown>;
        const mortal = async (...given: unknown[]): Promise<unknown> => {
          if (name === 'gradients') calls++;
          if (calls > lifetime) throw new DeviceLost('The GPU was reset.');
          return method(...given);
        };
        Object.assign(session, { [name]: mortal });
      }
      return session;
    },
  };
}

test('trainNetwork() whose device is lost goes on from its last checkpoint', async () => {
  const whole = await trainNetwork(madeUpTraining(door, referenceEngine));
  const remarks: string[] = [];
  const onEvent = (event: TrainEvent): void => {
    if (event.kind === 'remark') remarks.push(event.text);
  };
  // Two calls measure a step; then an epoch has two. The second session never gets to a step.
  const options = { ...madeUpTraining(door, fragile([5, 0])), onEvent };
  const { model, epochs } = await trainNetwork(options);
  assert.equal(epochs, 3);
  assert.deepEqual(model.weights, whole.model.weights);
  assert.deepEqual(remarks, [
    'At step 3 the device was lost: back to step 2 with a new session. The GPU was reset.',
    'At step 2 the device was lost: back to step 2 with a new session. The GPU was reset.',
  ]);
  const steps = (await options.store.entries()).map(({ kind, step }) => `${kind} ${step}`);
  assert.deepEqual(steps.slice(0, 6), [
    'step 1',
    'step 2',
    'epoch 2',
    'remark 2',
    'remark 2',
    'step 3',
  ]);
});

test('trainNetwork() whose device is lost before its first checkpoint begins again', async () => {
  const whole = await trainNetwork(madeUpTraining(door, referenceEngine));
  const { model } = await trainNetwork(madeUpTraining(door, fragile([3])));
  assert.deepEqual(model.weights, whole.model.weights);
});

test('trainNetwork() gives up where the device is lost again and again', async () => {
  const options = madeUpTraining(door, fragile([4, 0, 0, 0, 0]));
  await assert.rejects(trainNetwork(options), {
    name: 'DeviceLost',
    message: 'The GPU was reset.',
  });
  const { model } = await trainNetwork({ ...options, engine: referenceEngine, resume: true });
  const whole = await trainNetwork(madeUpTraining(door, referenceEngine));
  assert.deepEqual(model.weights, whole.model.weights);
});

describe('training in Chromium, by what the door for pages gives', { skip: noBrowser }, () => {
  let pages: Pages;
  before(async () => {
    pages = await openPages();
  });
  after(() => pages?.close());

  /** Not the same bits: browsers round logarithms and powers in ways of their own. */
  for (const [name, engine, tolerance] of [
    ['referenceEngine', door.referenceEngine, 1e-6],
    ['wasmEngine', door.wasmEngine, 1e-4],
  ] as const) {
    test(`comes to what it comes to on Node, with the ${name}`, async () => {
      const script = `
        import * as door from '/dist/browser.js';
        import { learn } from '/dist/testing/made-up.js';
        globalThis.result = await learn(door, door.${name});`;
      const found = (await pages.result(script)) as number[];
      const expected = await learn(door, engine);
      assert.equal(found.length, expected.length);
      for (const [i, number] of expected.entries())
        assert.ok(
          Math.abs(found[i]! / number - 1) < tolerance,
          `${found.join()} is not ${expected.join()}`,
        );
    });
  }
});
