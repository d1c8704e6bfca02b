import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

/** What a module imports before any of it runs: `import()` is not among it. */
const statically =
  /^(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm;

/** All that is loaded with a module, other packages by their names. */
async function loadedWith(url: URL, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(url.href)) return found;
  found.add(url.href);
  for (const [, from, alone] of (await readFile(url, 'utf8')).matchAll(statically)) {
    const name = from ?? alone ?? '';
    if (name.startsWith('.')) await loadedWith(new URL(name, url), found);
    else found.add(name);
  }
  return found;
}

for (const door of ['index.js', 'browser.js']) {
  test(`${door} loads no other package before it is needed`, async () => {
    const found = [...(await loadedWith(new URL(door, import.meta.url)))];
    assert.ok(found.length > 50);
    assert.deepEqual(
      found.filter(
        (name) => !name.startsWith('file:') && !(door === 'index.js' && name.startsWith('node:')),
      ),
      [],
    );
  });
}
