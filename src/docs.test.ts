import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The pictures that a page shows, below the root. */
async function shownBy(page: string): Promise<string[]> {
  const text = await readFile(join(root, page), 'utf8');
  const links = [...text.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, link]) => link!);
  return links.map((link) => relative(root, join(root, dirname(page), link)));
}

test('README and docs show pictures that are there, none that is not shown, under 1.5 MB', async () => {
  const guides = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
  const pages = ['README.md', ...guides.map((name) => join('docs', name))];
  const shown = new Set((await Promise.all(pages.map(shownBy))).flat());
  let bytes = 0;
  for (const picture of shown) bytes += (await stat(join(root, picture))).size;
  assert.ok(bytes > 0 && bytes < 1.5e6, `${bytes} bytes`);
  const made = (await readdir(join(root, 'docs/pictures'))).map((name) =>
    join('docs/pictures', name),
  );
  assert.deepEqual(
    made.filter((name) => !shown.has(name)),
    [],
  );
});
