import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';

const web = new URL('../../../web/', import.meta.url);
const packages = ['alexnet/browser', '@preact/signals', 'preact', 'preact/hooks'];

test('the app uses what the browser’s door gives, Preact, and nothing else', async () => {
  const files = (await readdir(web, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
  assert.ok(files.length > 50, String(files.length));
  const others: string[] = [];
  for (const file of files) {
    const text = await readFile(new URL(file, web), 'utf8');
    for (const [, name] of text.matchAll(/(?:\bfrom|\bimport\s*\(?)\s*'([^'\n]+)'/g)) {
      const depth = file.split('/').length;
      const outside = name!.split('/').filter((part) => part === '..').length >= depth;
      if (name!.startsWith('.') ? outside : !packages.includes(name!))
        others.push(`${file}: ${name}`);
    }
  }
  assert.deepEqual(others, []);
});
