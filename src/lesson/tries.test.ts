import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Command } from 'commander';
import sharp from 'sharp';
import { verbs } from '../cli/main.ts';
import { addCommonOptions } from '../cli/options.ts';
import { Terminal } from '../cli/terminal.ts';
import { drawScene, sceneClasses } from '../data/scenes/scene.ts';
import { writeScenes } from '../data/node/write-scenes.ts';
import { writeModel } from '../model/node/model-file.ts';
import { alexnet } from '../network/variants.ts';
import { command as alexnetCommand } from '../testing/cli.ts';
import { testModel } from '../testing/model.ts';
import { demoSettings } from '../training/node/demo.ts';
import { resolveSettings } from '../training/core/resolve.ts';
import { explanation } from './explanation.ts';
import type { Try } from './lesson.ts';

const tries: readonly Try[] = explanation().sections.flatMap(({ blocks }) =>
  blocks.flatMap((block) => {
    if (block.kind === 'try') return block.tries;
    return block.kind === 'claims' ? block.claims.flatMap((claim) => claim.tries ?? []) : [];
  }),
);
const quick = new Map(
  tries.filter(({ slow }) => slow === undefined).map((one) => [one.command, one]),
);
const slow = new Map(
  tries.filter((one) => one.slow !== undefined).map((one) => [one.command, one]),
);

/** What `alexnet demo` leaves, as far as it is used; this model has learned nothing. */
async function demoFolder(folder: string): Promise<void> {
  const pictures = join(folder, 'demo/pictures');
  await writeScenes(pictures, { seed: 1, perClass: { train: 2, val: 1, test: 2 } });
  for (const thing of ['star', 'house']) {
    const label = sceneClasses.indexOf(thing);
    const { width, height, data } = await drawScene({ seed: 1, label, number: 330 });
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(pictures, `test/${thing}/${thing}-0330.png`));
  }
  const network = alexnet('small', { classes: sceneClasses.length, width: demoSettings.width });
  await mkdir(join(folder, 'demo/run'), { recursive: true });
  for (const [seed, name] of ['model', 'last'].entries())
    await writeModel(
      join(folder, `demo/run/${name}.safetensors`),
      testModel(network, sceneClasses, 1 + seed),
    );
}

describe('what the explanation says to try', () => {
  const home = process.cwd();
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alexnet-lesson-'));
    await demoFolder(folder);
    process.chdir(folder);
  });
  after(async () => {
    process.chdir(home);
    await rm(folder, { recursive: true, force: true });
  });

  test('is much, and some of it is quick', () => {
    assert.ok(quick.size > 12 && slow.size > 3);
  });

  for (const { command, exit = 0 } of quick.values()) {
    test(`alexnet ${command}`, async () => {
      const { code, out, err } = await alexnetCommand([...command.split(' '), '--quiet']);
      assert.equal(code, exit, err);
      assert.ok(exit === 1 ? err.length > 100 : out.length > 0);
    });
  }

  for (const { command, slow: printed } of slow.values()) {
    test(`alexnet ${command} is understood (it takes too long to run here)`, async () => {
      await understood(command.split(' '));
      assert.match(printed!, /\d/, 'what it printed has numbers');
    });
  }
});

/** Throws where a verb, an option, its value or a setting is not known. */
async function understood([verb, ...words]: readonly string[]): Promise<void> {
  const known = verbs[verb!];
  assert.ok(known !== undefined, `there is a verb ${verb}`);
  const silent = { write: () => true, on: () => undefined };
  const parsed = new Command(verb).exitOverride();
  (await known.load()).register(parsed, new Terminal(silent, silent));
  addCommonOptions(parsed).action(() => undefined);
  await parsed.parseAsync(words, { from: 'user' });
  for (const setting of words.filter((_, i) => words[i - 1] === '--set')) {
    const [path, value] = setting.split('=') as [string, string];
    const settings = path
      .split('.')
      .reduceRight<unknown>((inside, key) => ({ [key]: inside }), JSON.parse(value));
    resolveSettings('photos', settings as Record<string, unknown>);
  }
}
