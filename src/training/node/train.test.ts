import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Engine } from '../../engine/engine.ts';
import { referenceEngine } from '../../engine/reference/index.ts';
import { engines } from '../../engine/registry.ts';
import { AlexNetError } from '../../errors.ts';
import { readModel } from '../../model/node/model-file.ts';
import { Playground, greyLabels, remarksInto, smallSettings } from '../../testing/training.ts';
import type { TrainOptions } from './train.ts';

let playground: Playground;
before(async () => (playground = await Playground.open()));
after(() => playground.close());

test('train() learns, and leaves a whole run folder', async () => {
  const result = await playground.train('whole');
  assert.equal(result.finished, 'All 3 epochs are done.');
  assert.equal(result.epochs, 3);
  assert.ok(result.best.top1 >= 1 / 3);
  const names = (await readdir(result.run))
    .map((name) => name.replace(/tfevents.*/, 'tfevents'))
    .toSorted();
  assert.deepEqual(names, [
    'events.out.tfevents',
    'last.safetensors',
    'log.csv',
    'log.jsonl',
    'model.safetensors',
    'report.html',
    'settings.json',
    'state.safetensors',
    'validation',
  ]);
  const csv = (await readFile(playground.path('whole', 'log.csv'), 'utf8')).trim().split('\n');
  assert.equal(csv.length, 4);
  assert.equal(
    csv[0],
    'epoch,step,train_loss,train_top1,train_top5,val_loss,val_top1,val_top5,' +
      'learning_rate,images_per_second,waiting,seconds',
  );
  const model = await readModel(result.model);
  assert.deepEqual(
    model.labels,
    greyLabels.map((name) => ({ name })),
  );
  assert.equal(model.preprocessing.crop, 16);
});

test('train() goes back with half the rate when the loss explodes, or gives up', async () => {
  const remarks: string[] = [];
  const settings = { ...smallSettings, learningRate: 1e30, clip: null, average: null };
  await assert.rejects(
    playground.train('wild', { settings, onEvent: remarksInto(remarks) }),
    /^AlexNetError: Training does not hold: at step \d+ .*, and going back with half the learning rate did not help 3 times\. Start again with a lower learning rate \(--lr 1\.3e\+28\)\.$/,
  );
  const back = remarks.filter((text) => text.startsWith('At step'));
  assert.equal(back.length, 3);
  assert.match(back[0]!, /^At step \d+ .*: back to step 0 with 0\.5 of the learning rate\.$/);
});

/** The reference engine, whose sixth step says that its loss is NaN. */
const stumbling: Engine = {
  ...referenceEngine,
  name: 'stumbling',
  prepare: async (network, options) => {
    const session = await referenceEngine.prepare(network, options);
    const gradients = session.gradients.bind(session);
    let steps = 0;
    return Object.assign(session, {
      gradients: async (...given: Parameters<typeof gradients>) => {
        const result = await gradients(...given);
        // What draws no dropout measures how long a step takes.
        if (given[2]?.draw !== undefined) steps++;
        return { ...result, ...(steps === 6 && { loss: NaN }) };
      },
    });
  },
};

test('train() that goes back takes its last checkpoint and half the rate', async () => {
  (engines as Engine[]).push(stumbling);
  const settings = {
    ...smallSettings,
    epochs: 2,
    clip: null,
    average: null,
    learningRate: 0.02,
    schedule: { kind: 'constant' },
  };
  const remarks: string[] = [];
  const { finished } = await playground.train('once', {
    settings,
    engine: 'stumbling',
    onEvent: remarksInto(remarks),
  });
  assert.deepEqual(
    remarks.filter((text) => text.startsWith('At step')),
    ['At step 5 the loss became NaN: back to step 4 with 0.5 of the learning rate.'],
  );
  assert.equal(finished, 'All 2 epochs are done.');
  const epochs = (await playground.computed('once')) as { step: number; learningRate: number }[];
  assert.deepEqual(
    epochs.map(({ step, learningRate }) => [step, learningRate]),
    [
      [4, 0.02],
      [8, 0.01],
    ],
  );
});

test('train() ends when validation has been no better for as long as its patience', async () => {
  const settings = {
    ...smallSettings,
    epochs: 20,
    average: null,
    learningRate: 1e-30,
    weightDecay: 0,
    patience: 2,
  };
  const { finished, epochs, best } = await playground.train('patient', { settings });
  assert.deepEqual(
    [finished, epochs, best.epoch],
    ['No better validation for 2 epochs, after epoch 3.', 3, 1],
  );
});

test('train() keeps and evaluates the moving average, and goes on from the weights', async () => {
  await playground.train('averaged', { settings: { ...smallSettings, epochs: 1 } });
  await playground.train('plain', { settings: { ...smallSettings, epochs: 1, average: null } });
  assert.deepEqual(await playground.weights('averaged'), await playground.weights('plain'));
  assert.notDeepEqual(
    await playground.weights('averaged', 'model.safetensors'),
    await playground.weights('averaged'),
  );
  assert.deepEqual(
    await playground.weights('plain', 'model.safetensors'),
    await playground.weights('plain'),
  );
});

test('train() resumes no other folder or data, and says when a run is finished', async () => {
  const nowhere = playground.path('nowhere');
  await assert.rejects(playground.train('nowhere', { resume: true }), {
    message:
      `There is no run to resume in ${nowhere}: ${nowhere}/settings.json could not be read ` +
      '(there is no such file or folder).',
  });
  await assert.rejects(playground.train('whole'), {
    message:
      `${playground.path('whole')} already holds a run. Go on with it by --resume, or ` +
      'choose another folder with --out.',
  });
  const other = await Playground.open(13);
  try {
    await assert.rejects(playground.train('whole', { resume: true, data: other.data }), {
      message:
        `The run was started on other data: ${playground.data} with 3 classes, 27 training ` +
        `and 9 validation pictures. Now ${other.data} has 3 classes, and its files or their ` +
        'split differ. Resume with the data as it was, or start a new run from the weights ' +
        'with --from.',
    });
  } finally {
    await other.close();
  }
  const before = await playground.weights('whole');
  const remarks: string[] = [];
  const again = await playground.train('whole', { resume: true, onEvent: remarksInto(remarks) });
  assert.equal(again.epochs, 3);
  assert.ok(
    remarks.includes('This run is finished: All 3 epochs are done. Nothing was trained.'),
    remarks.join('\n'),
  );
  assert.deepEqual(await playground.weights('whole'), before);
});

test('train() refuses settings that it does not know', async () => {
  const refuses = async (
    settings: TrainOptions['settings'],
    message: string | RegExp,
  ): Promise<void> =>
    assert.rejects(
      playground.train('x', { settings: settings! }),
      (error) =>
        error instanceof AlexNetError &&
        (typeof message === 'string' ? error.message === message : message.test(error.message)),
    );
  await refuses(
    { labelSmothing: 0.1 },
    /^There is no setting "labelSmothing"\. Did you mean "labelSmoothing"\? The settings are: recipe, variant, /,
  );
  await refuses(
    { schedule: { kind: 'cosine', flor: 0 } },
    'There is no setting "flor" in "schedule". Did you mean "floor"? The settings there ' +
      'are: kind, every, factor, at, steps, divisor, patience, drops, floor.',
  );
  await assert.rejects(playground.train('x', { recipe: 'phtos' }), {
    message:
      'There is no recipe "phtos". Did you mean "photos"? The recipes are: photos, paper, ' +
      'source, onetower, caffe, torchvision.',
  });
});
