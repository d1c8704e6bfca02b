import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AlexNetError } from '../../errors.ts';
import { alexnet } from '../../network/variants.ts';
import { writeGreys } from '../../testing/training.ts';
import { Interrupted } from '../../training/core/interrupted.ts';
import type { Experiment } from '../experiment.ts';
import type { ExperimentEvent, ExperimentOptions } from './options.ts';
import { runExperiment } from './run.ts';
import type { ExperimentResult } from './run.ts';

/** So small that a run takes a second. */
const tiny: Experiment = {
  title: 'Dropout',
  claim: 'Dropout helps.',
  paper: { where: '§4.2', says: 'no number.', on: 'ImageNet.' },
  here: ['A tiny network.'],
  measure: { kind: 'top1' },
  settings: { batch: 6, epochs: 2, learningRate: 0.01, augmentation: { crop: { from: 'centre' } } },
  arms: [
    {
      name: 'with',
      about: 'half is dropped',
      network: (classes) => alexnet('small', { classes, width: 1 / 16, input: 16 }),
      settings: { dropout: 0.5 },
    },
    {
      name: 'without',
      about: 'nothing is dropped',
      network: (classes) => alexnet('small', { classes, width: 1 / 16, input: 16 }),
      settings: { dropout: 0 },
    },
  ],
  perClass: { train: 7, val: 2 },
  seeds: 2,
  minutes: 1,
  curves: ['validationError', 'validationLoss'],
  overfitting: true,
};

describe('runExperiment()', () => {
  let folder = '';
  let whole: ExperimentResult;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alexnet-experiment-'));
    await writeGreys(join(folder, 'greys'));
    whole = await runExperiment(options('whole'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const options = (out: string, more: Partial<ExperimentOptions> = {}): ExperimentOptions => ({
    name: 'tiny',
    experiment: tiny,
    data: join(folder, 'greys'),
    engine: 'reference',
    out: join(folder, out),
    ...more,
  });
  /** Without what it took and where it lies. */
  const computed = (result: ExperimentResult) => ({ ...result, seconds: 0, out: '', page: '' });

  test('trains every arm with every seed; again, nothing is trained anew', async () => {
    const result = whole;
    assert.deepEqual(
      result.arms.map(({ name, runs }) => [name, runs.map(({ seed, epochs }) => [seed, epochs])]),
      [
        [
          'with',
          [
            [1, 2],
            [2, 2],
          ],
        ],
        [
          'without',
          [
            [1, 2],
            [2, 2],
          ],
        ],
      ],
    );
    const [first] = result.pairs;
    const [one, other] = result.arms.map(({ runs }) => runs[0]!.top1);
    assert.ok(Math.abs(first!.value - (one! - other!)) < 1e-12);
    assert.ok(result.gap !== undefined);
    const html = await readFile(result.page, 'utf8');
    assert.ok(html.includes('Dropout helps.') && html.includes(result.verdict.slice(1)));

    const events: ExperimentEvent[] = [];
    const again = await runExperiment(options('whole', { onEvent: (event) => events.push(event) }));
    assert.deepEqual(computed(again), computed(result));
    assert.deepEqual(
      events.map((event) => event.kind === 'run' && event.kept),
      [true, true, true, true],
    );
  });

  test('interrupted within a run and between two, it ends with the same numbers', async () => {
    for (const moment of ['epoch', 'run'] as const) {
      const out = `interrupted-${moment}`;
      const stop = new AbortController();
      const stopped = runExperiment(
        options(out, {
          signal: stop.signal,
          onEvent: ({ kind }) => kind === moment && stop.abort(),
        }),
      );
      await assert.rejects(
        stopped,
        (error: Error) => error instanceof Interrupted || error.name === 'AbortError',
      );
      assert.deepEqual(computed(await runExperiment(options(out))), computed(whole));
    }
  });

  test('the same seed is the same chance in both arms: without a difference there is none', async () => {
    const [arm] = tiny.arms;
    const same: Experiment = { ...tiny, arms: [arm, { ...arm, name: 'again' }], seeds: 1 };
    const { arms, difference } = await runExperiment(options('same', { experiment: same }));
    assert.deepEqual(arms[0]!.runs, arms[1]!.runs);
    assert.equal(difference.mean, 0);
  });

  test('asks the same networks for ten crops and for one', async () => {
    const [arm] = tiny.arms;
    const crops: Experiment = {
      ...tiny,
      arms: [
        { ...arm, name: 'ten', crops: 10 },
        { name: 'one', about: 'the same networks', trainedAs: 'ten' },
      ],
      seeds: 1,
    };
    const { arms, out } = await runExperiment(options('crops', { experiment: crops }));
    assert.deepEqual(await readdir(join(out, 'runs')), ['ten-seed-1']);
    const [ten, one] = arms.map(({ runs }) => runs[0]!);
    assert.notEqual(ten!.loss, one!.loss);
    assert.equal(ten!.epochs, one!.epochs);
  });

  test('ends a run that has reached the error, after a search for the rate of each arm', async () => {
    const race: Experiment = {
      ...tiny,
      measure: { kind: 'epochs', error: 0.5 },
      settings: { ...tiny.settings, schedule: { kind: 'constant' }, warmup: 0, epochs: 60 },
      search: { rates: [0.005, 0.01] },
      curves: ['trainingError'],
      seeds: 1,
    };
    const result = await runExperiment(options('race', { experiment: race }));
    const { rates, trials, arms, verdict } = result;
    assert.equal(verdict, 'one pair says nothing');
    assert.deepEqual(
      rates!.map(({ arm }) => arm),
      ['with', 'without'],
    );
    for (const { arm, learningRate } of rates!) {
      const best = trials!.filter((trial) => trial.arm === arm && trial.epochs !== null);
      const least = Math.min(...best.map(({ epochs }) => epochs!));
      assert.equal(best.find((trial) => trial.learningRate === learningRate)!.epochs, least);
    }
    for (const { runs } of arms)
      for (const { epochs, atLeast } of runs) assert.ok(atLeast === undefined && epochs < 59);
    assert.deepEqual(
      computed(await runExperiment(options('race', { experiment: race }))),
      computed(result),
    );
  });

  test('refuses a folder that was begun otherwise, or holds something else', async () => {
    const out = join(folder, 'whole');
    await assert.rejects(runExperiment(options('whole', { seed: 5 })), {
      message: `${out} was begun otherwise: first seed 1 there, 5 now. Choose another folder with --out.`,
    });
    await assert.rejects(runExperiment(options('whole', { perClass: { train: 3 } })), {
      message:
        `${out} was begun otherwise: pictures of each class 7 and 2 there, 3 and 2 now. Choose ` +
        'another folder with --out.',
    });
    const changed = { ...tiny, settings: { ...tiny.settings, batch: 5 } };
    await assert.rejects(
      runExperiment(options('whole', { experiment: changed })),
      /whose tiny had other networks or settings\. What is done there could not be compared/,
    );
    const greys = join(folder, 'greys');
    await assert.rejects(runExperiment(options('greys')), {
      message:
        `${greys} holds something else, and an experiment needs a folder of its own. Choose ` +
        'another with --out.',
    });
  });

  test('names a result that is damaged', async () => {
    await runExperiment(options('damaged', { seeds: 1 }));
    const file = join(folder, 'damaged/results/with-seed-1.json');
    await writeFile(file, '{');
    await assert.rejects(
      runExperiment(options('damaged', { seeds: 1 })),
      (error: AlexNetError) =>
        error.message.startsWith(`${file} is damaged`) &&
        error.message.endsWith('Remove it, and what it held is done again.'),
    );
  });

  test('the time that is up before one pair is complete is an error, and the next call goes on', async () => {
    await assert.rejects(
      runExperiment(options('short', { seconds: 1e-3 })),
      /^AlexNetError: The time was up before one pair was complete\. /,
    );
    const result = await runExperiment(options('short', { seeds: 1 }));
    assert.deepEqual(result.seeds, { done: 1, wanted: 1 });
  });

  test('draws scenes for each seed, and keeps those of the first', async () => {
    const out = join(folder, 'drawn');
    const { data: _, ...drawn } = options('drawn', { perClass: { train: 1, val: 1 } });
    const result = await runExperiment(drawn);
    assert.equal(result.data, 'drawn scenes');
    assert.deepEqual(await readdir(join(out, 'pictures')), ['seed-1']);
    assert.equal((await readdir(join(out, 'pictures/seed-1/train'))).length, 10);
  });
});
