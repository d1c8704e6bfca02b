import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brokenWalls } from './walls.ts';

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** All of `src/` but tests and what only they use; kernels are another language. */
async function house(): Promise<Map<string, string>> {
  const entries = await readdir(source, { recursive: true });
  const paths = entries
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|^testing\/|(^|\/)kernels\//.test(path));
  return new Map(
    await Promise.all(
      paths.map(async (path) => [path, await readFile(join(source, path), 'utf8')] as const),
    ),
  );
}

test('every file imports from floors under its own, none in a circle', async () => {
  const files = await house();
  assert.ok(files.size > 200, `found ${files.size} files`);
  assert.deepEqual(brokenWalls(files), []);
});

test('an upward import is found, that of a type too, and one across a floor', () => {
  const files = new Map([
    ['network/a.ts', "import type { Session } from '../engine/engine.ts';"],
    ['engine/engine.ts', "export * from '../data/batch.ts';"],
    ['data/batch.ts', "import { escape } from '../html.ts';"],
    ['html.ts', "const late = () => import('./data/batch.ts');"],
  ]);
  assert.deepEqual(brokenWalls(files).slice(0, 3), [
    'network/a.ts (floor 2) imports engine/engine.ts (floor 3), which is not under it.',
    'engine/engine.ts (floor 3) imports data/batch.ts (floor 3), which is not under it.',
    'html.ts (floor 0) imports data/batch.ts (floor 3), which is not under it.',
  ]);
});

test('a circle is found, through types too', () => {
  const files = new Map([
    ['training/core/recipes.ts', "import type { Settings } from './settings.ts';"],
    ['training/core/settings.ts', "import { recipes } from './recipes.ts';"],
  ]);
  const way = 'training/core/recipes.ts → training/core/settings.ts → training/core/recipes.ts';
  assert.deepEqual(brokenWalls(files), [`A circle of imports: ${way}.`]);
});

test('Node is found where it may not be known, and is allowed where it may', () => {
  const files = new Map([
    ['images/decode.ts', "import { readFileSync } from 'node:fs';\nBuffer.from('a');"],
    ['images/node/decode.ts', "import sharp from 'sharp';\nprocess.cwd();"],
    ['cli/main.ts', "import { argv } from 'node:process';"],
    ['model/names.ts', "// process.exit()\nconst text = 'process.exit()';"],
  ]);
  assert.deepEqual(brokenWalls(files), [
    'images/decode.ts imports node:fs, which only platform/, node/, cli/ and server/ may.',
    'images/decode.ts uses Buffer, which only Node has.',
  ]);
});
