import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { recipes } from '../training/core/recipes.ts';
import { explanation } from './explanation.ts';
import type { Block, Claim, Evidence, Table } from './lesson.ts';
import { measured } from './measured.ts';
import { published, scores } from './published.ts';

const lesson = explanation();
const blocks = lesson.sections.flatMap((section) => section.blocks);
const claims = blocks.flatMap((block) => (block.kind === 'claims' ? block.claims : []));
const evidence = claims.flatMap((claim) => claim.evidence);
const text = JSON.stringify(lesson);

function blocksOf(id: string): readonly Block[] {
  return lesson.sections.find((section) => section.id === id)!.blocks;
}

function tableOf(id: string): Table {
  return blocksOf(id).find((block): block is Table => block.kind === 'table')!;
}

function claimWith(words: string): Claim {
  return claims.find(({ claim }) => claim.includes(words))!;
}

describe('the explanation', () => {
  test('goes from the question to the slips, in this order', () => {
    assert.deepEqual(
      lesson.sections.map(({ id }) => id),
      [
        'question',
        'network',
        'layers',
        'operations',
        'augmentation',
        'training',
        'towers',
        'kernels',
        'scores',
        'judgement',
        'family',
        'after',
        'corrections',
      ],
    );
  });

  test('gives every figure an id of its own and links to sections that there are', () => {
    const ids = [
      ...lesson.sections.map(({ id }) => id),
      ...blocks.flatMap((block) => ('id' in block ? [block.id] : [])),
      ...blocks.flatMap((block) => (block.kind === 'cards' ? block.cards.map(({ id }) => id) : [])),
    ];
    assert.equal(new Set(ids).size, ids.length);
    const links = [...text.matchAll(/\]\(#([\w-]+)\)/g)].map((match) => match[1]!);
    assert.ok(links.length > 3);
    for (const link of links) assert.ok(ids.includes(link), link);
  });

  test('gives evidence for every claim', () => {
    assert.ok(claims.length > 30);
    for (const { claim, evidence: own } of claims) assert.ok(own.length > 0, claim);
  });

  test('judges what the issue of the paper is judged by, each with something to try', () => {
    const judged = blocksOf('judgement').flatMap((block) =>
      block.kind === 'claims' ? block.claims : [],
    );
    assert.equal(judged.length, 11);
    for (const { claim, tries, ours } of judged) {
      assert.ok(tries !== undefined && tries.length > 0 && ours !== undefined, claim);
    }
  });
});

describe('the numbers of the explanation', () => {
  test('are the known ones of the network', () => {
    for (const known of [
      '8 layers with weights: 5 convolutional, 3 dense',
      '60,965,224',
      '724,406,816',
      '724 M multiply-adds',
      '58.6 M',
      '244 MB',
      '1.75 GB',
      '62,378,344',
      '1,135,256,096',
      '61,100,840',
      '714,188,480',
      '34,944',
      '37,752,832',
    ]) {
      assert.ok(text.includes(known), known);
    }
  });

  test('hold the figure of the paper beside the counted one where they differ', () => {
    const neurons = JSON.stringify(claimWith('659,272'));
    assert.ok(neurons.includes('650,000') && neurons.includes('290,400'));
    const depth = JSON.stringify(claimWith('Depth matters'));
    assert.ok(depth.includes('conv3 1.5 % and conv4 1.1 %'));
  });

  test('that are published are those that the recipe paper trains with', () => {
    const { paper } = recipes;
    assert.equal(published.batch, paper.batch);
    assert.equal(published.momentum, paper.momentum);
    assert.equal(published.weightDecay, paper.weightDecay);
    assert.equal(published.learningRate, paper.learningRate);
    assert.equal(published.epochs, paper.epochs);
    assert.equal(published.learningRateFactor, paper.schedule.factor);
    assert.equal(published.learningRateDrops, paper.schedule.drops);
    assert.equal(published.colourDeviation, paper.augmentation.pca.deviation);
  });

  test('that we measured stand in the documentation, in one line with what was', async () => {
    const root = new URL('../../', import.meta.url);
    const docs = await readdir(new URL('docs/', root), { recursive: true });
    const files = docs.filter((name) => name.endsWith('.md') && name !== 'alexnet.md');
    const texts = await Promise.all(
      ['README.md', ...files.map((name) => `docs/${name}`)].map((name) =>
        readFile(new URL(name, root), 'utf8'),
      ),
    );
    const lines = texts.flatMap((each) => each.split('\n'));
    for (const [name, { value, words }] of Object.entries(measured)) {
      const found = lines.some((line) => words.every((word) => line.includes(word)));
      assert.ok(found, `${name}: no line of README.md or docs/ has ${words.join(' and ')}`);
      const digits =
        words
          .join(' ')
          .match(/\d+(\.\d+)?/g)
          ?.map(Number) ?? [];
      assert.ok(digits.includes(value), `${name}: ${value} is not among its words`);
    }
  });

  test('tell errors with their setting: year, set, crops, how many networks', () => {
    const ofOne = scores.filter(({ system }) => system.includes('one network'));
    assert.deepEqual(
      ofOne.map(({ data, crops, top1, top5 }) => [data, crops, top1, top5]),
      [
        ['ILSVRC-2010 test', 'one (footnote 5)', 39.0, 18.3],
        ['ILSVRC-2010 test', 'ten', 37.5, 17.0],
        ['ILSVRC-2012 validation', 'ten', 40.7, 18.2],
      ],
    );
    const best = scores.find(({ top5 }) => top5 === 15.3)!;
    assert.match(best.system, /seven networks/);
    for (const { claim, evidence: own } of claims) {
      const said = [claim, ...own.map(({ says }) => says)];
      for (const words of said.filter((each) => each.includes('15.3 %'))) {
        assert.match(words + claim, /seven/);
      }
    }
  });
});

describe('what is worked out by hand', () => {
  const shown = blocksOf('operations').flatMap((block) => {
    if (block.kind === 'arithmetic') return [block];
    return [];
  });
  const grids = shown.map(({ parts }) =>
    parts.flatMap((part) => (typeof part === 'string' ? [] : [part.rows.flat().join(' ')])),
  );
  const formulas = blocksOf('operations').flatMap((block) =>
    block.kind === 'formula' ? block.lines : [],
  );

  test('convolution: 3 · (5 − 1) + 1 = 13', () => {
    assert.equal(grids[0]!.at(-1), '13 13 9 9');
    assert.ok(formulas.some((line) => line.endsWith('+ 1 = 13')));
  });

  test('ReLU', () => {
    assert.deepEqual(grids[1], ['−2 −0.5 0 1 3', '0 0 0 1 3']);
  });

  test('LRN: 100 / 3.4^0.75 = 39.9, and 40 among zeros is 40 / 2.16^0.75 = 22.5', () => {
    assert.deepEqual(grids[2], ['20 40 100 40 20', '8.4 16.1 39.9 16.1 8.4']);
    assert.ok(formulas.includes('b = 100 / (2 + 0.0001·14000)^0.75 = 100 / 3.4^0.75 = 39.9'));
    assert.ok(text.includes('A 40 among zeros would become 22.5; beside the 100 it becomes 16.1.'));
  });

  test('max-pooling gives the same for two inputs that differ', () => {
    assert.deepEqual([grids[3]![1], grids[4]![1]], ['3 6 2 6', '3 6 2 6']);
    assert.notEqual(grids[3]![0], grids[4]![0]);
  });

  test('dropout keeps what the mask keeps, and answers with half of all', () => {
    const [numbers, mask, kept] = grids[5]!.map((row) => row.split(' ').map(Number));
    assert.deepEqual(
      kept,
      numbers!.map((value, i) => value * mask![i]!),
    );
    assert.ok(mask!.includes(0) && mask!.includes(1));
    const [, halved] = grids[6]!.map((row) => row.split(' ').map(Number));
    assert.deepEqual(
      halved,
      numbers!.map((value) => value / 2),
    );
  });

  test('softmax: e² / (e² + e + 1 + 1/e) = 0.644', () => {
    assert.equal(grids[7]!.at(-1), '0.644 0.237 0.087 0.032');
    assert.ok(formulas.includes('loss if the first is right: −ln 0.644 = 0.440'));
  });
});

describe('what explanations get wrong', () => {
  test('is right here: pooling, dropout, two GPUs, and the ways around 224', () => {
    assert.ok(claimWith('Only conv1, conv2 and conv5 are'));
    assert.ok(claimWith('It is on fc6 and fc7, not on fc8'));
    assert.ok(claimWith('Two GPUs were there because one had too little memory'));
    const exercise = blocksOf('layers').find((block) => block.kind === 'exercise')!;
    const answer = exercise.answer.join(' ');
    for (const part of [
      '(224 − 11)/4 = 53.25',
      '54 → 26 → 12 → 5',
      '6,400 numbers instead of 9,216',
      'variant source: 55 → 27 → 13 → 6',
      'Caffe: 54 → 27 → 13 → 6',
    ]) {
      assert.ok(answer.includes(part), part);
    }
  });

  test('the family differs where its members are known to', () => {
    const { rows, columns } = tableOf('family');
    const row = (name: string): readonly string[] => rows.find(([first]) => first === name)!;
    assert.deepEqual(
      columns.map(({ title }) => title),
      ['', 'paper', 'authors’ code', 'Caffe bvlc_alexnet', 'CaffeNet', 'torchvision'],
    );
    assert.deepEqual(row('LRN k').slice(1), ['2', '2', '1', '1', 'no LRN']);
    assert.deepEqual(row('LRN α of the formula').slice(1, 4), ['1e-4', '2e-5', '2e-5']);
    assert.deepEqual(row('LRN crosses towers').slice(1), ['no', 'no', 'yes', 'yes', 'no LRN']);
    assert.deepEqual(row('after conv1').slice(1), [
      'ReLU, LRN, pool',
      'LRN, pool, ReLU',
      'ReLU, LRN, pool',
      'ReLU, pool, LRN',
      'ReLU, pool',
    ]);
    assert.equal(row('before fc6').at(-1), 'ReLU, pool, average pool, dropout');
    assert.deepEqual(row('bias of conv2, fc8').slice(1, 5), ['1, 0', '1, 0', '0.1, 0', '1, 0']);
  });

  test('the towers see each other where the paper says', () => {
    assert.deepEqual(
      tableOf('towers').rows.map(([name, , sees]) => `${name} ${sees}`),
      [
        'conv1 the whole image',
        'conv2 its own tower',
        'conv3 both towers',
        'conv4 its own tower',
        'conv5 its own tower',
        'fc6 both towers',
        'fc7 both towers',
        'fc8 both towers',
      ],
    );
  });
});

test('evidence from the paper names a section, a figure or the abstract', () => {
  const fromPaper = evidence.filter(
    (one): one is Extract<Evidence, { from: 'paper' }> => one.from === 'paper',
  );
  assert.ok(fromPaper.length > 20);
  for (const { where, says } of fromPaper) assert.match(where, /§[1-7]|abstract/, says);
});
