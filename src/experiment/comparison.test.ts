import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compare, epochsUntil } from './comparison.ts';
import type { Epoch, Experiment, Run } from './experiment.ts';
import { statisticsWords, verdictSentence } from './words.ts';

const base: Experiment = {
  title: 'A',
  claim: 'A is better than B.',
  paper: { where: '§1', says: 'nothing.', on: 'nothing.' },
  here: [],
  measure: { kind: 'top1' },
  settings: {},
  arms: [
    { name: 'A', about: '' },
    { name: 'B', about: '' },
  ],
  perClass: { train: 1, val: 1 },
  seeds: 3,
  minutes: 1,
  curves: [],
};
const speed: Experiment = { ...base, measure: { kind: 'epochs', error: 0.25 } };

function epochs(errors: readonly number[], top1 = 0): Epoch[] {
  return errors.map((error, i) => ({
    epoch: i + 1,
    train: { top1: 1 - error, loss: 1 },
    validation: { top1, loss: 2 },
  }));
}

function run(arm: string, seed: number, own: readonly Epoch[], more: Partial<Run> = {}): Run {
  return { arm, seed, learningRate: 0.1, epochs: own, seconds: 1, rollbacks: 0, ...more };
}

function scored(arm: string, scores: readonly number[]): Run[] {
  return scores.map((top1, i) => run(arm, i + 1, epochs([0.5], top1)));
}

describe('epochsUntil()', () => {
  test('reads the crossing off the line between the middles of two epochs', () => {
    assert.equal(epochsUntil(epochs([0.9, 0.3, 0.2]), 0.25), 2);
    assert.equal(epochsUntil(epochs([0.9, 0.25, 0.2]), 0.25), 1.5);
  });

  test('of an error that the first epoch has already is its middle; never is null', () => {
    assert.equal(epochsUntil(epochs([0.2]), 0.25), 0.5);
    assert.equal(epochsUntil(epochs([0.9, 0.26]), 0.25), null);
    assert.equal(epochsUntil([], 0.25), null);
  });
});

describe('compare()', () => {
  test('pairs by seed, whatever the order of runs, and leaves incomplete seeds out', () => {
    const runs = [
      ...scored('B', [0.5, 0.6, 0.5, 0.9]),
      ...scored('A', [0.6, 0.7, 0.64]).toReversed(),
    ];
    const { pairs, difference, verdict } = compare(base, runs);
    assert.deepEqual(
      pairs.map(({ seed }) => seed),
      [1, 2, 3],
    );
    assert.ok(Math.abs(difference.mean - 0.34 / 3) < 1e-12);
    assert.equal(verdict, 'shown');
  });

  test('says “not shown” where the interval holds 0, and the other way round below it', () => {
    const mixed = compare(base, [
      ...scored('A', [0.5, 0.6, 0.5]),
      ...scored('B', [0.4, 0.65, 0.5]),
    ]);
    assert.equal(mixed.verdict, 'not shown');
    const worse = compare(base, [
      ...scored('A', [0.5, 0.5, 0.5]),
      ...scored('B', [0.6, 0.61, 0.62]),
    ]);
    assert.equal(worse.verdict, 'the other way round');
    assert.equal(
      verdictSentence(base, worse),
      'The other way round at this scale: A is −11.0 points of top-1 against B (95 % interval ' +
        '−13.5 to −8.5 points, 3 pairs).',
    );
    assert.equal(
      compare(base, [...scored('A', [1]), ...scored('B', [0])]).verdict,
      'one pair says nothing',
    );
  });

  test('of epochs is a factor: geometric mean and interval of logarithms', () => {
    const fast = [3, 4, 5].map((n, i) => run('A', i + 1, untilAfter(n)));
    const slow = [6, 16, 20].map((n, i) => run('B', i + 1, untilAfter(n)));
    const { difference, pairs, arms } = compare(speed, [...fast, ...slow]);
    assert.deepEqual(
      arms.map(({ runs }) => runs.map((one) => one.epochs)),
      [
        [3, 4, 5],
        [6, 16, 20],
      ],
    );
    assert.deepEqual(
      pairs.map(({ value }) => Number(value.toFixed(9))),
      [2, 4, 4],
    );
    assert.ok(Math.abs(difference.mean - 32 ** (1 / 3)) < 1e-9);
    assert.ok(difference.low! < 2 && difference.high! > 4);
  });

  test('a run that never got there counts as so many epochs, and says so', () => {
    const { arms } = compare(speed, [run('A', 1, untilAfter(2)), run('B', 1, epochs([0.9, 0.9]))]);
    assert.deepEqual(arms[1]!.runs[0], { seed: 1, top1: 0, loss: 2, epochs: 2, atLeast: true });
  });

  test('of several arms is the first against their mean; single intervals are wider', () => {
    const three: Experiment = { ...base, arms: [...base.arms, { name: 'C', about: '' }] };
    const runs = [
      ...scored('A', [0.7, 0.72, 0.75]),
      ...scored('B', [0.5, 0.51, 0.52]),
      ...scored('C', [0.6, 0.61, 0.66]),
    ];
    const { difference, each } = compare(three, runs);
    assert.ok(Math.abs(difference.mean - (0.2 + 0.21 + 0.23 + 0.1 + 0.11 + 0.09) / 6) < 1e-12);
    const alone = compare(base, runs);
    assert.deepEqual(
      each.map(({ arm }) => arm),
      ['B', 'C'],
    );
    assert.ok(each[0]!.difference.high! > alone.difference.high!);
  });

  test('ten crops are asked of the networks of another arm', () => {
    const crops: Experiment = {
      ...base,
      arms: [
        { name: 'A', about: '', crops: 10 },
        { name: 'B', about: '', trainedAs: 'A' },
      ],
    };
    const runs = [run('A', 1, epochs([0.5], 0.6), { tenCrops: { top1: 0.64, loss: 1 } })];
    assert.ok(Math.abs(compare(crops, runs).difference.mean - 0.04) < 1e-12);
  });

  test('the gap is top-1 in training less top-1 on others', () => {
    const runs = [
      run('A', 1, epochs([0.5], 0.6), { training: { top1: 0.7, loss: 1 } }),
      run('B', 1, epochs([0.5], 0.5), { training: { top1: 0.9, loss: 1 } }),
    ];
    assert.ok(Math.abs(compare(base, runs).gap!.mean - 0.3) < 1e-12);
  });
});

/** Reaches 25 % exactly after so many epochs: the middle of an epoch lies half before its end. */
function untilAfter(count: number): Epoch[] {
  const before = Array.from({ length: count }, () => 0.35);
  return epochs([...before, 0.15]);
}

describe('statisticsWords()', () => {
  test('says how many pairs would tell the difference where it is not shown', () => {
    const runs = [...scored('A', [0.5, 0.6, 0.5]), ...scored('B', [0.4, 0.65, 0.5])];
    const words = statisticsWords(base, compare(base, runs)).join('\n');
    assert.match(words, /There are 3 pairs\./);
    assert.match(words, /a difference under 19\.0 points would not have been told/);
    assert.match(words, /about \d+ pairs would tell it: --seeds \d+/);
  });

  test('has no interval of one pair', () => {
    const words = statisticsWords(base, compare(base, [...scored('A', [1]), ...scored('B', [0])]));
    assert.equal(words.at(-1), 'One pair has no spread, and so no interval: take more seeds.');
  });
});
