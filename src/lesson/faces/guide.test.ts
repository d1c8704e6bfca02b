import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { explanationGuide } from './guide.ts';

const docs = new URL('../../../docs/', import.meta.url);

test('docs/alexnet.md and its pictures say what the lesson says (if not: make docs)', async () => {
  const guide = explanationGuide();
  for (const [name, content] of guide) {
    const kept = await readFile(new URL(name, docs)).catch(() => Buffer.alloc(0));
    assert.ok(kept.equals(Buffer.from(content)), `docs/${name} is stale: run make docs`);
  }
  const pictures = await readdir(new URL('alexnet/', docs));
  const made = [...guide.keys()].filter((name) => name.startsWith('alexnet/'));
  assert.deepEqual(pictures.map((name) => `alexnet/${name}`).sort(), made.sort());
});

test('the guide stays small enough for a repository', () => {
  const sizes = [...explanationGuide().values()].map((content) => Buffer.byteLength(content));
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 300_000);
});
