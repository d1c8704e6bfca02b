import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AlexNetError } from '../../errors.ts';
import { narrowVariants } from '../../testing/networks.ts';
import { onednnEngine } from './index.ts';
import { loadAddon } from './native.ts';

const network = narrowVariants.paper;
const addon = loadAddon();
const missing = typeof addon === 'string' ? addon : false;

test('a batch too large for memory is refused before it is allocated', { skip: missing }, async () => {
  await assert.rejects(onednnEngine.prepare(network, { mode: 'training', batch: 2_000_000 }), (error: unknown) => {
    assert.ok(error instanceof AlexNetError);
    assert.match(error.message, /^A batch of 2000000 needs [\d.]+ GB but [\d.]+ GB of memory are free\. The largest batch that fits is about \d+\.$/);
    return true;
  });
});

test('a process ends while a session is still there, and while it computes', { skip: missing }, async () => {
  const code = `
    const { onednnEngine } = await import(${JSON.stringify(new URL('./index.js', import.meta.url).href)});
    const { narrowVariants } = await import(${JSON.stringify(new URL('../../testing/networks.js', import.meta.url).href)});
    const { testImages } = await import(${JSON.stringify(new URL('../../testing/data.js', import.meta.url).href)});
    const session = await onednnEngine.prepare(narrowVariants.paper, { mode: 'inference', batch: 16 });
    await session.forward(testImages(narrowVariants.paper, 16, 1));
    for (let i = 0; i < 50; i++) void session.forward(testImages(narrowVariants.paper, 16, 1));
    if (process.argv[1] === 'now') setImmediate(() => process.exit(7));`;
  assert.equal(await exitCode(process.execPath, ['--input-type=module', '-e', code]), 0);
  assert.equal(await exitCode(process.execPath, ['--input-type=module', '-e', code, 'now']), 7);
});

test('"alexnet native" says what to install where there is no compiler', async () => {
  const bin = fileURLToPath(new URL('../../../bin/alexnet', import.meta.url));
  const { code, stderr } = await run(process.execPath, [bin, 'native'], { PATH: '/nonexistent' });
  assert.equal(code, 1);
  assert.match(stderr, /^There is no C\+\+ compiler \(looked for \$CXX, g\+\+, clang\+\+ and c\+\+\)\. .*"npx alexnet native" again\.\n$/);
});

async function exitCode(file: string, words: readonly string[]): Promise<number | string> {
  return (await run(file, words)).code;
}

function run(file: string, words: readonly string[], env?: NodeJS.ProcessEnv): Promise<{ code: number | string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(file, words, env === undefined ? {} : { env }, (error, _, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? 'unknown'), stderr });
    });
  });
}
