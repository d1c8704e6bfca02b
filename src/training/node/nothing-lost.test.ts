import assert from 'node:assert/strict';
import { copyFile, cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { readModel, writeModel } from '../../model/node/model-file.ts';
import { Playground, remarksInto, smallSettings } from '../../testing/training.ts';
import { CheckpointFiles } from './checkpoint-files.ts';
import { train } from './train.ts';
import type { TrainOptions } from './train.ts';

let playground: Playground;
before(async () => {
  playground = await Playground.open();
  await playground.train('whole');
});
after(() => playground.close());

/** A copy of the finished run. */
async function copied(out: string): Promise<void> {
  await cp(playground.path('whole'), playground.path(out), { recursive: true });
}

const resume = (out: string): Promise<unknown> => playground.train(out, { resume: true });

async function assertUntouched(out: string): Promise<void> {
  for (const name of ['model.safetensors', 'last.safetensors', 'log.jsonl'])
    assert.deepEqual(
      await readFile(playground.path(out, name)),
      await readFile(playground.path('whole', name)),
      name,
    );
}

test('a run whose state is gone is not begun again over its model', async () => {
  await copied('gone');
  await rm(playground.path('gone', 'state.safetensors'));
  const last = playground.path('gone', 'last.safetensors');
  await assert.rejects(resume('gone'), {
    name: 'AlexNetError',
    message:
      `${playground.path('gone', 'state.safetensors')} is gone, which says where the run stood, ` +
      `and ${last} is there. Bring it back, or start a new run from the weights: --from ${last}.`,
  });
  await assertUntouched('gone');
});

test('a run of which only a model of a later epoch is left is not begun again', async () => {
  await copied('model');
  for (const name of ['state', 'last']) await rm(playground.path('model', `${name}.safetensors`));
  const path = playground.path('model', 'model.safetensors');
  const model = await readModel(path);
  const validation = { epoch: 2, top1: 0.01, top5: 1, loss: 9 };
  await writeModel(path, { ...model, provenance: { ...model.provenance, validation } });
  const before = await readFile(path);
  await assert.rejects(resume('model'), {
    name: 'AlexNetError',
    message:
      `The run in ${playground.path('model')} cannot go on: its best model is of epoch 2, but ` +
      'its last checkpoint is gone. Bring it back, or start a new run from the best model with ' +
      '--from.',
  });
  assert.deepEqual(await readFile(path), before);
});

test('a run whose state cannot be read is refused, with the file and what to do', async () => {
  const state = (out: string): string => playground.path(out, 'state.safetensors');
  const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
    short: (path) => truncate(path, 4000),
    random: (path) => writeFile(path, 'not a file of ours'),
    empty: (path) => writeFile(path, ''),
    model: (path) => copyFile(playground.path('whole', 'model.safetensors'), path),
    words: async (path) => {
      const bytes = await readFile(path);
      const at = bytes.indexOf('rollbacks');
      assert.ok(at > 0);
      bytes.write('rollbucks', at);
      await writeFile(path, bytes);
    },
  };
  for (const [out, damage] of Object.entries(damages)) {
    await copied(out);
    await damage(state(out));
    await assert.rejects(resume(out), (error: Error) => {
      assert.equal(error.name, 'AlexNetError', error.stack);
      assert.ok(error.message.startsWith(`${state(out)} cannot be read, so the run`), out);
      assert.match(
        error.message,
        /start a new run from the weights: --from .*last\.safetensors\.$/,
      );
      return true;
    });
    await assertUntouched(out);
  }
});

/** A run that was left in its third epoch. */
async function left(out: string): Promise<void> {
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'epoch' && event.entry.epoch === 2) throw new Error('left');
  };
  await assert.rejects(playground.train(out, { onEvent }), { message: 'left' });
}

test('a resumed run does not replace a better model by a worse one', async () => {
  await left('better');
  const path = playground.path('better', 'model.safetensors');
  const model = await readModel(path);
  const validation = { epoch: 9, top1: 1, top5: 1, loss: 1e-9 };
  await writeModel(path, { ...model, provenance: { ...model.provenance, validation } });
  const before = await readFile(path);
  const { best } = await playground.train('better', { resume: true });
  assert.deepEqual(best, validation);
  assert.deepEqual(await readFile(path), before);
});

test('a resumed run whose best model is gone keeps the best of what follows', async () => {
  await left('lost');
  await rm(playground.path('lost', 'model.safetensors'));
  const remarks: string[] = [];
  const { best } = await playground.train('lost', {
    resume: true,
    onEvent: remarksInto(remarks),
  });
  assert.equal(best.epoch, 3);
  assert.match(
    remarks.join('\n'),
    /^The best model is lost: .*model\.safetensors could not be opened: .* The best of what follows is kept\.$/m,
  );
  assert.deepEqual(await playground.weights('lost'), await playground.weights('whole'));
});

test('a record that was damaged is a sentence, not a crash', async () => {
  const path = playground.path('record', 'settings.json');
  await copied('record');
  const record = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  const refuses = async (change: Record<string, unknown>, message: string): Promise<void> => {
    await writeFile(path, JSON.stringify({ ...record, ...change }));
    await assert.rejects(resume('record'), {
      name: 'AlexNetError',
      message: `${path} is damaged: ${message}`,
    });
  };
  await refuses({ data: null }, 'At "data": Invalid input: expected object, received null.');
  await refuses({ threads: 0 }, 'At "threads": Too small: expected number to be >=1.');
  await refuses({ threads: 1e9 }, 'At "threads": Too big: expected number to be <=4096.');
  await writeFile(path, '[]');
  await assert.rejects(resume('record'), { name: 'AlexNetError' });
  await writeFile(path, 'null');
  await assert.rejects(resume('record'), {
    message: `${path} is damaged: Expected an object with the record of a run.`,
  });
});

test('train() without data is a sentence', async () => {
  for (const [options, found] of [
    [{}, 'nothing'],
    [{ data: 5 }, '5'],
    [{ data: null }, 'null'],
  ] as const)
    await assert.rejects(train(options as unknown as TrainOptions), {
      name: 'UsageError',
      message:
        'Expected `data` to be the path of a folder of photographs, or an open dataset, but ' +
        `found ${found}.`,
    });
});

test('a resumed run accepts the settings it has, and refuses others', async () => {
  const out = playground.path('whole');
  const same = {
    resume: true,
    recipe: 'photos',
    engine: 'reference',
    settings: smallSettings,
  } as const;
  assert.equal((await playground.train('whole', same)).epochs, 3);
  assert.equal((await playground.train('whole', { ...same, engine: 'auto' })).epochs, 3);
  const refuses = async (
    more: Partial<TrainOptions>,
    [name, kept, given]: readonly [string, string, string],
  ): Promise<void> =>
    assert.rejects(playground.train('whole', { ...same, ...more }), {
      name: 'UsageError',
      message:
        `A resumed run keeps its settings: ${name} is ${kept} in ${out}, but ${given} was ` +
        'given. Leave it out, or start a new run from the weights: ' +
        `--from ${out}/last.safetensors.`,
    });
  await refuses({ settings: { epochs: 9 } }, ['epochs', '3', '9']);
  await refuses({ settings: { ...smallSettings, momentum: 0.5 } }, ['momentum', '0.9', '0.5']);
  await refuses({ settings: { augmentation: { mirror: 0 } } }, ['augmentation.mirror', '0.5', '0']);
  await refuses({ settings: { schedule: { kind: 'constant' } } }, [
    'schedule.kind',
    '"cosine"',
    '"constant"',
  ]);
  await refuses({ settings: {}, recipe: 'paper' }, ['recipe', '"photos"', '"paper"']);
  await refuses({ settings: {}, engine: 'wasm' }, ['engine', '"reference"', '"wasm"']);
});

test('CheckpointFiles: weights of an unfinished first checkpoint are no run', async () => {
  await copied('first');
  await rm(playground.path('first', 'state.safetensors'));
  const files = new CheckpointFiles(playground.path('first'));
  const last = playground.path('first', 'last.safetensors');
  await cp(last, `${last}.next`);
  await rm(last);
  assert.equal(await files.peek(), undefined);
  assert.equal(await files.read(), undefined);
});
