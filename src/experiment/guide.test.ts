import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { experiments, parseExperiment } from './catalogue/index.ts';
import { compare } from './comparison.ts';
import { experimentGuide } from './guide.ts';
import type { Findings } from './lesson.ts';
import { verdictSentence } from './words.ts';

const docs = new URL('../../docs/', import.meta.url);
const names = (await readdir(new URL('experiments/', docs)))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace(/\.json$/, ''));

async function findingsOf(name: string): Promise<Findings> {
  const text = await readFile(new URL(`experiments/${name}.json`, docs), 'utf8');
  return JSON.parse(text) as Findings;
}

test('relu and dropout were run to their end', () => {
  assert.ok(names.includes('relu') && names.includes('dropout'));
});

for (const name of names) {
  test(`docs/experiments/${name}.md and its pictures say what ${name}.json says (if not: make docs)`, async () => {
    for (const [file, content] of experimentGuide(await findingsOf(name))) {
      const kept = await readFile(new URL(file, docs)).catch(() => Buffer.alloc(0));
      assert.ok(kept.equals(Buffer.from(content)), `docs/${file} is stale: run make docs`);
    }
  });

  test(`docs/experiments/${name}.json: verdict and interval follow from its runs`, async () => {
    const { runs, ...told } = await findingsOf(name);
    const experiment = experiments[parseExperiment(name)];
    const comparison = compare(experiment, runs);
    const rounded = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
        typeof inner === 'number' ? Number(inner.toPrecision(4)) : inner,
      );
    assert.deepEqual(rounded(told.difference), rounded(comparison.difference));
    assert.equal(told.verdict, comparison.verdict);
    assert.equal(told.sentence, verdictSentence(experiment, comparison));
    const guide = await readFile(new URL('experiments.md', docs), 'utf8');
    assert.ok(guide.includes(told.sentence), `docs/experiments.md does not say: ${told.sentence}`);
  });
}
