import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { build } from 'vite';
import * as door from './browser.ts';
import { AlexNet, f32Weights, referenceEngine } from './browser.ts';
import type { Model, Picture, Prediction } from './browser.ts';
import { writeModel } from './model/node/model-file.ts';
import { randomNumbers, testParameters } from './testing/data.ts';
import { narrowVariants } from './testing/networks.ts';
import { noBrowser, openPages } from './testing/pages.ts';
import type { Pages } from './testing/pages.ts';
import { trainThreeSteps } from './testing/three-steps.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const model: Model = {
  network: narrowVariants.small,
  weights: f32Weights(testParameters(narrowVariants.small, 1)),
  labels: Array.from({ length: 7 }, (_, i) => ({ name: `label ${i}` })),
  preprocessing: {
    resize: { how: 'shorterSide', size: 36 },
    crop: 33,
    channels: 'RGB',
    scale: 1,
    mean: [120, 110, 100],
    deviation: [60, 60, 60],
  },
  provenance: {},
};

/**
 * Of the size that the model wants, so that Node and the page need not resize it each in its
 * way.
 */
const picture: Picture = {
  width: 40,
  height: 36,
  data: Uint8Array.from(randomNumbers(40 * 36 * 3, 127, 4), (value) => value + 128),
};

/** What a page of somebody else's would say. */
const page = `
  import * as door from 'alexnet/browser';
  import { trainThreeSteps } from 'alexnet-testing/three-steps.js';
  const { AlexNet, engines, importWeights } = door;
  const file = async (name) => new File([await (await fetch(name)).blob()], name);
  const data = new Uint8Array(await (await file('pixels')).arrayBuffer());
  const pixels = { width: 40, height: 36, data };
  const { model, kind } = await importWeights(await file('model.safetensors'));
  const alexnet = await AlexNet.of(model, { batch: 4 });
  const said = async (work) => work.then(() => '', (error) => error.message);
  globalThis.result = {
    kind,
    engine: alexnet.session.engine,
    engines: engines.map(({ name }) => name),
    ofPixels: await alexnet.classify(pixels, { top: 7 }),
    ofFile: await alexnet.classify(await file('photograph.png'), { top: 7 }),
    ofPath: await said(alexnet.classify('photograph.png')),
    loadedPath: await said(AlexNet.load('model.safetensors')),
    trained: await trainThreeSteps(door),
  };
  await alexnet.dispose();`;

interface Result {
  readonly kind: string;
  readonly engine: string;
  readonly engines: readonly string[];
  readonly ofPixels: readonly Prediction[];
  readonly ofFile: readonly Prediction[];
  readonly ofPath: string;
  readonly loadedPath: string;
  readonly trained: readonly number[];
}

describe('a page that Vite made of alexnet/browser', { skip: noBrowser }, () => {
  let project = '';
  let pages: Pages;
  let result: Result;

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'alexnet-page-'));
    const out = join(project, 'out');
    await mkdir(join(project, 'node_modules'));
    await symlink(root, join(project, 'node_modules', 'alexnet'), 'junction');
    await symlink(
      join(root, 'dist', 'testing'),
      join(project, 'node_modules', 'alexnet-testing'),
      'junction',
    );
    await writeFile(join(project, 'page.js'), page);
    await build({
      root: project,
      configFile: false,
      publicDir: false,
      logLevel: 'error',
      build: {
        outDir: out,
        target: 'esnext',
        rolldownOptions: {
          input: join(project, 'page.js'),
          output: { entryFileNames: 'page.js' },
        },
      },
    });
    await writeModel(join(out, 'model.safetensors'), model);
    await writeFile(join(out, 'pixels'), picture.data);
    const { width, height, data } = picture;
    const image = sharp(data, { raw: { width, height, channels: 3 } });
    await writeFile(join(out, 'photograph.png'), await image.png().toBuffer());
    pages = await openPages(pathToFileURL(`${out}/`));
    result = (await pages.result("import('/page.js');")) as Result;
  });
  after(async () => {
    await pages?.close();
    await rm(project, { recursive: true, force: true });
  });

  test('imports weights from a File and finds an engine that runs there', () => {
    assert.equal(result.kind, 'alexnet');
    assert.deepEqual([result.engine, result.engines], ['wasm', ['wasm', 'reference']]);
  });

  test('classifies raw pixels and a picture file as Node does', async () => {
    const here = await AlexNet.of(model, { engine: referenceEngine });
    const expected = await here.classify(picture, { top: 7 });
    await here.dispose();
    for (const found of [result.ofPixels, result.ofFile]) {
      assert.deepEqual(
        found.map(({ index, name }) => [index, name]),
        expected.map(({ index, name }) => [index, name]),
      );
      for (const [i, { probability }] of found.entries())
        assert.ok(Math.abs(probability - expected[i]!.probability) < 1e-5);
    }
  });

  test('trains three steps with a run in memory and comes to what Node comes to', async () => {
    const expected = await trainThreeSteps(door);
    assert.equal(expected.length, 4);
    assert.equal(result.trained.length, 4);
    for (const [i, number] of expected.entries())
      assert.ok(
        Math.abs(result.trained[i]! / number - 1) < 1e-4,
        `${result.trained.join()} is not ${expected.join()}`,
      );
  });

  test('says in words that it has no files of its own', () => {
    assert.match(result.ofPath, /^photograph\.png: A page cannot read a file by its path\./);
    assert.equal(
      result.loadedPath,
      'model.safetensors could not be opened: a page has no files of its own. ' +
        'Give and take bytes or a Blob instead.',
    );
  });
});
