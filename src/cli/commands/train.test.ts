import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readModel } from '../../model/node/model-file.ts';
import { stringifyNetwork } from '../../network/json.ts';
import type { Layer } from '../../network/layer.ts';
import { alexnet } from '../../network/variants.ts';
import { assertAnswer } from '../../testing/answers.ts';
import { command } from '../../testing/cli.ts';
import { Playground, smallSettings } from '../../testing/training.ts';
import { CheckpointFiles } from '../../training/node/checkpoint-files.ts';

const program = fileURLToPath(new URL('../../../bin/alexnet', import.meta.url));

let playground: Playground;
let flags: string[] = [];
before(async () => {
  playground = await Playground.open();
  await writeFile(playground.path('small.json'), JSON.stringify(smallSettings));
  flags = ['--settings', playground.path('small.json'), '--engine', 'reference'];
});
after(() => playground.close());

function json(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

test('alexnet train answers with its keys; a finished run says that it is', async () => {
  const out = playground.path('run');
  const {
    code,
    out: answer,
    err,
  } = await command(['train', playground.data, '--out', out, ...flags, '--epochs', '2', '--json']);
  assert.equal(code, 0, err);
  assertAnswer('train', json(answer));
  const { run, model, epochs, best, seconds, imagesPerSecond, ...more } = json(answer);
  assert.deepEqual([run, model, epochs], [out, playground.path('run', 'model.safetensors'), 2]);
  assert.deepEqual(Object.keys(best as object), ['epoch', 'top1', 'top5', 'loss']);
  assert.ok((seconds as number) > 0 && (imagesPerSecond as number) > 0);
  assert.deepEqual(Object.keys(more), [
    'report',
    'classes',
    'finished',
    'pictures',
    'leftOut',
    'test',
  ]);
  assert.match(
    err,
    /^epoch 1\/2 {2}loss \d\.\d{3} {2}top-1 \d+\.\d % {2}\| {2}validation loss .*$/m,
  );
  const again = await command(['train', playground.data, '--out', out, '--resume']);
  assert.equal(again.code, 0);
  assert.match(again.err, /^This run is finished: All 2 epochs are done\. Nothing was trained\.$/m);
  assert.match(
    again.out,
    new RegExp(`^Next: npx alexnet predict ${out}/model\\.safetensors PHOTO…$`, 'm'),
  );
  const { settings } = json(await readFile(playground.path('run', 'settings.json'), 'utf8')) as {
    settings: Record<string, unknown>;
  };
  assert.deepEqual([settings['epochs'], settings['seed'], settings['batch']], [2, 5, 6]);
  const line = ['train', playground.data, '--out', out, ...flags, '--epochs', '2', '--resume'];
  assert.equal((await command([...line, '--recipe', 'photos', '--seed', '5'])).code, 0);
  const refuses = async (words: readonly string[], message: string): Promise<void> => {
    const { code: refused, err: said } = await command([...line, ...words]);
    assert.deepEqual(
      [refused, said.split('\n')[0]],
      [
        2,
        `A resumed run keeps its settings: ${message} was given. Leave it out, or start a new ` +
          `run from the weights: --from ${out}/last.safetensors.`,
      ],
    );
  };
  await refuses(['--epochs', '9'], `epochs is 2 in ${out}, but 9`);
  await refuses(['--engine', 'wasm'], `engine is "reference" in ${out}, but "wasm"`);
  await refuses(['--recipe', 'paper'], `recipe is "photos" in ${out}, but "paper"`);
  await refuses(['--seed', '1'], `seed is 5 in ${out}, but 1`);
  await refuses(
    ['--set', 'schedule.kind=constant'],
    `schedule.kind is "cosine" in ${out}, but "constant"`,
  );
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`alexnet train saves on ${signal}, says how to resume, and exits with 1`, async () => {
    const out = playground.path(`on ${signal}`);
    const child = spawn(
      process.execPath,
      [program, 'train', playground.data, '--out', out, ...flags, '--epochs', '500'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let err = '';
    child.stderr.on('data', (data: Buffer) => {
      const before = err;
      err += data.toString();
      if (!before.includes('epoch   1/500') && err.includes('epoch   1/500')) child.kill(signal);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 1, err);
    const [saving, where, next] = err.trimEnd().split('\n').slice(-3);
    assert.equal(saving, `${signal}: saving. Once more ends at once.`);
    assert.match(
      where!,
      /^Interrupted at epoch \d+ of 500, step \d+; everything is saved in .*\.$/,
    );
    assert.equal(next, `Go on with: npx alexnet train ${playground.data} --out '${out}' --resume`);
    const step = Number(/step (\d+);/.exec(where!)![1]);
    assert.equal((await new CheckpointFiles(out).peek())?.step, step);
  });
}

test('alexnet train goes on where what it says can no longer be written', async () => {
  const full = await open('/dev/full', 'w').catch(() => undefined);
  try {
    for (const [name, stderr] of [
      ['full', full?.fd],
      ['closed', 'pipe'],
    ] as const) {
      if (stderr === undefined) continue;
      const out = playground.path(`stderr-${name}`);
      const words = ['train', playground.data, '--out', out, ...flags, '--epochs', '2'];
      const child = spawn(process.execPath, [program, ...words], {
        stdio: ['ignore', 'ignore', stderr],
      });
      child.stderr?.destroy();
      assert.equal(await new Promise((resolve) => child.on('close', resolve)), 0, name);
      assert.equal((await new CheckpointFiles(out).peek())?.epoch, 2);
    }
  } finally {
    await full?.close();
  }
});

test('alexnet train --find-lr suggests a rate and trains nothing', async () => {
  const out = playground.path('rates');
  const search = [
    'train',
    playground.data,
    '--out',
    out,
    ...flags,
    '--find-lr',
    '--set',
    'clip=null',
  ];
  const { code, out: answer, err } = await command([...search, '--json']);
  assert.equal(code, 0, err);
  assertAnswer('train --find-lr', json(answer));
  const { run, learningRate, lowestLossAt, diverged, table, page, steps } = json(answer);
  assert.deepEqual(
    [run, typeof diverged, table, page],
    [out, 'boolean', `${out}/rates.csv`, `${out}/rates.html`],
  );
  assert.ok((learningRate as number) < (lowestLossAt as number));
  assert.ok((learningRate as number) > 1e-5 && (learningRate as number) < 1);
  assert.deepEqual(Object.keys((steps as object[])[0]!), ['rate', 'loss']);
  await rm(out, { recursive: true });
  const text = await command(search);
  assert.match(
    text.out,
    new RegExp(`^The loss fell fastest at a learning rate of ${String(learningRate)}$`, 'm'),
  );
  assert.match(
    text.out,
    new RegExp(
      `^Next: npx alexnet train ${playground.data} --out ${out} --lr ` +
        `${String(learningRate)}, with the same other options$`,
      'm',
    ),
  );
  const timed = await command([...search, '--time', '1m']);
  assert.deepEqual(
    [timed.code, timed.err.split('\n')[0]],
    [2, '--find-lr trains nothing that could be resumed or timed: leave --resume and --time out.'],
  );
});

test('alexnet train takes flags before --set, and --set before a file', async () => {
  const out = playground.path('order');
  const { code, err } = await command([
    'train',
    playground.data,
    '--out',
    out,
    ...flags,
    '--epochs',
    '1',
    '--seed',
    '8',
    '--set',
    'epochs=9',
    '--set',
    'augmentation.mirror=0',
    '--lr',
    '0.003',
  ]);
  assert.equal(code, 0, err);
  const { settings } = json(await readFile(`${out}/settings.json`, 'utf8')) as {
    settings: Record<string, unknown>;
  };
  assert.deepEqual(
    [
      settings['epochs'],
      settings['seed'],
      settings['learningRate'],
      (settings['augmentation'] as { mirror: number }).mirror,
      settings['batch'],
    ],
    [1, 8, 0.003, 0, 6],
  );
});

test('alexnet train redraws one line on a terminal, and is silent with --quiet', async () => {
  const words = (out: string): string[] => [
    'train',
    playground.data,
    '--out',
    playground.path(out),
    ...flags,
    '--epochs',
    '1',
  ];
  const terminal = await command(words('terminal'), { isTTY: true, columns: 160 });
  const line = terminal.err.split('\r\u001b[2K').find((text) => text.includes('step 3/4'))!;
  assert.match(
    line,
    /^epoch 1\/1 {2}step 3\/4 {2}loss \d\.\d{3} {2}top-1 \d+\.\d % {2}rate \S+ {2}\S+ images\/s {2}waiting \d+ % {2}\d+ s left$/,
  );
  assert.deepEqual(
    await command([...words('quiet'), '--quiet', '--json']).then(({ code, err }) => [code, err]),
    [0, ''],
  );
});

test('alexnet train --network trains any network as JSON, made for the classes', async () => {
  const { variant: _, width, input, ...own } = smallSettings;
  const network = alexnet('small', { classes: 9, width, input }).map((layer): Layer =>
    layer.name === 'relu1' ? { type: 'tanh', name: 'tanh1' } : layer,
  );
  await writeFile(playground.path('network.json'), stringifyNetwork(network));
  await writeFile(playground.path('own.json'), JSON.stringify({ ...own, initial: 'variant' }));
  const out = playground.path('given');
  const words = ['train', playground.data, '--out', out, '--engine', 'reference'];
  const settings = ['--settings', playground.path('own.json'), '--epochs', '2'];
  const given = ['--network', playground.path('network.json')];
  const { code, err } = await command([...words, ...settings, ...given]);
  assert.equal(code, 0, err);
  assert.match(err, /^the network given, [\d,]+ parameters, 16×16 pixels;/m);
  const model = await readModel(playground.path('given', 'model.safetensors'));
  const expected = network.map((layer) =>
    layer.type === 'dense' && layer.name === 'fc8' ? { ...layer, outputs: 3 } : layer,
  );
  assert.deepEqual(model.network, expected);
  const again = await command(['train', playground.data, '--out', out, '--resume']);
  assert.equal(again.code, 0, again.err);
  assert.match(again.err, /This run is finished/);
  const both = await command([...words, ...settings, ...given, '--variant', 'paper']);
  assert.equal(both.code, 2);
  assert.match(both.err, /^The settings "network" and "variant" cannot stand together/);
  await writeFile(playground.path('wrong.json'), JSON.stringify([{ type: 'input' }]));
  const wrong = await command([...words, '--network', playground.path('wrong.json')]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /wrong\.json: Layer 0 of the network is not valid: expected its "name"/);
});

test('alexnet train refuses words that it does not understand', async () => {
  const refuses = async (words: readonly string[], message: string): Promise<void> => {
    const { code, out, err } = await command(['train', playground.data, ...words]);
    assert.deepEqual([code, out, err.split('\n')[0]], [2, '', message]);
  };
  await refuses(
    ['--time', 'soon'],
    "Option '--time <duration>' argument 'soon' is invalid. Expected a duration like 40m, 1h30m " +
      'or 90s but found "soon".',
  );
  await refuses(
    ['--cache', 'much'],
    "Option '--cache <size>' argument 'much' is invalid. Expected a size like 500M or 4G but " +
      'found "much".',
  );
  await refuses(['--set', 'momentum'], 'Expected --set key=value but found "momentum".');
  await refuses(
    ['--set', 'momentum=2'],
    'The setting "momentum" is not valid: found 2. Too big: expected number to be <1.',
  );
  await refuses(['--set', '__proto__.x=1'], 'There is no setting "__proto__".');
  const { code, err } = await command(['train', playground.data, '--set', 'constructor.x=1']);
  assert.deepEqual([code, err.split('. ')[0]], [2, 'There is no setting "constructor"']);
  assert.ok(!('x' in {}) && !('x' in Object));
  await refuses(
    ['--set', 'clip=1', '--set', 'clip.x=2'],
    '"clip.x=2" sets a part of "clip", which is set to 1 before.',
  );
  await refuses(['--resume'], 'Resuming needs the folder of the run: --out RUN.');
  await refuses(
    ['--settings', playground.path('none.json')],
    `The settings file ${playground.path('none.json')} cannot be read: ENOENT: no such file ` +
      `or directory, open '${playground.path('none.json')}'.`,
  );
});
