import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

/** What a module imports before any of it runs: `import()` is not among it. */
const statically =
  /^(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm;

type Place = 'node' | 'default';

const packageFile = new URL('../package.json', import.meta.url);
const { imports } = JSON.parse(await readFile(packageFile, 'utf8')) as {
  imports: Readonly<Record<string, Readonly<Record<Place, string>>>>;
};

/** All that is loaded with a module in this place, other packages by their names. */
async function loadedWith(url: URL, place: Place, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(url.href)) return found;
  found.add(url.href);
  for (const [, from, alone] of (await readFile(url, 'utf8')).matchAll(statically)) {
    const name = from ?? alone ?? '';
    const own = imports[name]?.[place];
    if (own !== undefined) await loadedWith(new URL(own, packageFile), place, found);
    else if (name.startsWith('.')) await loadedWith(new URL(name, url), place, found);
    else found.add(name);
  }
  return found;
}

/** In a page nothing of Node may be loaded at all. */
const doors = [
  ['index.js', 'node'],
  ['browser.js', 'node'],
  ['browser.js', 'default'],
] as const;

for (const [door, place] of doors) {
  test(`${door} loads no other package before it is needed (${place})`, async () => {
    const found = [...(await loadedWith(new URL(door, import.meta.url), place))];
    assert.ok(found.length > 50);
    const others = found.filter((name) => !name.startsWith('file:'));
    const known = place === 'node' ? others.filter((name) => !name.startsWith('node:')) : others;
    assert.deepEqual(known, []);
  });
}
