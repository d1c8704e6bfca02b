import assert from 'node:assert/strict';
import { readFile, truncate } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { samplesOf } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import { readModel } from '../../model/node/model-file.ts';
import { command } from '../../testing/cli.ts';
import { Playground, remarksInto, smallSettings } from '../../testing/training.ts';
import type { TrainPlan } from '../core/events.ts';
import { readEntries } from './journal.ts';

let playground: Playground;
/** The names of two training pictures that cannot be read. */
let broken: string[] = [];

before(async () => {
  playground = await Playground.open(40);
  const { holdOut, seed } = smallSettings;
  const dataset = await openDataset(playground.data, { holdOut, seed });
  const [first, , third] = samplesOf(dataset, 'train');
  broken = [first!, third!].map((index) => dataset.samples[index]!.name);
  for (const name of broken) await truncate(playground.path('data', name), 60);
});
after(() => playground.close());

test('train() says which pictures were left out and why, and does not count them', async () => {
  const remarks: string[] = [];
  const plans: TrainPlan[] = [];
  const result = await playground.train('run', {
    settings: { ...smallSettings, epochs: 2 },
    onEvent: (event) => {
      remarksInto(remarks)(event);
      if (event.kind === 'plan') plans.push(event.plan);
    },
  });
  assert.deepEqual(
    result.leftOut.map(({ split, file }) => [split, file]),
    broken.map((name) => ['train', name]),
  );
  assert.deepEqual(result.pictures, { train: 88, validation: 30, test: 0 });
  assert.deepEqual([plans[0]?.train, plans[0]?.validation], [88, 30]);

  const told = remarks.filter((text) => text.includes('left out'));
  assert.equal(told.length, 1, remarks.join('\n'));
  const lines = told[0]!.split('\n');
  assert.equal(lines[0], '2 training pictures could not be read and are left out:');
  for (const [i, { file, why }] of result.leftOut.entries()) {
    assert.equal(lines[1 + i], `  ${file}: ${why}`);
    assert.ok(why.length > 10, why);
  }

  const written = (await readEntries(result.run)).filter(({ kind }) => kind === 'leftOut');
  assert.deepEqual(
    written,
    result.leftOut.map((one) => ({ kind: 'leftOut', step: 0, ...one })),
  );
  const html = await readFile(result.report, 'utf8');
  assert.match(html, /<dt>training pictures<\/dt><dd>88<\/dd>/);
  assert.match(html, /<h2>Pictures left out<\/h2>/);
  for (const name of broken) assert.ok(html.includes(`<td>${name}</td>`));
  const { provenance } = await readModel(result.model);
  assert.equal((provenance['data'] as { train: number }).train, 88);

  const again = await playground.train('run', { resume: true });
  assert.deepEqual([again.leftOut, again.pictures], [result.leftOut, result.pictures]);
  assert.equal((await readEntries(result.run)).filter(({ kind }) => kind === 'leftOut').length, 2);
});

test('alexnet train names pictures left out, on the terminal and as JSON', async () => {
  const out = playground.path('run');
  const words = ['train', playground.data, '--out', out, '--resume'];
  const { out: text } = await command(words);
  assert.match(text, /^2 pictures could not be read; log\.jsonl and the report name them$/m);
  assert.doesNotMatch(text, /top-5/);
  const { leftOut } = JSON.parse((await command([...words, '--json'])).out) as {
    leftOut: { file: string }[];
  };
  assert.deepEqual(
    leftOut.map(({ file }) => file),
    broken,
  );
});
